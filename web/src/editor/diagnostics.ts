import { type Diagnostic, setDiagnosticsEffect } from '@codemirror/lint'
import type { StateEffect } from '@codemirror/state'
import type { SqlMark } from './marks.ts'

/** Marks may be older than the text: places beyond its end move to the end. */
export function marksEffect(marks: readonly SqlMark[], docLength: number): StateEffect<readonly Diagnostic[]> {
  return setDiagnosticsEffect.of(
    marks.map(({ severity, message, offset, length }) => {
      const to = Math.min(offset + length, docLength)
      return { from: Math.min(offset, Math.max(0, to - 1)), to, severity, message }
    }),
  )
}
