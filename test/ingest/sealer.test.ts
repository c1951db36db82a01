import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IngestDependencies } from '../../src/ingest/ingest.ts'
import type { SealedSegment } from '../../src/ingest/segment.ts'
import { findSegment, openSegment } from '../../src/lake/catalog.ts'
import { commitSegment } from '../../src/lake/commit.ts'
import { AppError } from '../../src/model/errors.ts'
import { bodyOf, resultLine, testIngest } from '../support/ingest.ts'

test('a segment is sealed when it is full and consumed in the background, in order', async () => {
  const consumed: SealedSegment[] = []
  const it = await testIngest({
    segmentBytesMax: 500,
    consume: async segment => {
      consumed.push(segment)
    },
  })
  for (const mark of ['a', 'b', 'c', 'd', 'e']) await it.ingest.accept(it.tenantId, bodyOf(resultLine(mark)))
  await it.ingest.sealNow()
  assert.deepEqual(
    consumed.map(({ number, frames }) => [number, frames]),
    [
      [1, 2],
      [2, 2],
      [3, 1],
    ],
  )
  assert.equal(it.ingest.backlog(), 0)
  await it.close()
})

test('before a segment is consumed the store knows its frames’ hashes and positions', async () => {
  let known: unknown[] = []
  const it = await testIngest({
    consume: async () => {
      const hashes = await it.store.selectFrom('frame_hashes').select('host_id').execute()
      const positions = await it.store.selectFrom('import_positions').select(['import_id', 'next_line']).execute()
      known = [hashes.length, positions.map(row => ({ ...row }))]
    },
  })
  await it.ingest.accept(it.tenantId, bodyOf(resultLine('a')))
  await it.ingest.accept(it.tenantId, bodyOf(resultLine('b')), { importId: 'file', firstLine: 4 })
  await it.ingest.sealNow()
  assert.deepEqual(known, [1, [{ import_id: 'file', next_line: 5 }]])
  await it.close()
})

test('a poisonous segment is tried three times and quarantined; the others go on, and it stays in the tail', async () => {
  const tries: number[] = []
  const errors: unknown[] = []
  const log: IngestDependencies['log'] = {
    ...{ info: () => {}, warn: () => {} },
    error: (facts, message) => errors.push([facts['segment'], message]),
  }
  const consume = async ({ number }: SealedSegment) => {
    tries.push(number)
    if (number === 1) throw new Error('a line that no reader likes')
  }
  const it = await testIngest({ consume, log })
  await it.ingest.accept(it.tenantId, bodyOf(resultLine('a')))
  await it.ingest.sealNow()
  assert.equal(it.ingest.backlog(), 1)
  await it.ingest.accept(it.tenantId, bodyOf(resultLine('b')))
  await it.ingest.sealNow()
  await it.ingest.sealNow()
  await it.ingest.sealNow()
  assert.deepEqual(tries, [1, 2, 1, 1])
  assert.deepEqual(errors, [[1, 'segment quarantined']])
  assert.equal(it.ingest.backlog(), 0)
  const { state, attempts, error } = (await findSegment(it.store, 1))!
  assert.deepEqual([state, attempts, error], ['quarantined', 3, 'a line that no reader likes'])
  await it.crash()
  // The next start tries it once more.
  assert.deepEqual(
    it.recovered.sealed.map(({ number }) => number),
    [1, 2],
  )
  await it.ingest.sealNow()
  assert.equal((await findSegment(it.store, 1))?.state, 'quarantined')
  assert.deepEqual(tries, [1, 2, 1, 1, 1, 2])
  assert.deepEqual((await it.ingest.tailKeys(it.tenantId)).queryNames, [{ name: 'processes', columns: ['mark'] }])
  await it.close()
})

test('a disk that is full says nothing about a segment: it is tried for as long as it takes', async () => {
  let isFull = true
  const full = [
    Object.assign(new Error('write'), { code: 'ENOSPC' }),
    new AppError('internal', 'IO Error: Could not write file "x": No space left on device'),
    new AppError('internal', 'a', { cause: new Error('database or disk is full') }),
  ]
  let tries = 0
  const it = await testIngest({
    consume: async segment => {
      tries += 1
      if (isFull) throw full[tries % full.length]
      await commitSegment(it.store, segment, { files: [], queryNames: [] }, 1)
    },
  })
  await it.ingest.accept(it.tenantId, bodyOf(resultLine('a')))
  for (let pass = 0; pass < 7; pass++) await it.ingest.sealNow()
  const { state, attempts } = (await findSegment(it.store, 1))!
  assert.deepEqual([tries, state, attempts], [7, 'sealed', 0])
  isFull = false
  await it.ingest.sealNow()
  assert.equal((await findSegment(it.store, 1))?.state, 'consumed')
  await it.close()
})

test('close waits for the conversion under way and begins no other', async () => {
  let isDone = false
  let started = 0
  const it = await testIngest({
    segmentBytesMax: 1,
    consume: async () => {
      started++
      await new Promise(resolve => setImmediate(resolve))
      isDone = true
    },
  })
  await it.ingest.accept(it.tenantId, bodyOf(resultLine('a')))
  await it.ingest.accept(it.tenantId, bodyOf(resultLine('b')))
  await it.ingest.close()
  assert.equal(isDone, true)
  assert.ok(started >= 1)
  await it.close()
})

test('a segment is sealed when it is old', async () => {
  const it = await testIngest({ segmentAgeMsMax: 1000 })
  await it.ingest.accept(it.tenantId, bodyOf(resultLine('a')))
  it.now += 999
  await it.ingest.tick()
  assert.equal((await findSegment(it.store, 1))?.state, 'open')
  it.now += 1
  await it.ingest.tick()
  assert.notEqual((await findSegment(it.store, 1))?.state, 'open')
  await it.close()
})

test('a segment without a frame is consumed without a conversion', async () => {
  const it = await testIngest({ consume: assert.fail })
  const { number } = await openSegment(it.store, it.tenantId, 1)
  await it.crash()
  await it.ingest.sealNow()
  assert.equal((await findSegment(it.store, number))?.state, 'consumed')
  await it.close()
})

test('a segment that somebody else has committed is done; a conversion that was canceled is not counted', async () => {
  const it = await testIngest({
    consume: async segment => {
      if (segment.number === 2) throw new AppError('canceled', 'the writer is closed')
      await commitSegment(it.store, segment, { files: [], queryNames: [] }, 1)
      throw new AppError('conflict', 'segment 1 is consumed, not sealed')
    },
  })
  await it.ingest.accept(it.tenantId, bodyOf(resultLine('a')))
  await it.ingest.sealNow()
  assert.equal(it.ingest.backlog(), 0)
  await it.ingest.accept(it.tenantId, bodyOf(resultLine('b')))
  for (let at = 0; at < 4; at++) await it.ingest.sealNow()
  const { state, attempts } = (await findSegment(it.store, 2))!
  assert.deepEqual([state, attempts, it.ingest.backlog()], ['sealed', 0, 1])
  await it.close()
})
