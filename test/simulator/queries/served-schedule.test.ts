import assert from 'node:assert/strict'
import { test } from 'node:test'
import { osqueryFlags } from '../../../src/simulator/agent/flags.ts'
import { type ScheduleOf, servedSchedule, shardOf } from '../../../src/simulator/queries/served-schedule.ts'

const of: ScheduleOf = {
  platform: 'linux',
  osqueryVersion: '5.16.0',
  flags: { ...osqueryFlags, schedule_splay_percent: 0 },
  shard: 40,
  discover: sql => {
    if (sql.includes('nowhere')) throw new Error('no such table: nowhere')
    return sql.includes('WHERE false') ? 0 : 1
  },
}

const query = { query: 'SELECT 1', interval: 60 }
const namesOf = (configuration: unknown, changed: Partial<ScheduleOf> = {}) =>
  servedSchedule(configuration, { ...of, ...changed }).map(({ name }) => name)

test('the schedule and the packs, whole', () => {
  const configuration = {
    schedule: { users: { query: 'SELECT * FROM users', interval: '3600', snapshot: true, removed: false } },
    packs: { edr: { queries: { ports: { query: 'SELECT * FROM listening_ports', interval: 300 } } } },
  }
  assert.deepEqual(servedSchedule(configuration, of), [
    {
      ...{ name: 'users', bareName: 'users', sql: 'SELECT * FROM users' },
      ...{ interval: 3600, isSnapshot: true, hasRemoved: false },
    },
    {
      ...{ name: 'pack_edr_ports', bareName: 'ports', sql: 'SELECT * FROM listening_ports' },
      ...{ interval: 300, isSnapshot: false, hasRemoved: true },
    },
  ])
  const flags = { ...of.flags, pack_delimiter: '/' }
  assert.deepEqual(namesOf(configuration, { flags }), ['users', 'pack/edr/ports'])
})

test('queries and packs of other platforms, versions and shards are left out', () => {
  const schedule = (more: object) => ({ schedule: { q: { ...query, ...more } } })
  const pack = (more: object) => ({ packs: { p: { ...more, queries: { q: query } } } })
  for (const fits of [
    ...[{ platform: 'linux' }, { platform: 'posix' }, { platform: 'any' }, { platform: 'all' }, { platform: '' }],
    ...[{ platform: 'darwin,linux' }, { version: '5.16.0' }, { version: '4.9' }, { shard: 40 }, { shard: 100 }],
    ...[{ shard: 0 }, {}],
  ]) {
    assert.deepEqual(namesOf(schedule(fits)), ['q'], JSON.stringify(fits))
    assert.deepEqual(namesOf(pack(fits)), ['pack_p_q'], JSON.stringify(fits))
  }
  for (const misfit of [
    ...[{ platform: 'windows' }, { platform: 'darwin' }, { version: '5.16.1' }, { version: '6' }, { shard: 39 }],
  ]) {
    assert.deepEqual(namesOf(schedule(misfit)), [], JSON.stringify(misfit))
    assert.deepEqual(namesOf(pack(misfit)), [], JSON.stringify(misfit))
  }
})

test('a pack is there where each of its discovery queries has a row', () => {
  const pack = (...discovery: readonly string[]) => ({ packs: { p: { discovery, queries: { q: query } } } })
  assert.deepEqual(namesOf(pack()), ['pack_p_q'])
  assert.deepEqual(namesOf(pack('SELECT 1', 'SELECT 2')), ['pack_p_q'])
  assert.deepEqual(namesOf(pack('SELECT 1', 'SELECT 1 WHERE false')), [])
  assert.deepEqual(namesOf(pack('SELECT * FROM nowhere')), [])
})

test('what is no query is left out', () => {
  for (const wrong of [
    ...[{ interval: 60 }, { query: '', interval: 60 }, { query: 'SELECT 1' }, { query: 'SELECT 1', interval: 0 }],
    ...[{ query: 'SELECT 1', interval: 604_801 }, { query: 7, interval: 60 }, null, 'SELECT 1', []],
  ]) {
    assert.deepEqual(namesOf({ schedule: { q: wrong } }), [], JSON.stringify(wrong))
  }
  for (const wrong of [undefined, null, {}, [], { schedule: [], packs: 'x' }]) assert.deepEqual(namesOf(wrong), [])
})

test('intervals are spread by the splay, the same for the same host', () => {
  const flags = { ...of.flags, schedule_splay_percent: 10 }
  const configuration = { schedule: { q: { query: 'SELECT 1', interval: 1000 } } }
  const intervalOf = (shard: number) => servedSchedule(configuration, { ...of, flags, shard })[0]?.interval
  assert.deepEqual([1, 25, 75, 100].map(intervalOf), [900, 948, 1049, 1100])
})

test('shards are spread over hosts', () => {
  const shards = Array.from({ length: 2_000 }, (_, n) => shardOf(`host-${n}`))
  assert.deepEqual([Math.min(...shards), Math.max(...shards)], [1, 100])
  assert.equal(shardOf('host-1'), shardOf('host-1'))
})
