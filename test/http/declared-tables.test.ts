import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { newId } from '../../src/model/ids.ts'
import type { Role } from '../../src/model/role.ts'
import { putFile } from '../support/catalog-rows.ts'
import { openTestApp } from '../support/test-app.ts'
import { assertProblem } from './error-bodies.ts'

const url = '/lake/v1/tables'

async function open(context: TestContext) {
  const lake = await openTestApp(context)
  const tenant = await lake.tenant()
  const as = async (role: Role = 'superAdmin') => {
    const headers = await lake.headersFor(tenant.id, role)
    return (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown, more: object = {}) =>
      lake.app.inject({
        ...{ method, url: path, headers: { ...headers, ...more } },
        ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
  }
  return { lake, tenant, as, call: await as() }
}

const body = {
  name: 'Proxy',
  description: 'What the proxy logs',
  columns: [
    { name: 'At', type: 'timestamp' },
    { name: 'machine', type: 'string', description: 'Who' },
  ],
  timeColumn: 'at',
  hostColumn: 'machine',
}
const declared = {
  ...body,
  name: 'proxy',
  columns: [{ name: 'at', type: 'timestamp' }, body.columns[1]],
  createdAt: '2026-02-03T08:14:55.628Z',
}

test('a table is declared, seen in the schema, takes rows, and is undeclared', async t => {
  const { lake, tenant, call, as } = await open(t)
  const made = await call('POST', url, body)
  assert.equal(made.statusCode, 201, made.body)
  assert.deepEqual(made.json(), declared)
  const read = await as('readOnly')
  assert.deepEqual((await read('GET', url)).json(), { items: [declared] })
  assert.deepEqual((await read('GET', `${url}/PROXY`)).json(), declared)
  const { tables } = (await read('GET', '/lake/v1/schema')).json()
  const inSchema = tables.find((table: { name: string }) => table.name === 'proxy')
  assert.deepEqual(
    [inSchema.isDeclared, inSchema.description, inSchema.timeColumn, inSchema.columns.length],
    [true, 'What the proxy logs', 'at', 5],
  )
  const stored = await call('POST', '/lake/v1/ingest/tables/Proxy', '{"machine":"h"}\n')
  assert.equal(stored.statusCode, 200, stored.body)
  assert.equal(lake.ingest.bodies[0]?.options?.table, 'proxy')
  assert.equal((await call('DELETE', `${url}/proxy`)).statusCode, 204)
  assert.deepEqual((await read('GET', url)).json(), { items: [] })
  assertProblem(await call('POST', '/lake/v1/ingest/tables/proxy', '{"machine":"h"}\n'), 404, 'not_found')
  assert.deepEqual(
    lake.audit.entries.map(({ tenantId, action, target, details }) => ({ tenantId, action, target, details })),
    [
      { tenantId: tenant.id, action: 'tables.declare', target: 'proxy', details: { columns: 2 } },
      { tenantId: tenant.id, action: 'tables.undeclare', target: 'proxy', details: { dropsRows: false } },
    ],
  )
})

test('a table with rows goes only with them', async t => {
  const { lake, tenant, call } = await open(t)
  await call('POST', url, body)
  await putFile(lake.store, tenant.id, { table_name: 'proxy' })
  assertProblem(await call('DELETE', `${url}/proxy`), 409, 'conflict')
  assertProblem(await call('DELETE', `${url}/proxy?dropRows=maybe`), 400, 'invalid_argument')
  assert.equal((await call('DELETE', `${url}/proxy?dropRows=True`)).statusCode, 204)
  assertProblem(await call('POST', url, body), 409, 'conflict')
})

test('only a Super Admin declares; another tenant neither sees it nor may take it away', async t => {
  const { lake, as, call } = await open(t)
  await call('POST', url, body)
  for (const role of ['forensics', 'readOnly', 'management', 'ingest'] as const) {
    const other = await as(role)
    assertProblem(await other('POST', url, { ...body, name: 'mine' }), 403, 'permission_denied')
    assertProblem(await other('DELETE', `${url}/proxy`), 403, 'permission_denied')
  }
  const foreign = await lake.headersFor((await lake.tenant()).id)
  for (const method of ['GET', 'DELETE'] as const) {
    assertProblem(await call(method, `${url}/proxy`, undefined, foreign), 404, 'not_found')
  }
  assert.deepEqual((await call('GET', url, undefined, foreign)).json(), { items: [] })
  assertProblem(await call('GET', url, undefined, { 'x-tenant-id': newId() }), 403, 'permission_denied')
  assertProblem(await call('GET', url, undefined, { authorization: '' }), 401, 'unauthenticated')
})

test('bodies that make no sense declare nothing', async t => {
  const { call } = await open(t)
  const column = { name: 'a', type: 'string' }
  const bodies: readonly unknown[] = [
    ...['', '{', 'null', [], {}],
    { ...body, name: undefined },
    { ...body, name: 'a b' },
    { ...body, columns: [] },
    { ...body, columns: [{ name: 'a', type: 'text' }] },
    { ...body, columns: [{ name: 'a' }] },
    { ...body, columns: [column, column] },
    { ...body, timeColumn: 'machine' },
    { ...body, hostColumn: 'nobody' },
    { ...body, description: 'x'.repeat(1_001) },
  ]
  for (const each of bodies) assertProblem(await call('POST', url, each), 400, 'invalid_argument')
  assertProblem(await call('POST', url, { ...body, description: 'x'.repeat(1_100_000) }), 413, 'too_large')
  assertProblem(await call('POST', url, { ...body, columns: body.columns, name: 'xdr_data' }), 400, 'invalid_argument')
  assert.deepEqual((await call('GET', url)).json(), { items: [] })
})
