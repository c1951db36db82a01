import type { Db } from './db.ts'
import type { TenantSizesRow } from './tables.ts'

// How large tenants are on the disk, as triggers keep it, and how large they were.

/** Bytes and counts of one tenant. */
export type TenantSizes = Omit<TenantSizesRow, 'tenant_id'> & { readonly tenantId: string }

/** Rows in one statement: about 2 ms of the event loop. */
const rowsPerStatement = 1_000

/** Every tenant that has, or once had, a file. */
export async function listTenantSizes(db: Db): Promise<readonly TenantSizes[]> {
  const sizes: TenantSizes[] = []
  for (let after = ''; ; ) {
    const rows = await db
      .selectFrom('tenant_sizes')
      .selectAll()
      .where('tenant_id', '>', after)
      .orderBy('tenant_id')
      .limit(rowsPerStatement)
      .execute()
    for (const { tenant_id: tenantId, ...row } of rows) sizes.push({ tenantId, ...row })
    if (rows.length < rowsPerStatement) return sizes
    after = rows[rows.length - 1]?.tenant_id ?? ''
  }
}

/** When the oldest segment that is not consumed was begun, by tenant; ms. */
export async function listOldestSegments(db: Db): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('segments')
    .select(({ fn }) => ['tenant_id', fn.min('created_at').as('at')])
    .where('state', '<>', 'consumed')
    .groupBy('tenant_id')
    .execute()
  return new Map(rows.map(({ tenant_id, at }) => [tenant_id, at]))
}

export interface SizeSample {
  readonly at: number
  readonly bytes: number
}

/** The oldest sample of each tenant taken at or after `since`. */
export async function listOldestSamples(db: Db, since: number): Promise<ReadonlyMap<string, SizeSample>> {
  const rows = await db
    .selectFrom('size_samples')
    // SQLite gives the other columns of the row with the least.
    .select(({ fn }) => ['tenant_id', fn.min('at').as('at'), 'bytes'])
    .where('at', '>=', since)
    .groupBy('tenant_id')
    .execute()
  return new Map(rows.map(({ tenant_id, at, bytes }) => [tenant_id, { at, bytes }]))
}

/** When sizes were last noted; undefined: never. */
export async function lastSampleAt(db: Db): Promise<number | undefined> {
  const row = await db
    .selectFrom('size_samples')
    .select(({ fn }) => fn.max('at').as('at'))
    .executeTakeFirst()
  return row?.at ?? undefined
}

/** Notes sizes of one moment and forgets those older than `keptSince`. */
export async function putSizeSamples(
  db: Db,
  at: number,
  bytesOf: ReadonlyMap<string, number>,
  keptSince: number,
): Promise<void> {
  const rows = [...bytesOf].map(([tenant_id, bytes]) => ({ tenant_id, at, bytes }))
  for (let first = 0; first < rows.length; first += rowsPerStatement) {
    const part = rows.slice(first, first + rowsPerStatement)
    await db
      .insertInto('size_samples')
      .values(part)
      .onConflict(conflict => conflict.columns(['tenant_id', 'at']).doNothing())
      .execute()
  }
  await db.deleteFrom('size_samples').where('at', '<', keptSince).execute()
}
