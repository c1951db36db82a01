import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Db, inTransaction, type Store } from '../../db/db.ts'
import { consumedSegmentAgeMsMin, orphanAgeMsMin } from '../../limits.ts'
import { systemErrorCode } from '../../model/errors.ts'
import type { Segment } from '../../model/segment.ts'
import type { Storage } from '../../storage/storage.ts'
import type { UpkeepCounts } from './counts.ts'

// Collection: deletes what nothing can name any more. A file goes before its row, so a crash between leaves a row whose
// file is gone, which the next collection finishes; it never leaves a file that nothing knows. Every step is idempotent
// and best effort.

export interface CollectDeps {
  readonly store: Store
  readonly storage: Storage
  readonly pathOf: (segment: Segment) => string
  /** Counts what goes; default: nobody does. */
  readonly counts?: UpkeepCounts | undefined
}

export interface Collected {
  readonly segments: number
  readonly dataFiles: number
}

/**
 * Unlinks at most `filesMax` consumed segments and as many dropped data files that no live lease can name: every lease
 * is on a version at or after the one that made them unneeded. A consumed segment also stays `consumedSegmentAgeMsMin`,
 * as the memory of what agents may send again.
 */
export async function collect(deps: CollectDeps, now: number, filesMax: number): Promise<Collected> {
  await deps.store.deleteFrom('leases').where('expires_at', '<=', now).execute()
  const segments = await consumedSegments(deps.store, now, filesMax)
  for (const segment of segments) {
    await rm(deps.pathOf(segment), { force: true })
    await deps.store.deleteFrom('segments').where('number', '=', segment.number).execute()
    deps.counts?.add(segment.tenantId, 'collectedSegments')
  }
  const files = await droppedFiles(deps.store, filesMax)
  for (const file of files) {
    await deps.storage.delete(file.path)
    await deps.store.deleteFrom('data_files').where('id', '=', file.id).execute()
    deps.counts?.add(file.tenantId, 'collectedFiles')
  }
  return { segments: segments.length, dataFiles: files.length }
}

/** The oldest version a live lease of each tenant pins. */
async function pinnedVersions(store: Db): Promise<ReadonlyMap<string, number>> {
  const rows = await store
    .selectFrom('leases')
    .select(({ fn }) => ['tenant_id', fn.min('version').as('version')])
    .groupBy('tenant_id')
    .execute()
  return new Map(rows.map(({ tenant_id, version }) => [tenant_id, version]))
}

function consumedSegments(store: Store, now: number, filesMax: number): Promise<readonly Segment[]> {
  return inTransaction(store, async transaction => {
    const pinned = await pinnedVersions(transaction)
    const rows = await transaction
      .selectFrom('segments')
      .selectAll()
      .where('state', '=', 'consumed')
      .where('consumed_at', '<=', now - consumedSegmentAgeMsMin)
      .orderBy('number')
      .execute()
    return rows
      .filter(row => (pinned.get(row.tenant_id) ?? Number.POSITIVE_INFINITY) >= (row.consumed_version ?? 0))
      .slice(0, filesMax)
      .map(row => ({
        number: row.number,
        tenantId: row.tenant_id,
        fileName: row.file_name,
        state: 'consumed',
        createdAt: row.created_at,
      }))
  })
}

function droppedFiles(
  store: Store,
  filesMax: number,
): Promise<readonly { id: number; path: string; tenantId: string }[]> {
  return inTransaction(store, async transaction => {
    const pinned = await pinnedVersions(transaction)
    const rows = await transaction
      .selectFrom('data_files')
      .select(['id', 'path', 'tenant_id', 'dropped_version'])
      .where('dropped_version', 'is not', null)
      .orderBy('id')
      .execute()
    return rows
      .filter(row => (pinned.get(row.tenant_id) ?? Number.POSITIVE_INFINITY) >= (row.dropped_version ?? 0))
      .slice(0, filesMax)
      .map(({ id, path, tenant_id: tenantId }) => ({ id, path, tenantId }))
  })
}

/**
 * Deletes objects that no row names and that are older than `orphanAgeMsMin`: what a crash or a failed commit left
 * between the bytes and the transaction. Resolves with how many. A younger one may be a conversion's that is about to
 * commit.
 */
export async function sweepOrphans(deps: CollectDeps, now: number, filesMax: number): Promise<number> {
  let swept = 0
  for await (const { key, modifiedAt } of deps.storage.list('')) {
    if (swept >= filesMax) break
    if (modifiedAt > now - orphanAgeMsMin) continue
    const row = await deps.store.selectFrom('data_files').select('id').where('path', '=', key).executeTakeFirst()
    if (row !== undefined) continue
    await deps.storage.delete(key)
    // A key begins with its tenant.
    deps.counts?.add(key.split('/', 1)[0] ?? '', 'orphans')
    swept += 1
  }
  return swept
}

/** Deletes temporary files older than `orphanAgeMsMin`. Resolves with how many. */
export async function sweepTemporary(folder: string, now: number): Promise<number> {
  let swept = 0
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const found = await stat(path).catch((error: unknown) => {
      if (systemErrorCode(error) !== 'ENOENT') throw error
      return undefined
    })
    if (found === undefined || !found.isFile() || found.mtimeMs > now - orphanAgeMsMin) continue
    await rm(path, { force: true })
    swept += 1
  }
  return swept
}
