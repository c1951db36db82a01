import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { insertEnrollSecret } from '../../src/db/enroll-secrets.ts'
import { hostMissingMs, hostOnlineMs } from '../../src/limits.ts'
import { newId } from '../../src/model/ids.ts'
import { type AgentMembers, enrolBody, oneMachine } from '../support/fleet.ts'
import { openTestApp } from '../support/test-app.ts'
import { assertProblem } from './error-bodies.ts'

const url = '/lake/v1/hosts'

async function openHosts(context: TestContext) {
  const lake = await openTestApp(context)
  const { id: tenantId } = await lake.tenant()
  const secret = newId()
  const made = { id: newId(), tenantId, secret, name: 'test', createdAt: 0, disabledAt: undefined }
  await insertEnrollSecret(lake.store, { ...made, labels: [], environment: undefined })
  const headers = await lake.headersFor(tenantId)
  const get = async (query = '') => (await lake.app.inject({ url: url + query, headers })).json()
  const namesOf = async (query: string) =>
    (await get(query)).items.map((item: { hostIdentifier: string }) => item.hostIdentifier)
  async function enrol(members: AgentMembers = {}) {
    const own = { ...oneMachine, uuid: undefined, hostname: members.identifier, instance: members.identifier }
    const payload = enrolBody({ secret, ...own, ...members })
    const answer = await lake.app.inject({ method: 'POST', url: '/osquery/v1/enroll', payload })
    const nodeKey = String(answer.json().node_key)
    return { nodeKey, id: (await lake.agents.hostKeys.find(nodeKey))!.id }
  }
  return { lake, tenantId, headers, get, namesOf, enrol }
}

test('an enrolled host with all that is known of it, and one known from its logs', async t => {
  const { lake, tenantId, get, enrol } = await openHosts(t)
  const { id } = await enrol(oneMachine)
  const seen = (await lake.agents.hosts.atSight(tenantId, ['from-logs'])).get('from-logs')!
  const now = new Date(lake.now).toISOString()
  const { items, pages } = await get()
  assert.deepEqual(pages, { size: 50, maxSize: 500, total: 1, items: 2 })
  assert.deepEqual(items, [
    { id: seen.id, hostIdentifier: 'from-logs', status: 'offline', labels: [], createdAt: now, ingest: 'on' },
    {
      ...{
        id,
        hostIdentifier: 'web-1',
        status: 'online',
        labels: [],
        createdAt: now,
        enrolledAt: now,
        lastSeenAt: now,
      },
      ...{ ingest: 'on', hardwareUuid: '4c4c4544-0042-3510-8052-b4c04f4a4b31', hostname: 'web-1', platform: 'linux' },
      ...{ osPlatform: 'ubuntu', osName: 'Ubuntu', osVersion: '24.04 LTS', osqueryVersion: '5.23.1' },
      ...{ hardwareSerial: 'S-1', publicIp: '127.0.0.1' },
    },
  ])
  assert.deepEqual(await get(`/${id.toUpperCase()}`), items[1])
})

test('hosts by status, platform, label and text, page by page; only the tenant’s own', async t => {
  const { lake, headers, get, namesOf, enrol } = await openHosts(t)
  const other = await lake.tenant()
  await lake.agents.hosts.atSight(other.id, ['foreign'])
  const { id: old } = await enrol({ identifier: 'old' })
  const { id: quiet } = await enrol({ identifier: 'quiet' })
  const { id: lively } = await enrol({ identifier: 'lively' })
  const heard = async (id: string, ago: number) => {
    const times = { created_at: lake.now - ago, last_seen_at: lake.now - ago }
    await lake.store.updateTable('hosts').set(times).where('id', '=', id).execute()
  }
  await heard(old, hostMissingMs + 1)
  await heard(quiet, hostOnlineMs + 1)
  await heard(lively, hostOnlineMs)
  await lake.store.updateTable('hosts').set({ platform: 'windows' }).where('id', '=', quiet).execute()
  await lake.store
    .updateTable('hosts')
    .set({ platform: 'darwin', public_ip: '198.51.100.7' })
    .where('id', '=', old)
    .execute()
  const give = (label: string, add: readonly string[]) =>
    lake.app.inject({
      method: 'POST',
      url: `/lake/v1/labels/${label}/hosts`,
      headers,
      payload: JSON.stringify({ add }),
    })
  await lake.app.inject({ method: 'PUT', url: '/lake/v1/labels/Servers', headers })
  assert.deepEqual((await give('servers', [quiet, lively])).json(), { added: 2, removed: 0 })

  const expected: Record<string, string[]> = {
    ...{ '?status=online': ['lively'], '?status=offline': ['quiet'], '?status=missing': ['old'] },
    ...{ '?platform=windows': ['quiet'], '?platform=macOS': ['old'], '?platform=linux': ['lively'] },
    ...{ '?label=SERVERS': ['lively', 'quiet'], '?label=none': [], '?label=all': ['lively', 'old', 'quiet'] },
    ...{ '?label=macos': ['old'], '?label=servers&platform=windows': ['quiet'] },
    ...{ '?search=LIV': ['lively'], '?search=198.51': ['old'], [`?search=${quiet.slice(0, 13)}`]: ['quiet'] },
    ...{ '?search=foreign': [], [`?ids=${old},${lively}`]: ['lively', 'old'], [`?ids=${newId()}`]: [] },
  }
  for (const [query, names] of Object.entries(expected)) assert.deepEqual(await namesOf(query), names, query)
  const first = await get('?pageSize=2')
  assert.deepEqual(first.pages, { nextKey: 'AAAAAg', size: 2, maxSize: 500, total: 2, items: 3 })
  assert.deepEqual(await namesOf('?pageSize=2&pageFromKey=AAAAAg'), ['quiet'])
  assert.deepEqual((await get(`/${lively}`)).labels, ['Servers'])

  const call = (query: string) => lake.app.inject({ url: url + query, headers })
  assertProblem(await call('?status=gone'), 400, 'invalid_argument', /^status /)
  assertProblem(await call('?platform=vms'), 400, 'invalid_argument', /^platform /)
  assertProblem(await call('?ids=x'), 400, 'invalid_argument', 'ids has "x": no UUID')
  assertProblem(
    await call('?platform=linux&label=windows'),
    400,
    'invalid_argument',
    'no host is both linux and windows',
  )
  assertProblem(await call(`/${newId()}`), 404, 'not_found', 'there is no such host')
  const foreign = await lake.store.selectFrom('hosts').select('id').where('tenant_id', '=', other.id).executeTakeFirst()
  assertProblem(await call(`/${foreign?.id}`), 404, 'not_found', 'there is no such host')
})

test('a removed host is gone, its agent enrols again, and the log says who did it', async t => {
  const { lake, headers, get, enrol } = await openHosts(t)
  const { id, nodeKey } = await enrol({ identifier: 'gone' })
  const remove = (hostId: string) => lake.app.inject({ method: 'DELETE', url: `${url}/${hostId}`, headers })
  assert.equal((await remove(id)).statusCode, 204)
  assertProblem(await remove(id), 404, 'not_found', 'there is no such host')
  assert.deepEqual((await get()).items, [])
  const payload = JSON.stringify({ node_key: nodeKey })
  const told = await lake.app.inject({ method: 'POST', url: '/osquery/v1/config', payload })
  assert.equal(told.json().node_invalid, true)
  const [, entry] = lake.audit.entries
  assert.deepEqual([entry?.action, entry?.target, entry?.details], ['hosts.delete', id, { hostIdentifier: 'gone' }])
  const readOnly = await lake.headersFor(headers['x-tenant-id']!, 'readOnly')
  const refused = await lake.app.inject({ method: 'DELETE', url: `${url}/${id}`, headers: readOnly })
  assertProblem(refused, 403, 'permission_denied', /^role Read-Only/)
})

test('a copy says whose it is', async t => {
  const { get, enrol } = await openHosts(t)
  const { id } = await enrol(oneMachine)
  const copy = await enrol({ ...oneMachine, hostname: 'web-2', instance: 'another' })
  const { items } = await get()
  assert.deepEqual(
    items.map((item: Record<string, unknown>) => [item['hostIdentifier'], item['duplicateOf']]),
    [
      ['web-1', undefined],
      [`web-1~${copy.id.slice(0, 8)}`, id],
    ],
  )
})

test('endpoints say what their machines are', async t => {
  const { lake, headers, enrol } = await openHosts(t)
  const { id } = await enrol(oneMachine)
  const host = (await lake.store.selectFrom('hosts').selectAll().executeTakeFirst())!
  const item = async () => (await lake.app.inject({ url: '/endpoint/v1/endpoints', headers })).json().items[0]
  assert.deepEqual(await item(), {
    ...{ id, type: 'server', hostname: 'web-1', tenant: { id: host.tenant_id } },
    os: { isServer: true, platform: 'linux', name: 'Ubuntu', majorVersion: 24, minorVersion: 4 },
    lastSeenAt: new Date(lake.now).toISOString(),
  })
  const decorations_json = JSON.stringify({ ip_address: '10.0.0.1', mac_address: '02:00:00:00:00:01', username: 'ada' })
  const windows = { platform: 'windows', os_name: 'Microsoft Windows 11 Pro', os_version: '10.0.22631', hostname: null }
  await lake.store
    .updateTable('hosts')
    .set({ ...windows, decorations_json })
    .execute()
  const { tenant, lastSeenAt, ...shown } = await item()
  assert.deepEqual(shown, {
    ...{ id, type: 'computer', hostname: 'web-1' },
    os: {
      ...{ isServer: false, platform: 'windows', name: 'Microsoft Windows 11 Pro' },
      ...{ majorVersion: 10, minorVersion: 0, build: 22631 },
    },
    ...{ ipv4Addresses: ['10.0.0.1'], macAddresses: ['02:00:00:00:00:01'], associatedPerson: { viaLogin: 'ada' } },
  })
})
