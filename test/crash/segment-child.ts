import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openStore } from '../../src/db/db.ts'
import { openHosts } from '../../src/fleet/hosts.ts'
import { openIngest } from '../../src/ingest/ingest.ts'
import { commitSegment } from '../../src/lake/commit.ts'
import { systemClock } from '../../src/model/clock.ts'
import { silentLog } from '../../src/model/log.ts'
import { bodyOf, putTenant } from '../support/ingest.ts'

// A process that accepts bodies until it is killed. Each message from the parent is a body's lines; the answer, sent
// when the lines are durable, is the number of lines accepted.

export interface ChildRequest {
  readonly id: number
  readonly lines: readonly string[]
  /** A piece of this import, from this line on. */
  readonly importId?: string
  readonly firstLine?: number
}

export interface ChildReply {
  readonly id: number
  readonly accepted: number
  readonly duplicates: number
}

const [folder, tenantId] = process.argv.slice(2) as [string, string]
const segmentsFolder = join(folder, 'segments')
mkdirSync(segmentsFolder, { recursive: true })
const store = openStore(join(folder, 'store.sqlite'))
if ((await store.selectFrom('tenants').select('id').executeTakeFirst()) === undefined) await putTenant(store, tenantId)
const ingest = openIngest({
  ...{ store, clock: systemClock, log: silentLog, segmentsFolder, rejectedFolder: join(folder, 'rejected') },
  hosts: openHosts(store, systemClock),
  consume: async segment => {
    await commitSegment(store, segment, { files: [], queryNames: [] }, systemClock())
  },
  ...{ segmentBytesMax: 20_000, diskReserveBytes: 0, tickMs: 20 },
})
await ingest.recover()
process.on('message', ({ id, lines, ...options }: ChildRequest) => {
  ingest.accept(tenantId, bodyOf(...lines), options).then(
    ({ accepted, duplicates }) => process.send?.({ id, accepted, duplicates } satisfies ChildReply),
    error => {
      throw error
    },
  )
})
process.send?.('ready')
