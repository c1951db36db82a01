import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '../../src/db/db.ts'
import { findImportPosition, putImportPositions } from '../../src/db/import-positions.ts'

test('positions move forward only, each import and tenant its own', async () => {
  const store = openStore(':memory:')
  const put = (nextLine: number, importId = 'file', tenantId = 't') =>
    putImportPositions(store, [{ tenantId, importId, nextLine }], 1)
  assert.equal(await findImportPosition(store, 't', 'file'), undefined)
  await put(5)
  await put(9)
  await put(7)
  await put(3, 'other')
  await put(2, 'file', 'u')
  await putImportPositions(store, [], 1)
  assert.equal(await findImportPosition(store, 't', 'file'), 9)
  assert.equal(await findImportPosition(store, 't', 'other'), 3)
  assert.equal(await findImportPosition(store, 'u', 'file'), 2)
  await store.destroy()
})
