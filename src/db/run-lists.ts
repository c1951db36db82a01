import { sql } from 'kysely'
import { isTerminal, type QueryRun, type RunState, runStates } from '../model/query-run.ts'
import { type Db, inTransaction, type Store } from './db.ts'
import { fromRow, isLive, type ShownRow, shownColumns, unexpired } from './runs.ts'

// Lists of query runs. A run that has ended does not change but for how long it is kept, and lists are asked for again
// and again: the rest of such a run is read once.

export interface RunFilter {
  /** undefined: any. */
  readonly states: readonly RunState[] | undefined
  readonly order: 'asc' | 'desc'
  readonly offset: number
  readonly count: number
  /** Whether to count those that match, which reads more than a page; undefined: yes. */
  readonly isTotalWanted?: boolean
}

export interface RunLists {
  /** The tenant's unexpired runs by time of creation, and how many match in all: 0 where that is not wanted. */
  list(tenantId: string, filter: RunFilter, now: number): Promise<{ runs: QueryRun[]; total: number }>
}

/** `endedCharactersMax`: text of ended runs held in memory. */
export function openRunLists(store: Store, endedCharactersMax = 16_000_000): RunLists {
  const ended = openEndedRuns(endedCharactersMax)
  return {
    list: (tenantId, filter, now) =>
      inTransaction(store, async transaction => {
        const all = unexpired(transaction, tenantId, now)
        const matching = filter.states === undefined ? all : all.where('state', 'in', filter.states)
        const total = filter.isTotalWanted === false ? 0 : await countRuns(transaction, tenantId, filter.states, now)
        const heads = await matching
          .select(['id', 'expires_at', 'is_kept'])
          .orderBy('created_at', filter.order)
          .orderBy('id', filter.order)
          .limit(filter.count)
          .offset(filter.offset)
          .execute()
        const known = heads.map(head => ended.find(head))
        const unknown = heads.filter((_, index) => known[index] === undefined).map(({ id }) => id)
        const rows = await readRows(transaction, unknown)
        const read = new Map(rows.map(row => [row.id, ended.keep(row)]))
        return { runs: heads.map(({ id }, index) => known[index] ?? read.get(id)!), total }
      }),
  }
}

async function readRows(db: Db, ids: readonly string[]): Promise<readonly ShownRow[]> {
  return ids.length === 0 ? [] : db.selectFrom('runs').select(shownColumns).where('id', 'in', ids).execute()
}

type RunHead = Pick<ShownRow, 'id' | 'expires_at' | 'is_kept'>

interface EndedRuns {
  /** undefined: unknown, or kept otherwise since. */
  find(head: RunHead): QueryRun | undefined
  /** The row's run, held where it has ended. */
  keep(row: ShownRow): QueryRun
}

/** Those listed last, as far as their texts fit. */
function openEndedRuns(charactersMax: number): EndedRuns {
  const held = new Map<string, { readonly run: QueryRun; readonly characters: number }>()
  let characters = 0
  const drop = (id: string): void => {
    characters -= held.get(id)?.characters ?? 0
    held.delete(id)
  }
  return {
    find(head) {
      const found = held.get(head.id)
      if (found === undefined) return undefined
      const { expiresAt, isKept = false } = found.run
      if (expiresAt !== head.expires_at || isKept !== (head.is_kept === 1)) return undefined
      // The oldest come first in a Map: one that was asked for is young again.
      held.delete(head.id)
      held.set(head.id, found)
      return found.run
    },
    keep(row) {
      const run = fromRow(row)
      if (!isTerminal(run.state)) return run
      drop(row.id)
      const own = charactersOf(row)
      held.set(row.id, { run, characters: own })
      characters += own
      for (const id of held.keys()) {
        if (characters <= charactersMax) break
        drop(id)
      }
      return run
    },
  }
}

/** What a run takes beside its texts, so that many short ones are bounded as well. */
const otherCharacters = 1500

function charactersOf(row: ShownRow): number {
  const texts = Object.values(row).filter(value => typeof value === 'string')
  return texts.reduce((sum, text) => sum + text.length, otherCharacters)
}

const endedStates = runStates.filter(isTerminal)
const liveStates = runStates.filter(state => !isTerminal(state))

/**
 * The tenant's unexpired runs in any of `states`. All of them are counted as they come and go, and few are live or
 * expired and not yet deleted: ended ones are what is left.
 */
async function countRuns(
  db: Db,
  tenantId: string,
  states: readonly RunState[] | undefined,
  now: number,
): Promise<number> {
  // With the plus the tenant's index, which holds all of its runs, is not the one that is walked.
  const all = db.selectFrom('runs').where(sql<string>`+tenant_id`, '=', tenantId)
  const countOf = async (matching: typeof all) => {
    const { count } = await matching.select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow()
    return Number(count)
  }
  const isAllOf = (wanted: readonly RunState[]) => wanted.every(state => states === undefined || states.includes(state))
  if (!isAllOf(endedStates)) {
    const wanted = states ?? []
    const bounded = !wanted.some(isTerminal) ? all.where(isLive) : all
    return wanted.length === 0 ? 0 : countOf(bounded.where('expires_at', '>', now).where('state', 'in', wanted))
  }
  const row = await db.selectFrom('run_counts').select('runs').where('tenant_id', '=', tenantId).executeTakeFirst()
  const unexpired = (row?.runs ?? 0) - (await countOf(all.where('expires_at', '<=', now)))
  if (states === undefined || isAllOf(liveStates)) return unexpired
  return unexpired - (await countOf(all.where('expires_at', '>', now).where(isLive)))
}
