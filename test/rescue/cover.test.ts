import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coverOf, type ReadableFile } from '../../src/rescue/cover.ts'

interface Made {
  readonly at: number
  /** All files of its commit; default: itself alone. */
  readonly batch?: readonly string[]
  readonly segments?: readonly number[]
  readonly replaces?: readonly string[]
}

function file(path: string, { at, batch = [path], segments = [1], replaces = [] }: Made): ReadableFile {
  const facts = {
    tenantId: 't',
    table: 'xdr_data',
    level: 1,
    rows: 1,
    queryNames: undefined,
    declaration: undefined,
    columns: [],
  }
  return { path, bytes: 1, modifiedAt: at, sha256: '', footer: { ...facts, batch, segments, replaces } }
}

function cover(files: readonly ReadableFile[], segments: readonly number[] = []): string[] {
  // Whatever the order in which a disk lists them.
  const [forth, back] = [coverOf(files, new Set(segments)), coverOf(files.toReversed(), new Set(segments))]
  assert.deepEqual(forth, back)
  return [...forth].sort()
}

test('files straight from segments are all there is', () => {
  assert.deepEqual(cover([file('a', { at: 1, segments: [1] }), file('b', { at: 2, segments: [2] })]), ['a', 'b'])
})

test('a merge stands for its sources, whether they are still there or not, and so does a merge of merges', () => {
  const [a, b] = [file('a', { at: 1, segments: [1] }), file('b', { at: 2, segments: [2] })]
  const c = file('c', { at: 3, segments: [1, 2], replaces: ['a', 'b'] })
  const d = file('d', { at: 4, segments: [1, 2], replaces: ['c'] })
  assert.deepEqual(cover([a, b, c]), ['c'])
  assert.deepEqual(cover([c]), ['c'])
  assert.deepEqual(cover([a, c, d]), ['d'])
})

test('half of a merge counts only where its sources are gone', () => {
  const a = file('a', { at: 1 })
  const half = file('c', { at: 2, batch: ['c', 'd'], replaces: ['a'] })
  assert.deepEqual(cover([a, half]), ['a'])
  // Its other file went with retention.
  assert.deepEqual(cover([half]), ['c'])
})

test('half of a conversion counts only where its segment is gone', () => {
  const half = file('a', { at: 1, batch: ['a', 'b'] })
  assert.deepEqual(cover([half], [1]), [])
  assert.deepEqual(cover([half], []), ['a'])
})

test('of two conversions of one segment the later counts, of two merges too', () => {
  const [first, second] = [file('a', { at: 1 }), file('b', { at: 2 })]
  assert.deepEqual(cover([first, second], []), ['b'])
  const [m, n] = [file('m', { at: 3, replaces: ['x', 'y'] }), file('n', { at: 4, replaces: ['x', 'z'] })]
  assert.deepEqual(cover([m, n, file('y', { at: 1, segments: [2] })]), ['n', 'y'])
})

test('what was merged further was committed, however old it is', () => {
  const early = file('m', { at: 3, replaces: ['x'] })
  const late = file('n', { at: 4, replaces: ['x'] })
  const further = file('p', { at: 5, replaces: ['m'] })
  assert.deepEqual(cover([early, late, further]), ['p'])
})

test('a file of a commit stays when another of it was merged', () => {
  const batch = ['a', 'b']
  const [a, b] = [file('a', { at: 1, batch }), file('b', { at: 1, batch })]
  const merged = file('m', { at: 2, replaces: ['b'] })
  assert.deepEqual(cover([a, b, merged], [1]), ['a', 'm'])
  assert.deepEqual(cover([a, merged], [1]), ['a', 'm'])
})
