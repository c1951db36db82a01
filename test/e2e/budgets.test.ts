import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { startServer } from '../support/server.ts'
import { connect, type XdrClient } from '../support/xdr-client.ts'

const now = Math.floor(Date.now() / 1000)
let made = 0
const body = (count: number) =>
  Array.from({ length: count }, () => {
    const columns = { pid: String(made++), junk: 'x'.repeat(200) }
    return `${JSON.stringify({ name: 'q', hostIdentifier: 'h', unixTime: now, columns, action: 'added' })}\n`
  }).join('')

interface Stats {
  readonly budget: Readonly<Record<string, unknown>>
}
const budgetOf = async (client: XdrClient) => ((await client.call('GET', '/lake/v1/stats')).json as Stats).budget

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, 'the condition never held')
    await wait(50)
  }
}

test('a tenant that fills its budget is refused, says so everywhere, and goes on when it has more', async () => {
  await using server = await startServer({
    flags: ['--tenant-disk-budget', '1M', '--segment-bytes', '100k', '--janitor-interval', '200ms'],
  })
  const client = await connect(server.firstRun)
  let accepted = 0
  let refusal = await client.call('POST', '/lake/v1/ingest/osquery', { body: body(100) })
  while (refusal.status === 200) {
    accepted += 100
    refusal = await client.call('POST', '/lake/v1/ingest/osquery', { body: body(100) })
  }
  assert.equal(refusal.status, 503)
  assert.equal(refusal.headers.get('retry-after'), '60')
  const { detail } = refusal.json as { detail: string }
  assert.equal(detail, "the tenant's disk budget of 1 MiB is used up: nothing was stored")
  await until(async () => /"level":"full".*"msg":"disk budget of a tenant runs low"/.test(server.output()))
  assert.equal((await budgetOf(client))['level'], 'full')
  const budget = await budgetOf(client)
  assert.deepEqual([budget['budgetBytes'], budget['whenFull'], budget['dropped']], [2 ** 20, 'refuse', undefined])
  assert.ok(Number(budget['usedBytes']) < 1.3 * 2 ** 20, 'stopped within a segment of its bound')
  const readiness = await (await fetch(`${server.url}/readyz`)).text()
  assert.match(readiness, new RegExp(`tenant ${client.tenantId}: 1\\d\\d % of 1 MiB in use`))
  // A proxy's callers are told how many, not who.
  const forwarded = await fetch(`${server.url}/readyz`, { headers: { 'x-forwarded-for': '192.0.2.1' } })
  const told = await forwarded.text()
  assert.match(told, /1 of its tenants nearly or quite without room/)
  assert.ok(!told.includes(client.tenantId))
  const [row] = await client.query({ sql: 'SELECT count(*) AS n FROM q' })
  assert.deepEqual(row, { n: accepted }, 'what was acknowledged is there, and nothing else')
  const { url, partner } = { url: server.url, partner: await partnerOf(server.directory) }
  const manager = await connect({ ...partner, url, tenantId: client.tenantId })
  const more = { body: JSON.stringify({ diskBudgetBytes: 10 * 2 ** 20 }) }
  const changed = await manager.call('PATCH', `/lake/v1/tenants/${client.tenantId}/limits`, more)
  assert.equal(changed.status, 200, changed.text)
  assert.equal((await client.ingest(body(100))).accepted, 100)
})

async function partnerOf(directory: string): Promise<{ clientId: string; clientSecret: string }> {
  return JSON.parse(await readFile(`${directory}/first-run-partner.json`, 'utf8'))
}

test('a declared table, from its declaration to the end of its rows', async () => {
  await using server = await startServer({ flags: ['--janitor-interval', '200ms', '--segment-age', '1s'] })
  const client = await connect(server.firstRun)
  const columns = [
    { name: 'at', type: 'timestamp' },
    { name: 'bytes', type: 'bigint' },
  ]
  const declaration = { body: JSON.stringify({ name: 'proxy', columns, timeColumn: 'at' }) }
  assert.equal((await client.call('POST', '/lake/v1/tables', declaration)).status, 201)
  const rows = [{ at: now - 5, bytes: 7 }, { at: now - 90_000, bytes: 8 }, { bytes: 'many' }]
  const stored = await client.call('POST', '/lake/v1/ingest/tables/proxy', {
    body: rows.map(row => `${JSON.stringify(row)}\n`).join(''),
  })
  assert.equal((stored.json as { accepted: number }).accepted, 3)
  const sql = 'SELECT bytes, raw_values FROM proxy ORDER BY at'
  const day = [
    { bytes: 7, raw_values: null },
    { bytes: null, raw_values: '{"bytes":"many"}' },
  ]
  // In the tail, then in a file; a row of the day before yesterday is in no window of a day.
  assert.deepEqual(await client.query({ sql }), day)
  await until(async () => /"tables":\[[^\]]*proxy/.test((await client.call('GET', '/lake/v1/stats')).text))
  assert.deepEqual(await client.query({ sql }), day)
  assert.equal((await client.call('DELETE', '/lake/v1/tables/proxy')).status, 409)
  assert.equal((await client.call('DELETE', '/lake/v1/tables/proxy?dropRows=true')).status, 204)
  const refused = await client.call('POST', '/xdr-query/v1/queries/runs', {
    body: JSON.stringify({ adHocQuery: { template: sql } }),
  })
  assert.equal(refused.status, 400)
  assert.match(refused.text, /table 'proxy' does not exist/)
  await until(async () => !/"tables":\[[^\]]*proxy/.test((await client.call('GET', '/lake/v1/stats')).text))
})
