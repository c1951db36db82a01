import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DirectoryTools, TenantSize } from '../cli/commands/directory.ts'
import { openStore, openStoreForReading, type Store } from '../db/db.ts'
import { deleteLiveAnswersOf } from '../db/live-answers.ts'
import { setRetention } from '../db/query-retentions.ts'
import { lastSegmentNumber } from '../db/segments.ts'
import { listTenants } from '../db/tenants.ts'
import { openHosts } from '../fleet/hosts.ts'
import { openIngest } from '../ingest/ingest.ts'
import { type ConvertDeps, convertSegment } from '../lake/data-file-writer.ts'
import { appendJournal, journalName } from '../lake/journal.ts'
import { tableStats, tailStats } from '../lake/stats.ts'
import { type Erased, eraseHost } from '../lake/upkeep/erase.ts'
import { openJanitor } from '../lake/upkeep/janitor.ts'
import { openWriter } from '../lake/writer.ts'
import { writerMemoryBytes, writerThreads } from '../limits.ts'
import { systemClock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import { silentLog } from '../model/log.ts'
import { backup, restore } from '../rescue/backup.ts'
import { fsck } from '../rescue/fsck.ts'
import { openLocalStorage } from '../storage/local.ts'
import { type DataDirectory, openDataDirectory } from './data-directory.ts'

// What the commands on a data directory do. Those that write take the directory as a server does, and are refused while
// one runs; a backup and the statistics only read.

const clock = systemClock
/** More than any lake has. */
const tenantsMax = 1_000_000

interface TakenLake extends ConvertDeps {
  readonly directory: DataDirectory
}

/** Takes the directory, opens its lake, and gives both back whatever `work` does. */
async function withLake<Result>(root: string, work: (lake: TakenLake) => Promise<Result>): Promise<Result> {
  if (!existsSync(join(root, 'lake')) && !existsSync(join(root, 'segments'))) throw noDirectory(root)
  const directory = openDataDirectory(root)
  try {
    const store = openStore(directory.storeFile)
    const tempFolder = directory.temporary
    const writer = openWriter({ memoryBytes: writerMemoryBytes, threads: writerThreads, tempFolder })
    try {
      const storage = await openLocalStorage(directory.lake)
      return await work({ directory, store, storage, writer, tempFolder, clock })
    } finally {
      await writer.close()
      await store.destroy()
    }
  } finally {
    directory.release()
  }
}

function noDirectory(root: string): AppError {
  return new AppError('not_found', `${root} is no data directory`)
}

/** The tenant named, or the only one. */
async function tenantOf(store: Store, tenantId: string | undefined): Promise<string> {
  if (tenantId !== undefined) return tenantId
  const [only, ...others] = await listTenants(store, {}, 0, 2)
  if (only !== undefined && others.length === 0) return only.id
  throw new AppError('invalid_argument', 'there are several tenants: say which with --tenant')
}

/** Puts everything that is in segments into data files. */
async function convertAll(lake: TakenLake): Promise<void> {
  const { store, directory } = lake
  const ingest = openIngest({
    ...{ store, clock, log: silentLog, hosts: openHosts(store, clock), tickMs: 0 },
    consume: async (segment, path) => void (await convertSegment(lake, segment, path)),
    segmentsFolder: directory.segments,
    rejectedFolder: directory.rejected,
  })
  await ingest.recover()
  await ingest.sealNow()
  const left = ingest.backlog()
  await ingest.close()
  if (left > 0) throw new AppError('unavailable', `${left} segments could not be converted: the server's log says why`)
}

/** The journal first: a catalog that is made anew from files must not bring the host back. */
async function eraseForGood(lake: TakenLake, tenantId: string, hostId: string): Promise<Erased> {
  const { quarantined } = await tailStats(lake.store, tenantId)
  const [stuck] = quarantined
  if (stuck !== undefined) {
    const message = `segment ${stuck.number} could not be converted, so its rows cannot be erased: ${stuck.error}`
    throw new AppError('unavailable', message)
  }
  const erasure = { hostId, lastSegment: await lastSegmentNumber(lake.store) }
  const journal = join(lake.directory.segments, journalName)
  await appendJournal(journal, { kind: 'erased', tenantId, ...erasure, at: clock() })
  await deleteLiveAnswersOf(lake.store, tenantId, hostId)
  return eraseHost(lake, tenantId, erasure)
}

async function countFiles(store: Store): Promise<number> {
  const row = await store
    .selectFrom('data_files')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('dropped_version', 'is', null)
    .executeTakeFirstOrThrow()
  return row.count
}

async function compactDirectory(lake: TakenLake) {
  const { store, directory } = lake
  const pathOf = ({ fileName }: { fileName: string }) => join(directory.segments, fileName)
  const janitor = openJanitor({ ...lake, pathOf, log: silentLog, budgetMs: Number.MAX_SAFE_INTEGER })
  const filesBefore = await countFiles(store)
  let [merges, failedMerges] = [0, 0]
  for (let more = true; more; ) {
    const report = await janitor.pass()
    merges += report.merges
    failedMerges += report.failedMerges
    more = report.merges > 0
  }
  await janitor.close()
  return { merges, failedMerges, filesBefore, filesAfter: await countFiles(store) }
}

async function sizesOf(store: Store): Promise<readonly TenantSize[]> {
  const sizes: TenantSize[] = []
  for (const { id, name, retentionDays } of await listTenants(store, {}, 0, tenantsMax)) {
    const { segments, bytes, quarantined } = await tailStats(store, id)
    const tail = { segments, bytes, quarantined: quarantined.length }
    sizes.push({ id, name, retentionDays, tables: await tableStats(store, id), tail })
  }
  return sizes
}

export const directoryTools: DirectoryTools = {
  fsck: (root, options) => withLake(root, lake => fsck({ ...lake, segmentsFolder: lake.directory.segments }, options)),
  backup: (root, to) => backup(root, to, clock()),
  restore,
  compact: root => withLake(root, compactDirectory),
  setRetention: (root, { tenantId, queryName, days }) =>
    withLake(root, async ({ store }) => setRetention(store, await tenantOf(store, tenantId), queryName, days)),
  eraseHost: (root, tenantId, hostId) =>
    withLake(root, async lake => {
      await convertAll(lake)
      return eraseForGood(lake, await tenantOf(lake.store, tenantId), hostId)
    }),
  async stats(root) {
    const file = join(root, 'private', 'store.sqlite')
    if (!existsSync(file)) throw noDirectory(root)
    const store = openStoreForReading(file)
    try {
      return await sizesOf(store)
    } finally {
      await store.destroy()
    }
  },
}
