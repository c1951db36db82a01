import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { putCategory, putSavedQuery } from '../../src/db/saved-queries.ts'
import { newId } from '../../src/model/ids.ts'
import { openTestApp } from '../support/test-app.ts'
import { assertXdrError } from './error-bodies.ts'

const base = '/xdr-query/v1/queries'
const times = { createdAt: Date.UTC(2025, 0, 1), updatedAt: Date.UTC(2025, 0, 2) }
const wireTimes = { createdAt: '2025-01-01T00:00:00.000Z', updatedAt: '2025-01-02T00:00:00.000Z' }
const categoryId = '76fced42-1de6-4952-95be-1c9633e6e9a3'
const cannedId = '082c521a-6300-4e9d-8ce0-946ee70dc598'
const customId = newId()

async function openSaved(context: TestContext) {
  const lake = await openTestApp(context)
  const tenant = await lake.tenant()
  const other = await lake.tenant()
  const category = { ...times, tenantId: undefined, description: '', icon: '', type: 'canned' } as const
  await putCategory(lake.store, { ...category, id: categoryId, name: 'Threat hunting', code: 'threatHunting' })
  await putSavedQuery(lake.store, {
    ...times,
    id: cannedId,
    type: 'canned',
    tenantId: undefined,
    name: 'Process executions by name',
    code: 'process-by-name',
    description: 'Finds executions of one image name',
    template: "SELECT '$$process_name$$'",
    variables: [{ name: 'process_name', dataType: 'text', pivotType: 'filePath' }],
    categoryIds: [categoryId],
  })
  await putSavedQuery(lake.store, {
    ...times,
    id: customId,
    type: 'custom',
    tenantId: tenant.id,
    name: 'Own',
    code: undefined,
    description: '',
    template: 'SELECT 1',
    variables: [],
    categoryIds: [],
  })
  const headers = await lake.headersFor(tenant.id, 'readOnly')
  const otherHeaders = await lake.headersFor(other.id, 'readOnly')
  const get = (path: string, mine = true) =>
    lake.app.inject({ url: base + path, headers: mine ? headers : otherHeaders })
  return { tenant, get }
}

const canned = {
  id: cannedId,
  name: 'Process executions by name',
  code: 'process-by-name',
  description: 'Finds executions of one image name',
  type: 'canned',
  template: "SELECT '$$process_name$$'",
  variables: [{ name: 'process_name', dataType: 'text', pivotType: 'filePath' }],
  categories: [{ id: categoryId }],
  ...wireTimes,
}

test('the list whole: canned and custom, description and variables always there', async t => {
  const { tenant, get } = await openSaved(t)
  const custom = {
    id: customId,
    name: 'Own',
    description: '',
    type: 'custom',
    template: 'SELECT 1',
    variables: [],
    categories: [],
    tenant: { id: tenant.id },
    ...wireTimes,
  }
  assert.deepEqual((await get('?pageSize=250&pageTotal=true')).json(), {
    items: [custom, canned],
    pages: { current: 1, size: 250, total: 1, items: 2, maxSize: 250 },
  })
  assert.deepEqual((await get('/', false)).json(), {
    items: [canned],
    pages: { current: 1, size: 50, maxSize: 250 },
  })
})

test('search, category, fields and pages', async t => {
  const { get } = await openSaved(t)
  const names = async (query: string) => {
    const answer = await get(query)
    assert.equal(answer.statusCode, 200, answer.body)
    return answer
      .json()
      .items.map((item: { id: string }) => (item.id === cannedId ? 'canned' : 'custom'))
      .join(' ')
  }
  assert.equal(await names('?search=PROCESS'), 'canned')
  assert.equal(await names('?search=select'), 'custom canned')
  assert.equal(await names('?search=select&searchFields=name,nonsense'), '')
  assert.equal(await names('?search=by-name&searchFields=name&searchFields=code'), 'canned')
  assert.equal(await names(`?categoryId=${categoryId.toUpperCase()}`), 'canned')
  assert.equal(await names('?categoryId=nonsense'), '')
  assert.equal(await names('?page=2&pageSize=1'), 'canned')
  const fields = (await get('?fields=name,nonsense&page=2&pageSize=1')).json().items
  assert.deepEqual(fields, [{ id: cannedId, name: 'Process executions by name' }])
})

test('one query by id, with fields, and those that are not there', async t => {
  const { get } = await openSaved(t)
  assert.deepEqual((await get(`/${cannedId.toUpperCase()}/`)).json(), canned)
  assert.deepEqual((await get(`/${cannedId}?fields=description`)).json(), {
    id: cannedId,
    description: canned.description,
  })
  for (const id of [newId(), 'nonsense']) {
    assertXdrError(await get(`/${id}`), 404, 'resourceNotFound', 'there is no such saved query')
  }
  assertXdrError(await get(`/${customId}`, false), 404, 'resourceNotFound')
})

test('categories: the one list without pages', async t => {
  const { get } = await openSaved(t)
  const category = {
    id: categoryId,
    name: 'Threat hunting',
    code: 'threatHunting',
    description: '',
    icon: '',
    type: 'canned',
    queryCount: 1,
    ...wireTimes,
  }
  assert.deepEqual((await get('/categories/')).json(), { items: [category] })
  assert.deepEqual((await get('/categories?fields=queryCount')).json(), { items: [{ id: categoryId, queryCount: 1 }] })
  assert.deepEqual((await get(`/categories/${categoryId}`)).json(), category)
  assertXdrError(await get(`/categories/${newId()}`), 404, 'resourceNotFound', 'there is no such category')
})
