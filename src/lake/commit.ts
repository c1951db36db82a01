import { insertBudgetDrops } from '../db/budget-drops.ts'
import { type Db, inTransaction, type Store } from '../db/db.ts'
import { AppError } from '../model/errors.ts'
import type { Segment } from '../model/segment.ts'
import { getSegmentRow, manifestVersion } from './catalog.ts'
import { insertDataFiles, type LiveFile, type NewDataFile } from './data-files.ts'
import { noteQueryNames, type SeenQueryName } from './schema.ts'

// Commit point 2 of a row's path: one transaction makes a set of files current. Before it the files are garbage that a
// sweep finds by age, and the segment is converted again; after it the rows are in the lake, each exactly once. Check,
// apply and write are one transaction, so of two committers at once the second sees what the first did.

/** What a conversion has to commit. */
export interface SegmentCommit {
  readonly files: readonly NewDataFile[]
  readonly queryNames: readonly SeenQueryName[]
}

/**
 * Makes the segment's rows those of `files`: sealed → consumed, and the tenant's manifest one version on. Resolves with
 * that version. Rejects with `conflict` when the segment is not sealed (another commit was first); nothing is changed
 * then.
 */
export function commitSegment(store: Store, segment: Segment, commit: SegmentCommit, now: number): Promise<number> {
  return inTransaction(store, async transaction => {
    const { state, tenant_id: tenantId } = await getSegmentRow(transaction, segment.number)
    if (state !== 'sealed') throw new AppError('conflict', `segment ${segment.number} is ${state}, not sealed`)
    const version = await nextVersion(transaction, tenantId)
    await insertDataFiles(transaction, tenantId, commit.files, version, now)
    await noteQueryNames(transaction, tenantId, 'xdr_data', commit.queryNames)
    await transaction
      .updateTable('segments')
      .set({ state: 'consumed', consumed_at: now, consumed_version: version, error: null })
      .where('number', '=', segment.number)
      .execute()
    return version
  })
}

/**
 * Replaces live files by others that hold the same rows, or by none. Resolves with the new version. Rejects with
 * `conflict` when one of the old files is no longer live; nothing is changed then, and the caller must plan anew: never
 * a blind retry.
 */
export function commitReplacement(
  store: Store,
  tenantId: string,
  drop: readonly number[],
  add: readonly NewDataFile[],
  now: number,
): Promise<number> {
  return inTransaction(store, async transaction => {
    const version = await nextVersion(transaction, tenantId)
    await dropLive(transaction, tenantId, drop, version)
    await insertDataFiles(transaction, tenantId, add, version, now)
    return version
  })
}

/** Drops live files for want of disk, and notes of which time their rows were. Rejects like `commitReplacement`. */
export function commitBudgetDrop(
  store: Store,
  tenantId: string,
  files: readonly LiveFile[],
  now: number,
): Promise<number> {
  return inTransaction(store, async transaction => {
    const version = await nextVersion(transaction, tenantId)
    const ids = files.map(({ id }) => id)
    await dropLive(transaction, tenantId, ids, version)
    await insertBudgetDrops(transaction, tenantId, files, now)
    return version
  })
}

async function dropLive(transaction: Db, tenantId: string, ids: readonly number[], version: number): Promise<void> {
  for (const id of ids) {
    const { numUpdatedRows } = await transaction
      .updateTable('data_files')
      .set({ dropped_version: version })
      .where('id', '=', id)
      .where('tenant_id', '=', tenantId)
      .where('dropped_version', 'is', null)
      .executeTakeFirst()
    if (numUpdatedRows !== 1n) throw new AppError('conflict', `data file ${id} is no longer live`)
  }
}

async function nextVersion(transaction: Db, tenantId: string): Promise<number> {
  const version = (await manifestVersion(transaction, tenantId)) + 1
  await transaction
    .insertInto('manifests')
    .values({ tenant_id: tenantId, version })
    .onConflict(conflict => conflict.column('tenant_id').doUpdateSet({ version }))
    .execute()
  return version
}
