import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query } from '../../src/cli/commands/query.ts'
import { type ScriptedAnswer, scriptedServer, tokenAnswer, tokenPath } from '../client/scripted-server.ts'
import { recordedEffects } from './recorded-effects.ts'

const runsPath = '/xdr-query/v1/queries/runs'
const window = {
  from: '1970-01-01T00:00:00.000Z',
  dataOldest: '2026-01-20T08:00:00.000Z',
  dataNewest: '2026-02-03T08:00:00.000Z',
}
const times = {
  createdAt: '2026-02-03T08:00:00.000Z',
  from: '2026-01-20T08:00:00.000Z',
  to: '2026-02-03T08:00:00.000Z',
}

interface LakeOptions {
  readonly finished?: object
  /** Answers to starts, in turn, before the first that is accepted. */
  readonly refusals?: readonly ScriptedAnswer[]
  readonly rows?: readonly object[]
}

/** A lake that is done with every run at once. */
function lake(options: LakeOptions = {}) {
  const rows = options.rows ?? [{ name: 'bash', n: 3 }]
  const refusals = [...(options.refusals ?? [])]
  let asked: object = times
  return scriptedServer(({ method, path, body, query: parameters }) => {
    if (path === tokenPath) return tokenAnswer()
    if (method === 'POST' && path === runsPath) {
      const { from = times.from, to = times.to, adHocQuery } = JSON.parse(body.toString())
      if (adHocQuery.name === 'span of the data') {
        return { status: 201, body: { id: 'probe', status: 'pending', result: 'notAvailable', ...times } }
      }
      const refusal = refusals.shift()
      if (refusal !== undefined) return refusal
      asked = { ...times, from, to }
      return { status: 201, body: { id: 'run', status: 'pending', result: 'notAvailable', ...asked } }
    }
    if (path === `${runsPath}/probe`) {
      return { body: { id: 'probe', status: 'finished', result: 'succeeded', ...times, window, ...options.finished } }
    }
    if (path === `${runsPath}/run`) {
      return { body: { id: 'run', status: 'finished', result: 'succeeded', ...asked, window, ...options.finished } }
    }
    const start = Number(parameters['pageFromKey'] ?? 0)
    const end = start + Number(parameters['pageSize'])
    const pages = { size: end - start, items: rows.length, ...(end < rows.length ? { nextKey: String(end) } : {}) }
    const columns = [
      { name: 'name', type: 'string' },
      { name: 'n', type: 'long' },
    ]
    return { body: { items: rows.slice(start, end), metadata: { columns }, pages } }
  })
}

function flagsFor(url: string) {
  return { url, clientId: 'id', clientSecret: 'secret', tenant: '7b0e6f5e-5a57-4d0f-9a1d-5d7d3f1c2b40' }
}

type Server = Awaited<ReturnType<typeof lake>>

/** Bodies of the runs started, in order. */
function started(server: Server) {
  return server.seen
    .filter(({ path, method }) => path === runsPath && method === 'POST')
    .map(({ body }) => JSON.parse(body.toString()))
    .filter(body => body.adHocQuery.name === undefined)
}

test('a terminal gets a table over the whole span of the data', async () => {
  await using server = await lake()
  const effects = recordedEffects({ isTerminal: true })
  assert.equal(await query(effects, 'SELECT name, n FROM x', flagsFor(server.url)), 0)
  assert.equal(effects.stdout.text, 'name  n\n────  ─\nbash  3\n')
  assert.equal(
    effects.stderr.text,
    'window all data, 2026-01-20 08:00:00 UTC to 2026-02-03 08:00:00 UTC\n1 row in 0.0 s\n',
  )
  // 44 days around the data, which is days old: both ends are said.
  assert.deepEqual(started(server), [
    {
      adHocQuery: { template: 'SELECT name, n FROM x' },
      from: '2025-12-07T08:00:00.000Z',
      to: '2026-03-19T08:00:00.000Z',
    },
  ])
})

test('a window that reaches the present has no end', async () => {
  await using server = await lake()
  const effects = recordedEffects({ now: Date.parse('2026-02-03T09:00:00.000Z') })
  await query(effects, 'SELECT 1', flagsFor(server.url))
  assert.deepEqual(started(server)[0], { adHocQuery: { template: 'SELECT 1' }, from: '2025-12-07T08:00:00.000Z' })
})

test('a lake without data is asked as it is by default', async () => {
  await using server = await lake({ rows: [], finished: { window: { from: window.from }, note: 'no data yet' } })
  const effects = recordedEffects()
  await query(effects, 'SELECT 1', flagsFor(server.url))
  assert.deepEqual(started(server), [{ adHocQuery: { template: 'SELECT 1' } }])
  assert.ok(effects.stderr.text.endsWith('\n0 rows in 0.0 s\nno data yet\n'))
})

test('a lake that bounds the window gets the widest that it allows, and what is wider than that is refused', async () => {
  const tooLong = (days: number) => ({
    status: 400,
    body: { error: 'ValidationException', message: 'long', details: { field: 'from', limitMs: days * 86_400_000 } },
  })
  // The data lies in 14 days; a minute is left for the lake's own clock.
  await using server = await lake({ refusals: [tooLong(30)] })
  const effects = recordedEffects()
  assert.equal(await query(effects, 'SELECT 1', flagsFor(server.url)), 0)
  assert.deepEqual(
    started(server).map(({ from, to }) => [from, to]),
    [
      ['2025-12-07T08:00:00.000Z', '2026-03-19T08:00:00.000Z'],
      ['2026-01-12T08:00:30.000Z', '2026-02-11T07:59:30.000Z'],
    ],
  )
  for (const refusals of [[tooLong(14)], [tooLong(30), tooLong(30)]]) {
    await using strict = await lake({ refusals })
    const refused = recordedEffects()
    assert.equal(await query(refused, 'SELECT 1', flagsFor(strict.url)), 1)
    assert.equal(refused.stderr.text, 'edr-lake: long\n')
  }
})

test('a given window is used and printed as it is', async () => {
  await using server = await lake()
  const effects = recordedEffects()
  const given = { from: '2026-02-01T00:00:00.000Z', to: '2026-02-02T00:00:00.000Z' }
  await query(effects, 'SELECT 1', { ...flagsFor(server.url), ...given })
  assert.deepEqual(started(server), [{ adHocQuery: { template: 'SELECT 1' }, ...given }])
  assert.match(effects.stderr.text, /^window 2026-02-01 00:00:00 UTC to 2026-02-02 00:00:00 UTC$/m)
})

test('a pipe gets every row as it comes', async () => {
  const rows = Array.from({ length: 2_500 }, (_, n) => ({ name: `p${n}`, n }))
  await using server = await lake({ rows })
  const effects = recordedEffects()
  assert.equal(await query(effects, 'SELECT 1', flagsFor(server.url)), 0)
  assert.equal(effects.stdout.text, rows.map(row => `${JSON.stringify(row)}\n`).join(''))
  assert.match(effects.stderr.text, /^2,500 rows in 0\.0 s$/m)
})

test('a table that leaves rows out says so', async () => {
  const rows = Array.from({ length: 250 }, (_, n) => ({ name: `p${n}`, n }))
  await using server = await lake({ rows })
  const effects = recordedEffects({ isTerminal: true })
  await query(effects, 'SELECT 1', flagsFor(server.url))
  assert.match(
    effects.stderr.text,
    /^100 of 250 rows in 0\.0 s \(--limit for more, --format ndjson\|json\|csv for all\)$/m,
  )
  const limited = recordedEffects()
  await query(limited, 'SELECT 1', { ...flagsFor(server.url), limit: 3, format: 'csv' })
  assert.equal(limited.stdout.text, 'name,n\np0,0\np1,1\np2,2\n')
  assert.match(limited.stderr.text, /^3 of 250 rows in 0\.0 s$/m)
})

test('the SQL can come from standard input', async () => {
  await using server = await lake()
  await query(recordedEffects({ stdin: 'SELECT 42\n' }), '-', flagsFor(server.url))
  assert.equal(started(server)[0].adHocQuery.template, 'SELECT 42\n')
})

test('what the lake adds for people is printed', async () => {
  const note = 'no rows: the window lies outside the data'
  await using server = await lake({ rows: [], finished: { note, truncated: { reason: 'rowsMax', limit: 1_000_000 } } })
  const effects = recordedEffects()
  assert.equal(await query(effects, 'SELECT 1', flagsFor(server.url)), 0)
  assert.equal(effects.stdout.text, '')
  assert.ok(effects.stderr.text.endsWith(`0 rows in 0.0 s\n${note}\nrows are missing: rowsMax 1,000,000\n`))
})

test('a refused statement is shown with the place', async () => {
  const details = { line: 2, column: 3, offset: 9, length: 3, hint: 'did you mean "name"?' }
  const refusal = { status: 400, body: { error: 'ValidationException', message: 'no column nme in xdr_data', details } }
  await using server = await lake({ refusals: [refusal] })
  const effects = recordedEffects()
  assert.equal(await query(effects, 'SELECT\n  nme FROM xdr_data', flagsFor(server.url)), 1)
  assert.equal(
    effects.stderr.text,
    [
      'edr-lake: no column nme in xdr_data',
      '  2 |   nme FROM xdr_data',
      '    |   ^^^',
      '  did you mean "name"?',
      '',
    ].join('\n'),
  )
})

test('a run that ends badly says how', async () => {
  const cases: readonly (readonly [object, string, number])[] = [
    [
      { result: 'failed', error: { code: 'x', message: 'division by zero', line: 1, column: 8 } },
      'edr-lake: division by zero\n  1 | SELECT 1/0\n    |        ^\n',
      1,
    ],
    [{ result: 'timedOut' }, 'edr-lake: the run took too long\n', 1],
    [{ result: 'canceled' }, 'edr-lake: stopped\n', 130],
  ]
  for (const [finished, text, exitCode] of cases) {
    await using server = await lake({ finished })
    const effects = recordedEffects()
    assert.equal(await query(effects, 'SELECT 1/0', { ...flagsFor(server.url), from: 'P1D' }), exitCode)
    assert.equal(effects.stderr.text, text)
  }
})

test('stopping the command stops the run', async () => {
  const controller = new AbortController()
  await using server = await scriptedServer(({ path, method }) => {
    if (path === tokenPath) return tokenAnswer()
    if (path.endsWith('/cancel')) return { body: { canceled: true } }
    if (method === 'GET') controller.abort()
    return {
      status: method === 'POST' ? 201 : 200,
      body: { id: 'run', status: 'pending', result: 'notAvailable', ...times },
    }
  })
  const effects = recordedEffects({ signal: controller.signal })
  assert.equal(await query(effects, 'SELECT 1', { ...flagsFor(server.url), from: 'P1D' }), 130)
  assert.equal(server.seen.at(-1)?.path, `${runsPath}/run/cancel`)
  assert.ok(effects.stderr.text.endsWith('edr-lake: stopped\n'))
})
