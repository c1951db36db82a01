import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openStore, type Store } from '../../src/db/db.ts'
import { insertTenant } from '../../src/db/tenants.ts'
import { type Configurations, openConfigurations } from '../../src/fleet/configurations.ts'
import { hostShard } from '../../src/fleet/host-shard.ts'
import type { Host } from '../../src/model/host.ts'
import { newId } from '../../src/model/ids.ts'
import type { ConfigurationLayer } from '../../src/model/label-configuration.ts'
import { configBytesMax } from '../../src/osquery/agent-config.ts'
import { newTenant } from '../support/test-app.ts'

interface Opened {
  readonly store: Store
  readonly configurations: Configurations
  save(label: string, layer: ConfigurationLayer | object, base?: number): ReturnType<Configurations['put']>
}

async function open(context: TestContext): Promise<Opened> {
  const store = openStore(':memory:')
  context.after(() => store.destroy())
  for (const id of ['t1', 't2']) await insertTenant(store, newTenant(1, { id }))
  const configurations = openConfigurations({ store })
  return {
    ...{ store, configurations },
    save(label, given, base) {
      const layer =
        'config' in given ? (given as ConfigurationLayer) : { config: given as ConfigurationLayer['config'] }
      return configurations.put({ tenantId: 't1', label, layer, comment: '', createdAt: 1, createdBy: 'p1' }, base)
    },
  }
}

function host(platform: string | undefined, members: Partial<Host> = {}): Host {
  return {
    ...{ id: newId(), tenantId: 't1', hostIdentifier: 'h', hardwareUuid: undefined, createdAt: 1 },
    ...{ lastSeenAt: undefined, enrolledAt: 1, facts: { platform } },
    ...members,
  }
}

/** A host whose number is within the bounds. */
function hostBetween(min: number, max: number): Host {
  for (;;) {
    const found = host('ubuntu')
    const shard = hostShard(found.id)
    if (shard >= min && shard <= max) return found
  }
}

const q = (sql: string, more: object = {}) => ({ query: sql, interval: 60, ...more })

async function servedTo({ configurations }: Opened, to: Host, labels: readonly string[]) {
  const { text, version } = await configurations.configFor(to, labels)
  return { config: JSON.parse(text), version }
}

test('a tenant that has saved nothing gets what ships for the platform', async t => {
  const lake = await open(t)
  const windows = await servedTo(lake, host('windows'), ['all', 'windows'])
  assert.equal(windows.version, '1.0.0')
  assert.equal(windows.config.schedule.running_processes_windows_sophos.interval, 60)
  assert.equal(windows.config.schedule.running_processes_linux_events, undefined)
  assert.equal(windows.config.schedule.open_sockets.removed, false)
  assert.deepEqual(Object.keys(windows.config.packs), ['domain_controllers'])
  assert.equal(windows.config.options.enable_windows_events_publisher, true)
  assert.ok(windows.config.decorators.load.some((each: string) => each.includes('meta_domain_controller')))
  const linux = await servedTo(lake, host('debian'), ['all', 'linux'])
  assert.equal(linux.config.schedule.running_processes_windows_sophos, undefined)
  assert.equal(linux.config.options.disable_audit, false)
  assert.deepEqual(linux.config.packs, {})
  const mac = await servedTo(lake, host('darwin'), ['all', 'macos'])
  assert.ok(mac.config.schedule.running_processes_osx_events)
  const unknown = await servedTo(lake, host('freebsd'), ['all'])
  assert.ok(unknown.config.schedule.running_processes_windows_sophos)
  assert.deepEqual(unknown.config.options, { disable_events: false, pack_delimiter: '/' })
})

test('layers lie on one another: what ships, all, the platform, own labels by name', async t => {
  const lake = await open(t)
  await lake.save('zebra', { schedule: { who: q("SELECT 'zebra'") } })
  await lake.save('Apple', { schedule: { who: q("SELECT 'apple'"), apple: q('SELECT 1') } })
  await lake.save('linux', { schedule: { who: q("SELECT 'linux'") }, options: { verbose: true } })
  await lake.save('all', { schedule: { who: q("SELECT 'all'"), listening_ports: null }, options: { verbose: false } })
  const labels = ['all', 'linux', 'apple', 'zebra', 'other']
  const { config, version } = await servedTo(lake, host('ubuntu'), labels)
  assert.equal(config.schedule.who.query, "SELECT 'zebra'")
  assert.ok(config.schedule.apple)
  assert.equal(config.schedule.listening_ports, undefined)
  assert.ok(config.schedule.open_sockets)
  assert.equal(config.options.verbose, true)
  assert.equal(version, '1.0.0 all:1 linux:1 Apple:1 zebra:1')
  assert.equal(
    (await servedTo(lake, host('ubuntu'), ['all', 'linux', 'apple'])).config.schedule.who.query,
    "SELECT 'apple'",
  )
  assert.equal((await servedTo(lake, host('windows'), ['all', 'windows'])).config.schedule.who.query, "SELECT 'all'")
  const listed = await lake.configurations.list('t1')
  assert.deepEqual(
    listed.map(({ label }) => label),
    ['all', 'linux', 'Apple', 'zebra'],
  )
})

test("the lake's queries and decorators are under every configuration until a layer says no, and a higher one yes", async t => {
  const lake = await open(t)
  const own = { schedule: { mine: q('SELECT 1') } }
  await lake.save('all', { config: own, hasShippedQueries: false })
  const bare = await servedTo(lake, host('ubuntu'), ['all', 'linux'])
  assert.deepEqual(Object.keys(bare.config.schedule), ['mine'])
  assert.equal(bare.config.options, undefined)
  assert.ok(bare.config.decorators.load.length > 0)
  assert.equal(bare.version, '- all:1')
  await lake.save('all', { config: own, hasShippedQueries: false, hasShippedDecorators: false })
  assert.deepEqual((await servedTo(lake, host('ubuntu'), ['all', 'linux'])).config, own)
  await lake.save('web', { config: {}, hasShippedQueries: true })
  const web = await servedTo(lake, host('ubuntu'), ['all', 'linux', 'web'])
  assert.ok(web.config.schedule.open_sockets)
  assert.equal(web.config.decorators, undefined)
})

test('own decorators come beside those of the lake', async t => {
  const lake = await open(t)
  await lake.save('all', { decorators: { load: ["SELECT 'x' AS meta_site"] } })
  const { config } = await servedTo(lake, host('ubuntu'), ['all', 'linux'])
  assert.equal(config.decorators.load.at(-1), "SELECT 'x' AS meta_site")
  assert.ok(config.decorators.load.length > 3)
})

test('shards are drawn by the host, alike for every query, and not left to the agent', async t => {
  const lake = await open(t)
  await lake.save('all', {
    config: {
      schedule: { tenth: q('SELECT 1', { shard: 10 }), half: q('SELECT 2', { shard: '50' }), all: q('SELECT 3') },
    },
    hasShippedQueries: false,
    hasShippedDecorators: false,
  })
  const namesOf = async (to: Host) => Object.keys((await servedTo(lake, to, ['all', 'linux'])).config.schedule)
  assert.deepEqual(await namesOf(hostBetween(1, 10)), ['tenth', 'half', 'all'])
  assert.deepEqual(await namesOf(hostBetween(11, 50)), ['half', 'all'])
  assert.deepEqual(await namesOf(hostBetween(51, 100)), ['all'])
  const { text } = await lake.configurations.configFor(hostBetween(1, 10), ['all', 'linux'])
  assert.equal(text.includes('shard'), false)
})

test('numbers of hosts are even from 1 to 100', () => {
  const counts = new Map<number, number>()
  for (let index = 0; index < 20_000; index += 1) {
    const shard = hostShard(`00000000-0000-4000-8000-${String(index).padStart(12, '0')}`)
    counts.set(shard, (counts.get(shard) ?? 0) + 1)
  }
  assert.deepEqual([Math.min(...counts.keys()), Math.max(...counts.keys()), counts.size], [1, 100, 100])
  assert.ok(Math.min(...counts.values()) > 120 && Math.max(...counts.values()) < 290)
})

test('hosts alike get the very same text, and a new version another one', async t => {
  const lake = await open(t)
  await lake.save('all', { schedule: { a: q('SELECT 1') } })
  const textFor = async (to: Host) => (await lake.configurations.configFor(to, ['all', 'linux'])).text
  const first = await textFor(host('ubuntu'))
  assert.ok(Object.is(first, await textFor(host('centos'))))
  const reading = textFor(host('ubuntu'))
  await lake.save('all', { schedule: { a: q('SELECT 2') } })
  await reading
  const second = JSON.parse(await textFor(host('ubuntu')))
  assert.equal(second.schedule.a.query, 'SELECT 2')
})

test('a configuration asked for while another is saved is never kept past it', async t => {
  const lake = await open(t)
  for (let round = 1; round <= 20; round += 1) {
    const [, ...texts] = await Promise.all([
      lake.save('all', { schedule: { a: q(`SELECT ${round}`) } }),
      ...Array.from({ length: 5 }, () => lake.configurations.configFor(host('ubuntu'), ['all', 'linux'])),
    ])
    assert.equal(texts.length, 5)
    const { config, version } = await servedTo(lake, host('ubuntu'), ['all', 'linux'])
    assert.deepEqual([config.schedule.a.query, version], [`SELECT ${round}`, `1.0.0 all:${round}`])
  }
})

test("tenants do not see each other's", async t => {
  const lake = await open(t)
  await lake.save('all', { schedule: { a: q('SELECT 1') } })
  const { config } = await servedTo(lake, host('ubuntu', { tenantId: 't2' }), ['all', 'linux'])
  assert.equal(config.schedule.a, undefined)
  assert.deepEqual(await lake.configurations.list('t2'), [])
})

test('one with errors is not saved; its errors and warnings are told', async t => {
  const lake = await open(t)
  const bad = { schedule: { a: q('SELECT', { interval: 0 }), b: q('SELECT * FROM registri') } }
  await assert.rejects(lake.save('all', bad), (error: Error & { code?: string; details?: object }) => {
    assert.equal(error.code, 'invalid_argument')
    assert.match(error.message, /^the configuration has errors: schedule\.a\.\w+: /)
    const { errors, warnings } = error.details as { errors: { path: string }[]; warnings: { path: string }[] }
    assert.ok(errors.some(({ path }) => path === 'schedule.a.interval'))
    assert.deepEqual(
      warnings.map(({ path }) => path),
      ['schedule.b.query'],
    )
    return true
  })
  assert.deepEqual(await lake.configurations.list('t1'), [])
  assert.equal((await servedTo(lake, host('ubuntu'), ['all', 'linux'])).version, '1.0.0')
})

test('a label of a platform is checked for that platform, and knows the views of layers below', async t => {
  const lake = await open(t)
  await lake.save('all', { views: { admins: 'SELECT * FROM users WHERE uid = 0' } })
  const config = { schedule: { a: q('SELECT * FROM registry JOIN admins') } }
  const warningsFor = async (label: string) =>
    (await lake.configurations.check('t1', label, { config })).warnings.map(({ message }) => message)
  assert.deepEqual(await warningsFor('windows'), [])
  assert.deepEqual(await warningsFor('Linux'), ['table registry is on Windows only, and this runs on Linux too'])
  assert.deepEqual(await warningsFor('web'), ['table registry is on Windows only, and this runs on macOS, Linux too'])
})

test('what would be too large for agents together with what is below it is refused', async t => {
  const lake = await open(t)
  const filler = (bytes: number) => ({
    config: { views: { x: `SELECT '${'y'.repeat(bytes)}'` } },
    hasShippedQueries: true,
  })
  const parts = Object.fromEntries(
    Array.from({ length: 5 }, (_, index) => [`a${index}`, q(`SELECT '${'x'.repeat(150_000)}'`)]),
  )
  await lake.save('all', { schedule: parts })
  const more = Object.fromEntries(Object.entries(parts).map(([name, query]) => [`b${name}`, query]))
  await assert.rejects(lake.save('linux', { schedule: more }), {
    code: 'invalid_argument',
    message:
      /^the configuration has errors: over what is below it, it has 1,5\d\d,\d{3} bytes on linux: agents take at most 1,048,576$/,
  })
  await assert.rejects(lake.save('web', { schedule: more }), { code: 'invalid_argument' })
  await lake.save('linux', { schedule: parts })
  assert.equal((await lake.save('web', filler(100_000))).isNew, true)
  assert.equal(configBytesMax, 1_048_576)
})

test('an old version comes back as a new one', async t => {
  const lake = await open(t)
  await lake.save('all', { schedule: { a: q('SELECT 1') } })
  await lake.save('all', { schedule: { a: q('SELECT 2') } })
  const by = { comment: 'it hurt', createdAt: 9, createdBy: 'p2' }
  const { version, isNew } = await lake.configurations.restore('t1', 'all', 1, by)
  assert.deepEqual(version, {
    ...{ tenantId: 't1', label: 'all', version: 3, layer: { config: { schedule: { a: q('SELECT 1') } } }, ...by },
    restoredVersion: 1,
  })
  assert.equal(isNew, true)
  assert.equal((await servedTo(lake, host('ubuntu'), ['all', 'linux'])).config.schedule.a.query, 'SELECT 1')
  const none = await lake.configurations.restore('t1', 'all', 0, by)
  assert.deepEqual([none.version.version, none.version.layer], [4, { config: {} }])
  assert.equal((await servedTo(lake, host('ubuntu'), ['all', 'linux'])).version, '1.0.0 all:4')
  assert.equal((await lake.configurations.restore('t1', 'all', 4, by)).isNew, false)
  await assert.rejects(lake.configurations.restore('t1', 'all', 99, by), {
    code: 'not_found',
    message: 'there is no version 99 of this configuration',
  })
})

test('a label without a configuration is at version 0', async t => {
  const lake = await open(t)
  const { version, layer } = await lake.configurations.get('t1', 'web')
  assert.deepEqual({ version, layer }, { version: 0, layer: { config: {} } })
  await assert.rejects(lake.configurations.get('t1', 'web', 1), { code: 'not_found' })
})

test('what a host is given, with its reasons', async t => {
  const lake = await open(t)
  await lake.save('web', { schedule: { a: q('SELECT 1') } })
  await lake.save('all', {})
  const asking = host('ubuntu')
  const effective = await lake.configurations.effectiveFor(asking, ['all', 'linux', 'web'])
  assert.deepEqual(
    { ...effective, text: undefined },
    {
      ...{ text: undefined, version: '1.0.0 all:1 web:1', platform: 'linux', shard: hostShard(asking.id) },
      layers: [
        { label: 'all', version: 1 },
        { label: 'web', version: 1 },
      ],
    },
  )
  assert.equal(effective.text, (await lake.configurations.configFor(asking, ['all', 'linux', 'web'])).text)
})

test('a store that cannot be read is unavailable, not an empty configuration; what is known is still served', async () => {
  const store = openStore(':memory:')
  await insertTenant(store, newTenant(1, { id: 't1' }))
  await insertTenant(store, newTenant(1, { id: 't2' }))
  const configurations = openConfigurations({ store })
  await configurations.configFor(host('ubuntu'), ['all'])
  await store.destroy()
  await assert.rejects(configurations.configFor(host('ubuntu', { tenantId: 't2' }), ['all']), { code: 'unavailable' })
  await assert.rejects(configurations.configFor(host('ubuntu', { tenantId: 't2' }), ['all']), { code: 'unavailable' })
  assert.equal((await configurations.configFor(host('ubuntu'), ['all'])).version, '1.0.0')
})
