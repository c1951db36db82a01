// Two tenants on one server: the second sees nothing of the first, by any route. And what a tenant is told whose rows
// lie outside the window it asked for.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { FleetLog } from '../../bench/fleet.ts'
import { assertXdrError } from '../support/error-bodies.ts'
import { expectedRows } from '../support/expected-rows.ts'
import { fleetLog, fleetReading, lastHours } from '../support/fleet-logs.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { addTenant } from '../support/tenants.ts'
import { connect, type XdrClient } from '../support/xdr-client.ts'

const runs = '/xdr-query/v1/queries/runs'
const dayMs = 86_400_000

describe('two tenants', () => {
  let server: TestServer
  let first: XdrClient
  let second: XdrClient
  let log: FleetLog
  const now = Date.now()

  before(async () => {
    server = await startServer()
    first = await connect(server.firstRun)
    second = await connect(await addTenant(server))
    log = fleetLog({ seed: 3, lines: 500, hosts: 20, ...lastHours(now) })
    await first.ingest(log.text(0, log.lineCount))
  })

  after(() => server?.close())

  test('a new tenant has no rows', async () => {
    assert.deepEqual(await second.query({ sql: 'SELECT count(*) AS n FROM xdr_data' }), [{ n: 0 }])
    const rowCount = Array.from({ length: log.lineCount }, (_, index) =>
      expectedRows(log.line(index), fleetReading),
    ).flat()
    assert.deepEqual(await first.query({ sql: 'SELECT count(*) AS n FROM xdr_data' }), [{ n: rowCount.length }])
  })

  test("another tenant's query names and columns do not exist", async () => {
    assert.equal((await first.query({ sql: 'SELECT f0_flag FROM inventory_query_00' })).length > 0, true)
    for (const template of ['SELECT name FROM inventory_query_00', 'SELECT f0_flag FROM xdr_data']) {
      const answer = await second.call('POST', runs, {
        body: JSON.stringify({ adHocQuery: { template } }),
        headers: { 'content-type': 'application/json' },
      })
      assertXdrError(answer, 400, 'ValidationException', /inventory_query_00|f0_flag/)
    }
  })

  test("another tenant's run is not found, and its list is its own", async () => {
    const { id } = await first.start({ sql: 'SELECT 1 AS one' })
    await first.finish(id)
    assertXdrError(await second.call('GET', `${runs}/${id}`), 404, 'resourceNotFound', /./)
    assertXdrError(await second.call('GET', `${runs}/${id}/results`), 404, 'resourceNotFound', /./)
    assertXdrError(await second.call('POST', `${runs}/${id}/cancel`), 404, 'resourceNotFound', /./)
    assertXdrError(await second.call('DELETE', `${runs}/${id}`), 404, 'resourceNotFound', /./)
    const ownIds = async (client: XdrClient): Promise<readonly string[]> => {
      const answer = await client.call('GET', `${runs}?pageSize=100`)
      return (answer.json as { items: { id: string }[] }).items.map(run => run.id)
    }
    assert.ok((await ownIds(first)).includes(id))
    assert.ok(!(await ownIds(second)).includes(id))
  })

  test("another tenant's id in the header is forbidden", async () => {
    const answer = await second.call('GET', runs, { headers: { 'x-tenant-id': first.tenantId } })
    assertXdrError(answer, 403, 'Forbidden', /./)
  })

  test('the same host identifier is two hosts with two tenants', async () => {
    const line = log.line(0)
    await second.ingest(`${line}\n`)
    const sql = 'SELECT DISTINCT host_identifier, endpoint_id, customer_id FROM xdr_data'
    const [mine] = await second.query({ sql })
    const theirs = (await first.query({ sql })).find(row => row['host_identifier'] === mine!['host_identifier'])
    assert.equal(mine!['customer_id'], second.tenantId)
    assert.equal(theirs!['customer_id'], first.tenantId)
    assert.notEqual(mine!['endpoint_id'], theirs!['endpoint_id'])
    const foreign = await second.query({ sql, hostIds: [String(theirs!['endpoint_id'])] })
    assert.deepEqual(foreign, [])
  })

  test('matchEndpoints limits a run to its hosts', async () => {
    const all = await first.query({ sql: 'SELECT endpoint_id, count(*) AS n FROM xdr_data GROUP BY endpoint_id' })
    const { endpoint_id: hostId, n } = all[0]!
    const one = await first.query({
      sql: 'SELECT endpoint_id, count(*) AS n FROM xdr_data GROUP BY 1',
      hostIds: [String(hostId)],
    })
    assert.deepEqual(one, [{ endpoint_id: hostId, n }])
  })

  test('rows outside the default window: none come back, and the run says why', async () => {
    const tenant = await connect(await addTenant(server))
    const old = fleetLog({ seed: 4, lines: 50, hosts: 5, start: now - 9 * dayMs, end: now - 7 * dayMs })
    await tenant.ingest(old.text(0, old.lineCount))
    const sql = 'SELECT name, calendar_time FROM xdr_data'
    const { id } = await tenant.start({ sql })
    const run = await tenant.finish(id)
    assert.equal((await tenant.rows(id)).length, 0)
    const times = Array.from({ length: 50 }, (_, index) => JSON.parse(old.line(index)).unixTime * 1000)
    const dataOldest = new Date(Math.min(...times)).toISOString()
    const dataNewest = new Date(Math.max(...times)).toISOString()
    const { from, to, ...span } = run.window!
    assert.deepEqual([from, span], [run.from, { dataOldest, dataNewest }])
    assert.ok(to === undefined || to === run.to, String(to))
    assert.match(run.note!, /^No rows: [^\n]+\.$/)
    const found = await tenant.query({ sql, from: dataOldest, to: dataNewest })
    assert.ok(found.length >= 50)
    const narrow = await tenant.query({
      sql: 'SELECT DISTINCT calendar_time FROM xdr_data',
      from: dataNewest,
      to: dataNewest,
    })
    assert.deepEqual(narrow, [{ calendar_time: dataNewest }], 'both ends of the wire are inclusive')
  })
})
