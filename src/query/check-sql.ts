import { AppError } from '../model/errors.ts'
import type { QueryVariable } from '../model/query-run.ts'
import { type CheckedStatement, unknownQueryName } from '../sql/check.ts'
import type { LakeAccess } from './lake-access.ts'
import type { SqlThread } from './sql-thread.ts'

/** How long a refusal may wait for the tail's keys: a slow refusal is better than one of a name that is there. */
const refreshMsMax = 5_000

/**
 * The statement as it may execute over the tenant's lake. Rejects with `invalid_argument`. An unknown column, table or
 * query name may have arrived a second ago: before that is refused, or a query name warned of, the tail's keys are read
 * once, for a bounded time.
 */
export async function checkSql(
  deps: { readonly lake: LakeAccess; readonly sqlThread: SqlThread },
  tenantId: string,
  text: { readonly template: string; readonly variables: readonly QueryVariable[]; readonly now: number },
): Promise<CheckedStatement> {
  try {
    const checked = await deps.sqlThread.check({ ...text, schema: await deps.lake.schemaOf(tenantId) })
    const isSure = !checked.warnings.some(warning => warning.code === unknownQueryName)
    if (isSure || !(await refresh(deps.lake, tenantId))) return checked
    return deps.sqlThread.check({ ...text, schema: await deps.lake.schemaOf(tenantId) })
  } catch (error) {
    const isUnknownName = error instanceof AppError && error.details?.['unknown'] !== undefined
    if (!isUnknownName || !(await refresh(deps.lake, tenantId))) throw error
    return deps.sqlThread.check({ ...text, schema: await deps.lake.schemaOf(tenantId) })
  }
}

/** True when the schema has grown. Best effort: a tail that cannot be read in time leaves the first answer standing. */
async function refresh(lake: LakeAccess, tenantId: string): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), refreshMsMax)
  try {
    return await Promise.race([lake.refreshSchema(tenantId).catch(() => false), late])
  } finally {
    clearTimeout(timer)
  }
}
