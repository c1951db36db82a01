import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openQueryDisk, type QueryDiskOptions } from '../../src/query/query-disk.ts'

const mib = 2 ** 20
const gib = 2 ** 30

async function openDisk(context: TestContext, more: Partial<QueryDiskOptions> = {}) {
  const resultsFolder = await mkdtemp(join(tmpdir(), 'edr-lake-results-'))
  context.after(() => rm(resultsFolder, { recursive: true }))
  const put = async (runId: string, bytes: number) => {
    await mkdir(join(resultsFolder, runId), { recursive: true })
    await writeFile(join(resultsFolder, runId, 'result.parquet'), Buffer.alloc(bytes))
  }
  const disk = openQueryDisk({
    ...{ resultsFolder, quotaBytes: 24 * gib, reserveBytes: gib, resultBytesMax: gib, tempBytesMax: 8 * gib },
    freeBytes: async () => 1_000 * gib,
    ...more,
  })
  return { disk, put }
}

test('a run gets what it may take, and less where others may come or the quota is short', async t => {
  const { disk } = await openDisk(t)
  assert.deepEqual(await disk.take('a', 2), { resultBytes: gib, tempBytes: 8 * gib })
  assert.deepEqual(await disk.take('b', 1), { resultBytes: gib, tempBytes: 8 * gib })
  assert.deepEqual(await disk.take('c', 1), { resultBytes: gib, tempBytes: 5 * gib }, '24 less twice 9, less a result')
  assert.equal(await disk.take('d', 1), undefined)
  await disk.settle('c', false)
  assert.deepEqual(await disk.take('d', 2), { resultBytes: gib, tempBytes: 2 * gib }, 'half of six, less a result')
})

test('one run rather than two that could not spill', async t => {
  const { disk } = await openDisk(t, { quotaBytes: 2 * gib + 10 * mib })
  assert.deepEqual(await disk.take('a', 2), { resultBytes: gib, tempBytes: gib + 10 * mib })
  assert.equal(await disk.take('b', 1), undefined)
})

test('queries get what is free beyond twice the reserve, so ingest is never stopped by them', async t => {
  let free = 4 * gib
  const { disk } = await openDisk(t, { freeBytes: async () => free })
  assert.deepEqual(await disk.take('a', 1), { resultBytes: gib, tempBytes: gib })
  assert.equal(await disk.take('b', 1), undefined)
  await disk.settle('a', false)
  free = 3 * gib + 64 * mib
  assert.deepEqual(await disk.take('a', 1), { resultBytes: gib, tempBytes: 64 * mib })
})

test('on a disk too small for the largest result a run gets half of what there is, down to a bound', async t => {
  let free = 2 * gib + 400 * mib
  const { disk } = await openDisk(t, { freeBytes: async () => free })
  assert.deepEqual(await disk.take('a', 2), { resultBytes: 200 * mib, tempBytes: 200 * mib })
  // Whoever comes meanwhile waits for the room, and does not take what is left over.
  free = 2 * gib + 900 * mib
  assert.equal(await disk.take('b', 1), undefined)
  await disk.settle('a', false)
  free = 2 * gib + 128 * mib
  assert.deepEqual(await disk.take('b', 1), { resultBytes: 64 * mib, tempBytes: 64 * mib })
  await disk.settle('b', false)
  free -= 2 * mib
  assert.equal(await disk.take('b', 1), undefined)
  assert.deepEqual(await disk.take('b', 1, mib), { resultBytes: mib, tempBytes: 125 * mib }, 'one that asks for less')
})

test('results at rest count until they are deleted, also those of an earlier process', async t => {
  const { disk, put } = await openDisk(t, { quotaBytes: gib + 65 * mib })
  await put('old', mib)
  await disk.load()
  assert.equal(disk.usedBytes(), mib)
  assert.deepEqual(await disk.take('new', 1), { resultBytes: gib, tempBytes: 64 * mib })
  await put('new', 3_000)
  await disk.settle('new', true)
  assert.equal(disk.usedBytes(), mib + 3_000)
  assert.deepEqual((await disk.take('next', 1))?.resultBytes, gib / 2 + 32 * mib - 1_500)
  await disk.settle('next', false)
  // A first page may come after the end.
  await put('new', 4_000)
  await disk.measureFresh()
  assert.equal(disk.resultBytes('new'), 4_000)
  disk.forget('old')
  disk.forget('new')
  assert.equal(disk.usedBytes(), 0)
  assert.notEqual(await disk.take('next', 1), undefined)
})

test('what exports write is held as well', async t => {
  const { disk } = await openDisk(t, { quotaBytes: 2 * gib })
  const release = await disk.hold(gib)
  assert.ok(release)
  assert.equal(await disk.hold(gib + 1), undefined)
  assert.equal(await disk.take('a', 1), undefined, 'exports end, so it can wait')
  release()
  assert.notEqual(await disk.take('a', 1), undefined)
})

test('a disk that cannot be asked is bounded by the quota alone', async t => {
  const { disk } = await openDisk(t, { freeBytes: async () => undefined, quotaBytes: 3 * gib })
  assert.deepEqual(await disk.take('a', 1), { resultBytes: gib, tempBytes: 2 * gib })
})

test('a run that may spill little still starts', async t => {
  const { disk } = await openDisk(t, { tempBytesMax: 8 * mib })
  assert.deepEqual(await disk.take('a', 2), { resultBytes: gib, tempBytes: 8 * mib })
})
