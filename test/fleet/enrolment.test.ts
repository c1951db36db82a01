import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findHostRecord } from '../../src/db/host-records.ts'
import { putLabel } from '../../src/db/labels.ts'
import { hostOnlineMs, replacedNodeKeyMs, sharedNodeKeyMs, unusedNodeKeysMax } from '../../src/limits.ts'
import { type AgentMembers, openTestFleet, type TestFleet } from '../support/fleet.ts'

const minute = 60_000

async function hostIds({ store }: TestFleet): Promise<string[]> {
  return (await store.selectFrom('hosts').select('id').orderBy('created_at').execute()).map(({ id }) => id)
}

async function behind({ agents }: TestFleet, nodeKey: string): Promise<string | undefined> {
  return (await agents.hostKeys.find(nodeKey))?.id
}

test('an agent enrols, and its key is its host', async t => {
  const fleet = await openTestFleet(t)
  const { nodeKey, host, ...rest } = await fleet.enrol()
  assert.match(nodeKey, /^[0-9a-f]{64}$/)
  const secrets = await fleet.store.selectFrom('enroll_secrets').select('id').executeTakeFirstOrThrow()
  assert.deepEqual(rest, { isNew: true, isAgain: false, duplicateOf: undefined, enrollSecretId: secrets.id })
  const record = await findHostRecord(fleet.store, fleet.tenantId, host.id)
  assert.deepEqual(record, {
    ...{ id: host.id, tenantId: fleet.tenantId, hostIdentifier: 'web-1' },
    hardwareUuid: '4c4c4544-0042-3510-8052-b4c04f4a4b31',
    ...{ createdAt: fleet.now, lastSeenAt: fleet.now, enrolledAt: fleet.now },
    ...{ lastLogAt: undefined, lastConfigAt: undefined, configVersion: undefined, duplicateOf: undefined },
    facts: {
      ...{ hostname: 'web-1', platform: 'ubuntu', osName: 'Ubuntu', osVersion: '24.04 LTS', osqueryVersion: '5.23.1' },
      ...{ hardwareSerial: 'S-1', publicIp: '203.0.113.9', decorations: undefined, instanceId: 'database-1' },
    },
  })
  assert.equal(await behind(fleet, nodeKey), host.id)
  const { hash } = await fleet.store.selectFrom('node_keys').select('hash').executeTakeFirstOrThrow()
  assert.notEqual(hash, nodeKey, 'only a hash is kept')
})

test('a machine keeps its host when it enrols again, and the older key works for a while', async t => {
  const fleet = await openTestFleet(t)
  const first = await fleet.enrol()
  fleet.now += minute
  // The database was deleted: everything but the instance is as it was.
  const second = await fleet.enrol({ instance: 'database-2' })
  assert.deepEqual([second.host.id, second.isNew, second.isAgain], [first.host.id, false, true])
  assert.notEqual(second.nodeKey, first.nodeKey)
  assert.deepEqual(await hostIds(fleet), [first.host.id])
  assert.equal(await behind(fleet, first.nodeKey), first.host.id)
  fleet.now += replacedNodeKeyMs - 1
  assert.equal(await behind(fleet, first.nodeKey), first.host.id)
  fleet.now += 1
  assert.equal(await behind(fleet, first.nodeKey), undefined, 'then it is truly unknown')
  assert.equal(await behind(fleet, second.nodeKey), first.host.id)
})

test('an answer lost on the way costs nothing, however often', async t => {
  const fleet = await openTestFleet(t)
  const keys: string[] = []
  for (let at = 0; at < unusedNodeKeysMax + 5; at++) {
    keys.push((await fleet.enrol()).nodeKey)
    fleet.now += 1_000
  }
  assert.equal((await hostIds(fleet)).length, 1)
  const [row] = await fleet.store
    .selectFrom('node_keys')
    .select(({ fn }) => fn.countAll<number>().as('n'))
    .execute()
  assert.equal(row?.n, unusedNodeKeysMax)
  assert.equal(await behind(fleet, keys.at(-1)!), (await hostIds(fleet))[0])
  assert.equal(await behind(fleet, keys[0]!), undefined)
})

test('a host known from its logs keeps its id when it enrols, under its identifier', async t => {
  const fleet = await openTestFleet(t)
  const seen = (await fleet.agents.hosts.atSight(fleet.tenantId, ['web-1'])).get('web-1')!
  const { host, isNew, isAgain } = await fleet.enrol()
  assert.deepEqual([host.id, isNew, isAgain], [seen.id, false, false])
  assert.equal(host.enrolledAt, fleet.now)
  assert.equal((await fleet.agents.hosts.atSight(fleet.tenantId, ['web-1'])).get('web-1')?.id, seen.id)
})

test('a machine whose identifier changed is found by its hardware UUID, and by its new name from then on', async t => {
  const fleet = await openTestFleet(t)
  const first = await fleet.enrol()
  await fleet.agents.hosts.atSight(fleet.tenantId, ['web-1'])
  fleet.now += hostOnlineMs + 1
  const second = await fleet.enrol({ identifier: 'renamed', instance: 'database-2' })
  assert.equal(second.host.id, first.host.id)
  assert.equal(second.host.hostIdentifier, 'renamed')
  const seen = await fleet.agents.hosts.atSight(fleet.tenantId, ['web-1', 'renamed'])
  assert.equal(seen.get('renamed')?.id, first.host.id)
  assert.notEqual(seen.get('web-1')?.id, first.host.id, 'the old name is nobody’s any more')
})

test('a copy of a machine that is alive is a host of its own, and stays one', async t => {
  const fleet = await openTestFleet(t)
  const original = await fleet.enrol()
  fleet.now += minute
  const copied = { hostname: 'web-2', instance: 'database-2' }
  const copy = await fleet.enrol(copied)
  assert.notEqual(copy.host.id, original.host.id)
  assert.equal(copy.duplicateOf, original.host.id)
  assert.equal(copy.host.hostIdentifier, `web-1~${copy.host.id.slice(0, 8)}`)
  // Both again, in any order, for days: nobody takes the other's place, no key of the other dies.
  for (let day = 0; day < 3; day++) {
    fleet.now += 5 * minute
    assert.equal((await fleet.enrol(copied)).host.id, copy.host.id)
    assert.equal((await fleet.enrol()).host.id, original.host.id)
  }
  assert.deepEqual(await hostIds(fleet), [original.host.id, copy.host.id])
})

test('a copy that is heard of only through what is in memory is alive as well', async t => {
  const fleet = await openTestFleet(t)
  const original = await fleet.enrol()
  fleet.now += hostOnlineMs + minute
  fleet.agents.hosts.hear(original.host, '203.0.113.9')
  const copy = await fleet.enrol({ hostname: 'web-2', instance: 'database-2' })
  assert.equal(copy.duplicateOf, original.host.id)
})

/** Agents that ask every five minutes and enrol where their key is unknown; how often they enrolled. */
async function live(fleet: TestFleet, keys: string[], ms: number, members: AgentMembers): Promise<number> {
  let enrolments = 0
  for (const end = fleet.now + ms; fleet.now < end; fleet.now += 5 * minute) {
    for (const [at, key] of keys.entries()) {
      const host = await fleet.agents.hostKeys.find(key)
      if (host !== undefined) fleet.agents.hosts.hear(host, '203.0.113.9')
      if (host !== undefined) continue
      enrolments++
      keys[at] = (await fleet.enrol(members)).nodeKey
    }
    await fleet.agents.flush()
  }
  return enrolments
}

const copies: readonly [string, AgentMembers][] = [
  ['with databases of their own', { instance: undefined }],
  ['with one database', {}],
]
for (const [what, members] of copies) {
  test(`many copies alike in everything, ${what}: they share a host and part, without a storm`, async t => {
    const fleet = await openTestFleet(t)
    const keys: string[] = []
    for (let at = 0; at < unusedNodeKeysMax + 2; at++) {
      const { nodeKey } = await fleet.enrol(members)
      await behind(fleet, nodeKey)
      keys.push(nodeKey)
    }
    assert.equal((await hostIds(fleet)).length, 1)
    assert.equal(await live(fleet, keys, sharedNodeKeyMs, members), 0, 'no key in use ends early')
    const enrolments = await live(fleet, keys, replacedNodeKeyMs + 2 * sharedNodeKeyMs, members)
    const ids = new Set(await Promise.all(keys.map(key => behind(fleet, key))))
    assert.equal(ids.size, keys.length, 'each is a host of its own')
    assert.equal(enrolments, keys.length - 1, 'each but one enrolled once more')
  })
}

test('a machine that is set back to an older state keeps its host', async t => {
  const fleet = await openTestFleet(t)
  const before = await fleet.enrol()
  await behind(fleet, before.nodeKey)
  fleet.now += 60 * minute
  const after = await fleet.enrol({ instance: 'database-2' })
  const used = [after.nodeKey]
  await live(fleet, used, 60 * minute, {})
  // Its older key is used again, the newer one never more.
  fleet.now += 60 * minute
  const keys = [before.nodeKey]
  assert.equal(await live(fleet, keys, 3 * replacedNodeKeyMs, {}), 1)
  assert.equal(await behind(fleet, keys[0]!), before.host.id)
  assert.deepEqual(await hostIds(fleet), [before.host.id])
})

test('secrets: several of a tenant, a file’s line end, and those that let nobody in', async t => {
  const fleet = await openTestFleet(t)
  const other = await fleet.tenant()
  await fleet.enrollSecret(fleet.tenantId, 'moved fleet')
  await fleet.enrollSecret(fleet.tenantId, 'ended', { disabledAt: 1 })
  await fleet.enrollSecret(other, 'another tenant')
  assert.equal((await fleet.enrol({ secret: ' moved fleet\r\n' })).host.tenantId, fleet.tenantId)
  assert.equal((await fleet.enrol({ secret: 'another tenant' })).host.tenantId, other)
  assert.equal((await hostIds(fleet)).length, 2, 'one machine is two hosts of two tenants')
  const refusals: [object, string | undefined, string][] = [
    [{ secret: 'Moved fleet' }, undefined, 'unknown enroll secret'],
    [{ secret: undefined }, undefined, 'an enroll secret is required'],
    [{ secret: '' }, undefined, 'an enroll secret is required'],
    [{ secret: 'ended' }, undefined, 'the enroll secret has ended'],
    [{ secret: 'moved fleet' }, other, "the enroll secret is not this environment's"],
  ]
  for (const [members, tenantId, message] of refusals) {
    const from = tenantId === undefined ? {} : { tenantId }
    await assert.rejects(fleet.enrol(members, from), { code: 'unauthenticated', message })
  }
  await fleet.store.updateTable('tenants').set({ status: 'suspended' }).where('id', '=', other).execute()
  await assert.rejects(fleet.enrol({ secret: 'another tenant' }), { code: 'permission_denied' })
  assert.equal((await hostIds(fleet)).length, 2)
})

test('an agent that says nothing of itself, or too much, is refused; a UUID or a name will do', async t => {
  const fleet = await openTestFleet(t)
  const nothing = { identifier: undefined, uuid: undefined, hostname: undefined }
  await assert.rejects(fleet.enrol(nothing), { code: 'invalid_argument', message: 'host_identifier is missing' })
  await assert.rejects(fleet.enrol({ identifier: 'x'.repeat(513) }), { code: 'invalid_argument' })
  assert.equal((await fleet.enrol({ ...nothing, hostname: 'only' })).host.hostIdentifier, 'only')
  const uuid = '4c4c4544-0042-3510-8052-b4c04f4a4b99'
  assert.equal((await fleet.enrol({ ...nothing, uuid })).host.hostIdentifier, uuid)
})

test('hosts get the labels of their secret, those that exist', async t => {
  const fleet = await openTestFleet(t)
  const label = { tenantId: fleet.tenantId, description: '', isIngestOff: true, createdAt: 0 }
  await putLabel(fleet.store, { ...label, name: 'Servers' }, 10)
  await fleet.enrollSecret(fleet.tenantId, 'labelled one', { labels: ['servers', 'gone'] })
  const { host } = await fleet.enrol({ secret: 'labelled one' })
  assert.deepEqual(await fleet.agents.labels.labelsOf(host), ['all', 'linux', 'Servers'])
  assert.equal(fleet.agents.labels.isIngestOff(fleet.tenantId, host.id), true)
})

test('many agents at once are as many hosts, and one agent many times at once is one', async t => {
  const fleet = await openTestFleet(t)
  const own = (at: number) => ({ identifier: `h-${at}`, uuid: undefined, hostname: `h-${at}`, instance: `i-${at}` })
  const many = await Promise.all(Array.from({ length: 50 }, (_, at) => fleet.enrol(own(at))))
  assert.equal(new Set(many.map(({ host }) => host.id)).size, 50)
  const again = await Promise.all(Array.from({ length: 5 }, () => fleet.enrol(own(1))))
  assert.deepEqual(new Set(again.map(({ host }) => host.id)), new Set([many[1]?.host.id]))
})

test('a store that cannot be asked is unavailable, and nothing is half done', async t => {
  const fleet = await openTestFleet(t)
  const { nodeKey } = await fleet.enrol()
  assert.notEqual(await behind(fleet, nodeKey), undefined)
  await fleet.store.destroy()
  await assert.rejects(fleet.enrol(), { code: 'unavailable' })
  // What is known of a key is believed for a minute …
  assert.notEqual(await behind(fleet, nodeKey), undefined)
  fleet.now += minute
  // … and then, or without it, nobody may call a key unknown.
  await assert.rejects(fleet.agents.hostKeys.find(nodeKey), { code: 'unavailable' })
  await assert.rejects(fleet.agents.hostKeys.find('never heard of'), { code: 'unavailable' })
})
