import { type ReactNode, useMemo } from 'react'
import { queryNameTemplate } from '../library/templates.ts'
import { count } from '../parts/words.ts'
import { useSchema } from '../state/lake-queries.ts'

const offered = 6

/** A blank tab: where to begin, from what this lake has. */
export function StartHints({ onOpen }: { readonly onOpen: (template: string) => void }): ReactNode {
  const { data: schema, isPending, error } = useSchema()
  const names = useMemo(
    () => (schema?.queryNames ?? []).toSorted((a, b) => b.rows - a.rows).slice(0, offered),
    [schema],
  )
  return (
    <div className="start">
      <h2>Ask something</h2>
      {isPending ? <p className="muted">Reading the schema…</p> : null}
      {error === null ? null : <p className="start-problem">{error.message}</p>}
      {schema !== undefined && names.length === 0 ? <EmptyLake /> : null}
      {names.length === 0 ? null : (
        <>
          <p className="muted">Write SQL above, or begin with what reports most here:</p>
          <ul>
            {names.map(name => (
              <li key={name.name}>
                <button type="button" className="start-name" onClick={() => onOpen(queryNameTemplate(name))}>
                  <span className="mono">{name.name}</span>
                  <span className="muted">{count(name.rows)} rows</span>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      <dl className="start-keys">
        <dt>
          <kbd>Ctrl</kbd> <kbd>Enter</kbd>
        </dt>
        <dd>run</dd>
        <dt>
          <kbd>Ctrl</kbd> <kbd>Space</kbd>
        </dt>
        <dd>what can stand here</dd>
        <dt>
          <kbd>F6</kbd>
        </dt>
        <dd>next area</dd>
        <dt>
          <kbd>?</kbd>
        </dt>
        <dd>all keys</dd>
      </dl>
    </div>
  )
}

function EmptyLake(): ReactNode {
  return (
    <div className="start-empty">
      <p>This lake has no rows yet.</p>
      <p className="muted">Import osquery's results log, or point an agent at the lake:</p>
      <pre className="value">./edr-lake import /var/log/osquery/osqueryd.results.log</pre>
    </div>
  )
}
