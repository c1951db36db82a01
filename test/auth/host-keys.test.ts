import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashNodeKey, newNodeKey } from '../../src/auth/host-keys.ts'
import {
  nodeKeyReadAgainMs,
  nodeKeyUseNotedMs,
  replacedNodeKeyMs,
  replacedNodeKeysKeptMs,
  sharedNodeKeyMs,
} from '../../src/limits.ts'
import { openTestFleet, type TestFleet } from '../support/fleet.ts'

async function keyRows({ store }: TestFleet) {
  const rows = await store.selectFrom('node_keys').select(['replaced_at', 'used_at']).orderBy('created_at').execute()
  return rows.map(row => ({ ...row }))
}

test('keys are 256 random bits; the hash is keyed', () => {
  const keys = Array.from({ length: 100 }, newNodeKey)
  assert.equal(new Set(keys).size, 100)
  for (const key of keys) assert.match(key, /^[0-9a-f]{64}$/)
  const [a, b] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  assert.equal(hashNodeKey(a, keys[0]!), hashNodeKey(a, keys[0]!))
  assert.notEqual(hashNodeKey(a, keys[0]!), hashNodeKey(b, keys[0]!))
})

test('what was never a key is unknown', async t => {
  const fleet = await openTestFleet(t)
  const { nodeKey } = await fleet.enrol()
  for (const text of ['', 'x', nodeKey.toUpperCase(), `${nodeKey} `, nodeKey.slice(1), "' OR 1 = 1 --", '\u0000']) {
    assert.equal(await fleet.agents.hostKeys.find(text), undefined, JSON.stringify(text))
  }
})

test('a key outlives the process', async t => {
  const fleet = await openTestFleet(t)
  const { nodeKey, host } = await fleet.enrol()
  fleet.restart()
  assert.equal((await fleet.agents.hostKeys.find(nodeKey))?.id, host.id)
})

test('a removed host has no key, at once', async t => {
  const fleet = await openTestFleet(t)
  const { nodeKey, host } = await fleet.enrol()
  assert.equal((await fleet.agents.hostKeys.find(nodeKey))?.id, host.id)
  assert.equal(await fleet.agents.removal.remove(await fleet.tenant(), host.id), undefined)
  assert.equal((await fleet.agents.removal.remove(fleet.tenantId, host.id))?.id, host.id)
  assert.equal(await fleet.agents.hostKeys.find(nodeKey), undefined)
  assert.deepEqual(await keyRows(fleet), [])
  assert.notEqual((await fleet.enrol()).host.id, host.id)
})

test('agents of a suspended tenant are refused, not sent to enrol', async t => {
  const fleet = await openTestFleet(t)
  const { nodeKey, host } = await fleet.enrol()
  assert.equal((await fleet.agents.hostKeys.find(nodeKey))?.id, host.id)
  const setStatus = async (status: string) => {
    await fleet.store.updateTable('tenants').set({ status }).execute()
    fleet.agents.hostKeys.forgetAll()
  }
  await setStatus('suspended')
  await assert.rejects(fleet.agents.hostKeys.find(nodeKey), { code: 'permission_denied' })
  await setStatus('active')
  assert.equal((await fleet.agents.hostKeys.find(nodeKey))?.id, host.id)
})

test('what was changed behind its back is known after a minute', async t => {
  const fleet = await openTestFleet(t)
  const { nodeKey } = await fleet.enrol()
  assert.equal((await fleet.agents.hostKeys.find(nodeKey))?.facts.osName, 'Ubuntu')
  await fleet.store.updateTable('hosts').set({ os_name: 'Debian' }).execute()
  fleet.now += nodeKeyReadAgainMs - 1
  assert.equal((await fleet.agents.hostKeys.find(nodeKey))?.facts.osName, 'Ubuntu')
  fleet.now += 1
  assert.equal((await fleet.agents.hostKeys.find(nodeKey))?.facts.osName, 'Debian')
})

test('use of keys is noted now and then; replaced ones are deleted in the end', async t => {
  const fleet = await openTestFleet(t)
  const first = await fleet.enrol()
  fleet.now += 1_000
  const second = await fleet.enrol()
  const replacedAt = fleet.now
  const useBoth = async (at: number) => {
    fleet.now = replacedAt + at
    for (const { nodeKey } of [first, second]) await fleet.agents.hostKeys.find(nodeKey)
    await fleet.agents.flush()
    return (await keyRows(fleet)).map(({ used_at }) => (used_at ?? 0) - replacedAt)
  }
  assert.deepEqual(await useBoth(5_000), [5_000, 5_000])
  assert.deepEqual(await useBoth(5_000 + nodeKeyUseNotedMs - 1), [5_000, 5_000])
  assert.deepEqual(await useBoth(5_000 + nodeKeyUseNotedMs), [5_000 + nodeKeyUseNotedMs, 5_000 + nodeKeyUseNotedMs])
  fleet.now = replacedAt + replacedNodeKeyMs
  assert.equal(await fleet.agents.hostKeys.find(first.nodeKey), undefined)
  assert.equal((await fleet.agents.hostKeys.find(second.nodeKey))?.id, second.host.id)
  fleet.now = replacedAt + replacedNodeKeysKeptMs + 1
  await fleet.agents.flush()
  assert.equal((await keyRows(fleet)).length, 1)
})

test('a replaced key that another agent goes on using beside the newer one ends after an hour', async t => {
  const fleet = await openTestFleet(t)
  const first = await fleet.enrol()
  const second = await fleet.enrol()
  const start = fleet.now
  const find = async (key: string) => (await fleet.agents.hostKeys.find(key))?.id
  for (; fleet.now < start + sharedNodeKeyMs; fleet.now += nodeKeyUseNotedMs) {
    for (const { nodeKey, host } of [first, second]) assert.equal(await find(nodeKey), host.id)
    await fleet.agents.flush()
  }
  fleet.now = start + sharedNodeKeyMs + 1
  await fleet.agents.flush()
  assert.equal(await find(first.nodeKey), undefined)
  assert.equal(await find(second.nodeKey), second.host.id)
  fleet.restart()
  assert.equal(await find(first.nodeKey), undefined)
})
