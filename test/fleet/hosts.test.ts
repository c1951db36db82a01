import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '../../src/db/db.ts'
import { findHost, findHostByIdentifier, hostsPutMax, putHosts } from '../../src/db/hosts.ts'
import { openHosts } from '../../src/fleet/hosts.ts'
import { newId } from '../../src/model/ids.ts'
import { putTenant } from '../support/ingest.ts'

async function open() {
  const store = openStore(':memory:')
  const tenantId = newId()
  await putTenant(store, tenantId)
  return { store, tenantId, hosts: openHosts(store, () => 5) }
}

test('a host is made at first sight and keeps its id', async () => {
  const { store, tenantId, hosts } = await open()
  assert.equal(hosts.findSeen(tenantId, 'a'), undefined)
  const host = (await hosts.atSight(tenantId, ['a'])).get('a')!
  assert.deepEqual(host, {
    id: host.id,
    tenantId,
    hostIdentifier: 'a',
    hardwareUuid: undefined,
    createdAt: 5,
    lastSeenAt: undefined,
    enrolledAt: undefined,
    facts: host.facts,
  })
  assert.equal(hosts.findSeen(tenantId, 'a'), host)
  assert.deepEqual((await openHosts(store, () => 9).atSight(tenantId, ['a', 'b'])).get('a'), host)
  assert.deepEqual(await findHost(store, tenantId, host.id), host)
  assert.deepEqual(await findHostByIdentifier(store, tenantId, 'a'), host)
  await store.destroy()
})

test('another tenant’s host is another host, and cannot be found', async () => {
  const { store, tenantId, hosts } = await open()
  const other = newId()
  await putTenant(store, other)
  const mine = (await hosts.atSight(tenantId, ['a'])).get('a')!
  const theirs = (await hosts.atSight(other, ['a'])).get('a')!
  assert.notEqual(mine.id, theirs.id)
  assert.equal(await findHost(store, other, mine.id), undefined)
  assert.equal(await findHostByIdentifier(store, other, 'b'), undefined)
  await store.destroy()
})

test('race: callers at once get the same hosts, in one cache and in two', async () => {
  const { store, tenantId, hosts } = await open()
  const others = openHosts(store, () => 6)
  const found = await Promise.all([
    ...[hosts, hosts, others, others].map(each => each.atSight(tenantId, ['a', 'b'])),
    putHosts(store, tenantId, ['b', 'c'], 7).then(list => new Map(list.map(host => [host.hostIdentifier, host]))),
  ])
  const ids = new Set(found.flatMap(map => [...map.values()].map(({ id }) => id)))
  assert.equal(ids.size, 3)
  assert.equal((await store.selectFrom('hosts').selectAll().execute()).length, 3)
  await store.destroy()
})

test('many new hosts at once, odd names among them', async () => {
  const { store, tenantId, hosts } = await open()
  const names = [
    "'; DROP TABLE hosts; --",
    'é',
    'É',
    ' a',
    ...Array.from({ length: 2 * hostsPutMax }, (_, at) => `${at}`),
  ]
  const found = await hosts.atSight(tenantId, names)
  assert.deepEqual([...found.keys()].sort(), [...names].sort())
  assert.equal(new Set([...found.values()].map(({ id }) => id)).size, names.length)
  await store.destroy()
})

test('a host that was deleted is made anew when the cache is told', async () => {
  const { store, tenantId, hosts } = await open()
  const before = (await hosts.atSight(tenantId, ['a'])).get('a')!
  await store.deleteFrom('hosts').execute()
  hosts.forget(tenantId, 'a')
  const after = (await hosts.atSight(tenantId, ['a'])).get('a')!
  assert.notEqual(after.id, before.id)
  await store.destroy()
})

test('a host of no tenant is refused', async () => {
  const { store, hosts } = await open()
  await assert.rejects(hosts.atSight('nobody', ['a']), /FOREIGN KEY/)
  await store.destroy()
})

test('when a host was last heard of is written with the next flush, and never moves back', async () => {
  const { store, tenantId } = await open()
  let now = 5
  const hosts = openHosts(store, () => now)
  const { id } = (await hosts.atSight(tenantId, ['a'])).get('a')!
  const stored = async () => (await findHost(store, tenantId, id))?.lastSeenAt
  assert.equal(await stored(), undefined)
  now = 9
  hosts.findSeen(tenantId, 'a')
  await hosts.flush()
  assert.equal(await stored(), 9)
  now = 3
  hosts.findSeen(tenantId, 'a')
  await hosts.flush()
  assert.equal(await stored(), 9)
  await store.destroy()
})
