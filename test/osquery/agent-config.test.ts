import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkAgentConfig, configBytesMax } from '../../src/osquery/agent-config.ts'

const query = { query: 'SELECT pid FROM processes', interval: 60 }

function errorsOf(config: unknown): readonly string[] {
  const { errors, config: checked } = checkAgentConfig(config)
  assert.equal(checked === undefined, errors.length > 0)
  return errors.map(({ path, message }) => `${path}: ${message}`)
}

function warningsOf(config: unknown): readonly string[] {
  const { errors, warnings } = checkAgentConfig(config)
  assert.deepEqual(errors, [])
  return warnings.map(({ path, message }) => `${path}: ${message}`)
}

const noInterval = 'is not a whole number of seconds from 1 to 604,800: agents leave such a query out'

/** Each configuration with its one error. */
const refusals: readonly (readonly [config: unknown, error: string])[] = [
  [[], ': [] is no object'],
  [null, ': null is no object'],
  ['{}', ': "{}" is no object'],
  [{ schedule: [] }, 'schedule: [] is no object'],
  [{ schedule: { a: [] } }, 'schedule.a: [] is no object'],
  [{ schedule: { a: { interval: 60 } } }, 'schedule.a: has no query'],
  [{ schedule: { a: { ...query, query: 7 } } }, 'schedule.a.query: the SQL is no text'],
  [{ schedule: { '': query } }, 'schedule[""]: the name is empty'],
  [
    { schedule: { [`${'x'.repeat(201)}`]: query } },
    `schedule.${'x'.repeat(201)}: the name has 201 characters: at most 200`,
  ],
  ...[0, -1, 604_801, 1.5, '', '1e3', '12s', null, true, Number.NaN].map(
    interval =>
      [
        { schedule: { a: { ...query, interval } } },
        `schedule.a.interval: ${JSON.stringify(interval)} ${noInterval}`,
      ] as const,
  ),
  ...[0, 101, 'ten', 0.5].map(
    shard =>
      [
        { schedule: { a: { ...query, shard } } },
        `schedule.a.shard: ${JSON.stringify(shard)} is not a whole number of percent from 1 to 100`,
      ] as const,
  ),
  ...[5, '5.x', '', '1.2.3.4.5'].map(
    version =>
      [
        { schedule: { a: { ...query, version } } },
        `schedule.a.version: ${JSON.stringify(version)} is not a version such as "5.9.1"`,
      ] as const,
  ),
  [{ schedule: { a: { ...query, platform: 3 } } }, 'schedule.a.platform: 3 is no text'],
  [{ schedule: { a: { ...query, removed: 'no' } } }, 'schedule.a.removed: "no" is neither true nor false'],
  [{ schedule: { a: { ...query, snapshot: 1 } } }, 'schedule.a.snapshot: 1 is neither true nor false'],
  [{ packs: { p: 5 } }, 'packs.p: 5 is no object'],
  [{ packs: { p: { queries: [] } } }, 'packs.p.queries: [] is no object'],
  [{ packs: { p: { queries: {}, discovery: 'SELECT 1' } } }, 'packs.p.discovery: "SELECT 1" is no list of texts'],
  [
    { packs: { "it's": { queries: { q: { ...query, interval: 0 } } } } },
    `packs["it's"].queries.q.interval: 0 ${noInterval}`,
  ],
  [{ options: [] }, 'options: [] is no object'],
  [{ options: { verbose: [] } }, 'options.verbose: [] is no text, number or boolean'],
  [
    { options: { tls_hostname: 'evil.example:443' } },
    "options.tls_hostname: --tls_hostname is a flag of the command line: put it in the agent's flagfile",
  ],
  [
    { options: { logger_plugin: 'filesystem' } },
    "options.logger_plugin: --logger_plugin is a flag of the command line: put it in the agent's flagfile",
  ],
  [{ decorators: { load: 'SELECT 1' } }, 'decorators.load: "SELECT 1" is no list of texts'],
  [{ decorators: { load: ['SELECT 1', ''] } }, 'decorators.load[1]: "" is no text'],
  [
    { decorators: { interval: { '90': ['SELECT 1'] } } },
    'decorators.interval.90: "90" is no multiple of 60 seconds: agents leave such decorators out',
  ],
  [
    { decorators: { interval: { '0': ['SELECT 1'] } } },
    'decorators.interval.0: "0" is no multiple of 60 seconds: agents leave such decorators out',
  ],
  [{ file_paths: { etc: '/etc/%%' } }, 'file_paths.etc: "/etc/%%" is no list of texts'],
  [
    { file_paths_query: { etc: ['DROP TABLE x'] } },
    'file_paths_query.etc[0]: line 1:1: only SELECT, VALUES and WITH … SELECT go to agents',
  ],
  [{ exclude_paths: { etc: [3] } }, 'exclude_paths.etc[0]: 3 is no text'],
  [{ file_accesses: {} }, 'file_accesses: {} is no list of texts'],
  [{ yara: { signatures: { a: 'x' } } }, 'yara.signatures.a: "x" is no list of texts'],
  [{ views: { v: 'SELECT (1' } }, 'views.v: line 1:8: this ( is not closed'],
  [
    { events: { disable_subscribers: 'process_events' } },
    'events.disable_subscribers: "process_events" is no list of texts',
  ],
  [{ auto_table_construction: { t: { path: '/x', columns: [] } } }, 'auto_table_construction.t: has no query'],
  [
    { auto_table_construction: { t: { query: 'SELECT 1', path: '/x' } } },
    'auto_table_construction.t.columns: undefined is no list of texts',
  ],
  [{ prometheus_targets: { urls: 'http://x' } }, 'prometheus_targets.urls: "http://x" is no list of texts'],
  [
    { node_invalid: true },
    'node_invalid: an agent takes an answer with this member for a failure and keeps the configuration it has',
  ],
  [{ error: '' }, 'error: an agent takes an answer with this member for a failure and keeps the configuration it has'],
]

for (const [config, error] of refusals) {
  test(`refused: ${error.slice(0, 100)}`, () => {
    assert.deepEqual(errorsOf(config), [error])
  })
}

const badSql: readonly (readonly [sql: string, error: string])[] = [
  ['', 'the SQL is empty'],
  ['  -- nothing', 'the SQL is empty'],
  ['DELETE FROM processes', 'line 1:1: only SELECT, VALUES and WITH … SELECT go to agents'],
  ['SELECT 1; SELECT 2', 'line 1:11: one statement is sent at a time: there is another one behind the ;'],
  ["SELECT 'a FROM users", 'line 1:8: a string is not closed'],
  ['SELECT (1', 'line 1:8: this ( is not closed'],
  ['SELECT 1)', 'line 1:9: this ) closes nothing'],
  ['WITH x AS (SELECT 1) DELETE FROM users', 'line 1:22: DELETE changes something: only SELECT goes to agents'],
]

for (const [sql, error] of badSql) {
  test(`SQL of a query, a pack's query, a discovery and a decorator is checked alike: ${error}`, () => {
    const bad = { ...query, query: sql }
    assert.deepEqual(errorsOf({ schedule: { a: bad } }), [`schedule.a.query: ${error}`])
    assert.deepEqual(errorsOf({ packs: { p: { queries: { a: bad } } } }), [`packs.p.queries.a.query: ${error}`])
    if (sql === '') return
    assert.deepEqual(errorsOf({ packs: { p: { queries: {}, discovery: [sql] } } }), [`packs.p.discovery[0]: ${error}`])
    assert.deepEqual(errorsOf({ decorators: { always: [sql] } }), [`decorators.always[0]: ${error}`])
  })
}

test('all errors are told at once', () => {
  const config = { options: { tls_hostname: 'x' }, schedule: { a: { query: 'x', interval: 0 }, b: query } }
  assert.deepEqual(
    checkAgentConfig(config).errors.map(({ path }) => path),
    ['options.tls_hostname', 'schedule.a.query', 'schedule.a.interval'],
  )
})

test('a configuration of a megabyte is taken, of one more byte not', () => {
  const empty = JSON.stringify({ custom: '' }).length
  const full = { custom: 'x'.repeat(configBytesMax - empty) }
  assert.equal(checkAgentConfig(full).bytes, configBytesMax)
  assert.deepEqual(checkAgentConfig(full).errors, [])
  const { errors, bytes } = checkAgentConfig({ custom: `${full.custom}x` })
  assert.equal(bytes, configBytesMax + 1)
  assert.deepEqual(errors, [{ path: '', message: 'has 1,048,577 bytes: agents take at most 1,048,576' }])
})

test('what is nested without end is refused, not followed', () => {
  let value: unknown = 1
  for (let depth = 0; depth < 100_000; depth += 1) value = [value]
  assert.deepEqual(checkAgentConfig({ custom: value }).errors, [{ path: '', message: 'nested deeper than 32 levels' }])
})

/** Each configuration with its one warning. */
const oddities: readonly (readonly [config: unknown, warning: string])[] = [
  [{ hello: 1 }, 'hello: osquery knows no such member: it is kept and served as it is'],
  [
    { schedule: { a: { ...query, logging: 'snapshot' } } },
    'schedule.a.logging: osquery knows no such member: it is kept and served as it is',
  ],
  [
    { schedule: { a: { query: query.query } } },
    'schedule.a.interval: has no interval: agents take their own default, an hour unless options say otherwise',
  ],
  [
    { schedule: { a: { ...query, query: 'SELECT * FROM registry' } } },
    'schedule.a.query: table registry is on Windows only, and this runs on macOS, Linux too',
  ],
  [
    { packs: { p: { platform: 'posix', queries: { a: { ...query, query: 'SELECT * FROM es_process_events' } } } } },
    'packs.p.queries.a.query: table es_process_events is on macOS only, and this runs on Linux too',
  ],
  [
    { schedule: { a: { ...query, query: 'SELECT * FROM proceses' } } },
    'schedule.a.query: osquery has no table proceses (processes?): it fails where no extension adds it',
  ],
  [
    { schedule: { a: { ...query, query: 'SELECT * FROM acme_inventory' } } },
    'schedule.a.query: osquery has no table acme_inventory: it fails where no extension adds it',
  ],
  [
    { options: { dissable_audit: false } },
    'options.dissable_audit: osquery knows no option dissable_audit: disable_audit?',
  ],
  [
    { options: { disable_logging: true } },
    'options.disable_logging: hosts with it log nothing, so the lake hears nothing of them',
  ],
  [
    { options: { pack_delimiter: '_' } },
    'options.pack_delimiter: query names of packs stay whole (pack_x_y): only / lets the lake take the pack off',
  ],
  [
    { packs: { p: '/etc/osquery/p.conf' } },
    'packs.p: agents that take their configuration over TLS read no file: put the pack itself here',
  ],
  [{ packs: { p: {} } }, 'packs.p: has no queries'],
  [{ packs: { 'a/b': { queries: {} } } }, 'packs["a/b"]: with a / in its name, query names of its rows stay whole'],
  [{ decorators: { often: [] } }, 'decorators.often: osquery knows no such member: it is kept and served as it is'],
]

for (const [config, warning] of oddities) {
  test(`taken with a warning: ${warning.slice(0, 100)}`, () => {
    assert.deepEqual(warningsOf(config), [warning])
  })
}

test('a platform of no host is said twice: the word, and that it selects nothing', () => {
  assert.deepEqual(warningsOf({ schedule: { a: { ...query, platform: 'win' } } }), [
    'schedule.a.platform: "win" is no platform: windows, darwin, linux, posix, any',
    'schedule.a.platform: "win" selects no host here',
  ])
})

test('tables are looked for where the query runs: its own platform, its pack and its layer', () => {
  const registry = { ...query, query: 'SELECT * FROM registry' }
  assert.deepEqual(warningsOf({ schedule: { a: { ...registry, platform: 'windows' } } }), [])
  assert.deepEqual(warningsOf({ packs: { p: { platform: 'windows', queries: { a: registry } } } }), [])
  assert.deepEqual(checkAgentConfig({ schedule: { a: registry } }, ['windows']).warnings, [])
  assert.deepEqual(
    checkAgentConfig({ schedule: { a: registry } }, ['linux']).warnings.map(({ message }) => message),
    ['table registry is on Windows only, and this runs on Linux too'],
  )
})

test('views, constructed tables and those of layers below are known, whatever their case', () => {
  const own = {
    views: { Admins: 'SELECT * FROM users WHERE uid = 0' },
    auto_table_construction: { munki: { query: 'SELECT a FROM b', path: '/x.db', columns: ['a'] } },
    schedule: { a: { ...query, query: 'SELECT * FROM admins JOIN MUNKI JOIN below' } },
  }
  assert.deepEqual(checkAgentConfig(own, undefined, ['below']).warnings, [])
})

test('a whole configuration as osquery documents it passes without a word', () => {
  const config = {
    options: { schedule_splay_percent: 10, verbose: 'true', custom_site: 'Bergen' },
    schedule: {
      kernel: {
        ...{ query: 'SELECT * FROM kernel_info;', interval: '3600', snapshot: true, removed: false, shard: '50' },
        ...{ platform: 'darwin,linux', version: '5.0.1', denylist: false, description: 'x', value: 'y' },
      },
      gone: null,
    },
    packs: {
      mysql: {
        discovery: ["SELECT pid FROM processes WHERE name = 'mysqld';"],
        ...{ platform: 'any', version: '1.5.2', shard: 10, oncall: 'dba' },
        queries: {
          logs: { query: "WITH f AS (SELECT * FROM file WHERE path = '/x') SELECT * FROM f", interval: 604_800 },
        },
      },
    },
    decorators: { load: ['SELECT uuid FROM system_info'], always: [], interval: { '3600': ['SELECT 1 AS one'] } },
    file_paths: { etc: ['/etc/%%'], gone: null },
    file_paths_query: { keys: ["SELECT directory || '/.ssh/%%' AS path FROM users"] },
    exclude_paths: { etc: ['/etc/mtab'] },
    file_accesses: ['etc'],
    yara: { signatures: { s: ['/x.sig'] }, file_paths: { etc: ['s'] }, signature_urls: ['https://example.com/x.yar'] },
    views: { v: 'SELECT 1' },
    events: { disable_subscribers: ['yara_events'] },
    auto_table_construction: { t: { query: 'SELECT a FROM b', path: '/x', columns: ['a'], platform: 'darwin' } },
    prometheus_targets: { timeout: 5, urls: ['http://localhost:9100/metrics'] },
    feature_vectors: { character_frequencies: [0.1] },
    kafka_topics: { topic: ['q'] },
  }
  const checked = checkAgentConfig(config)
  assert.deepEqual({ errors: checked.errors, warnings: checked.warnings }, { errors: [], warnings: [] })
  assert.deepEqual(checked.config, config)
})
