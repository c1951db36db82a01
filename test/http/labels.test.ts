import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { labelHostsMax, labelsMax } from '../../src/limits.ts'
import { newId } from '../../src/model/ids.ts'
import { openTestApp } from '../support/test-app.ts'
import { assertProblem } from './error-bodies.ts'

const url = '/lake/v1/labels'

async function openLabels(context: TestContext) {
  const lake = await openTestApp(context)
  const { id: tenantId } = await lake.tenant()
  const headers = await lake.headersFor(tenantId, 'management')
  const call = (method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: unknown) =>
    lake.app.inject({
      ...{ method, url: url + path, headers },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  const hosts = await lake.agents.hosts.atSight(tenantId, ['a', 'b', 'c'])
  return { lake, tenantId, call, hosts, idOf: (name: string) => hosts.get(name)!.id }
}

test('labels are made, changed, listed and deleted', async t => {
  const { lake, call } = await openLabels(t)
  const createdAt = new Date(lake.now).toISOString()
  const label = { name: 'Web Servers', description: '', ingest: 'on', hosts: 0, createdAt }
  const made = await call('PUT', '/Web%20Servers')
  assert.deepEqual([made.statusCode, made.json()], [201, label])
  lake.now += 1_000
  const changed = await call('PUT', '/web%20servers', { description: 'in front', ingest: 'off' })
  const off = { ...label, description: 'in front', ingest: 'off' }
  assert.deepEqual([changed.statusCode, changed.json()], [200, off])
  await call('PUT', '/a', {})
  assert.deepEqual(
    (await call('GET', '')).json().items.map((item: { name: string }) => item.name),
    ['a', 'Web Servers'],
  )
  assert.equal((await call('DELETE', '/WEB SERVERS')).statusCode, 204)
  assertProblem(await call('DELETE', '/Web%20Servers'), 404, 'not_found', 'there is no such label')
  assert.deepEqual(
    lake.audit.entries.map(({ action, target }) => [action, target]),
    [
      ['labels.put', 'Web Servers'],
      ['labels.put', 'Web Servers'],
      ['labels.put', 'a'],
      ['labels.delete', 'WEB SERVERS'],
    ],
  )
})

test('names that cannot be, bodies that are none, and too many', async t => {
  const { lake, tenantId, call } = await openLabels(t)
  for (const name of ['all', 'Windows', 'macOS', 'LINUX']) {
    assertProblem(await call('PUT', `/${name}`), 400, 'invalid_argument', /is built in/)
  }
  for (const name of ['-a', ' a', 'a ', 'a/b', 'é', '%00', 'x'.repeat(65), 'a,b']) {
    const { statusCode } = await call('PUT', `/${encodeURIComponent(name)}`)
    assert.ok([400, 404].includes(statusCode), `${name}: ${statusCode}`)
  }
  for (const body of ['x', '[]', '{"ingest":"maybe"}', '{"description":7}']) {
    assertProblem(await call('PUT', '/a', body), 400, 'invalid_argument', /./)
  }
  for (const body of ['x', '{"add":["x"]}', '{"add":"x"}', { remove: Array(labelHostsMax + 1).fill(newId()) }]) {
    assertProblem(await call('POST', '/a/hosts', body), 400, 'invalid_argument', /./)
  }
  assertProblem(await call('POST', '/a/hosts', {}), 404, 'not_found', 'there is no such label')
  const rows = Array.from({ length: labelsMax }, (_, at) => ({ name: `l${at}`, tenant_id: tenantId }))
  const rest = { description: '', is_ingest_off: 0, created_at: 0 }
  await lake.store
    .insertInto('labels')
    .values(rows.map(row => ({ ...row, ...rest })))
    .execute()
  assertProblem(await call('PUT', '/one-more'), 409, 'conflict', `a tenant has at most ${labelsMax} labels`)
  assert.equal((await call('PUT', '/l1')).statusCode, 200)
})

test('hosts get labels and lose them; what is not the tenant’s is passed over', async t => {
  const { lake, call, hosts, idOf } = await openLabels(t)
  const other = await lake.tenant()
  const foreign = (await lake.agents.hosts.atSight(other.id, ['x'])).get('x')!.id
  for (const name of ['one', 'two']) await call('PUT', `/${name}`)
  const change = async (name: string, body: object) => (await call('POST', `/${name}/hosts`, body)).json()
  assert.deepEqual(await change('one', { add: [idOf('a'), idOf('b').toUpperCase(), foreign, newId()] }), {
    added: 2,
    removed: 0,
  })
  assert.deepEqual(await change('two', { add: [idOf('a')] }), { added: 1, removed: 0 })
  assert.deepEqual(await lake.agents.labels.labelsOf(hosts.get('a')!), ['all', 'one', 'two'])
  assert.deepEqual(await change('one', { add: [idOf('a'), idOf('c')], remove: [idOf('b'), foreign] }), {
    added: 1,
    removed: 1,
  })
  assert.deepEqual(await lake.agents.labels.labelsOf(hosts.get('b')!), ['all'])
  assert.deepEqual(
    (await call('GET', '')).json().items.map((item: { name: string; hosts: number }) => [item.name, item.hosts]),
    [
      ['one', 2],
      ['two', 1],
    ],
  )
  await call('DELETE', '/one')
  assert.deepEqual(await lake.agents.labels.labelsOf(hosts.get('a')!), ['all', 'two'])
})

test('ingest goes off and on with the label, whichever way', async t => {
  const { lake, tenantId, call, idOf } = await openLabels(t)
  const isOff = () => ['a', 'b'].map(name => lake.agents.labels.isIngestOff(tenantId, idOf(name)))
  await call('PUT', '/quiet', { ingest: 'off' })
  await call('POST', '/quiet/hosts', { add: [idOf('a')] })
  assert.deepEqual(isOff(), [true, false])
  await call('PUT', '/quiet', { ingest: 'on' })
  assert.deepEqual(isOff(), [false, false])
  await call('PUT', '/quiet', { ingest: 'off' })
  await call('POST', '/quiet/hosts', { remove: [idOf('a')], add: [idOf('b')] })
  assert.deepEqual(isOff(), [false, true])
  await call('DELETE', '/quiet')
  assert.deepEqual(isOff(), [false, false])
})
