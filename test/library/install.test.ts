import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Store } from '../../src/db/db.ts'
import { openStore } from '../../src/db/db.ts'
import {
  deleteCannedQuery,
  findSavedQuery,
  listCanned,
  listCategories,
  listSavedQueries,
  putCategory,
  putSavedQuery,
} from '../../src/db/saved-queries.ts'
import { insertTenant } from '../../src/db/tenants.ts'
import { installLibrary, planLibrary } from '../../src/library/install.ts'
import { shippedLibrary } from '../../src/library/shipped-library.ts'
import { newId } from '../../src/model/ids.ts'
import type { QueryCategory, SavedQuery } from '../../src/model/saved-query.ts'
import { newTenant } from '../support/test-app.ts'

const shipped = shippedLibrary()
const tenantId = 't1'

async function open(context: TestContext): Promise<Store> {
  const store = openStore(':memory:')
  context.after(() => store.destroy())
  await insertTenant(store, newTenant(1, { id: tenantId }))
  return store
}

function category(members: Partial<QueryCategory> = {}): QueryCategory {
  const times = { createdAt: 1, updatedAt: 1 }
  return { ...times, id: newId(), type: 'canned', tenantId: undefined, name: 'Old', code: 'old', ...noText, ...members }
}

const noText = { description: '', icon: '' }

function query(members: Partial<SavedQuery> = {}): SavedQuery {
  return {
    ...{ id: newId(), type: 'canned', tenantId: undefined, name: 'Old', code: 'old', description: '' },
    ...{ template: 'SELECT 1', variables: [], categoryIds: [], createdAt: 1, updatedAt: 1 },
    ...members,
  }
}

test('the first start puts everything, the second writes nothing', async context => {
  const store = await open(context)
  const count = shipped.queries.length + shipped.categories.length
  assert.deepEqual(await installLibrary(store, 10), { put: count, deleted: 0, taken: [] })
  const installed = await listCanned(store)
  assert.deepEqual(
    installed.queries.toSorted((a, b) => (a.code! < b.code! ? -1 : 1)),
    shipped.queries.map(each => ({ ...each, createdAt: 10, updatedAt: 10 })),
  )
  assert.deepEqual(await installLibrary(store, 20), { put: 0, deleted: 0, taken: [] })
  assert.deepEqual(await listCanned(store), installed)
})

test('every tenant sees the library, with the number of queries in each category', async context => {
  const store = await open(context)
  await installLibrary(store, 10)
  const filter = { categoryId: undefined, search: undefined, searchFields: [] }
  assert.equal((await listSavedQueries(store, tenantId, filter, 0, 250)).length, shipped.queries.length)
  for (const { category: found, queryCount } of await listCategories(store, tenantId)) {
    const expected = shipped.queries.filter(({ categoryIds }) => categoryIds.includes(found.id)).length
    assert.deepEqual([found.code, queryCount, queryCount > 0], [found.code, expected, true])
  }
})

test('a changed query is put again: its age stays, the time of the change is new', async context => {
  const store = await open(context)
  await installLibrary(store, 10)
  const [first] = shipped.queries
  await putSavedQuery(store, { ...first!, template: 'SELECT 2', categoryIds: [], createdAt: 10, updatedAt: 10 })
  assert.deepEqual(await installLibrary(store, 20), { put: 1, deleted: 0, taken: [] })
  assert.deepEqual(await findSavedQuery(store, tenantId, first!.id), { ...first, createdAt: 10, updatedAt: 20 })
})

test("what no longer ships is deleted; a tenant's own stays, without the category that is gone", async context => {
  const store = await open(context)
  const gone = category()
  const own = category({ tenantId, type: 'custom' })
  await putCategory(store, gone)
  await putCategory(store, own)
  const goneQuery = query({ categoryIds: [gone.id] })
  const ownQuery = query({ tenantId, type: 'custom', categoryIds: [gone.id, own.id].sort() })
  await putSavedQuery(store, goneQuery)
  await putSavedQuery(store, ownQuery)
  assert.equal((await installLibrary(store, 10)).deleted, 2)
  assert.equal(await findSavedQuery(store, tenantId, goneQuery.id), undefined)
  assert.deepEqual(await findSavedQuery(store, tenantId, ownQuery.id), { ...ownQuery, categoryIds: [own.id] })
})

test('an id that a tenant has taken is left to it', async context => {
  const store = await open(context)
  const [first] = shipped.queries
  const taken = query({ id: first!.id, tenantId, type: 'custom' })
  await putSavedQuery(store, taken)
  const report = await installLibrary(store, 10)
  assert.deepEqual(report.taken, [first!.id])
  assert.deepEqual(await findSavedQuery(store, tenantId, first!.id), taken)
  assert.deepEqual((await installLibrary(store, 20)).taken, [first!.id])
})

test('a category that a tenant has taken does not keep its queries away', async context => {
  const store = await open(context)
  const [first] = shipped.categories
  await putCategory(store, category({ id: first!.id, tenantId, type: 'custom' }))
  assert.deepEqual((await installLibrary(store, 10)).taken, [first!.id])
  const { queries } = await listCanned(store)
  assert.equal(queries.length, shipped.queries.length)
  assert.ok(queries.every(({ categoryIds }) => !categoryIds.includes(first!.id)))
})

test('deleting a canned query leaves a custom one with that id alone', async context => {
  const store = await open(context)
  const own = query({ tenantId, type: 'custom' })
  await putSavedQuery(store, own)
  await deleteCannedQuery(store, own.id)
  assert.deepEqual(await findSavedQuery(store, tenantId, own.id), own)
})

test('the plan for a store that is as it should be is empty', () => {
  const installed = {
    queries: shipped.queries.map(each => ({ ...each, createdAt: 1, updatedAt: 2 })),
    categories: shipped.categories.map(each => ({ ...each, createdAt: 1, updatedAt: 2 })),
  }
  const empty = { categories: [], queries: [], goneCategoryIds: [], goneQueryIds: [] }
  assert.deepEqual(planLibrary(installed, shipped, 3), empty)
})
