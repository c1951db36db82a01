import { isDeepStrictEqual } from 'node:util'
import type { Store } from '../db/db.ts'
import {
  type CannedLibrary,
  deleteCannedCategory,
  deleteCannedQuery,
  listCanned,
  putCategory,
  putSavedQuery,
} from '../db/saved-queries.ts'
import { AppError } from '../model/errors.ts'
import type { QueryCategory, SavedQuery } from '../model/saved-query.ts'
import { type ShippedLibrary, shippedLibrary } from './shipped-library.ts'

// Makes the store's canned queries those of this version. A plan first: what is as it should be is not written again,
// so a start costs nothing and `updatedAt` says when a query really changed.

export interface LibraryPlan {
  readonly categories: readonly QueryCategory[]
  readonly queries: readonly SavedQuery[]
  readonly goneCategoryIds: readonly string[]
  readonly goneQueryIds: readonly string[]
}

export interface InstallReport {
  readonly put: number
  readonly deleted: number
  /** Ids that a tenant's own query or category has taken: the shipped one stays away, the tenant's is untouched. */
  readonly taken: readonly string[]
}

/**
 * Puts the shipped categories and queries into the store and deletes canned ones that no longer ship; tenants' own
 * stay. Each put is a transaction of its own, so a start that is cut off half-way is completed by the next one.
 */
export async function installLibrary(store: Store, now: number): Promise<InstallReport> {
  const plan = planLibrary(await listCanned(store), shippedLibrary(), now)
  const taken = new Set<string>()
  for (const category of plan.categories) await unlessTaken(taken, category.id, () => putCategory(store, category))
  for (const query of plan.queries) {
    const categoryIds = query.categoryIds.filter(id => !taken.has(id))
    await unlessTaken(taken, query.id, () => putSavedQuery(store, { ...query, categoryIds }))
  }
  for (const id of plan.goneQueryIds) await deleteCannedQuery(store, id)
  for (const id of plan.goneCategoryIds) await deleteCannedCategory(store, id)
  return {
    put: plan.categories.length + plan.queries.length - taken.size,
    deleted: plan.goneQueryIds.length + plan.goneCategoryIds.length,
    taken: [...taken],
  }
}

/** What to write so that the store holds exactly what ships. `now`: ms, the time of what is new or changed. */
export function planLibrary(installed: CannedLibrary, shipped: ShippedLibrary, now: number): LibraryPlan {
  return {
    categories: changed(shipped.categories, installed.categories, now),
    queries: changed(shipped.queries, installed.queries, now),
    goneCategoryIds: idsWithout(installed.categories, shipped.categories),
    goneQueryIds: idsWithout(installed.queries, shipped.queries),
  }
}

type Timed = { readonly id: string; readonly createdAt: number; readonly updatedAt: number }
type Untimed<Item extends Timed> = Omit<Item, 'createdAt' | 'updatedAt'> & { readonly id: string }

function changed<Item extends Timed>(wanted: readonly Untimed<Item>[], have: readonly Item[], now: number): Item[] {
  const byId = new Map(have.map(item => [item.id, item]))
  return wanted.flatMap(item => {
    const old = byId.get(item.id)
    const asBefore = { ...item, createdAt: old?.createdAt ?? now, updatedAt: old?.updatedAt ?? now }
    return isDeepStrictEqual(asBefore, old) ? [] : [{ ...asBefore, updatedAt: now } as unknown as Item]
  })
}

function idsWithout(have: readonly { id: string }[], wanted: readonly { id: string }[]): string[] {
  const kept = new Set(wanted.map(({ id }) => id))
  return have.map(({ id }) => id).filter(id => !kept.has(id))
}

/** A tenant may have chosen one of our ids for its own: no reason to refuse the start. */
async function unlessTaken(taken: Set<string>, id: string, put: () => Promise<void>): Promise<void> {
  try {
    await put()
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'conflict') throw error
    taken.add(id)
  }
}
