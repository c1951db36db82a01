import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore, type Store } from '../../src/db/db.ts'
import { findSegment, openSegment, type StoredSegment, sealSegment } from '../../src/lake/catalog.ts'
import type { ConvertDeps } from '../../src/lake/data-file-writer.ts'
import type { TailSource } from '../../src/lake/view.ts'
import { openWriter, type Writer } from '../../src/lake/writer.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { fixtureReceivedAt, fixtureTenantId, writeSegment } from './osquery-fixtures.ts'

// A lake without an ingest: segments are written by the test, everything behind them is the real thing.

export interface TestLake extends ConvertDeps {
  readonly folder: string
  readonly store: Store
  readonly storage: Storage
  readonly writer: Writer
  readonly tail: TailSource
  /** The clock's time; a test may set it. */
  now: number
  /** An open segment with these lines; its frames count as durable. */
  open(lines: readonly string[], tenantId?: string, frame?: object): Promise<StoredSegment>
  /** A sealed segment with these lines; `frame` is what else its frames say. */
  seal(lines: readonly string[], tenantId?: string, frame?: object): Promise<StoredSegment>
  close(): Promise<void>
}

export async function openTestLake(): Promise<TestLake> {
  const folder = mkdtempSync(join(tmpdir(), 'edr-lake-lake-'))
  const tempFolder = join(folder, 'tmp')
  mkdirSync(tempFolder)
  mkdirSync(join(folder, 'segments'))
  const store = openStore(':memory:')
  const storage = await openLocalStorage(join(folder, 'lake'))
  const writer = openWriter({ memoryBytes: 512 * 2 ** 20, threads: 1, tempFolder: join(folder, 'spill') })
  const durable = new Map<number, number>()
  const pathOf = ({ number }: { number: number }) => join(folder, 'segments', `${number}.ndjson`)
  const lake: TestLake = {
    ...{ folder, tempFolder, store, storage, writer },
    tail: { durableFrames: number => durable.get(number), durableTables: () => undefined, pathOf },
    now: fixtureReceivedAt,
    clock: () => lake.now,
    async open(lines, tenantId = fixtureTenantId, frame = {}) {
      const segment = await openSegment(store, tenantId, lake.now)
      durable.set(segment.number, writeSegment(pathOf(segment), segment.number, lines, 2, lake.now, undefined, frame))
      return segment
    },
    async seal(lines, tenantId, frame) {
      const segment = await lake.open(lines, tenantId, frame)
      const frames = durable.get(segment.number) ?? 0
      const { size } = statSync(pathOf(segment))
      await sealSegment(store, segment.number, { frames, lines: lines.length, bytes: size }, lake.now)
      return (await findSegment(store, segment.number)) as StoredSegment
    },
    async close() {
      await writer.close()
      await store.destroy()
      rmSync(folder, { recursive: true })
    },
  }
  return lake
}
