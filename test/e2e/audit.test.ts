// The audit log as a tenant sees it: a table of its lake, over a kill, with nothing of another tenant and no way to
// write into it.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startServer, type TestServer } from '../support/server.ts'
import { addPrincipal, addTenant } from '../support/tenants.ts'
import { connect, type XdrClient } from '../support/xdr-client.ts'

describe('the audit log', () => {
  let server: TestServer
  let client: XdrClient

  before(async () => {
    server = await startServer()
    client = await connect(server.firstRun)
  })

  after(() => server?.close())

  const log = (where: string) =>
    client.query({ sql: `SELECT action, outcome, query_text, target, details FROM lake_audit WHERE ${where}` })

  test('every query is in it with its text, also one that reads the log', async () => {
    const sql = 'SELECT 42 AS answer'
    const { id } = await client.start({ sql })
    await client.finish(id)
    const [row] = await log(`query_text = '${sql}'`)
    assert.deepEqual([row?.['action'], row?.['outcome'], row?.['target']], ['runs.start', 'done', id])
    // Whether a run sees its own entry is a race; the next one does.
    const asking = await client.start({ sql: 'SELECT target FROM lake_audit' })
    await client.finish(asking.id)
    assert.equal((await log(`target = '${asking.id}'`)).length, 1)
  })

  test('exports and management are in it, without a secret', async () => {
    const { id } = await client.start({ sql: 'SELECT 1 AS one' })
    await client.finish(id)
    const answer = await client.call('GET', `/lake/v1/runs/${id}/export?format=csv`)
    assert.equal(answer.status, 200, answer.text)
    const made = await client.call('POST', '/lake/v1/ingest-tokens', {
      body: JSON.stringify({ name: 'shipper' }),
      headers: { 'content-type': 'application/json' },
    })
    const { id: tokenId, token } = made.json as { id: string; token: string }
    const [exported] = await log(`action = 'results.export' AND target = '${id}'`)
    assert.deepEqual(JSON.parse(String(exported?.['details'])), { format: 'csv', rows: 1 })
    const [created] = await log(`action = 'ingestTokens.create' AND target = '${tokenId}'`)
    assert.deepEqual(JSON.parse(String(created?.['details'])), { name: 'shipper' })
    const all = JSON.stringify(await client.query({ sql: 'SELECT * FROM lake_audit' }))
    assert.equal(all.includes(token), false)
    assert.equal(all.includes(server.firstRun.clientSecret), false)
  })

  test('nobody writes into it, and it is in no other table', async () => {
    const row = JSON.stringify({ action: 'forged', name: 'lake_audit', hostIdentifier: 'lake_audit', columns: {} })
    const forged = await client.call('POST', '/lake/v1/ingest/tables/lake_audit', { body: row })
    assert.equal(forged.status, 404, forged.text)
    await client.ingest(`${row}\n`)
    assert.deepEqual(await log("action = 'forged'"), [])
    const counts = await client.query({ sql: 'SELECT count(*) AS n FROM xdr_data' })
    assert.deepEqual(counts, [{ n: 1 }], 'the forged line is an ordinary row')
  })

  test("another tenant's log is its own", async () => {
    const other = await connect(await addTenant(server))
    const rows = await other.query({ sql: 'SELECT customer_id, query_text FROM lake_audit' })
    assert.deepEqual(rows, [], 'its first query is this one')
    const [own] = await other.query({ sql: 'SELECT DISTINCT customer_id FROM lake_audit' })
    assert.deepEqual(own, { customer_id: other.tenantId })
  })

  test('refused calls are in it as one row after a stop; what was kept survives a kill and the conversion', async context => {
    const reader = await connect(await addPrincipal(server, server.firstRun.tenantId, 'readOnly'))
    for (let call = 0; call < 5; call += 1) {
      const refused = await reader.call('POST', '/xdr-query/v1/queries/runs', { body: 'SELECT 1 AS refused' })
      assert.equal(refused.status, 403)
    }
    await server.stop('SIGTERM')
    let again = await server.restart()
    context.after(() => again.stop('SIGKILL'))
    client = await connect(again.firstRun)
    const sql =
      "SELECT action, calls, role, account_type FROM lake_audit WHERE outcome = 'refused' AND role = 'readOnly'"
    const expected = [{ action: 'runs.start', calls: 5, role: 'readOnly', account_type: 'tenant' }]
    assert.deepEqual(await client.query({ sql }), expected)
    // Whether a run sees its own entry is a race, so only what was done is counted.
    const done = "SELECT action, target FROM lake_audit WHERE action NOT LIKE 'runs.%' ORDER BY calendar_time"
    const before = await client.query({ sql: done })
    assert.ok(before.length >= 2)
    await again.stop('SIGKILL')
    again = await again.restart()
    client = await connect(again.firstRun)
    assert.deepEqual(await client.query({ sql: done }), before)
  })
})

test('a tenant at its upload cap does not act unseen', async () => {
  await using server = await startServer({ flags: ['--upload-cap-tenant', '1'] })
  const client = await connect(server.firstRun)
  const sent = await client.ingest('{"name":"q","hostIdentifier":"h","columns":{"n":"1"},"action":"added"}\n')
  assert.equal(sent.accepted, 1)
  assert.deepEqual(await client.query({ sql: 'SELECT count(*) AS n FROM xdr_data' }), [{ n: 0 }], 'over the cap')
  const sql = "SELECT count(*) AS n FROM lake_audit WHERE action = 'runs.start' AND query_text LIKE '%xdr_data%'"
  const [row] = await client.query({ sql })
  assert.ok(Number(row?.['n']) >= 1)
})
