// `kill -9` between each pair of steps of `fsck --repair`, over a data directory whose catalog is gone: with merged
// files and their sources, a tail, a declared table and an erased host. Whatever it had done by then, the next repair
// ends it: every row there once, none of the erased host, and no difference left.
//
//   CRASH=all node --test test/crash/fsck-steps.test.ts     every step (`npm run test:crash`)

import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openStore } from '../../src/db/db.ts'
import { insertDeclaredTable } from '../../src/db/declared-tables.ts'
import { lastSegmentNumber } from '../../src/db/segments.ts'
import { openHosts } from '../../src/fleet/hosts.ts'
import { openIngest } from '../../src/ingest/ingest.ts'
import { convertSegment } from '../../src/lake/data-file-writer.ts'
import { appendJournal, journalName } from '../../src/lake/journal.ts'
import { schemaOf } from '../../src/lake/schema.ts'
import { eraseHost } from '../../src/lake/upkeep/erase.ts'
import { openJanitor } from '../../src/lake/upkeep/janitor.ts'
import { openWriter } from '../../src/lake/writer.ts'
import { declareTable } from '../../src/model/declared-table.ts'
import { silentLog } from '../../src/model/log.ts'
import { dayMs } from '../../src/model/time-range.ts'
import { fsck } from '../../src/rescue/fsck.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { bodyOf, putTenant, resultLine } from '../support/ingest.ts'
import type { FsckMessage } from './fsck-child.ts'
import { dice } from './import-marks.ts'

const tenantId = 'b3e0a6f2-51d4-4c7e-9a43-0d6c5b1f8e21'
const child = fileURLToPath(new URL('./fsck-child.ts', import.meta.url))
const chosen = process.env['CRASH']
const seed = Number(process.env['SEED'] ?? 1)
const samples = 6
const start = Date.UTC(2026, 10, 2, 12)

/** A lake in the folder, as long as `work` takes. */
async function withLake<Result>(folder: string, work: (lake: Awaited<ReturnType<typeof open>>) => Promise<Result>) {
  const lake = await open(folder)
  try {
    return await work(lake)
  } finally {
    await lake.ingest.close()
    await lake.deps.writer.close()
    await lake.deps.store.destroy()
  }
}

async function open(folder: string) {
  for (const name of ['segments', 'tmp', 'rejected']) mkdirSync(join(folder, name), { recursive: true })
  const store = openStore(join(folder, 'store.sqlite'))
  const storage = await openLocalStorage(join(folder, 'lake'))
  const writer = openWriter({ memoryBytes: 512 * 2 ** 20, threads: 1, tempFolder: join(folder, 'spill') })
  const time = { now: start }
  const clock = () => time.now
  const deps = { store, storage, writer, tempFolder: join(folder, 'tmp'), clock }
  const ingest = openIngest({
    ...{ store, clock, log: silentLog, hosts: openHosts(store, clock), tickMs: 0, diskReserveBytes: 0 },
    ...{ segmentsFolder: join(folder, 'segments'), rejectedFolder: join(folder, 'rejected') },
    consume: async (segment, path) => void (await convertSegment(deps, segment, path)),
  })
  return { deps, ingest, time }
}

/** A directory with everything that a repair has to deal with; resolves with the marks that it must bring back. */
async function prepare(folder: string): Promise<readonly string[]> {
  await withLake(folder, async ({ deps, ingest, time }) => {
    await putTenant(deps.store, tenantId)
    await ingest.recover()
    const table = declareTable({ name: 'proxy', columns: [{ name: 'mark', type: 'string' }] }, time.now)
    await appendJournal(join(folder, 'segments', journalName), { kind: 'declared', tenantId, table })
    await insertDeclaredTable(deps.store, tenantId, table)
    for (const n of [1, 2, 3]) {
      await ingest.accept(tenantId, bodyOf(resultLine(`a${n}`, 'stays'), resultLine(`b${n}`, 'goes')))
      await ingest.accept(tenantId, bodyOf(JSON.stringify({ mark: `p${n}` })), { table: 'proxy' })
      await ingest.sealNow()
    }
    time.now += 2 * dayMs
    const janitor = openJanitor({ ...deps, pathOf: segment => ingest.pathOf(segment), log: silentLog })
    await janitor.pass()
    await janitor.close()
    await ingest.accept(tenantId, bodyOf(resultLine('a4', 'stays'), resultLine('b4', 'goes')))
    await ingest.sealNow()
    // Files that go whole: nothing that took them over says so.
    await ingest.accept(tenantId, bodyOf(resultLine('b0', 'goes')))
    await ingest.sealNow()
    const hosts = deps.store.selectFrom('hosts').select('id').where('host_identifier', '=', 'goes')
    const hostId = (await hosts.executeTakeFirstOrThrow()).id
    const erasure = { hostId, lastSegment: await lastSegmentNumber(deps.store) }
    const entry = { kind: 'erased', tenantId, ...erasure, at: time.now } as const
    await appendJournal(join(folder, 'segments', journalName), entry)
    await eraseHost(deps, tenantId, erasure)
    await ingest.accept(tenantId, bodyOf(resultLine('a5', 'stays'), resultLine('b5', 'goes')))
  })
  for (const name of ['store.sqlite', 'store.sqlite-wal', 'store.sqlite-shm']) {
    rmSync(join(folder, name), { force: true })
  }
  // What the host sent after it was erased is its own again.
  return ['a1', 'a2', 'a3', 'a4', 'a5', 'b5', 'p1', 'p2', 'p3']
}

/** Repairs once more, and gives back every mark that is in the lake then. */
async function repairAndRead(folder: string): Promise<string[]> {
  return withLake(folder, async ({ deps, ingest }) => {
    const segmentsFolder = join(folder, 'segments')
    await fsck({ ...deps, segmentsFolder }, { repair: true })
    assert.deepEqual((await fsck({ ...deps, segmentsFolder }, { repair: false })).differences, [])
    const tables = (await schemaOf(deps.store, tenantId)).tables
    assert.ok(tables.some(({ name, isDeclared }) => name === 'proxy' && isDeclared === true))
    return marksIn(deps, ingest)
  })
}

async function marksIn(
  deps: Awaited<ReturnType<typeof open>>['deps'],
  ingest: Awaited<ReturnType<typeof open>>['ingest'],
): Promise<string[]> {
  // Segments that the repair brought back are converted as the next start does it.
  await ingest.recover()
  await ingest.sealNow()
  const marks: string[] = []
  const files = await deps.store
    .selectFrom('data_files')
    .select(['path', 'table_name'])
    .where('dropped_version', 'is', null)
    .execute()
  for (const { path, table_name: table } of files) {
    if (table === 'lake_reports') continue
    const local = await deps.storage.locate(path)
    const rows = await deps.writer.use(run => run(`SELECT mark FROM read_parquet('${local}')`))
    marks.push(...rows.map(({ mark }) => String(mark)))
  }
  return marks.sort()
}

/** Runs the child until it dies at the step, or to its end. */
async function repairUntil(folder: string, step: number): Promise<{ death: string | undefined; steps: number }> {
  const process = fork(child, [folder, String(step)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  let death: string | undefined
  let steps = 0
  process.on('message', (message: FsckMessage) => {
    if (message.kind === 'dying') death = `${message.step}: ${message.what}`
    else steps = message.steps
  })
  await once(process, 'close')
  return { death, steps }
}

test(`a repair killed at any step is ended by the next one (seed ${seed})`, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'edr-lake-fsck-steps-'))
  try {
    const template = join(folder, 'template')
    mkdirSync(template)
    const expected = await prepare(template)
    let made = 0
    const dieAndRepair = async (step: number) => {
      made += 1
      const copy = join(folder, `copy-${made}`)
      // With their ages, by which a repair tells newer files from older ones.
      cpSync(template, copy, { recursive: true, preserveTimestamps: true })
      const life = await repairUntil(copy, step)
      assert.deepEqual(await repairAndRead(copy), expected, `died at ${life.death}`)
      rmSync(copy, { recursive: true })
      return life
    }
    const whole = await dieAndRepair(0)
    assert.equal(whole.death, undefined)
    assert.ok(whole.steps >= 10, `${whole.steps} steps`)
    const draw = dice(seed)
    const stretch = whole.steps / samples
    const sampled = Array.from({ length: samples }, (_, at) => Math.floor(at * stretch + draw.unit() * stretch) + 1)
    const all = Array.from({ length: whole.steps }, (_, at) => at + 1)
    const steps = chosen === 'all' ? all : chosen === undefined ? sampled : [Number(chosen)]
    for (const step of steps) {
      const { death } = await dieAndRepair(step)
      assert.ok(death, `step ${step} was reached`)
      t.diagnostic(`repaired after ${death}`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
