import assert from 'node:assert/strict'
import { test } from 'node:test'
import { putLabel } from '../../src/db/labels.ts'
import { openTestFleet } from '../support/fleet.ts'

const day = 86_400_000

test('hosts silent for too long are removed, whichever way they are known; others stay', async t => {
  const fleet = await openTestFleet(t, 30 * day)
  const names = async () =>
    (await fleet.store.selectFrom('hosts').select('host_identifier').orderBy('host_identifier').execute()).map(
      row => row.host_identifier,
    )
  const own = (name: string) => ({ identifier: name, uuid: undefined, hostname: name, instance: name })
  const old = await fleet.enrol(own('old'))
  const lively = await fleet.enrol(own('lively'))
  await fleet.agents.hosts.atSight(fleet.tenantId, ['from-logs'])
  fleet.now += 20 * day
  // Only in memory so far: what is heard counts all the same.
  fleet.agents.hosts.hear(lively.host, '203.0.113.9')
  fleet.now += 10 * day
  await fleet.agents.expireHosts()
  assert.deepEqual(await names(), ['from-logs', 'lively', 'old'])
  fleet.now += 1
  await fleet.agents.expireHosts()
  assert.deepEqual(await names(), ['lively'])
  assert.equal(await fleet.agents.hostKeys.find(old.nodeKey), undefined)
  assert.equal((await fleet.agents.hostKeys.find(lively.nodeKey))?.id, lively.host.id)
})

test('without a time nothing expires', async t => {
  const fleet = await openTestFleet(t)
  await fleet.enrol()
  fleet.now += 10_000 * day
  await fleet.agents.expireHosts()
  assert.equal((await fleet.store.selectFrom('hosts').select('id').execute()).length, 1)
})

test('with a host go its labels, its place among those not stored, and what copies say of it', async t => {
  const fleet = await openTestFleet(t)
  const { agents, store, tenantId } = fleet
  await putLabel(store, { tenantId, name: 'quiet', description: '', isIngestOff: true, createdAt: 0 }, 10)
  const { host } = await fleet.enrol()
  const copy = await fleet.enrol({ hostname: 'web-2', instance: 'other' })
  assert.equal(copy.duplicateOf, host.id)
  await agents.labels.changeHosts(tenantId, 'quiet', { add: [host.id], remove: [] })
  assert.equal(agents.labels.isIngestOff(tenantId, host.id), true)
  assert.deepEqual(await agents.labels.labelsOf(host), ['all', 'linux', 'quiet'])
  await agents.removal.remove(tenantId, host.id)
  assert.equal(agents.labels.isIngestOff(tenantId, host.id), false)
  assert.deepEqual(await agents.labels.labelsOf(host), ['all', 'linux'])
  const row = await store.selectFrom('hosts').select(['id', 'duplicate_of']).executeTakeFirstOrThrow()
  assert.deepEqual({ ...row }, { id: copy.host.id, duplicate_of: null })
  // The name is free again.
  const again = await fleet.enrol()
  assert.deepEqual([again.isNew, again.host.hostIdentifier], [true, 'web-1'])
})

test('labels live through a restart, and their look-up says when the store cannot be asked', async t => {
  const fleet = await openTestFleet(t)
  const { store, tenantId } = fleet
  await putLabel(store, { tenantId, name: 'quiet', description: '', isIngestOff: true, createdAt: 0 }, 10)
  const { host } = await fleet.enrol()
  await fleet.agents.labels.changeHosts(tenantId, 'quiet', { add: [host.id], remove: [] })
  fleet.restart()
  assert.equal(fleet.agents.labels.isIngestOff(tenantId, host.id), false)
  await fleet.agents.labels.load()
  assert.equal(fleet.agents.labels.isIngestOff(tenantId, host.id), true)
  await store.destroy()
  await assert.rejects(fleet.agents.labels.labelsOf(host), { code: 'unavailable' })
  await assert.rejects(fleet.agents.environments.tenantOf(tenantId), { code: 'unavailable' })
})
