import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openLocalStorage } from '../../src/storage/local.ts'
import { storageConformance } from './conformance.ts'

const root = mkdtempSync(join(tmpdir(), 'edr-lake-storage-'))
after(() => rmSync(root, { recursive: true }))

let made = 0
async function make() {
  const folder = join(root, String(++made))
  mkdirSync(folder)
  return { storage: await openLocalStorage(join(folder, 'objects')), folder }
}

storageConformance('local storage', make)

test('local storage keeps what it holds over a second opening', async () => {
  const { storage, folder } = await make()
  writeFileSync(join(folder, 'file'), 'text')
  await storage.put('a/b', join(folder, 'file'))
  const again = await openLocalStorage(join(folder, 'objects'))
  assert.equal(Buffer.from(await again.get('a/b', 0, 9)).toString(), 'text')
})

test('a prefix cannot name a folder outside', async () => {
  const { storage } = await make()
  await assert.rejects(async () => {
    for await (const object of storage.list('../')) assert.fail(object.key)
  }, /is not allowed/)
})
