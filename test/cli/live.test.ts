import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePageKey } from '../../src/api/page.ts'
import { type LiveFlags, runLive } from '../../src/cli/commands/live.ts'
import { scriptedServer, tokenAnswer, tokenPath } from '../client/scripted-server.ts'
import { recordedEffects } from './recorded-effects.ts'

const runsPath = '/live-discover/v1/queries/runs'
const none = { total: 0, withData: 0, withoutData: 0 }

function runOf(members: object = {}, finished: object = {}) {
  return {
    ...{ id: 'run', status: 'pending', result: 'notAvailable', resultCount: 0, queryName: "live/it's me" },
    endpointCounts: {
      total: 3,
      statuses: { finished: { succeeded: none, failed: none, timedOut: none, canceled: none, ...finished } },
    },
    ...members,
  }
}

interface Script {
  /** What each poll finds: rows so far, and whether it was the end. */
  readonly polls: readonly { readonly rows: number; readonly run?: object }[]
  readonly pageSize?: number
  readonly refusal?: { readonly status: number; readonly body: object }
  readonly failures?: readonly object[]
  readonly onPoll?: () => void
}

function lake({ polls, pageSize = 1_000, refusal, failures = [], onPoll }: Script) {
  let at = -1
  return scriptedServer(({ method, path, query }) => {
    if (path === tokenPath) return tokenAnswer()
    if (method === 'POST' && path === runsPath) return refusal ?? { status: 201, body: runOf() }
    if (path === `${runsPath}/run/cancel`) return { body: { canceled: true } }
    if (path === `${runsPath}/run/endpoints`) return { body: { items: failures } }
    if (path === `${runsPath}/run`) {
      onPoll?.()
      at = Math.min(at + 1, polls.length - 1)
      const { rows, run } = polls[at]!
      return { body: runOf({ resultCount: rows, ...run }) }
    }
    const key = query['pageFromKey']
    const first = key === undefined ? 0 : parsePageKey(String(key))
    const rows = polls[Math.max(0, at)]!.rows
    const end = Math.min(rows, first + pageSize)
    const items = Array.from({ length: Math.max(0, end - first) }, (_, n) => ({ n: first + n }))
    return { body: { items, pages: end < rows ? { nextKey: 'more' } : {} } }
  })
}

const flagsFor = (url: string, flags: LiveFlags = {}): LiveFlags => ({
  ...{ url, clientId: 'id', clientSecret: 'secret', tenant: '7b0e6f5e-5a57-4d0f-9a1d-5d7d3f1c2b40', ...flags },
})

const { endpointCounts: allAnswered } = runOf({}, { succeeded: { ...none, total: 3 } })
const done = { status: 'finished', result: 'succeeded', endpointCounts: allAnswered }

test('rows are printed once each, as they come, and the summary says where they are', async () => {
  await using server = await lake({
    polls: [{ rows: 2 }, { rows: 2 }, { rows: 7 }, { rows: 8, run: done }],
    pageSize: 3,
  })
  const effects = recordedEffects()
  assert.equal(await runLive(effects, 'SELECT 1', flagsFor(server.url, { all: true, wait: true })), 0)
  assert.equal(effects.stdout.text, Array.from({ length: 8 }, (_, n) => `{"n":${n}}\n`).join(''))
  assert.equal(
    effects.stderr.text,
    "8 rows; 3 of 3 hosts answered, in 0.0 s\nin the lake: SELECT * FROM xdr_data WHERE query_name = 'live/it''s me'\n",
  )
})

test('without --wait the run is named', async () => {
  await using server = await lake({ polls: [{ rows: 0 }] })
  const effects = recordedEffects()
  assert.equal(await runLive(effects, 'SELECT 1', flagsFor(server.url, { all: true })), 0)
  assert.deepEqual([effects.stdout.text, effects.stderr.text], ['run\n', 'asking 3 hosts; --wait prints their rows\n'])
})

test('hosts that failed are named with what they said, and rows left out are said', async () => {
  const finished = { succeeded: { ...none, total: 0 }, failed: { ...none, total: 2 }, timedOut: { ...none, total: 1 } }
  const { endpointCounts } = runOf({}, finished)
  const truncated = { reason: 'rowsMax', limit: 1_000_000, total: 12 }
  const run = { status: 'finished', result: 'failed', endpointCounts, truncated }
  const failures = [
    { hostname: 'a', statusMessage: 'no such table: x' },
    { hostname: 'b\u001b[2J', statusMessage: 'denylisted' },
    { hostname: 'c', statusMessage: 'no such table: x' },
  ]
  await using server = await lake({ polls: [{ rows: 0, run }], failures })
  const effects = recordedEffects()
  assert.equal(await runLive(effects, 'SELECT 1', flagsFor(server.url, { all: true, wait: true })), 1)
  assert.deepEqual(effects.stderr.text.split('\n').slice(0, 5), [
    '0 rows; 0 of 3 hosts answered, 2 failed, 1 did not answer in time, in 0.0 s',
    "in the lake: SELECT * FROM xdr_data WHERE query_name = 'live/it''s me'",
    '12 rows left out: rowsMax 1,000,000',
    '  a and 1 other: no such table: x',
    '  b\\u001b[2J: denylisted',
  ])
})

test('flags become filters, variables and a name', async () => {
  const id = '7b0e6f5e-5a57-4d0f-9a1d-5d7d3f1c2b41'
  const cases: readonly (readonly [LiveFlags, object])[] = [
    [{ all: true }, { adHocQuery: { template: 'SELECT 1' }, matchEndpoints: { all: true } }],
    [
      { label: ['x', 'y'], os: ['windows', 'macos'], name: 'n', timeout: 60 },
      {
        adHocQuery: { template: 'SELECT 1', name: 'n' },
        matchEndpoints: { filters: [{ labels: ['x', 'y'], os: [{ platform: 'windows' }, { platform: 'macOS' }] }] },
        maxDurationInSeconds: 60,
      },
    ],
    [
      { host: [id, 'web'], type: ['server'], var: ['pid=4', 'name=a=b'] },
      {
        adHocQuery: { template: 'SELECT 1' },
        variables: [
          { name: 'pid', dataType: 'integer', value: '4' },
          { name: 'name', dataType: 'text', value: 'a=b' },
        ],
        matchEndpoints: {
          filters: [
            { type: ['server'], ids: [id] },
            { type: ['server'], hostnameContains: 'web' },
          ],
        },
      },
    ],
  ]
  for (const [flags, body] of cases) {
    await using server = await lake({ polls: [{ rows: 0 }] })
    await runLive(recordedEffects(), 'SELECT 1', flagsFor(server.url, flags))
    const started = server.seen.find(({ path }) => path === runsPath)
    assert.deepEqual(JSON.parse(started!.body.toString()), body)
  }
  await using server = await lake({ polls: [{ rows: 0 }] })
  await runLive(recordedEffects({ stdin: `${id}\n` }), '-', flagsFor(server.url, { all: true }))
  assert.deepEqual(JSON.parse(server.seen.at(-1)!.body.toString()), {
    savedQuery: { queryId: id },
    matchEndpoints: { all: true },
  })
})

test('a command line that makes no sense is refused before anything is asked', async () => {
  const cases: readonly (readonly [LiveFlags, string])[] = [
    [{}, 'say which hosts to ask: --all, or --label, --os, --type, --host'],
    [{ all: true, label: ['x'] }, '--all asks every host: leave it out to ask some'],
    [{ all: true, var: ['x'] }, '"x" is no name=value'],
    [{ all: true, var: ['=x'] }, '"=x" is no name=value'],
  ]
  for (const [flags, message] of cases) {
    await using server = await lake({ polls: [{ rows: 0 }] })
    const effects = recordedEffects()
    assert.equal(await runLive(effects, 'SELECT 1', flagsFor(server.url, flags)), 2)
    assert.equal(effects.stderr.text, `edr-lake: ${message}\n`)
    assert.deepEqual(
      server.seen.filter(({ path }) => path === runsPath),
      [],
    )
  }
})

test('SQL that is refused is shown with the place', async () => {
  const details = { line: 1, column: 8, offset: 7, length: 3 }
  const body = { error: 'ValidationException', message: "line 1:8: variable 'x' has no value", details }
  await using server = await lake({ polls: [], refusal: { status: 400, body } })
  const effects = recordedEffects()
  assert.equal(await runLive(effects, 'SELECT $$x$$', flagsFor(server.url, { all: true })), 1)
  assert.equal(
    effects.stderr.text,
    "edr-lake: line 1:8: variable 'x' has no value\n  1 | SELECT $$x$$\n    |        ^^^\n",
  )
})

test('stopping the command stops the run', async () => {
  const controller = new AbortController()
  await using server = await lake({ polls: [{ rows: 1 }], onPoll: () => controller.abort() })
  const effects = recordedEffects({ signal: controller.signal })
  assert.equal(await runLive(effects, 'SELECT 1', flagsFor(server.url, { all: true, wait: true })), 130)
  assert.equal(server.seen.at(-1)?.path, `${runsPath}/run/cancel`)
  assert.equal(effects.stderr.text, 'edr-lake: stopped\n')
})
