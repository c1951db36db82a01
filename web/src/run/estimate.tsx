import type { ReactNode } from 'react'
import type { ValidateReply } from '../../../src/api/sql-tools.ts'
import { bytes, count, counted } from '../parts/words.ts'
import type { Check } from './use-check.ts'

/** What a run would read, or what stands in its way: one line beside the button. */
export function Estimate(props: { readonly check: Check; readonly onShowProblem: () => void }): ReactNode {
  const { reply } = props.check
  if (reply === undefined) return <span className="estimate muted" />
  const problem = problemText(reply)
  if (problem !== undefined) {
    return (
      <button type="button" className="estimate problem" onClick={props.onShowProblem} title={problem}>
        {problem}
      </button>
    )
  }
  const warnings = reply.warnings.length
  return (
    <span className="estimate muted">
      {warnings === 0 ? null : (
        <button type="button" className="estimate-warnings" onClick={props.onShowProblem}>
          {counted(warnings, 'warning')}
        </button>
      )}
      {reply.reads === undefined ? null : (
        <span title={`${count(reply.reads.rows)} rows in ${counted(reply.reads.files, 'file')}`}>
          reads {bytes(reply.reads.bytes)} · {counted(reply.reads.files, 'file')} · {counted(reply.reads.rows, 'row')}
        </span>
      )}
    </span>
  )
}

function problemText({ ok, errors }: ValidateReply): string | undefined {
  if (ok) return undefined
  const [first] = errors
  if (first === undefined) return 'refused'
  return /^line \d/.test(first.message) || first.line === undefined
    ? first.message
    : `line ${first.line}:${first.column ?? 1}: ${first.message}`
}
