// `kill -9` between each pair of steps of a row's way into the lake, of a merge, of retention and of collection. After
// the next start every acknowledged row is there exactly once, no other row more than once, the catalog is true, and no
// file is left over for longer than the grace period.
//
//   CRASH=all node --test test/crash/lake-steps.test.ts     every step (`npm run test:crash`)
//   CRASH=17 …                                              one of them
//   SEED=2 …                                                other samples

import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openStore } from '../../src/db/db.ts'
import { openHosts } from '../../src/fleet/hosts.ts'
import { openIngest } from '../../src/ingest/ingest.ts'
import { type ConvertDeps, convertSegment } from '../../src/lake/data-file-writer.ts'
import { openJanitor } from '../../src/lake/upkeep/janitor.ts'
import { openWriter } from '../../src/lake/writer.ts'
import { orphanAgeMsMin } from '../../src/limits.ts'
import { silentLog } from '../../src/model/log.ts'
import { fsck } from '../../src/rescue/fsck.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { dice } from './import-marks.ts'
import type { ChildMessage } from './lake-child.ts'

const tenantId = 'b3e0a6f2-51d4-4c7e-9a43-0d6c5b1f8e21'
const child = fileURLToPath(new URL('./lake-child.ts', import.meta.url))
const chosen = process.env['CRASH']
const seed = Number(process.env['SEED'] ?? 1)
const samples = 8
const start = Date.UTC(2026, 10, 2, 12)

interface Life {
  readonly acknowledged: readonly string[]
  readonly mayExpire: boolean
  readonly death: string | undefined
  readonly steps: number
}

/** Runs the child until it dies at the step, or to its end. */
async function live(folder: string, step: number): Promise<Life> {
  const process = fork(child, [folder, tenantId, String(step)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const acknowledged: string[] = []
  let mayExpire = false
  let death: string | undefined
  let steps = 0
  process.on('message', (message: ChildMessage) => {
    if (message.kind === 'acknowledged') acknowledged.push(...message.marks)
    else if (message.kind === 'expiring') mayExpire = true
    else if (message.kind === 'dying') death = `${message.step}: ${message.what}`
    else steps = message.steps
  })
  await once(process, 'close')
  return { acknowledged, mayExpire, death, steps }
}

/** Starts the lake again, and gives back what is in it once everything due is done. */
async function afterwards(folder: string) {
  const store = openStore(join(folder, 'store.sqlite'))
  const storage = await openLocalStorage(join(folder, 'lake'))
  const tempFolder = join(folder, 'tmp')
  const writer = openWriter({ memoryBytes: 512 * 2 ** 20, threads: 1, tempFolder: join(folder, 'spill') })
  let now = start + 3 * 3_600_000
  const clock = () => now
  const lake = { store, storage, writer, tempFolder, clock }
  const segmentsFolder = join(folder, 'segments')
  const ingest = openIngest({
    ...{ store, clock, log: silentLog, hosts: openHosts(store, clock), tickMs: 0, diskReserveBytes: 0, segmentsFolder },
    rejectedFolder: join(folder, 'rejected'),
    consume: async (segment, path) => void (await convertSegment(lake, segment, path)),
  })
  try {
    await ingest.recover()
    await ingest.sealNow()
    assert.equal(ingest.backlog(), 0)
    const report = await fsck({ ...lake, segmentsFolder }, { repair: false })
    assert.deepEqual(report.differences, [])
    const marks = await marksIn(lake)
    // By file times, which are the machine's: whatever is there now is older than the grace period then.
    now = Date.now() + orphanAgeMsMin + 60_000
    const janitor = openJanitor({ ...lake, pathOf: segment => ingest.pathOf(segment), log: silentLog, budgetMs: 0 })
    await janitor.pass()
    await janitor.close()
    const named = await store.selectFrom('data_files').select('path').execute()
    assert.deepEqual(filesBelow(join(folder, 'lake')), named.map(({ path }) => path).sort())
    assert.deepEqual(filesBelow(tempFolder), [])
    return marks
  } finally {
    await ingest.close()
    await writer.close()
    await store.destroy()
  }
}

async function marksIn({ store, storage, writer }: ConvertDeps): Promise<string[]> {
  const marks: string[] = []
  const files = await store.selectFrom('data_files').selectAll().where('dropped_version', 'is', null).execute()
  for (const { path, table_name } of files.filter(file => file.table_name !== 'lake_reports')) {
    const name = table_name === 'xdr_data' ? "query_name || '/' || mark" : "'xgfw_data/' || src_ip"
    const local = await storage.locate(path)
    const rows = await writer.use(run => run(`SELECT ${name} AS mark FROM read_parquet('${local}')`))
    marks.push(...rows.map(({ mark }) => String(mark)))
  }
  return marks.sort()
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  return entries.map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort()
}

async function dieAndComeBack(step: number): Promise<Life> {
  const folder = mkdtempSync(join(tmpdir(), 'edr-lake-steps-'))
  try {
    const life = await live(folder, step)
    if (!existsSync(join(folder, 'store.sqlite'))) return life
    const marks = await afterwards(folder)
    const where = `died at ${life.death}`
    assert.equal(new Set(marks).size, marks.length, `${where}: a row is there twice`)
    const isThere = new Set(marks)
    const kept = life.acknowledged.filter(mark => !(life.mayExpire && mark.startsWith('short/')))
    assert.deepEqual(
      kept.filter(mark => !isThere.has(mark)),
      [],
      `${where}: acknowledged rows are gone`,
    )
    return life
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test(`a lake killed at any step comes back whole (seed ${seed})`, async t => {
  const whole = await dieAndComeBack(0)
  assert.equal(whole.death, undefined)
  assert.ok(whole.steps > 100, `${whole.steps} steps`)
  assert.equal(whole.acknowledged.length, 20)
  const draw = dice(seed)
  const all = Array.from({ length: whole.steps }, (_, at) => at + 1)
  // One step of each stretch, so that the samples lie everywhere.
  const stretch = whole.steps / samples
  const sampled = Array.from({ length: samples }, (_, at) => Math.floor(at * stretch + draw.unit() * stretch) + 1)
  const steps = chosen === 'all' ? all : chosen === undefined ? sampled : [Number(chosen)]
  for (const step of steps) {
    const { death } = await dieAndComeBack(step)
    assert.ok(death, `step ${step} was reached`)
    t.diagnostic(`came back from ${death}`)
  }
})
