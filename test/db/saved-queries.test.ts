import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openStore } from '../../src/db/db.ts'
import {
  countSavedQueries,
  deleteCategory,
  deleteSavedQuery,
  findCategory,
  findSavedQuery,
  listCategories,
  listSavedQueries,
  putCategory,
  putSavedQuery,
  type SavedQueryFilter,
} from '../../src/db/saved-queries.ts'
import { insertTenant } from '../../src/db/tenants.ts'
import type { QueryCategory, SavedQuery } from '../../src/model/saved-query.ts'
import { newTenant } from '../support/test-app.ts'

async function open(context: TestContext) {
  const store = openStore(':memory:')
  context.after(() => store.destroy())
  for (const id of ['t1', 't2']) await insertTenant(store, newTenant(1, { id }))
  return store
}

const query = (id: string, members: Partial<SavedQuery> = {}): SavedQuery => {
  const tenantId = 'tenantId' in members ? members.tenantId : undefined
  return {
    id,
    type: tenantId === undefined ? 'canned' : 'custom',
    tenantId,
    name: `query ${id}`,
    code: undefined,
    description: '',
    template: 'SELECT 1',
    variables: [],
    categoryIds: [],
    createdAt: 1,
    updatedAt: 2,
    ...members,
  }
}

const category = (id: string, tenantId: string | undefined = undefined): QueryCategory => ({
  id,
  type: tenantId === undefined ? 'canned' : 'custom',
  tenantId,
  name: `category ${id}`,
  code: undefined,
  description: '',
  icon: '',
  createdAt: 1,
  updatedAt: 2,
})

const all: SavedQueryFilter = { categoryId: undefined, search: undefined, searchFields: ['name'] }

test('a query comes back as it went in, and is replaced whole', async t => {
  const store = await open(t)
  for (const id of ['c1', 'c2']) await putCategory(store, category(id))
  const first = query('a', {
    code: 'k',
    variables: [{ name: 'v', dataType: 'text', value: 'x', pivotType: 'sha256' }],
    categoryIds: ['c1', 'c2'],
  })
  await putSavedQuery(store, first)
  assert.deepEqual(await findSavedQuery(store, 't1', 'a'), first)
  const second = query('a', { name: 'new', categoryIds: ['c2'], updatedAt: 3 })
  await putSavedQuery(store, second)
  assert.deepEqual(await findSavedQuery(store, 't1', 'a'), second)
  await assert.rejects(putSavedQuery(store, query('b', { categoryIds: ['nowhere'] })))
  assert.equal(await findSavedQuery(store, 't1', 'b'), undefined, 'nothing of a refused one stays')
})

test("canned queries are everybody's, custom ones their tenant's", async t => {
  const store = await open(t)
  const [canned, mine] = [query('a'), query('b', { tenantId: 't1' })]
  for (const each of [canned, mine]) await putSavedQuery(store, each)
  assert.deepEqual(await listSavedQueries(store, 't1', all, 0, 10), [canned, mine])
  assert.deepEqual(await listSavedQueries(store, 't2', all, 0, 10), [canned])
  assert.equal(await findSavedQuery(store, 't2', 'b'), undefined)
  assert.equal(await deleteSavedQuery(store, 't2', 'b'), false)
  assert.equal(await deleteSavedQuery(store, 't1', 'a'), false)
  assert.equal(await deleteSavedQuery(store, 't1', 'b'), true)
  assert.equal(await countSavedQueries(store, 't1', all), 1)
})

test('search looks where it is told, without case, and takes no wildcards', async t => {
  const store = await open(t)
  await putSavedQuery(store, query('a', { name: 'Listening Ports', description: 'who %_ listens' }))
  await putSavedQuery(store, query('b', { name: 'Überwachung', template: 'SELECT port FROM x' }))
  const found = async (search: string, ...searchFields: SavedQueryFilter['searchFields'][number][]) => {
    const filter = { categoryId: undefined, search, searchFields }
    const ids = (await listSavedQueries(store, 't1', filter, 0, 10)).map(each => each.id).join('')
    assert.equal(await countSavedQueries(store, 't1', filter), ids.length)
    return ids
  }
  assert.equal(await found('PORT', 'name'), 'a')
  assert.equal(await found('port', 'name', 'template'), 'ab')
  assert.equal(await found('%_', 'description'), 'a')
  assert.equal(await found('%', 'name'), '')
  assert.equal(await found('ÜBERWACHUNG', 'name'), 'b')
  assert.equal(await found('nothing', 'name', 'description', 'template', 'code'), '')
})

test('a category filters and counts what the tenant sees', async t => {
  const store = await open(t)
  await putCategory(store, category('c1'))
  await putCategory(store, category('c2', 't2'))
  await putSavedQuery(store, query('a', { categoryIds: ['c1'] }))
  await putSavedQuery(store, query('b', { tenantId: 't2', categoryIds: ['c1', 'c2'] }))
  const inFirst = { ...all, categoryId: 'c1' }
  assert.deepEqual(
    (await listSavedQueries(store, 't1', inFirst, 0, 10)).map(each => each.id),
    ['a'],
  )
  assert.deepEqual(
    (await listSavedQueries(store, 't2', inFirst, 0, 10)).map(each => each.id),
    ['a', 'b'],
  )
  assert.deepEqual(
    (await listSavedQueries(store, 't2', inFirst, 1, 10)).map(each => each.id),
    ['b'],
  )
  assert.deepEqual(await listCategories(store, 't1'), [{ category: category('c1'), queryCount: 1 }])
  assert.deepEqual(await listCategories(store, 't2'), [
    { category: category('c1'), queryCount: 2 },
    { category: category('c2', 't2'), queryCount: 1 },
  ])
  assert.equal(await findCategory(store, 't1', 'c2'), undefined)
  assert.equal((await findCategory(store, 't2', 'c2'))?.queryCount, 1)
})

test('a category is replaced and deleted; its queries stay', async t => {
  const store = await open(t)
  await putCategory(store, category('c', 't1'))
  await putCategory(store, { ...category('c', 't1'), name: 'renamed' })
  await putSavedQuery(store, query('a', { tenantId: 't1', categoryIds: ['c'] }))
  assert.equal((await findCategory(store, 't1', 'c'))?.category.name, 'renamed')
  assert.equal(await deleteCategory(store, 't2', 'c'), false)
  assert.equal(await deleteCategory(store, 't1', 'c'), true)
  assert.deepEqual(await findSavedQuery(store, 't1', 'a'), query('a', { tenantId: 't1' }))
})

test("an id of another owner's is refused and left alone", async t => {
  const store = await open(t)
  const [canned, mine] = [query('a'), query('b', { tenantId: 't1' })]
  for (const each of [canned, mine]) await putSavedQuery(store, each)
  const taken = { code: 'conflict' }
  await assert.rejects(putSavedQuery(store, query('a', { tenantId: 't1', name: 'stolen' })), taken)
  await assert.rejects(putSavedQuery(store, query('b', { tenantId: 't2', name: 'stolen' })), taken)
  await assert.rejects(putSavedQuery(store, query('b', { name: 'stolen' })), taken)
  assert.deepEqual(await listSavedQueries(store, 't1', all, 0, 10), [canned, mine])
  await putCategory(store, category('c', 't1'))
  await assert.rejects(putCategory(store, category('c', 't2')), taken)
  await assert.rejects(putCategory(store, category('c')), taken)
  assert.equal((await findCategory(store, 't1', 'c'))?.category.tenantId, 't1')
})
