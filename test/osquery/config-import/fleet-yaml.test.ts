import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkAgentConfig } from '../../../src/osquery/agent-config.ts'
import { importFleetYaml } from '../../../src/osquery/config-import/fleet-yaml.ts'

const nothing = 'there are no queries, packs or agent options of Fleet in it'

const refusals: readonly (readonly [text: string, message: string | RegExp])[] = [
  ['', nothing],
  ['hello', nothing],
  ['a: 1\nb: 2', nothing],
  ['queries: []', nothing],
  ['kind: query\nspec: {name: "x', /^line 2:\d+: missing closing "quote$/],
  ['a: &a [1]\n---\nkind: query\nspec: *a', 'its aliases make too much of it'],
  [`${'---\nkind: query\n'.repeat(1_001)}`, 'there are 1001 documents in it: at most 1000'],
]

for (const [text, message] of refusals) {
  test(`refused: ${JSON.stringify(text.slice(0, 40))}`, () => {
    assert.throws(() => importFleetYaml(text), { code: 'invalid_argument', message })
  })
}

test('a file that would keep the event loop busy is refused', () => {
  const message = 'the file has 300000 bytes: at most 262144, import it in parts'
  assert.throws(() => importFleetYaml('x'.repeat(300_000)), { code: 'too_large', message })
})

test('aliases that grow without end are refused', () => {
  const levels = Array.from({ length: 20 }, (_, level) => `l${level + 1}: &l${level + 1} [*l${level}, *l${level}]`)
  assert.throws(() => importFleetYaml(`l0: &l0 [x, x]\n${levels.join('\n')}`), {
    code: 'invalid_argument',
    message: 'its aliases make too much of it',
  })
})

test('queries and packs of fleetctl: the pack says when, the query what', () => {
  const text = `
apiVersion: v1
kind: pack
spec:
  name: monitoring
  description: Of the agents
  platform: ""
  targets: {labels: [All Hosts]}
  queries:
    - query: version
      name: version_snapshot
      interval: 7200
      snapshot: true
      platform: darwin,linux
    - {query: events, interval: 86400, removed: false, version: 5.0.0, shard: 10}
    - {query: missing, interval: 60}
    - {query: SELECT 1 AS one, name: one, interval: 60}
---
apiVersion: v1
kind: query
spec: {name: version, description: Its version, query: select version from osquery_info}
---
kind: query
spec: {name: events, query: select * from osquery_events}
---
kind: pack
spec: {name: old, disabled: true, queries: []}
---
kind: label
spec: {name: Ubuntu}
`
  assert.deepEqual(importFleetYaml(text), {
    config: {
      packs: {
        monitoring: {
          description: 'Of the agents',
          queries: {
            version_snapshot: {
              query: 'select version from osquery_info',
              interval: 7200,
              platform: 'darwin,linux',
              snapshot: true,
              description: 'Its version',
            },
            events: {
              query: 'select * from osquery_events',
              interval: 86_400,
              version: '5.0.0',
              shard: 10,
              removed: false,
            },
            one: { query: 'SELECT 1 AS one', interval: 60 },
          },
        },
      },
    },
    warnings: [
      { path: 'label', message: 'kind label is not imported' },
      { path: 'packs.monitoring.targets', message: "left out: put the pack into a label's configuration instead" },
      { path: 'packs.monitoring.missing', message: 'there is no query "missing" in the file: left out' },
      { path: 'packs.old', message: 'is disabled in Fleet: left out' },
    ],
  })
})

const query = `
  - name: Logons
    description: Who logs on
    query: SELECT * FROM last;
    interval: 300
    platform: darwin,linux
    min_osquery_version: 5.4.0
    logging: snapshot
    automations_enabled: true
    observer_can_run: true
    discard_data: false
  - {name: Quiet, query: SELECT 1, interval: 60, platform: "", min_osquery_version: "", logging: differential_ignore_removals, automations_enabled: false}
  - {name: Demand, query: SELECT 2, interval: 0}
  - path: ../lib/more.yml
  - just text`

test('queries of a repository, in a list or under queries', () => {
  const expected = {
    config: {
      schedule: {
        Logons: {
          query: 'SELECT * FROM last;',
          interval: 300,
          platform: 'darwin,linux',
          version: '5.4.0',
          snapshot: true,
          description: 'Who logs on',
        },
        Quiet: { query: 'SELECT 1', interval: 60, removed: false },
      },
    },
    warnings: [
      { path: 'queries[3]', message: 'is in another file, "../lib/more.yml": import that one too' },
      { path: 'queries[4]', message: '"just text" is no query: left out' },
      {
        path: 'queries.Quiet',
        message: 'Fleet did not send its rows to a log (automations_enabled: false): they are now',
      },
      { path: 'queries.Demand', message: 'interval 0: Fleet runs it on demand only, left out' },
    ],
  }
  assert.deepEqual(importFleetYaml(`queries:${query}`), expected)
  assert.deepEqual(importFleetYaml(query), expected)
  const { errors, warnings } = checkAgentConfig(expected.config)
  assert.deepEqual({ errors, warnings }, { errors: [], warnings: [] })
})

test('agent options of a team, of the organization, of a repository and of old fleetctl', () => {
  const options = `
    config:
      options: {distributed_interval: 10, tls_hostname: x, pack_delimiter: /}
      decorators: {load: [SELECT uuid AS host_uuid FROM system_info]}
    overrides: {platforms: {}}
    command_line_flags: {verbose: true}`
  const config = {
    options: { distributed_interval: 10, pack_delimiter: '/' },
    decorators: { load: ['SELECT uuid AS host_uuid FROM system_info'] },
  }
  const paths = ['options.tls_hostname', 'agent_options.overrides', 'agent_options.command_line_flags']
  for (const text of [
    `agent_options:${options}`,
    `kind: config\nspec:\n  agent_options:${options}`,
    `kind: options\nspec:${options}`,
  ]) {
    const imported = importFleetYaml(text)
    assert.deepEqual(imported.config, config)
    assert.deepEqual(imported.warnings.map(({ path }) => path).sort(), [...paths].sort())
  }
})
