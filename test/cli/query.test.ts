import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query } from '../../src/cli/commands/query.ts'
import { type ScriptedAnswer, scriptedServer, tokenAnswer, tokenPath } from '../client/scripted-server.ts'
import { recordedEffects } from './recorded-effects.ts'

const runsPath = '/xdr-query/v1/queries/runs'
const window = {
  from: '2026-02-02T08:00:00.000Z',
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
  readonly refusal?: ScriptedAnswer
  readonly dataNewest?: string | undefined
  readonly rows?: readonly object[]
}

/** A lake that answers every run at once. */
function lake(options: LakeOptions = {}) {
  const rows = options.rows ?? [{ name: 'bash', n: 3 }]
  return scriptedServer(({ method, path, body, query: parameters }) => {
    if (path === tokenPath) return tokenAnswer()
    if (method === 'POST' && path === runsPath) {
      const isProbe = body.toString().includes('WHERE false')
      if (!isProbe && options.refusal !== undefined) return options.refusal
      return {
        status: 201,
        body: { id: isProbe ? 'probe' : 'run', status: 'pending', result: 'notAvailable', ...times },
      }
    }
    if (path === `${runsPath}/probe`) {
      const known = 'dataNewest' in options ? { ...window, dataNewest: options.dataNewest } : window
      return { body: { id: 'probe', status: 'finished', result: 'succeeded', ...times, window: known } }
    }
    if (path === `${runsPath}/run`) {
      return { body: { id: 'run', status: 'finished', result: 'succeeded', ...times, ...options.finished } }
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
}

test('a terminal gets a table over the whole span of the data', async () => {
  await using server = await lake()
  const effects = recordedEffects({ isTerminal: true })
  assert.equal(await query(effects, 'SELECT name, n FROM x', flagsFor(server.url)), 0)
  assert.equal(effects.stdout.text, 'name  n\n────  ─\nbash  3\n')
  assert.equal(effects.stderr.text, 'window 2026-01-20 08:00:00 UTC to 2026-02-03 08:00:00 UTC\n1 row in 0.0 s\n')
  assert.deepEqual(started(server)[1], { adHocQuery: { template: 'SELECT name, n FROM x' }, from: window.dataOldest })
})

test('the window ends with old data and starts nowhere without data', async () => {
  await using old = await lake({ dataNewest: '2026-01-25T00:00:00.000Z' })
  await query(recordedEffects(), 'SELECT 1', flagsFor(old.url))
  const { from, to } = started(old)[1]
  assert.deepEqual({ from, to }, { from: window.dataOldest, to: '2026-01-25T00:00:00.000Z' })
})

test('a given window is used as it is, without a probe', async () => {
  await using server = await lake()
  await query(recordedEffects(), 'SELECT 1', { ...flagsFor(server.url), from: 'P7D' })
  assert.deepEqual(started(server), [{ adHocQuery: { template: 'SELECT 1' }, from: 'P7D' }])
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
  assert.equal(started(server)[1].adHocQuery.template, 'SELECT 42\n')
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
  await using server = await lake({ refusal })
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
    assert.equal(effects.stderr.text.split('\n').slice(1).join('\n'), text)
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
