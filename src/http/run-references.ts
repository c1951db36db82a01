import { present, type RunReferences } from '../api/query-runs.ts'
import type { Db } from '../db/db.ts'
import { findCategory, findSavedQuery } from '../db/saved-queries.ts'
import type { QueryRun } from '../model/query-run.ts'

/** Name and code of the saved query and category a run refers to; nothing for one that has been deleted since. */
export async function referencesOf(db: Db, tenantId: string, run: QueryRun): Promise<RunReferences> {
  const query = run.savedQueryId === undefined ? undefined : await findSavedQuery(db, tenantId, run.savedQueryId)
  const found = run.categoryId === undefined ? undefined : await findCategory(db, tenantId, run.categoryId)
  return present({
    query: query === undefined ? undefined : { id: query.id, name: query.name, ...present({ code: query.code }) },
    category:
      found === undefined
        ? undefined
        : { id: found.category.id, name: found.category.name, ...present({ code: found.category.code }) },
  })
}
