import type { Variable } from '../../../src/api/query-runs.ts'
import { parseWindowChoice, type WindowChoice } from '../run/window.ts'
import { keep, readKept } from '../state/kept-value.ts'
import { openStore, type Store } from '../state/store.ts'

// What was run here, newest first: the server keeps runs for hours, a hunt takes days.

export interface PastQuery {
  readonly template: string
  readonly title: string
  readonly variables: readonly Variable[]
  readonly window: WindowChoice
  /** ms since the epoch. */
  readonly at: number
}

const pastMax = 100

export function openHistory(owner: string): Store<readonly PastQuery[]> {
  const key = `edr-lake.history.${owner}`
  const store = openStore(parseHistory(readKept(localStorage, key)))
  store.subscribe(() => keep(localStorage, key, store.get()))
  return store
}

/** The same text again moves to the top instead of standing there twice. */
export function withPast(history: readonly PastQuery[], entry: PastQuery): readonly PastQuery[] {
  return [entry, ...history.filter(each => each.template !== entry.template)].slice(0, pastMax)
}

export function parseHistory(kept: unknown): readonly PastQuery[] {
  if (!Array.isArray(kept)) return []
  return kept.flatMap((each: unknown) => {
    if (typeof each !== 'object' || each === null) return []
    const { template, title, variables, window, at } = each as Record<string, unknown>
    if (typeof template !== 'string' || typeof at !== 'number') return []
    return [
      {
        template,
        at,
        title: typeof title === 'string' ? title : '',
        variables: Array.isArray(variables) ? (variables as Variable[]) : [],
        window: parseWindowChoice(window),
      },
    ]
  })
}
