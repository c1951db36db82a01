import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { AppError } from '../../src/model/errors.ts'
import { newId } from '../../src/model/ids.ts'
import { until } from '../support/engine-fixtures.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

async function finishedRun(context: TestContext) {
  const lake = await openTestApp(context)
  const tenant = await lake.tenant()
  const headers: Record<string, string> = { ...(await lake.headersFor(tenant.id)), 'accept-encoding': 'identity' }
  const runs = '/xdr-query/v1/queries/runs'
  const { id } = (await lake.app.inject({ method: 'POST', url: runs, headers, payload: 'SELECT 1' })).json()
  lake.queries.set(id, { state: 'succeeded', finishedAt: lake.now })
  return { lake, headers, id: id as string, url: `/lake/v1/runs/${id}/export` }
}

/** Facts of the log line that every export leaves. */
function exportLines(lake: TestApp): Record<string, unknown>[] {
  return lake.logLines.map(line => JSON.parse(line)).filter(entry => entry.msg === 'result exported')
}

test('each format has its type and name, and gzip as asked', async t => {
  const { lake, headers, id, url } = await finishedRun(t)
  const csv = { kind: 'csv', escapesFormulas: false, isGzip: false }
  const ndjson = { kind: 'ndjson', isGzip: false }
  const parquet = { kind: 'parquet', isGzip: false }
  const cases = [
    ['format=csv', '', csv, 'text/csv; charset=utf-8', 'csv', undefined],
    [
      'format=csv&formulas=escape',
      'br',
      { ...csv, escapesFormulas: true },
      'text/csv; charset=utf-8',
      'csv',
      undefined,
    ],
    ['format=csv', 'br, gzip;q=0.5', { ...csv, isGzip: true }, 'text/csv; charset=utf-8', 'csv', 'gzip'],
    ['format=csv', 'gzip;q=0', csv, 'text/csv; charset=utf-8', 'csv', undefined],
    ['format=ndjson&gzip=true', 'gzip', { ...ndjson, isGzip: true }, 'application/gzip', 'ndjson.gz', undefined],
    ['format=ndjson', '', ndjson, 'application/x-ndjson', 'ndjson', undefined],
    ['format=parquet&gzip=true', 'gzip', parquet, 'application/vnd.apache.parquet', 'parquet', undefined],
  ] as const
  for (const [query, encoding, format, type, ending, contentEncoding] of cases) {
    const answer = await lake.app.inject({
      url: `${url}?${query}`,
      headers: { ...headers, 'accept-encoding': encoding },
    })
    assert.equal(answer.statusCode, 200, answer.body)
    assert.equal(answer.body, 'file')
    assert.deepEqual(lake.queries.exported.at(-1)?.format, format, query)
    assert.equal(answer.headers['content-type'], type)
    assert.equal(answer.headers['content-disposition'], `attachment; filename="run-${id}.${ending}"`)
    assert.equal(answer.headers['content-encoding'], contentEncoding, query)
    assert.equal(answer.headers['cache-control'], 'no-store')
  }
  const kept = lake.audit.entries.filter(({ action }) => action === 'results.export')
  assert.equal(kept.length, cases.length)
  assert.deepEqual([kept[0]?.target, kept[0]?.details], [id, { format: 'csv', rows: 0 }])
  const [line] = exportLines(lake)
  assert.deepEqual([line?.['runId'], line?.['format'], line?.['bytes'], line?.['isWhole']], [id, 'csv', 4, true])
})

test('no format, another format, no such run and another tenant’s run are refused before anything is made', async t => {
  const { lake, headers, url } = await finishedRun(t)
  const other = await lake.headersFor((await lake.tenant()).id)
  const status = async (path: string, given = headers) =>
    (await lake.app.inject({ url: path, headers: given })).statusCode
  assert.equal(await status(url), 400)
  assert.equal(await status(`${url}?format=xlsx`), 400)
  assert.equal(await status(`${url}?format=csv&formulas=drop`), 400)
  assert.equal(await status(`/lake/v1/runs/${newId()}/export?format=csv`), 404)
  assert.equal(await status('/lake/v1/runs/nonsense/export?format=csv'), 404)
  assert.equal(await status(`${url}?format=csv`, other), 404)
  const head = await lake.app.inject({ method: 'HEAD', url: `${url}?format=csv`, headers })
  assert.equal(head.statusCode, 405)
  assert.deepEqual(lake.queries.exported, [])
})

test('an export that fails on its way breaks the answer off; a client that leaves ends it', async t => {
  const { lake, headers, url } = await finishedRun(t)
  await lake.app.listen({ port: 0, host: '127.0.0.1' })
  const origin = `http://127.0.0.1:${(lake.app.server.address() as AddressInfo).port}`
  lake.queries.exportBytes = async function* () {
    yield Buffer.alloc(1000)
    throw new AppError('internal', 'the export ended early')
  }
  const broken = await fetch(`${origin}${url}?format=csv`, { headers })
  assert.equal(broken.status, 200)
  await assert.rejects(broken.text())
  await until(() => exportLines(lake).length === 1)
  assert.equal(exportLines(lake)[0]?.['isWhole'], false)

  lake.queries.exportBytes = async function* () {
    for (;;) yield Buffer.alloc(64 * 1024)
  }
  const abort = new AbortController()
  const endless = await fetch(`${origin}${url}?format=csv`, { headers, signal: abort.signal })
  await endless.body?.getReader().read()
  abort.abort()
  await until(() => lake.queries.exported.at(-1)?.stream.destroyed === true)
  await until(() => exportLines(lake).length === 2)
  assert.equal(exportLines(lake)[1]?.['isWhole'], false)
})

test('a server that stops does not wait for an export', async t => {
  const { lake, headers, url } = await finishedRun(t)
  await lake.app.listen({ port: 0, host: '127.0.0.1' })
  const origin = `http://127.0.0.1:${(lake.app.server.address() as AddressInfo).port}`
  lake.queries.exportBytes = async function* () {
    for (;;) yield Buffer.alloc(64 * 1024)
  }
  const endless = await fetch(`${origin}${url}?format=csv`, { headers })
  const reading = assert.rejects(endless.arrayBuffer())
  await lake.app.close()
  await reading
})

test('a client that leaves before the first byte leaves no export behind', async t => {
  const { lake, headers, url } = await finishedRun(t)
  await lake.app.listen({ port: 0, host: '127.0.0.1' })
  const origin = `http://127.0.0.1:${(lake.app.server.address() as AddressInfo).port}`
  const { exportResult } = lake.queries
  const abort = new AbortController()
  const gone = Promise.withResolvers<void>()
  lake.app.server.once('connection', socket => socket.once('close', () => gone.resolve()))
  Object.assign(lake.queries, {
    exportResult: async (...request: Parameters<typeof exportResult>) => {
      abort.abort()
      await gone.promise
      return exportResult(...request)
    },
  })
  await assert.rejects(fetch(`${origin}${url}?format=csv`, { headers, signal: abort.signal }))
  await until(() => lake.queries.exported.at(-1)?.stream.destroyed === true)
})
