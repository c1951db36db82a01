import { type ReactNode, useMemo } from 'react'
import type { WireSavedQuery } from '../../../src/api/saved-queries.ts'
import { count } from '../parts/words.ts'
import { type Library, useLibrary } from '../state/lake-queries.ts'
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

export function draftOf(query: WireSavedQuery): {
  title: string
  template: string
  variables: WireSavedQuery['variables']
} {
  return { title: query.name, template: query.template, variables: query.variables }
}

interface QueryGroup {
  readonly id: string
  readonly name: string
  readonly queries: readonly WireSavedQuery[]
}

/** By category in the server's order; a query of several stands in each; those of none come last. */
export function groupQueries({ queries, categories }: Library, search: string): readonly QueryGroup[] {
  const wanted = search.trim().toLowerCase()
  const fits = ({ name, description, template }: WireSavedQuery): boolean =>
    wanted === '' || [name, description, template].some(text => text.toLowerCase().includes(wanted))
  const found = queries.filter(fits)
  const known = new Set(categories.map(({ id }) => id))
  const grouped = categories.map(({ id, name }) => ({
    id,
    name,
    queries: found.filter(query => query.categories.some(each => each.id === id)),
  }))
  const rest = found.filter(query => !query.categories.some(each => known.has(each.id)))
  return [...grouped, { id: 'none', name: 'Without a category', queries: rest }].filter(
    group => group.queries.length > 0,
  )
}
