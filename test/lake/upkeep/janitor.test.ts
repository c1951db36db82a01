import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { listConsumedSegments } from '../../../src/lake/catalog.ts'
import { convertSegment } from '../../../src/lake/data-file-writer.ts'
import { listLiveFiles } from '../../../src/lake/data-files.ts'
import { queryNameStats, tableStats, tailStats } from '../../../src/lake/stats.ts'
import { type JanitorDeps, openJanitor } from '../../../src/lake/upkeep/janitor.ts'
import { consumedSegmentAgeMsMin } from '../../../src/limits.ts'
import { dayMs } from '../../../src/model/time-range.ts'
import { openTestLake, type TestLake } from '../../support/lake.ts'

let lake: TestLake
let logged: string[]
const start = Date.UTC(2026, 10, 2, 12)

beforeEach(async () => {
  lake = await openTestLake()
  logged = []
})
afterEach(() => lake.close())

function deps(more: Partial<JanitorDeps> = {}): JanitorDeps {
  const note = (_: unknown, message: string) => void logged.push(message)
  const log = { info: note, warn: note, error: note }
  return Object.assign(Object.create(lake), { pathOf: lake.tail.pathOf, log, ...more })
}

async function tenant(id: string, retentionDays = 90): Promise<void> {
  const words = {
    name: id,
    show_as: id,
    data_geography: 'IE',
    data_region: 'eu01',
    billing_type: 'term',
    status: 'active',
  }
  await lake.store
    .insertInto('tenants')
    .values({
      id,
      ...words,
      partner_id: null,
      organization_id: null,
      retention_days: retentionDays,
      created_at: 0,
    } as never)
    .execute()
}

async function ingest(tenantId: string, at: number): Promise<void> {
  lake.now = at
  const line = JSON.stringify({ name: 'Ports', unixTime: 1_795_500_000, columns: { pid: '1' }, action: 'added' })
  const segment = await lake.seal([line], tenantId)
  await convertSegment(lake, segment, lake.tail.pathOf(segment))
}

const files = async (tenantId: string) => (await listLiveFiles(lake.store, tenantId, 'xdr_data')).length

test('a pass drops, merges and collects, and the next has nothing to do', async () => {
  await tenant('a', 30)
  await ingest('a', start)
  for (let hour = 0; hour < 3; hour++) await ingest('a', start + 40 * dayMs + hour)
  const janitor = openJanitor(deps())
  lake.now = start + 41 * dayMs
  const report = await janitor.pass()
  assert.deepEqual(report, {
    ...{ retained: 2, dropped: 0, merges: 2, failedMerges: 0, orphans: 0 },
    // Two files of the first day, and the sources of both merges.
    collected: { segments: 4, dataFiles: 8 },
  })
  assert.equal(await files('a'), 1)
  const none = { retained: 0, dropped: 0, merges: 0, failedMerges: 0, orphans: 0 }
  const nothing = { ...none, collected: { segments: 0, dataFiles: 0 } }
  assert.deepEqual(await janitor.pass(), nothing)
  assert.deepEqual(logged, ['data files merged', 'data files merged'])
  await janitor.close()
})

test('a pass leaves the event loop a turn for each tenant with files, and passes over the others', async () => {
  for (const id of ['a', 'b', 'c']) {
    await tenant(id)
    await ingest(id, start)
  }
  const janitor = openJanitor(deps({ clock: () => start }))
  const turnsOf = async (): Promise<number> => {
    let [turns, isOver] = [0, false]
    const count = (): void => {
      turns += 1
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    await janitor.pass()
    isOver = true
    return turns
  }
  // The first pass also reads folders.
  await turnsOf()
  const before = await turnsOf()
  assert.ok(before >= 6, `${before} turns`)
  for (let number = 0; number < 50; number++) await tenant(`without-${number}`)
  const after = await turnsOf()
  assert.ok(after < before + 50, `${before} turns, then ${after}`)
  await janitor.close()
})

test('tenants take turns, and a pass begins no merge once its budget is spent', async () => {
  for (const id of ['a', 'b']) {
    await tenant(id)
    for (const day of [0, 1]) for (const hour of [0, 1]) await ingest(id, start + day * dayMs + hour)
  }
  lake.now = start + 2 * dayMs
  let asked = 0
  // Each reading of the clock is a millisecond later; the pass ends after the first round.
  const clock = () => lake.now + asked++
  const janitor = openJanitor(deps({ clock, budgetMs: 12 }))
  const { merges } = await janitor.pass()
  assert.ok(merges >= 1 && merges < 8, String(merges))
  const counts = [await files('a'), await files('b')]
  assert.ok(Math.abs(counts[0]! - counts[1]!) <= 1, String(counts))
  for (let pass = 0; pass < 20 && (await janitor.pass()).merges > 0; pass++) asked = 0
  assert.deepEqual([await files('a'), await files('b')], [2, 2])
  await janitor.close()
})

test('a merge that fails is logged, not tried again, and does not stop the others', async () => {
  for (const id of ['a', 'b']) {
    await tenant(id)
    for (const hour of [0, 1]) await ingest(id, start + hour)
  }
  const [damaged] = await listLiveFiles(lake.store, 'a', 'xdr_data')
  await lake.storage.delete(damaged?.path ?? '')
  lake.now = start + dayMs
  const janitor = openJanitor(deps())
  const report = await janitor.pass()
  assert.deepEqual([report.merges, report.failedMerges], [3, 1])
  assert.equal(logged.filter(message => message === 'data files not merged').length, 1)
  assert.deepEqual([await files('a'), await files('b')], [2, 1])
  assert.equal((await janitor.pass()).failedMerges, 0)
  await janitor.close()
})

test('two callers share a pass, and a closed janitor begins nothing', async () => {
  await tenant('a')
  for (const hour of [0, 1]) await ingest('a', start + hour)
  lake.now = start + dayMs
  const janitor = openJanitor(deps())
  const [first, second] = await Promise.all([janitor.pass(), janitor.pass()])
  assert.equal(first, second)
  await janitor.close()
  for (const hour of [2, 3]) await ingest('a', start + hour)
  lake.now = start + dayMs
  assert.equal((await janitor.pass()).merges, 0)
})

test('statistics tell what is where', async () => {
  await ingest('a', start)
  await ingest('a', start + 1)
  await lake.seal(['{}', '{}'], 'a')
  const broken = await lake.seal(['{}'], 'a')
  await lake.store
    .updateTable('segments')
    .set({ state: 'quarantined', error: 'why' })
    .where('number', '=', broken.number)
    .execute()
  const tables = await tableStats(lake.store, 'a')
  assert.deepEqual(
    tables.map(({ bytes, ...facts }) => facts),
    [
      { name: 'lake_reports', rows: 2, files: 2, oldest: 1_795_500_000_000, newest: 1_795_500_000_000 },
      { name: 'xdr_data', rows: 2, files: 2, oldest: 1_795_500_000_000, newest: 1_795_500_000_000 },
    ],
  )
  assert.ok(tables.every(({ bytes }) => bytes > 0))
  assert.deepEqual(await queryNameStats(lake.store, 'a', 'xdr_data'), [
    { name: 'Ports', columns: ['pid'], rows: 2, firstSeen: start, lastSeen: start + 1 },
  ])
  const { bytes, ...tail } = await tailStats(lake.store, 'a')
  assert.deepEqual(tail, {
    ...{ segments: 2, lines: 3, oldestAt: start + 1 },
    quarantined: [{ number: broken.number, error: 'why' }],
  })
  assert.deepEqual(await tableStats(lake.store, 'b'), [])
  assert.equal((await listConsumedSegments(lake.store, 'a')).length, 2)
  assert.ok(bytes > 0 && consumedSegmentAgeMsMin > 0)
})
