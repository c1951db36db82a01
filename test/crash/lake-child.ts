import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openStore } from '../../src/db/db.ts'
import { setRetention } from '../../src/db/query-retentions.ts'
import { openHosts } from '../../src/fleet/hosts.ts'
import { openIngest } from '../../src/ingest/ingest.ts'
import { type SegmentFiles, segmentFiles } from '../../src/ingest/segment-files.ts'
import { convertSegment } from '../../src/lake/data-file-writer.ts'
import { openJanitor } from '../../src/lake/upkeep/janitor.ts'
import { openWriter } from '../../src/lake/writer.ts'
import { silentLog } from '../../src/model/log.ts'
import { dayMs } from '../../src/model/time-range.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { bodyOf, putTenant, resultLine } from '../support/ingest.ts'
import { openSteps, type StepMessage } from './steps.ts'

// A lake's whole life in one process: bodies, conversions, merges, retention, collection. Every step that leaves
// something on the disk (a file made, written, synced, linked, deleted; a transaction committed; a file written by the
// writer) is counted, before and after, and the process kills itself at the one it was told.

export type ChildMessage =
  | { readonly kind: 'acknowledged'; readonly marks: readonly string[] }
  /** From here on rows of `short` may go. */
  | { readonly kind: 'expiring' }
  | StepMessage
  | { readonly kind: 'done'; readonly steps: number }

const [folder = '', tenantId = '', fault = '0'] = process.argv.slice(2)
const start = Date.UTC(2026, 10, 2, 12)
let now = start
const clock = () => now
const tell = (message: ChildMessage) => new Promise(resolve => process.send?.(message, undefined, undefined, resolve))
const steps = openSteps(Number(fault), tell)

const files: SegmentFiles = {
  ...segmentFiles,
  syncFolder: path => steps.around('the sync of a folder', () => segmentFiles.syncFolder(path)),
  async create(path) {
    const file = await steps.around('a segment is made', () => segmentFiles.create(path))
    return {
      write: parts => steps.around('a write', () => file.write(parts)),
      sync: () => steps.around('a sync', () => file.sync()),
      close: () => file.close(),
    }
  },
}

for (const name of ['segments', 'tmp', 'rejected']) mkdirSync(join(folder, name), { recursive: true })
const plainStore = openStore(join(folder, 'store.sqlite'))
await putTenant(plainStore, tenantId)
await setRetention(plainStore, tenantId, 'short', 7)
const store = steps.store(plainStore)
const storage = steps.storage(await openLocalStorage(join(folder, 'lake')))
const plainWriter = openWriter({ memoryBytes: 512 * 2 ** 20, threads: 1, tempFolder: join(folder, 'tmp', 'spill') })
const lake = { store, storage, writer: steps.writer(plainWriter), tempFolder: join(folder, 'tmp'), clock }
const ingest = openIngest({
  ...{ store, clock, files, log: silentLog, hosts: openHosts(store, clock), tickMs: 0, diskReserveBytes: 0 },
  ...{ segmentsFolder: join(folder, 'segments'), rejectedFolder: join(folder, 'rejected') },
  consume: async (segment, path) => void (await convertSegment(lake, segment, path)),
})
const janitor = openJanitor({ ...lake, pathOf: segment => ingest.pathOf(segment), log: silentLog })

let made = 0
/** A body of two hosts' lines, of two query names, two of them equal, and a row of another table. */
async function body(): Promise<void> {
  const marks = Array.from({ length: 4 }, () => `m${made++}`)
  const names = ['processes', 'processes', 'short', 'short']
  const lines = marks.map((mark, at) => resultLine(mark, `host-${at % 2}`, { name: names[at] }))
  await ingest.accept(tenantId, bodyOf(...lines))
  await tell({ kind: 'acknowledged', marks: marks.map((mark, at) => `${names[at]}/${mark}`) })
  const src_ip = `m${made++}`
  await ingest.accept(tenantId, bodyOf(JSON.stringify({ src_ip })), { table: 'xgfw_data' })
  await tell({ kind: 'acknowledged', marks: [`xgfw_data/${src_ip}`] })
}

await ingest.recover()
for (let segment = 0; segment < 2; segment++) {
  await body()
  await ingest.sealNow()
}
await body()
now = start + 2 * dayMs
await janitor.pass()
await tell({ kind: 'expiring' })
now = start + 8 * dayMs
await janitor.pass()
await body()
await ingest.close()
await janitor.close()
await plainWriter.close()
await plainStore.destroy()
await tell({ kind: 'done', steps: steps.count() })
process.disconnect()
