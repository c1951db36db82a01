import { present, type RunReference, type RunReferences } from '../api/query-runs.ts'
import type { Db } from '../db/db.ts'
import { findCategory, findSavedQuery } from '../db/saved-queries.ts'
import type { QueryRun } from '../model/query-run.ts'
import type { QueryCategory, SavedQuery } from '../model/saved-query.ts'

export type ReferenceReader = (run: QueryRun) => Promise<RunReferences>

/**
 * Reads name and code of the saved query and category that a run refers to; nothing for one that has been deleted
 * since. One reader serves one request: runs of a list mostly share what they refer to.
 */
export function openReferences(db: Db, tenantId: string): ReferenceReader {
  const seen = new Map<string, Promise<RunReference | undefined>>()
  const read = (id: string | undefined, find: (id: string) => Promise<RunReference | undefined>) => {
    if (id === undefined) return undefined
    const found = seen.get(id) ?? find(id)
    seen.set(id, found)
    return found
  }
  return async run =>
    present({
      query: await read(run.savedQueryId, async id => toReference(await findSavedQuery(db, tenantId, id))),
      category: await read(run.categoryId, async id => toReference((await findCategory(db, tenantId, id))?.category)),
    })
}

function toReference(found: SavedQuery | QueryCategory | undefined): RunReference | undefined {
  return found === undefined ? undefined : { id: found.id, name: found.name, ...present({ code: found.code }) }
}
