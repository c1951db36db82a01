import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTailKeyReader } from '../../src/ingest/tail-keys.ts'
import { listUnconsumedSegments } from '../../src/lake/catalog.ts'
import { bodyOf, resultLine, testIngest } from '../support/ingest.ts'

test('names, columns, decorations and times of the open tail; what is consumed is left to the catalog', async () => {
  const it = await testIngest()
  const keys = () => it.ingest.tailKeys(it.tenantId)
  const nothing = {
    ...{ queryNames: [], decorations: [], tables: new Set(), oldest: undefined, newest: undefined, isComplete: true },
  }
  assert.deepEqual(await keys(), nothing)
  const more = { name: 'pack/p/Users', unixTime: 100, columns: { UID: '1' }, decorations: { Site: 'x' } }
  await it.ingest.accept(it.tenantId, bodyOf(resultLine('a'), resultLine('b', 'h', more)))
  const first = await keys()
  assert.deepEqual(first, {
    queryNames: [
      { name: 'processes', columns: ['mark'] },
      { name: 'Users', columns: ['uid'] },
    ],
    ...{ decorations: ['site'], tables: new Set(), oldest: 100_000, newest: 1_795_500_000_000, isComplete: true },
  })
  const later = { name: 'users', columns: { shell: '1' }, unixTime: 2e9 }
  await it.ingest.accept(it.tenantId, bodyOf(resultLine('c', 'h', later)))
  assert.deepEqual(await keys(), {
    ...first,
    queryNames: [first.queryNames[0]!, { name: 'Users', columns: ['uid', 'shell'] }],
    newest: 2_000_000_000_000,
  })
  await it.ingest.sealNow()
  assert.deepEqual(await keys(), nothing)
  await it.close()
})

test('when the time is up the answer says so, and the next call goes on from there', async () => {
  const it = await testIngest()
  for (let at = 0; at < 5; at++) {
    await it.ingest.accept(it.tenantId, bodyOf(resultLine('x', 'h', { name: `query_${at}` })))
  }
  const [segment] = await listUnconsumedSegments(it.store, it.tenantId)
  const tail = [{ number: segment!.number, path: it.ingest.pathOf(segment!), frames: 5 }]
  let now = 0
  // Every look at the clock takes 80 ms of the 200.
  const reader = openTailKeyReader(() => {
    now += 80
    return now
  })
  const counts: number[] = []
  let isComplete = false
  while (!isComplete && counts.length < 20) {
    const keys = await reader.read(it.tenantId, tail)
    counts.push(keys.queryNames.length)
    isComplete = keys.isComplete
  }
  assert.equal(counts.at(-1), 5)
  assert.ok(counts.length > 1)
  assert.deepEqual(
    counts,
    [...counts].sort((a, b) => a - b),
  )
  // A second reader sees only durable frames.
  const pinned = await openTailKeyReader().read(it.tenantId, [{ ...tail[0]!, frames: 2 }])
  assert.equal(pinned.queryNames.length, 2)
  await it.close()
})
