import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openAckIds } from '../../src/auth/ack-ids.ts'
import { ackIdAgeMsMax } from '../../src/limits.ts'

const key = Buffer.alloc(32, 1)
const start = Date.UTC(2026, 5, 1)

test('an id is of one tenant and one channel, and no two are alike', () => {
  const ids = openAckIds(key, () => start)
  const given = Array.from({ length: 200 }, () => ids.give('tenant', 'channel'))
  assert.equal(new Set(given).size, 200)
  assert.ok(given.every(id => Number.isSafeInteger(id) && id > 0))
  assert.ok(given.every(id => ids.isGiven('tenant', 'channel', id)))
  // By chance one of 4,096 is: of 200 hardly three.
  const foreign = (tenantId: string, channel: string) => given.filter(id => ids.isGiven(tenantId, channel, id)).length
  assert.ok(foreign('other', 'channel') < 3)
  assert.ok(foreign('tenant', 'other') < 3)
  assert.ok(given.every(id => !ids.isGiven('tenant', 'channel', id % 2 === 0 ? id + 1 : id - 1)))
  const otherKey = openAckIds(Buffer.alloc(32, 2), () => start)
  assert.ok(given.filter(id => otherKey.isGiven('tenant', 'channel', id)).length < 3)
})

test('numbers that nobody gave are unknown', () => {
  const ids = openAckIds(key, () => start)
  for (const id of [0, 1, 2, 4095, 4096, 2 ** 52, Number.MAX_SAFE_INTEGER]) {
    assert.equal(ids.isGiven('tenant', 'channel', id), false, String(id))
  }
})

test('a restart forgets nothing, a clock set back neither, and months do', () => {
  const id = openAckIds(key, () => start).give('tenant', 'channel')
  const later = (ms: number) => openAckIds(key, () => start + ms).isGiven('tenant', 'channel', id)
  assert.deepEqual([0, 1, -60_000, ackIdAgeMsMax, ackIdAgeMsMax + 1, -86_400_000].map(later), [
    true,
    true,
    true,
    true,
    false,
    false,
  ])
})
