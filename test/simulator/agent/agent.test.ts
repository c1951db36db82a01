import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Agent, openAgent } from '../../../src/simulator/agent/agent.ts'
import type { AgentOptions } from '../../../src/simulator/agent/agent-options.ts'
import { osqueryFlags } from '../../../src/simulator/agent/flags.ts'
import { type Exchange, fleetPaths, osctrlPaths, osqueryPaths } from '../../../src/simulator/agent/requests.ts'
import { makeHosts, type Platform } from '../../../src/simulator/hosts.ts'
import { steadyProcesses } from '../../../src/simulator/queries/own-queries.ts'
import { openRandom } from '../../../src/simulator/random.ts'
import { type ManualTime, manualTime } from '../../support/manual-time.ts'
import { type ReferenceServer, startReferenceServer } from '../../support/reference-server.ts'
import { testCertificates } from '../../support/test-certificates.ts'

const start = 1_770_019_200_000
const hosts = makeHosts(openRandom('agents'), 4, start / 1000)
const flags = {
  ...osqueryFlags,
  ...{ config_refresh: 60, disable_distributed: false, logger_min_status: 1, schedule_splay_percent: 0 },
}
/** Of a working agent: configuration, log, scheduler, live queries. */
const loops = 4

interface Bench {
  readonly server: ReferenceServer
  readonly agent: Agent
  readonly time: ManualTime
  readonly exchanges: readonly Exchange[]
  /** Goes on by so many seconds, and rests. */
  pass(seconds: number): Promise<void>
}

const hostOf = (platform: Platform) => hosts.find(host => host.platform === platform)!

/** A server and an agent of it that has not started. */
async function bench(t: TestContext, changed: Partial<AgentOptions> = {}, server?: ReferenceServer): Promise<Bench> {
  const given = server ?? (await startReferenceServer())
  const time = manualTime(start)
  const exchanges: Exchange[] = []
  const agent = openAgent({
    ...{ host: hostOf('linux'), seed: 'x', origin: given.url, paths: osqueryPaths, flags, osqueryVersion: '5.16.0' },
    ...{ enrollSecret: 'let-me-in', effects: time, onExchange: exchange => exchanges.push(exchange) },
    ...changed,
  })
  t.after(async () => {
    await agent.stop()
    await given.close()
  })
  return { server: given, agent, time, exchanges, pass: seconds => time.advance(seconds * 1000, loops) }
}

const users = { query: 'SELECT username, uid FROM users ORDER BY uid', interval: 30 }
const routesOf = (server: ReferenceServer): string => server.requests.map(({ route }) => route).join(' ')

test('an agent enrols, loads its configuration and polls for live queries', async t => {
  const { server, agent, pass, exchanges } = await bench(t)
  agent.start()
  await pass(0)
  assert.equal(routesOf(server), 'enroll config read')
  const [enrolment, config] = server.requests
  assert.deepEqual(Object.keys(enrolment!.json), ['enroll_secret', 'host_identifier', 'platform_type', 'host_details'])
  const { enroll_secret, host_identifier, platform_type, host_details } = enrolment!.json
  assert.deepEqual([enroll_secret, host_identifier, platform_type], ['let-me-in', hostOf('linux').identifier, '9'])
  const tables = ['os_version', 'osquery_info', 'system_info', 'platform_info']
  assert.deepEqual(Object.keys(Object(host_details)), tables)
  assert.match(enrolment!.text, /"cpu_brand":"[^"]+\\u0000"/)
  assert.deepEqual(config!.json, { node_key: agent.nodeKey })
  const { 'user-agent': userAgent, 'content-type': type, accept, authorization } = config!.headers
  assert.deepEqual([userAgent, type, accept], ['osquery/5.16.0', 'application/json', 'application/json'])
  assert.equal(authorization, undefined)
  assert.equal(config!.headers['accept-encoding'], undefined)
  assert.deepEqual(
    exchanges.map(({ route, status, outcome }) => [route, status, outcome]),
    [
      ['enroll', 200, 'success'],
      ['config', 200, 'success'],
      ['read', 200, 'success'],
    ],
  )
})

test('from 5.23 on the node key is in a header as well', async t => {
  const { server, agent, pass } = await bench(t, { osqueryVersion: '5.23.1' })
  agent.start()
  await pass(0)
  assert.deepEqual(
    server.requests.map(({ headers }) => headers.authorization),
    [undefined, `NodeKey ${agent.nodeKey}`, `NodeKey ${agent.nodeKey}`],
  )
})

test("Fleet's and osctrl's paths", async t => {
  for (const [paths, expected] of [
    [fleetPaths, ['/api/osquery/enroll', '/api/osquery/config', '/api/osquery/distributed/read']],
    [osctrlPaths('prod'), ['/prod/enroll', '/prod/config', '/prod/read']],
  ] as const) {
    const { server, agent, pass } = await bench(t, { paths })
    agent.start()
    await pass(0)
    assert.deepEqual(
      server.requests.map(({ path }) => path),
      expected,
    )
  }
})

test('everything over one connection, or one for each thread, as osquery has', async t => {
  for (const [connections, expected] of [
    ['shared', [1, 1, 1, 1]],
    ['own', [1, 1, 2, 3]],
  ] as const) {
    const { server, agent, pass } = await bench(t, { connections })
    server.configuration = { schedule: { users } }
    agent.start()
    await pass(36)
    const first = ['enroll', 'config', 'read', 'log'] as const
    assert.deepEqual(
      first.map(route => server.requestsOf(route)[0]?.connection),
      expected,
    )
  }
})

test('scheduled queries of the configuration are executed and logged', async t => {
  const { server, agent, pass } = await bench(t)
  server.configuration = {
    options: { pack_delimiter: '/' },
    schedule: { user_list: users, system: { query: 'SELECT hostname FROM system_info', interval: 30, snapshot: true } },
    packs: { edr: { queries: { listening_ports: { query: 'SELECT * FROM listening_ports', interval: 30 } } } },
  }
  agent.start()
  await pass(36)
  const lines = server.stored.result.map(line => JSON.parse(line))
  const byName = (name: string) => lines.filter(line => line.name === name)
  assert.deepEqual(
    byName('user_list').map(({ columns, action, counter }) => [columns, action, counter]),
    [
      [{ username: 'root', uid: '0' }, 'added', 0],
      [{ username: hostOf('linux').user, uid: '1000' }, 'added', 0],
    ],
  )
  const [system] = byName('system')
  assert.deepEqual([system.snapshot, system.action], [[{ hostname: hostOf('linux').hostname }], 'snapshot'])
  assert.ok(byName('pack/edr/listening_ports').length > 0)
  for (const line of lines) {
    assert.deepEqual(
      [line.hostIdentifier, line.unixTime, line.epoch],
      [hostOf('linux').identifier, start / 1000 + 30, 0],
    )
  }
  // The same rows again are no difference; a snapshot is one each time.
  await pass(30)
  const later = server.stored.result.slice(lines.length).map(line => JSON.parse(line).name)
  assert.deepEqual(later, ['system'])
})

test('a log body has its node key last, a packed one first', async t => {
  for (const isPacked of [false, true]) {
    const { server, agent, pass } = await bench(t)
    server.configuration = { options: { logger_tls_compress: isPacked }, schedule: { users } }
    agent.start()
    await pass(40)
    const [log] = server.requestsOf('log')
    const members = isPacked ? ['node_key', 'log_type', 'data'] : ['data', 'log_type', 'node_key']
    assert.deepEqual(Object.keys(log!.json), members)
    assert.equal(log!.headers['content-encoding'], isPacked ? 'gzip' : undefined)
    assert.deepEqual([log!.json['log_type'], log!.json['node_key']], ['result', agent.nodeKey])
  }
})

test('a configuration is fetched three times, then left for the accelerated refresh; the old one stays', async t => {
  const { server, agent, pass } = await bench(t)
  server.configuration = { schedule: { users } }
  agent.start()
  await pass(59)
  server.fail(
    'config',
    { status: 500, body: '<html>' },
    { body: '{"error":"x"}' },
    { silence: 'closed' },
    { silence: 'closed' },
  )
  await pass(1)
  assert.equal(server.requestsOf('config').length, 2)
  await pass(1)
  assert.equal(server.requestsOf('config').length, 3)
  await pass(4)
  // The third attempt and its repetition on a new connection.
  assert.equal(server.requestsOf('config').length, 5)
  await pass(299)
  assert.equal(server.requestsOf('config').length, 5)
  assert.deepEqual(agent.configuration, { schedule: { users } })
  await pass(1)
  assert.equal(server.requestsOf('config').length, 6)
  await pass(60)
  assert.equal(server.requestsOf('config').length, 7)
})

test('an empty answer is an empty configuration: nothing is scheduled any more', async t => {
  const { server, agent, pass } = await bench(t)
  server.configuration = { schedule: { time: { query: 'SELECT * FROM time', interval: 10 } } }
  agent.start()
  await pass(40)
  const before = server.stored.result.length
  assert.ok(before > 0)
  server.fail('config', { status: 502 })
  await pass(30)
  const then = server.stored.result.length
  assert.deepEqual(agent.configuration, {})
  await pass(29)
  assert.equal(server.stored.result.length, then)
})

test('an invalid node key is thrown away, and the next request enrols anew; the lines go again', async t => {
  const { server, agent, pass } = await bench(t)
  server.configuration = { schedule: { users } }
  agent.start()
  await pass(20)
  const first = agent.nodeKey
  server.nodeKeys.clear()
  await pass(12)
  assert.deepEqual([agent.nodeKey, agent.ledger.counts().sent], ['', 2])
  await pass(4)
  assert.notEqual(agent.nodeKey, first)
  assert.equal(server.requestsOf('enroll').length, 2)
  assert.equal(server.stored.result.length, 2)
  assert.equal(agent.ledger.counts().acknowledged, 2)
})

test('an error that is no node_invalid never costs the node key', async t => {
  const { server, agent, pass } = await bench(t)
  agent.start()
  await pass(0)
  const key = agent.nodeKey
  const bodies = [
    '{"error":"store is down"}',
    '{"error":"x","node_invalid":false}',
    '{"node_invalid":"true"}',
    '<html>',
    '',
  ]
  server.fail('config', ...bodies.map(body => ({ status: 401, body })))
  server.fail('read', ...bodies.map(body => ({ status: 503, body })))
  await pass(1_000)
  assert.deepEqual([agent.nodeKey, server.requestsOf('enroll').length], [key, 1])
})

test('what a server stored and did not answer comes again; the agent knows what it does not know', async t => {
  const { server, agent, pass } = await bench(t)
  server.configuration = { schedule: { users } }
  server.fail('log', { isProcessed: true, body: '{"error":"too late"}' })
  agent.start()
  await pass(34)
  assert.equal(server.stored.result.length, 2)
  assert.deepEqual([agent.ledger.counts().sent, agent.buffered], [2, 2])
  await pass(4)
  assert.equal(server.stored.result.length, 4)
  assert.deepEqual(server.stored.result.slice(0, 2), server.stored.result.slice(2))
  assert.deepEqual([agent.ledger.counts().acknowledged, agent.buffered], [2, 0])
})

test('statuses: errors of scheduled queries, and of enrolments that failed', async t => {
  const { server, agent, time, pass } = await bench(t)
  server.fail('enroll', { body: '{"error":"no"}' })
  server.configuration = {
    schedule: { broken: { query: 'SELECT * FROM nowhere', interval: 30 } },
  }
  agent.start()
  await time.rest(1)
  await time.advance(1_000, 1)
  await pass(39)
  const statuses = server.stored.status.map(line => JSON.parse(line))
  assert.deepEqual(
    statuses.map(({ severity, filename, line, message }) => [severity, `${filename}:${line}`, message]),
    [
      [
        1,
        'tls_enroll.cpp:98',
        `Failed enrollment request to ${server.url}/osquery/v1/enroll (no node key returned) retrying...`,
      ],
      [2, 'scheduler.cpp:142', 'Error executing scheduled query broken: no such table: nowhere'],
    ],
  )
  assert.deepEqual(Object.keys(statuses[0]), [
    ...['hostIdentifier', 'calendarTime', 'unixTime', 'severity', 'filename', 'line', 'message', 'version'],
    'decorations',
  ])
})

test('live queries are answered, and the node key is last in the body', async t => {
  const { server, agent, pass } = await bench(t)
  server.live = { queries: { q1: 'SELECT name FROM os_version' } }
  agent.start()
  await pass(0)
  const [write] = server.requestsOf('write')
  assert.deepEqual(Object.keys(write!.json), ['queries', 'statuses', 'messages', 'stats', 'node_key'])
  assert.deepEqual(write!.json['queries'], { q1: [{ name: hostOf('linux').osName }] })
  await pass(60)
  assert.equal(server.requestsOf('read').length, 2)
})

test('a write is tried three times; its answers then come with the next query', async t => {
  const { server, agent, pass } = await bench(t)
  server.live = { queries: { q1: 'SELECT 1 AS one' } }
  server.fail('write', ...Array(3).fill({ body: '{"error":"x"}' }))
  agent.start()
  await pass(10)
  assert.equal(server.requestsOf('write').length, 3)
  server.live = { queries: { q2: 'SELECT 2 AS two' } }
  await pass(60)
  assert.deepEqual(server.requestsOf('write').at(-1)?.json['queries'], { q1: [{ one: '1' }], q2: [{ two: '2' }] })
})

test('a worker that a live query kills starts anew, keeps its key and its lines, and tells of the denylist', async t => {
  const { server, agent, time, pass } = await bench(t, { misbehaviour: { crashesOn: /deadly/ } })
  server.configuration = { schedule: { users } }
  server.fail('log', ...Array(3).fill({ isProcessed: true, body: '{"error":"x"}' }))
  agent.start()
  await pass(34)
  assert.equal(agent.buffered, 2)
  const key = agent.nodeKey
  server.live = { queries: { q1: 'SELECT * FROM deadly' } }
  await pass(25)
  await time.advance(1_000, 1)
  // It dies of what it reads now: nothing waits but its watcher.
  while (server.requestsOf('read').length < 2 || time.waiting > 1) await nextTurn()
  assert.deepEqual(server.requestsOf('write'), [])
  // After a second the worker is back and reads the same query.
  await time.advance(1_000, 1)
  await time.rest(loops)
  assert.equal(agent.nodeKey, key)
  const [write] = server.requestsOf('write')
  assert.deepEqual(write?.json['messages'], { q1: 'distributed query is denylisted' })
  await pass(60)
  assert.deepEqual([agent.buffered, agent.ledger.counts().acknowledged], [0, 2])
})

test('a steady rate of own lines, each with its mark, beside the configuration', async t => {
  const host = hostOf('windows')
  const { server, agent, pass } = await bench(t, { host, own: [steadyProcesses(host, 90, 10)], markedAs: 'run-7' })
  agent.start()
  await pass(200)
  agent.quiet()
  await pass(100)
  const lines = server.stored.result.map(line => JSON.parse(line))
  assert.ok(lines.length >= 280 && lines.length <= 300, `${lines.length} lines`)
  assert.deepEqual(
    lines.map(({ decorations }) => Number(decorations.simulator_line)).sort((one, other) => one - other),
    lines.map((_, at) => at + 1),
  )
  assert.ok(
    lines.every(({ decorations, name }) => decorations.simulator_agent === 'run-7' && name === 'process_etw_events'),
  )
  assert.equal(new Set(lines.map(({ columns }) => columns.eid)).size, lines.length)
  assert.deepEqual(agent.ledger.counts().acknowledged, lines.length)
})

test('misbehaviour: skewed clock, huge rows, NULs, bytes that are no UTF-8', async t => {
  const host = hostOf('linux')
  const misbehaviour = { clockSkewMs: -3_600_000, hugeValueBytes: 50_000, hasNuls: true, hasBrokenUtf8: true }
  const { server, agent, pass } = await bench(t, { host, own: [steadyProcesses(host, 120, 10)], misbehaviour })
  agent.start()
  await pass(40)
  const log = Buffer.concat(server.requestsOf('log').map(({ bytes }) => bytes))
  assert.ok(log.includes(Buffer.from([0xff, 0xc3, 0x28])))
  assert.ok(log.includes(`${'x'.repeat(50_000)}\\u0000\\u0000`))
  assert.ok(JSON.parse(server.stored.result[0]!).unixTime < start / 1000)
})

test('misbehaviour: slow bodies, and connections closed on the sending side', async t => {
  const misbehaviour = { slowBody: { pieceBytes: 200, pauseMs: 2 }, closesHalf: true }
  const { server, agent, pass } = await bench(t, { misbehaviour })
  agent.start()
  await pass(60)
  assert.equal(routesOf(server), 'enroll config read config read')
  assert.deepEqual(
    server.requests.map(({ connection }) => connection),
    [1, 2, 3, 4, 5],
  )
})

test('a stopped agent is silent, and keeps its lines and its key for another start', async t => {
  const { server, agent, pass, time } = await bench(t)
  server.configuration = { schedule: { users } }
  server.fail('log', ...Array(9).fill({ silence: 'closed' }))
  agent.start()
  await pass(36)
  await agent.stop()
  const [key, count] = [agent.nodeKey, server.requests.length]
  assert.deepEqual([agent.buffered, time.waiting], [2, 0])
  await time.advance(500_000, 0)
  assert.equal(server.requests.length, count)
  server.fail('config')
  agent.start()
  await pass(400)
  assert.deepEqual([agent.nodeKey, agent.buffered], [key, 0])
})

test('TLS with the pinned CA; a server of another CA is not talked to', async t => {
  const [own, foreign] = [await testCertificates(), await testCertificates()]
  const { server, agent, pass } = await bench(t, { trust: own.trust }, await startReferenceServer(own.pem))
  agent.start()
  await pass(0)
  assert.equal(routesOf(server), 'enroll config read')
  const other = await bench(t, { trust: foreign.trust }, await startReferenceServer(own.pem))
  other.agent.start()
  await other.time.rest(1)
  await other.time.advance(14_000, 1)
  assert.deepEqual(other.server.requests, [])
  assert.deepEqual(
    other.exchanges.map(({ outcome }) => outcome),
    ['lost', 'lost', 'lost', 'lost'],
  )
})
