// What a stranger gets wrong, and what the program then says: the bodies of the wire contract, whole.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { assertProblem, assertTokenError, assertXdrError } from '../support/error-bodies.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { addPrincipal } from '../support/tenants.ts'
import { type Answer, connect, fetchAnswer, type Run, requestToken, type XdrClient } from '../support/xdr-client.ts'

const guideSql = await readFile(new URL('./guide-query.sql', import.meta.url), 'utf8')
const runs = '/xdr-query/v1/queries/runs'
const json = { 'content-type': 'application/json' }
const unknownId = '11111111-1111-4111-8111-111111111111'

describe('refusals', () => {
  let server: TestServer
  let client: XdrClient

  before(async () => {
    server = await startServer()
    client = await connect(server.firstRun)
  })

  after(() => server?.close())

  const startRaw = (body: string): Promise<Answer> => client.call('POST', runs, { body, headers: json })
  const startSql = (template: string): Promise<Answer> => startRaw(JSON.stringify({ adHocQuery: { template } }))

  test('the token service: a wrong secret, an unknown client, no grant', async () => {
    const wrong = await requestToken({ ...server.firstRun, clientSecret: '0'.repeat(64) })
    assertTokenError(wrong, 401, /^oauth\.invalid_client_secret$/)
    assert.equal((wrong.json as Record<string, unknown>)['message'], 'Unauthorized')
    assertTokenError(await requestToken({ ...server.firstRun, clientId: unknownId }), 401, /^oauth\./)
    const url = `${server.url}/api/v2/oauth2/token`
    assertTokenError(await fetchAnswer(url, { method: 'POST', body: new URLSearchParams({}) }), 400, /^oauth\./)
    assertTokenError(await fetchAnswer(url, { method: 'POST', body: '{', headers: json }), 400, /^oauth\./)
  })

  test('401: no token, a token of someone else, no tenant header', async () => {
    const bare = await client.call('GET', runs, { headers: { authorization: '' } })
    assertXdrError(bare, 401, 'Unauthorized', /./)
    const forged = await client.call('GET', runs, { headers: { authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' } })
    assertXdrError(forged, 401, 'Unauthorized', /./)
    const tampered = await client.call('GET', runs, { headers: { authorization: `Bearer ${client.token}x` } })
    assertXdrError(tampered, 401, 'Unauthorized', /./)
    const noTenant = await client.call('GET', runs, { headers: { 'x-tenant-id': '' } })
    assertXdrError(noTenant, 401, 'Unauthorized', /./)
    assertXdrError(await client.call('GET', '/whoami/v1', { headers: { authorization: '' } }), 401, 'Unauthorized', /./)
  })

  test('403: a foreign tenant, and a role that may not run queries', async () => {
    const foreign = await client.call('GET', runs, { headers: { 'x-tenant-id': unknownId } })
    assertXdrError(foreign, 403, 'Forbidden', /./)
    const reader = await connect(await addPrincipal(server, server.firstRun.tenantId, 'readOnly'))
    assert.equal((await reader.call('GET', runs)).status, 200)
    const refused = await reader.call('POST', runs, {
      body: JSON.stringify({ adHocQuery: { template: 'SELECT 1' } }),
      headers: json,
    })
    assertXdrError(refused, 403, 'UNAUTHORIZED_ACCESS', /./)
    const manager = await connect(await addPrincipal(server, server.firstRun.tenantId, 'management'))
    assertXdrError(await manager.call('GET', runs), 403, 'UNAUTHORIZED_ACCESS', /./)
  })

  test('404 and 405: an unknown run, an unknown route, a method that a route lacks', async () => {
    assertXdrError(await client.call('GET', `${runs}/${unknownId}`), 404, 'resourceNotFound', /./)
    assertXdrError(await client.call('GET', `${runs}/${unknownId}/results`), 404, 'resourceNotFound', /./)
    const cancel = await client.call('POST', `${runs}/${unknownId}/cancel`, { body: '{}', headers: json })
    assertXdrError(cancel, 404, 'resourceNotFound', /./)
    assertXdrError(await client.call('GET', '/xdr-query/v1/nothing/here'), 404, 'resourceNotFound', /./)
    assertXdrError(await client.call('POST', '/whoami/v1'), 405, 'MethodNotAllowed', /POST.*GET/)
  })

  test("400: the guide's own two slips of the pen are explained", async () => {
    const fileName = await startRaw('query.sql')
    assertXdrError(fileName, 400, 'ValidationException', /query\.sql.*--data-binary @query\.sql/s)
    const oneLine = await startRaw(guideSql.replaceAll('\n', ''))
    assertXdrError(oneLine, 400, 'ValidationException', /--data-binary @query\.sql/)
  })

  test('400: bodies that begin as JSON and break, and members that are missing or wrong', async () => {
    const bodies: readonly string[] = [
      '{"adHocQuery": {"template": "SELECT 1"',
      '[1, 2',
      '""',
      '{}',
      '[]',
      '   ',
      '{"adHocQuery": {}}',
      '{"adHocQuery": {"template": ""}}',
      '{"adHocQuery": {"query": "SELECT 1"}}',
      `{"adHocQuery": {"template": "SELECT 1"}, "savedQuery": {"queryId": "${unknownId}"}}`,
      '{"adHocQuery": {"template": "SELECT 1"}, "matchEndpoints": {"filters": [{"ids": ["not-an-id"]}]}}',
      '{"adHocQuery": {"template": "SELECT 1"}, "variables": [{"name": "x", "dataType": "colour", "value": "1"}]}',
      '{"adHocQuery": {"template": "SELECT 1"}, "from": "yesterday"}',
      '{"adHocQuery": {"template": "SELECT 1"}, "from": "2026-02-03", "to": "2026-02-01"}',
    ]
    for (const body of bodies) assertXdrError(await startRaw(body), 400, 'ValidationException', /./)
  })

  test('400: a window that begins in the future, in the words that clients match', async () => {
    const from = '2126-01-01T00:00:00.000Z'
    const answer = await startRaw(JSON.stringify({ adHocQuery: { template: 'SELECT 1' }, from }))
    const message = `Invalid time range 'from' field: ${from} - cannot be in the future.`
    assertXdrError(answer, 400, 'ValidationException', message)
  })

  test('400: SQL that does not parse, or names what is not there, says where', async () => {
    const syntax = assertXdrError(
      await startSql('SELECT name FROM xdr_data\nWHERE AND'),
      400,
      'ValidationException',
      /./,
    )
    assert.equal(syntax?.['line'], 2)
    const column = await startSql('SELECT meta_hostnam FROM xdr_data')
    const details = assertXdrError(column, 400, 'ValidationException', /meta_hostnam\b.*meta_hostname/s)
    assert.deepEqual([details?.['line'], details?.['column']], [1, 8])
    const table = await startSql('SELECT name FROM xdr_dta')
    assertXdrError(table, 400, 'ValidationException', /xdr_dta/)
    assertXdrError(await startSql('SELECT frobnicate(name) FROM xdr_data'), 400, 'ValidationException', /frobnicate/)
    assertXdrError(await startSql('SELECT 1; SELECT 2'), 400, 'ValidationException', /./)
    assertXdrError(await startSql('DROP TABLE xdr_data'), 400, 'ValidationException', /./)
    const file = await startSql("SELECT * FROM read_csv('/etc/passwd')")
    assertXdrError(file, 400, 'ValidationException', /read_csv/)
  })

  test('400: a header that is no id, pages that cannot be, results before the end', async () => {
    const header = await client.call('GET', runs, { headers: { 'x-tenant-id': 'my-tenant' } })
    assertXdrError(header, 400, 'ValidationException', 'header X-Tenant-ID must be a UUID, it is "my-tenant"')
    const { id } = await client.start({ sql: 'SELECT 1 AS one' })
    await client.finish(id)
    for (const pageSize of ['0', '-1', 'many']) {
      const page = await client.call('GET', `${runs}/${id}/results?pageSize=${pageSize}`)
      assertXdrError(page, 400, 'ValidationException', /pageSize/)
    }
    const key = await client.call('GET', `${runs}/${id}/results?pageFromKey=%21%21`)
    assertXdrError(key, 400, 'ValidationException', /pageFromKey/)
  })

  test('a long run is cancelled; its results are not there, and a second cancel is false', async () => {
    const { id } = await client.start({ sql: longSql })
    const early = await client.call('GET', `${runs}/${id}/results`)
    assertXdrError(early, 400, 'ValidationException', /./)
    const cancel = (): Promise<Answer> => client.call('POST', `${runs}/${id}/cancel`, { body: '{}', headers: json })
    const first = await cancel()
    assert.deepEqual([first.status, first.json], [200, { canceled: true }])
    const run = await client.finish(id)
    assert.deepEqual([run.status, run.result], ['finished', 'canceled'])
    assert.match(run.finishedAt ?? '', /Z$/)
    assertXdrError(await client.call('GET', `${runs}/${id}/results`), 400, 'ValidationException', /./)
    const second = await cancel()
    assert.deepEqual([second.status, second.json], [200, { canceled: false }])
    const next = await client.query({ sql: 'SELECT 1 AS one' })
    assert.deepEqual(next, [{ one: 1 }], 'the lake goes on')
  })

  test('DELETE cancels too', async () => {
    const { id } = await client.start({ sql: longSql })
    const answer = await client.call('DELETE', `${runs}/${id}`)
    assert.deepEqual([answer.status, answer.json], [200, { canceled: true }])
    assert.equal((await client.finish(id)).result, 'canceled')
  })

  test('/lake/v1 answers problem details', async () => {
    const body = '{"name":"x"}\n'
    const path = '/lake/v1/ingest/osquery'
    assertProblem(await client.call('POST', path, { body, headers: { authorization: '' } }), 401)
    assertProblem(await client.call('POST', path, { body, headers: { 'x-tenant-id': unknownId } }), 403)
    assertProblem(await client.call('GET', '/lake/v1/nothing'), 404)
    const reader = await connect(await addPrincipal(server, server.firstRun.tenantId, 'readOnly'))
    assertProblem(await reader.call('POST', path, { body }), 403)
  })

  test('a run that only fails while it executes says what and where', async () => {
    const { id } = await client.start({
      sql: "SELECT CAST('x' || CAST(n AS varchar) AS bigint) FROM UNNEST(ARRAY[1]) AS t(n)",
    })
    const run: Run = await client.finish(id)
    assert.equal(run.result, 'failed')
    assert.match(run.error?.message ?? '', /x1/)
  })
})

/** Minutes of work for any engine: 10^12 pairs that no index or statistics can skip. */
const longSql = `SELECT count(*) AS n
FROM UNNEST(SEQUENCE(1, 10000)) AS a(x)
CROSS JOIN UNNEST(SEQUENCE(1, 10000)) AS b(y)
CROSS JOIN UNNEST(SEQUENCE(1, 10000)) AS c(z)
WHERE (x * 7919 + y * 104729 + z * 1299709) % 1000003 = 5`
