import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore, type Store } from '../../src/db/db.ts'
import { insertTenant } from '../../src/db/tenants.ts'
import { openHosts } from '../../src/fleet/hosts.ts'
import { type Ingest, type IngestDependencies, openIngest } from '../../src/ingest/ingest.ts'
import type { RecoverReport } from '../../src/ingest/recover.ts'
import { type SegmentFile, type SegmentFiles, segmentFiles } from '../../src/ingest/segment-files.ts'
import { readSegment } from '../../src/ingest/segment-reader.ts'
import { listConsumedSegments, listUnconsumedSegments } from '../../src/lake/catalog.ts'
import { commitSegment } from '../../src/lake/commit.ts'
import { newId } from '../../src/model/ids.ts'
import { silentLog } from '../../src/model/log.ts'
import type { Frame } from '../../src/model/segment.ts'

/** Ingest on a real store and real files, without a converter: a consumed segment becomes no data file. */
export interface TestIngest {
  readonly ingest: Ingest
  readonly store: Store
  readonly tenantId: string
  readonly folder: string
  now: number
  readonly recovered: RecoverReport
  /** Every frame that counts, of consumed segments too, in order. */
  frames(): Promise<Frame[]>
  lines(): Promise<string[]>
  /** The process ends without a word and a new one takes over. */
  crash(): Promise<void>
  close(): Promise<void>
}

export async function testIngest(more: Partial<IngestDependencies> = {}): Promise<TestIngest> {
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-ingest-'))
  const segmentsFolder = join(folder, 'segments')
  await mkdir(segmentsFolder)
  const store = openStore(join(folder, 'store.sqlite'))
  const tenantId = newId()
  await putTenant(store, tenantId)

  // A process that ends closes its files; here somebody must.
  const files = more.files ?? segmentFiles
  let opened: SegmentFile[] = []
  const tracked: SegmentFiles = {
    ...files,
    async create(path) {
      const file = await files.create(path)
      opened.push(file)
      return file
    },
  }

  async function open(): Promise<{ ingest: Ingest; recovered: RecoverReport }> {
    const clock = () => self.now
    const ingest = openIngest({
      ...{ store, clock, segmentsFolder, rejectedFolder: join(folder, 'rejected'), log: silentLog, tickMs: 0 },
      hosts: openHosts(store, clock),
      consume: async segment => {
        await commitSegment(store, segment, { files: [], queryNames: [] }, clock())
      },
      ...more,
      files: tracked,
    })
    return { ingest, recovered: await ingest.recover() }
  }

  async function frames(): Promise<Frame[]> {
    const found: Frame[] = []
    // Unconsumed ones first: a segment may become consumed between the two.
    const segments = [...(await listUnconsumedSegments(store)), ...(await listConsumedSegments(store))]
    const byNumber = new Map(segments.map(segment => [segment.number, segment]))
    for (const segment of [...byNumber.values()].sort((a, b) => a.number - b.number)) {
      const file = (await files.read(join(segmentsFolder, segment.fileName))) ?? Buffer.alloc(0)
      const { number, tenantId: owner, frames: count, bytes } = segment
      const sealed = count === undefined || bytes === undefined ? undefined : { frames: count, bytes }
      readSegment(file, { number, tenantId: owner, sealed, onFrame: frame => found.push(frame) })
    }
    return found
  }

  const self = { now: Date.UTC(2026, 10, 24, 12) } as { -readonly [Key in keyof TestIngest]: TestIngest[Key] }
  Object.assign(self, { store, tenantId, folder, frames, ...(await open()) })
  self.lines = async () => (await frames()).flatMap(({ b }) => b)
  self.crash = async () => {
    await Promise.allSettled(opened.map(file => file.close()))
    opened = []
    Object.assign(self, await open())
  }
  self.close = async () => {
    await self.ingest.close()
    await store.destroy()
    await rm(folder, { recursive: true })
  }
  return self
}

export async function putTenant(store: Store, id: string): Promise<void> {
  await insertTenant(store, {
    ...{ id, name: `tenant ${id}`, showAs: 'Tenant', dataGeography: 'IE', dataRegion: 'eu01', billingType: 'term' },
    ...{ status: 'active', partnerId: undefined, organizationId: undefined, retentionDays: 90, createdAt: 0 },
  })
}

/** A result line; `mark` makes it one of a kind. */
export function resultLine(mark: string, host = 'host-1', more: object = {}): string {
  return JSON.stringify({
    name: 'processes',
    hostIdentifier: host,
    unixTime: 1_795_500_000,
    columns: { mark },
    ...more,
  })
}

export function bodyOf(...lines: readonly string[]): Buffer {
  return Buffer.from(lines.map(line => `${line}\n`).join(''))
}
