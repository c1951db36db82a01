import { type ReactNode, useMemo } from 'react'
import { count } from '../parts/words.ts'
import { useLibrary } from '../state/lake-queries.ts'
import { draftOf, groupQueries } from './query-groups.ts'
import { SideSkeleton } from './schema-browser.tsx'
import type { SideActions } from './side-panel.tsx'

const namesShown = 2

/** The library by category; a query opens in a tab with its variables. */
export function SavedQueries({
  search,
  actions,
}: {
  readonly search: string
  readonly actions: SideActions
}): ReactNode {
  const { data: library, error, isPending } = useLibrary()
  const groups = useMemo(() => (library === undefined ? [] : groupQueries(library, search)), [library, search])
  if (isPending) return <SideSkeleton />
  if (library === undefined) return <p className="side-note problem">{error?.message}</p>
  if (library.queries.length === 0) {
    return (
      <p className="side-note">
        No saved queries yet. Save one with Ctrl S: it will stand here for everyone of this tenant.
      </p>
    )
  }
  if (groups.length === 0) return <p className="side-note">Nothing like “{search}”.</p>
  return groups.map(({ id, name, queries }) => (
    <section key={id} aria-label={name}>
      <h2>
        {name} <span>{count(queries.length)}</span>
      </h2>
      <ul>
        {queries.map(query => (
          <li key={query.id}>
            <button
              type="button"
              className="saved"
              title={query.description}
              onClick={() => actions.open(draftOf(query))}
            >
              <span className="saved-name">{query.name}</span>
              {query.type === 'custom' ? <span className="badge">own</span> : null}
              {query.variables.slice(0, namesShown).map(({ name }) => (
                <span key={name} className="variable-name">
                  {name}
                </span>
              ))}
              {query.description === '' ? null : <span className="saved-text">{query.description}</span>}
            </button>
          </li>
        ))}
      </ul>
    </section>
  ))
}
