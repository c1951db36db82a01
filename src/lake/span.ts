import type { Db } from '../db/db.ts'
import { resultTable } from '../row-sql/tail.ts'

/** Event times (`calendar_time`), ms, both inclusive. */
export interface EventSpan {
  readonly oldest: number
  readonly newest: number
}

/**
 * Where the tenant's rows lie in time: those in data files, and those of the open tail as its reader found them.
 * undefined: there are none. Cheap: the files' bounds are in the catalog.
 */
export async function dataSpan(
  store: Db,
  tenantId: string,
  tail: { readonly oldest: number | undefined; readonly newest: number | undefined },
): Promise<EventSpan | undefined> {
  const files = await store
    .selectFrom('data_files')
    .select(({ fn }) => [fn.min('min_time').as('oldest'), fn.max('max_time').as('newest')])
    .where('tenant_id', '=', tenantId)
    .where('table_name', '=', resultTable)
    .where('dropped_version', 'is', null)
    .executeTakeFirst()
  const oldest = [files?.oldest, tail.oldest].filter(isNumber)
  const newest = [files?.newest, tail.newest].filter(isNumber)
  if (oldest.length === 0 || newest.length === 0) return undefined
  return { oldest: Math.min(...oldest), newest: Math.max(...newest) }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number'
}
