import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '../../src/db/db.ts'
import {
  failSegment,
  findSegment,
  listConsumedSegments,
  listUnconsumedSegments,
  manifestVersion,
  openSegment,
  retryQuarantined,
  sealSegment,
} from '../../src/lake/catalog.ts'
import { commitReplacement, commitSegment } from '../../src/lake/commit.ts'
import { listLiveFiles, type NewDataFile, withStats } from '../../src/lake/data-files.ts'
import { convertAttemptsMax } from '../../src/limits.ts'

const content = { frames: 2, lines: 5, bytes: 100 }

const file = (path: string, more: Partial<NewDataFile> = {}): NewDataFile => ({
  ...{ table: 'xdr_data', path, queryNames: ['q'], level: 1, rows: 3, bytes: 50, sha256: 'hash' },
  ...{ minTime: 10, maxTime: 20, minIngested: 30, maxIngested: 40, stats: { pid: { min: 1, max: 2, nullCount: 0 } } },
  ...more,
})

const seen = { name: 'q', columns: ['pid'], rows: 3, firstSeen: 30, lastSeen: 40 }

async function sealed(store: ReturnType<typeof openStore>, tenantId = 't') {
  const segment = await openSegment(store, tenantId, 1)
  await sealSegment(store, segment.number, content, 2)
  return segment
}

test('segments are numbered upwards and never anew, and know their file', async () => {
  const store = openStore(':memory:')
  const first = await openSegment(store, 't', 1)
  await store.deleteFrom('segments').execute()
  const [second, third] = await Promise.all([openSegment(store, 't', 2), openSegment(store, 'u', 2)])
  assert.deepEqual([second.number, third.number], [first.number + 1, first.number + 2])
  assert.equal(third.fileName, `u/${third.number}.ndjson`)
  assert.deepEqual(second, {
    ...{ number: second.number, tenantId: 't', fileName: `t/${second.number}.ndjson`, state: 'open', createdAt: 2 },
    ...{ frames: undefined, lines: undefined, bytes: undefined, sealedAt: undefined, consumedAt: undefined },
    ...{ attempts: 0, error: undefined },
  })
  await store.destroy()
})

test('a segment is sealed with its content, once', async () => {
  const store = openStore(':memory:')
  const segment = await sealed(store)
  await sealSegment(store, segment.number, { frames: 9, lines: 9, bytes: 9 }, 3)
  const found = await findSegment(store, segment.number)
  assert.deepEqual(found, { ...segment, ...content, state: 'sealed', sealedAt: 2 })
  await assert.rejects(sealSegment(store, 99, content, 3), { code: 'not_found', message: 'there is no segment 99' })
  await commitSegment(store, segment, { files: [], queryNames: [] }, 3)
  await assert.rejects(sealSegment(store, segment.number, content, 4), { code: 'conflict' })
  await store.destroy()
})

test('lists hold what is not yet in data files, by tenant, and what is', async () => {
  const store = openStore(':memory:')
  const [a, b, c] = [await sealed(store), await openSegment(store, 't', 5), await sealed(store, 'u')]
  await commitSegment(store, a, { files: [], queryNames: [] }, 6)
  const numbers = (segments: readonly { number: number }[]) => segments.map(({ number }) => number)
  assert.deepEqual(numbers(await listUnconsumedSegments(store)), [b.number, c.number])
  assert.deepEqual(numbers(await listUnconsumedSegments(store, 'u')), [c.number])
  assert.deepEqual(numbers(await listConsumedSegments(store)), [a.number])
  assert.deepEqual(numbers(await listConsumedSegments(store, 'u')), [])
  await store.destroy()
})

test('a segment that cannot be converted is quarantined after its last try, and can be tried again', async () => {
  const store = openStore(':memory:')
  const segment = await sealed(store)
  const states: string[] = []
  for (let attempt = 0; attempt < convertAttemptsMax + 1; attempt++) {
    states.push(await failSegment(store, segment.number, `no ${attempt}`))
  }
  assert.deepEqual(states, ['sealed', 'sealed', 'quarantined', 'quarantined'])
  const found = await findSegment(store, segment.number)
  assert.deepEqual([found?.attempts, found?.error], [convertAttemptsMax, 'no 2'])
  await assert.rejects(commitSegment(store, segment, { files: [], queryNames: [] }, 3), { code: 'conflict' })
  assert.equal((await listUnconsumedSegments(store)).length, 1)
  await retryQuarantined(store)
  assert.equal((await findSegment(store, segment.number))?.state, 'sealed')
  assert.equal(await failSegment(store, segment.number, 'no'), 'quarantined', 'one more try, not three')
  await store.destroy()
})

test('a commit makes files, query names, segment and version true together', async () => {
  const store = openStore(':memory:')
  const segment = await sealed(store)
  assert.equal(await manifestVersion(store, 't'), 0)
  assert.equal(await commitSegment(store, segment, { files: [file('a'), file('b')], queryNames: [seen] }, 7), 1)
  assert.equal(await manifestVersion(store, 't'), 1)
  assert.equal(await manifestVersion(store, 'u'), 0)
  const found = await findSegment(store, segment.number)
  assert.deepEqual([found?.state, found?.consumedAt], ['consumed', 7])
  const live = await listLiveFiles(store, 't', 'xdr_data')
  assert.deepEqual(
    live.map(({ path, addedVersion }) => [path, addedVersion]),
    [
      ['a', 1],
      ['b', 1],
    ],
  )
  assert.equal(live[0]?.stats, undefined)
  assert.deepEqual((await withStats(store, live))[0]?.stats, { pid: { min: 1, max: 2, nullCount: 0 } })
  assert.deepEqual(await listLiveFiles(store, 'u', 'xdr_data'), [])
  assert.deepEqual(await listLiveFiles(store, 't', 'lake_reports'), [])
  assert.deepEqual((await listLiveFiles(store, 't', 'xdr_data', 21)).length, 0)
  assert.deepEqual((await listLiveFiles(store, 't', 'xdr_data', 20)).length, 2)
  await store.destroy()
})

test('a commit that cannot be finished changes nothing', async () => {
  const store = openStore(':memory:')
  const [a, b] = [await sealed(store), await sealed(store)]
  await commitSegment(store, a, { files: [file('same')], queryNames: [seen] }, 7)
  await assert.rejects(commitSegment(store, b, { files: [file('new'), file('same')], queryNames: [seen] }, 8))
  assert.equal(await manifestVersion(store, 't'), 1)
  assert.equal((await findSegment(store, b.number))?.state, 'sealed')
  assert.deepEqual(
    (await listLiveFiles(store, 't', 'xdr_data')).map(({ path }) => path),
    ['same'],
  )
  const [name] = await store.selectFrom('query_names').select('rows').execute()
  assert.equal(name?.rows, 3)
  await store.destroy()
})

test('of two commits of one segment the second is refused', async () => {
  const store = openStore(':memory:')
  const segment = await sealed(store)
  const outcomes = await Promise.allSettled(
    ['a', 'b'].map(path => commitSegment(store, segment, { files: [file(path)], queryNames: [] }, 7)),
  )
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
  assert.deepEqual(
    (await listLiveFiles(store, 't', 'xdr_data')).map(({ path }) => path),
    ['a'],
  )
  await store.destroy()
})

test('commits of several segments at once each get a version, and every file is there', async () => {
  const store = openStore(':memory:')
  const segments = await Promise.all(Array.from({ length: 5 }, () => sealed(store)))
  const versions = await Promise.all(
    segments.map(({ number }, index) =>
      commitSegment(store, segments[index]!, { files: [file(`f${number}`)], queryNames: [] }, 7),
    ),
  )
  assert.deepEqual([...versions].sort(), [1, 2, 3, 4, 5])
  assert.equal((await listLiveFiles(store, 't', 'xdr_data')).length, 5)
  await store.destroy()
})

test('a replacement drops and adds in one version, and only live files of the tenant can be dropped', async () => {
  const store = openStore(':memory:')
  const segment = await sealed(store)
  await commitSegment(store, segment, { files: [file('a'), file('b')], queryNames: [] }, 7)
  const ids = (await listLiveFiles(store, 't', 'xdr_data')).map(({ id }) => id)
  await assert.rejects(commitReplacement(store, 'u', ids, [], 8), { code: 'conflict' })
  assert.equal(await commitReplacement(store, 't', ids, [file('ab', { level: 2, rows: 6 })], 8), 2)
  assert.deepEqual(
    (await listLiveFiles(store, 't', 'xdr_data')).map(({ path, level }) => [path, level]),
    [['ab', 2]],
  )
  const refusal = { code: 'conflict', message: `data file ${ids[0]} is no longer live` }
  await assert.rejects(commitReplacement(store, 't', ids, [file('again')], 9), refusal)
  assert.equal(await manifestVersion(store, 't'), 2)
  await store.destroy()
})
