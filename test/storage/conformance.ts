import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { test } from 'node:test'
import type { Storage } from '../../src/storage/storage.ts'

// What every implementation of the storage contract must do.

/** Registers the suite. `make` gives an empty storage and a folder for local files. */
export function storageConformance(name: string, make: () => Promise<{ storage: Storage; folder: string }>): void {
  const local = (folder: string, text: string) => {
    const path = join(folder, `local-${Math.random()}`)
    writeFileSync(path, text)
    return path
  }
  const text = async (storage: Storage, key: string, start = 0, end = Number.MAX_SAFE_INTEGER) =>
    Buffer.from(await storage.get(key, start, end)).toString()
  const keys = async (storage: Storage, prefix: string) => {
    const found: string[] = []
    for await (const { key } of storage.list(prefix)) found.push(key)
    return found.sort()
  }

  test(`${name}: what was put is read back, whole and in ranges, and the local file is gone`, async () => {
    const { storage, folder } = await make()
    const path = local(folder, '0123456789')
    await storage.put('a/b/c.parquet', path)
    assert.equal(existsSync(path), false)
    assert.equal(await text(storage, 'a/b/c.parquet'), '0123456789')
    assert.equal(await text(storage, 'a/b/c.parquet', 2, 5), '234')
    assert.equal(await text(storage, 'a/b/c.parquet', 8, 20), '89')
    assert.equal(await text(storage, 'a/b/c.parquet', 10, 20), '')
    assert.equal(await text(storage, 'a/b/c.parquet', 5, 5), '')
  })

  test(`${name}: a key is written once`, async () => {
    const { storage, folder } = await make()
    await storage.put('a/b', local(folder, 'first'))
    const second = local(folder, 'second')
    await assert.rejects(storage.put('a/b', second), { code: 'conflict', message: 'the object a/b exists already' })
    assert.equal(await text(storage, 'a/b'), 'first')
    assert.equal(readFileSync(second, 'utf8'), 'second')
  })

  test(`${name}: of many puts of one key at once exactly one succeeds`, async () => {
    const { storage, folder } = await make()
    const puts = Array.from({ length: 8 }, (_, index) => storage.put('x/y/z', local(folder, `text ${index}`)))
    const outcomes = await Promise.allSettled(puts)
    const winners = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []))
    assert.equal(winners.length, 1)
    assert.equal(await text(storage, 'x/y/z'), `text ${winners[0]}`)
  })

  test(`${name}: a listing holds the keys with the prefix, each with its size and time`, async () => {
    const { storage, folder } = await make()
    for (const key of ['t1/a/1', 't1/a/2', 't1/ab/3', 't2/a/4']) await storage.put(key, local(folder, key))
    assert.deepEqual(await keys(storage, ''), ['t1/a/1', 't1/a/2', 't1/ab/3', 't2/a/4'])
    assert.deepEqual(await keys(storage, 't1/'), ['t1/a/1', 't1/a/2', 't1/ab/3'])
    assert.deepEqual(await keys(storage, 't1/a'), ['t1/a/1', 't1/a/2', 't1/ab/3'])
    assert.deepEqual(await keys(storage, 't1/a/'), ['t1/a/1', 't1/a/2'])
    assert.deepEqual(await keys(storage, 't3/'), [])
    for await (const object of storage.list('t2/')) {
      assert.equal(object.bytes, 6)
      assert.ok(Math.abs(object.modifiedAt - Date.now()) < 60_000)
    }
  })

  test(`${name}: deleting is idempotent and takes one object`, async () => {
    const { storage, folder } = await make()
    await storage.put('a/1', local(folder, '1'))
    await storage.put('a/2', local(folder, '2'))
    await storage.delete('a/1')
    await storage.delete('a/1')
    await storage.delete('never/there')
    assert.deepEqual(await keys(storage, ''), ['a/2'])
    await assert.rejects(storage.get('a/1', 0, 1), { code: 'not_found', message: 'there is no object a/1' })
  })

  test(`${name}: an object is located at a path that can be read`, async () => {
    const { storage, folder } = await make()
    await storage.put('a/1', local(folder, 'one'))
    const path = await storage.locate('a/1')
    assert.ok(isAbsolute(path))
    assert.equal(readFileSync(path, 'utf8'), 'one')
    await assert.rejects(storage.locate('a/2'), { code: 'not_found', message: 'there is no object a/2' })
  })

  for (const key of [
    '',
    '/',
    '/a',
    'a/',
    'a//b',
    '..',
    '../a',
    'a/../b',
    'a/..',
    '.',
    'a/./b',
    'a\\b',
    'a\0b',
    'a b',
    '...',
  ]) {
    test(`${name}: the key ${JSON.stringify(key)} is refused by every verb`, async () => {
      const { storage, folder } = await make()
      const refusal = { code: 'invalid_argument', message: `the object key ${JSON.stringify(key)} is not allowed` }
      const path = local(folder, 'x')
      await assert.rejects(storage.put(key, path), refusal)
      await assert.rejects(storage.get(key, 0, 1), refusal)
      await assert.rejects(storage.delete(key), refusal)
      await assert.rejects(storage.locate(key), refusal)
      assert.ok(existsSync(path))
    })
  }

  test(`${name}: a missing local file puts nothing`, async () => {
    const { storage, folder } = await make()
    await assert.rejects(storage.put('a/1', join(folder, 'missing')))
    assert.deepEqual(await keys(storage, ''), [])
  })
}
