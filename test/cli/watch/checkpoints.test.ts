import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Checkpoint, openCheckpoints } from '../../../src/cli/watch/checkpoints.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const lake = 'http://127.0.0.1:8480'
const tail: Checkpoint = { kind: 'tail', name: 'x.log', headBytes: 3, headHash: 'ab', offset: 9, line: 2 }
const packed: Checkpoint = { kind: 'packed', name: 'x.log.1.gz', bytes: 5, modifiedMs: 6.5 }

test('what was saved is there again, and only for this lake', async t => {
  const path = join(temporaryFolder(t), 'state.json')
  const checkpoints = await openCheckpoints(path, lake)
  checkpoints.put('1:2', tail)
  checkpoints.put('1:3', packed)
  checkpoints.put('1:4', packed)
  checkpoints.delete('1:4')
  await checkpoints.save()
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(existsSync(`${path}.new`), false)
  const again = await openCheckpoints(path, lake)
  assert.deepEqual([again.get('1:2'), again.get('1:3'), again.get('1:4')], [tail, packed, undefined])
  assert.deepEqual(again.ids(), ['1:2', '1:3'])
  assert.deepEqual((await openCheckpoints(path, 'https://other')).ids(), [])
  assert.deepEqual((await openCheckpoints(path, lake)).ids(), [], 'the other lake’s state took its place')
})

test('a damaged state is none: the lake knows what it has', async t => {
  const path = join(temporaryFolder(t), 'state.json')
  const state = (files: unknown, format: unknown = 1) => JSON.stringify({ format, lake, files })
  const damaged = [
    '',
    'null',
    '[]',
    '{',
    state({ '1:2': tail }, 2),
    state(null),
    state({ '1:2': null }),
    state({ '1:2': { ...tail, offset: -1 } }),
    state({ '1:2': { ...tail, line: 'x' } }),
    state({ '1:2': { ...tail, headHash: undefined } }),
    state({ '1:2': { ...tail, kind: 'other' } }),
    state({ '1:2': { ...packed, name: 5 } }),
    state({ '1:2': { ...packed, bytes: 1.5 } }),
  ]
  for (const text of damaged) {
    writeFileSync(path, text)
    assert.deepEqual((await openCheckpoints(path, lake)).ids(), [], text)
  }
  writeFileSync(path, state({ '1:2': tail, '1:3': { ...packed, bytes: null } }))
  assert.deepEqual((await openCheckpoints(path, lake)).ids(), ['1:2'])
})

test('a state that cannot be written is said before anything is sent', async t => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'state.json.new'))
  const path = join(folder, 'state.json')
  await assert.rejects(openCheckpoints(path, lake), {
    code: 'unavailable',
    message: `the state file ${path} cannot be written (EISDIR)`,
  })
})

test('a save that fails leaves the state before', async t => {
  const path = join(temporaryFolder(t), 'state.json')
  const checkpoints = await openCheckpoints(path, lake)
  checkpoints.put('1:2', tail)
  await checkpoints.save()
  const before = readFileSync(path, 'utf8')
  mkdirSync(`${path}.new`)
  checkpoints.put('1:3', packed)
  await assert.rejects(checkpoints.save(), { code: 'EISDIR' })
  assert.equal(readFileSync(path, 'utf8'), before)
})
