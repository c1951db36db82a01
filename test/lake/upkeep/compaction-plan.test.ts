import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LiveFile } from '../../../src/lake/data-files.ts'
import { planCompaction } from '../../../src/lake/upkeep/compaction-plan.ts'
import { compactedBytesMin, compactionBytesMax, todayFlushFilesMax } from '../../../src/limits.ts'
import { dayMs } from '../../../src/model/time-range.ts'

// A Wednesday.
const now = Date.UTC(2026, 10, 25, 12)

let lastId = 0
const file = (daysAgo: number, level: number, more: Partial<LiveFile> = {}): LiveFile => ({
  ...{ id: ++lastId, tenantId: 't', table: 'xdr_data', path: `f${lastId}`, level, rows: 10, bytes: 1_000 },
  ...{ queryNames: ['a', 'b'], minTime: 0, maxTime: 0, addedVersion: 1, createdAt: 0, stats: undefined },
  ...{ minIngested: now - daysAgo * dayMs, maxIngested: now - daysAgo * dayMs },
  ...more,
})

/** A plan as the ids of each merge's files. */
const plan = (files: readonly LiveFile[]) =>
  planCompaction(files, now).map(merge => ({ level: merge.level, ids: merge.files.map(({ id }) => id).sort() }))

const ids = (files: readonly LiveFile[]) => files.map(({ id }) => id).sort()

test('today is merged only when it has many flush files', () => {
  const flushes = Array.from({ length: todayFlushFilesMax }, () => file(0, 1))
  assert.deepEqual(plan(flushes.slice(1)), [])
  assert.deepEqual(plan([...flushes, file(0, 2)]), [{ level: 2, ids: ids(flushes) }])
})

test('a day that is over is merged, each day for itself', () => {
  const [older, old] = [
    [file(2, 1), file(2, 1)],
    [file(1, 1), file(1, 2), file(1, 2, { queryNames: ['a'] })],
  ]
  assert.deepEqual(plan([...old, ...older]), [
    { level: 2, ids: ids(older) },
    { level: 2, ids: ids(old) },
  ])
})

test('a day with one file, or one file of each kind, is left as it is', () => {
  assert.deepEqual(plan([file(1, 1)]), [])
  assert.deepEqual(plan([file(1, 2), file(1, 2, { queryNames: ['a'] }), file(1, 2, { queryNames: ['b'] })]), [])
})

test('two files of a day with one kind are merged with the day', () => {
  const narrow = [file(1, 2, { queryNames: ['a'] }), file(1, 2, { queryNames: ['a'] })]
  assert.deepEqual(plan(narrow), [{ level: 2, ids: ids(narrow) }])
})

test('a week is merged by kind when its last day is a week ago', () => {
  // Monday the 9th to Sunday the 15th; the 16th is of the next week.
  const narrow = [file(16, 2, { queryNames: ['a'] }), file(10, 2, { queryNames: ['a'] })]
  const shared = [file(16, 2), file(12, 2)]
  const single = file(13, 2, { queryNames: ['b'] })
  const next = [file(9, 2), file(8, 2)]
  assert.deepEqual(plan([...narrow, ...shared, single, ...next]), [
    { level: 3, ids: ids(narrow) },
    { level: 3, ids: ids(shared) },
  ])
})

test('a week waits for its days', () => {
  const flushes = [file(12, 1), file(12, 1)]
  assert.deepEqual(plan([...flushes, file(13, 2)]), [{ level: 2, ids: ids(flushes) }])
})

test('merged weeks are left alone', () => {
  assert.deepEqual(plan([file(20, 3), file(20, 3), file(20, 3, { queryNames: ['a'] })]), [])
})

test('big files of a day are not merged again before their week', () => {
  const big = [file(1, 2, { bytes: compactedBytesMin }), file(1, 2, { bytes: compactedBytesMin })]
  assert.deepEqual(plan(big), [])
})

test('a merge reads a bounded number of bytes, the smallest files first', () => {
  const [large, small, smaller] = [
    file(12, 2, { bytes: compactionBytesMax }),
    file(12, 2, { bytes: 2_000 }),
    file(13, 2, { bytes: 1_000 }),
  ]
  const merges = plan([large, small, smaller].map(each => ({ ...each, queryNames: ['a'] })))
  assert.deepEqual(merges, [{ level: 3, ids: ids([small, smaller]) }])
})

test('no file is in two merges', () => {
  const files = Array.from({ length: 200 }, (_, index) =>
    file(index % 30, 1 + (index % 3), { queryNames: index % 4 === 0 ? ['a'] : ['a', 'b'], bytes: index * 1_000_000 }),
  )
  const planned = plan(files).flatMap(merge => merge.ids)
  assert.ok(planned.length > 50)
  assert.equal(new Set(planned).size, planned.length)
})
