// The getting-started guide from its first step to its last page, as a stranger walks it: the program is started with
// the npm script, a log file is imported with the command, and everything else is plain HTTP. What comes back is
// compared, row by row, with an independent reading of the lines that went in.

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type FleetLog, writeLog } from '../../bench/fleet.ts'
import { connectionFlags, runCommand } from '../support/command.ts'
import { type ExpectedRow, expectedRows } from '../support/expected-rows.ts'
import { fleetLog, fleetReading, lastHours } from '../support/fleet-logs.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { connect, type ResultPage, type ResultRow, type Run, type XdrClient } from '../support/xdr-client.ts'

const guideSql = await readFile(new URL('./guide-query.sql', import.meta.url), 'utf8')
const runs = '/xdr-query/v1/queries/runs'
/** Enough for more than 50,000 rows; see the last test. */
const lineCount = 30_000

describe('the getting-started guide', () => {
  let server: TestServer
  let client: XdrClient
  let folder: string
  let log: FleetLog
  let expected: readonly ExpectedRow[]

  before(async () => {
    // Small segments, so that most rows are read from data files and the rest from the open tail.
    server = await startServer({ through: 'npmScript', flags: ['--segment-bytes', '4m'] })
    folder = await mkdtemp(join(tmpdir(), 'edr-lake-guide-'))
    log = fleetLog({ seed: 7, lines: lineCount, ...lastHours(Date.now()) })
    expected = Array.from({ length: log.lineCount }, (_, index) => expectedRows(log.line(index), fleetReading)).flat()
    client = await connect(server.firstRun)
  })

  after(async () => {
    await server?.close()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  test('step 0: a log file is imported with one command, and a second time adds nothing', async () => {
    const file = join(folder, 'osqueryd.results.log')
    writeLog(log, file)
    const first = await runCommand(['import', file, ...connectionFlags(server.firstRun)])
    assert.equal(first.exitCode, 0, first.stderr + first.stdout)
    assert.match(first.stdout, /: 30,000 stored, 0 already there, 0 rejected$/m)
    const second = await runCommand(['import', file, ...connectionFlags(server.firstRun)])
    assert.equal(second.exitCode, 0, second.stderr + second.stdout)
    assert.match(second.stdout, /: 0 stored, 30,000 already there, 0 rejected$/m)
    const [row] = await client.query({ sql: 'SELECT count(*) AS n, count(DISTINCT query_name) AS names FROM xdr_data' })
    assert.deepEqual(row, { n: expected.length, names: 40 })
  })

  test('the command that the import shows prints what was imported', async () => {
    const shown = await runCommand([
      'import',
      join(folder, 'osqueryd.results.log'),
      ...connectionFlags(server.firstRun),
    ])
    const [, sql, from, to] = /query '([^']+)' --from (\S+) --to (\S+)/.exec(shown.stdout)!
    const window = ['--from', from!, '--to', to!, '--format', 'ndjson']
    const query = await runCommand(['query', sql!, ...window, ...connectionFlags(server.firstRun)])
    assert.equal(query.exitCode, 0, query.stderr)
    const counts = query.stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { query_name: string; n: number })
    const wanted = Map.groupBy(expected, row => row['query_name'])
    assert.deepEqual(
      new Map(counts.map(row => [row.query_name, row.n])),
      new Map([...wanted].map(([name, rows]) => [name, rows.length])),
    )
  })

  test('step 1: who am I', async () => {
    const answer = await client.call('GET', '/whoami/v1', { headers: { 'x-tenant-id': '' } })
    assert.equal(answer.status, 200)
    const apiHosts = { global: server.url, dataRegion: server.url }
    assert.deepEqual(answer.json, { id: server.firstRun.tenantId, idType: 'tenant', apiHosts })
  })

  test("step 2: the guide's SQL as a raw body gives a pending run, which finishes", async () => {
    const answer = await client.call('POST', runs, { body: guideSql, headers: { 'content-type': 'application/json' } })
    assert.equal(answer.status, 201, answer.text)
    const started = answer.json as Run
    assert.equal(started.status, 'pending')
    assert.equal(started.result, 'notAvailable')
    assert.equal(started.template, guideSql)
    assert.equal('finishedAt' in started, false)
    const run = await client.finish(started.id)
    assert.equal(run.result, 'succeeded', JSON.stringify(run))
    assert.match(run.finishedAt!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    const lifetime = Date.parse(run.expiresAt) - Date.parse(run.createdAt)
    assert.ok(Math.abs(lifetime - 2 * 3_600_000) < 60_000, `${lifetime} ms is about two hours`)
    assert.equal(Date.parse(run.to) - Date.parse(run.from), 24 * 3_600_000)
  })

  test('step 3: a first page as the guide asks for it', async () => {
    const { id } = await client.start({ sql: guideSql })
    await client.finish(id)
    const answer = await client.call('GET', `${runs}/${id}/results?maxSize=1000`)
    const { items, metadata, pages } = answer.json as ResultPage
    assert.deepEqual(
      metadata.columns.map(({ name, type }) => `${name} ${type}`),
      guideColumns,
    )
    assert.equal(items.length, 50)
    for (const item of items)
      assert.deepEqual(
        Object.keys(item),
        metadata.columns.map(({ name }) => name),
      )
    const rowCount = expected.filter(row => row['query_name'] === 'running_processes_windows_sophos').length
    assert.deepEqual(
      { ...pages, nextKey: undefined },
      {
        size: 50,
        maxSize: 2000,
        total: Math.ceil(rowCount / 50),
        items: rowCount,
        nextKey: undefined,
      },
    )
    assert.match(pages.nextKey!, /^[A-Za-z0-9_-]+=*$/)
  })

  test("every row of the guide's query is the one that went in", async () => {
    const rows = await client.query({ sql: guideSql })
    const wanted = expected
      .filter(row => row['query_name'] === 'running_processes_windows_sophos')
      // The guide's missing comma makes `osquery_action` the alias of `numerics`.
      .map(row => ({ ...row, osquery_action: row['numerics'] ?? null, customer_id: server.firstRun.tenantId }))
    const columns = guideColumns.map(column => column.split(' ')[0]!)
    const allNull = Object.fromEntries(columns.map(column => [column, null]))
    const wantedRows = wanted.map(row => pick({ ...allNull, ...row }, columns))
    assertSameRows(rows, wantedRows, columns)
  })

  test('every row of every query name is the one that went in', async () => {
    const hostIds = new Map<unknown, unknown>()
    const identities = new Set<unknown>()
    for (const [name, wanted] of Map.groupBy(expected, row => row['query_name'])) {
      const rows = await client.query({ sql: `SELECT * FROM ${name}` })
      const columns = [...new Set(wanted.flatMap(row => Object.keys(row)))].filter(column => column !== 'meta_eid')
      const allNull = Object.fromEntries(columns.map(column => [column, null]))
      assertSameRows(
        rows,
        wanted.map(row => pick({ ...allNull, ...row }, columns)),
        columns,
      )
      for (const row of rows) {
        identities.add(row['message_identifier'])
        const hostId = hostIds.get(row['host_identifier']) ?? row['endpoint_id']
        assert.equal(row['endpoint_id'], hostId, 'a host keeps its id')
        hostIds.set(row['host_identifier'], hostId)
      }
    }
    assert.equal(hostIds.size, new Set(hostIds.values()).size, 'each host has an id of its own')
    assert.equal(identities.size, expected.length, 'each row has an identity of its own')
  })

  test('a host without an id in its decorations carries the id that the lake gave it', async () => {
    const sql = 'SELECT host_identifier, endpoint_id, meta_eid FROM xdr_data'
    const known = new Map(expected.map(row => [row['host_identifier'], row['meta_eid']]))
    for (const row of await client.query({ sql })) {
      assert.equal(row['meta_eid'], known.get(row['host_identifier'] as string) ?? row['endpoint_id'])
    }
  })

  test('a result of more than 50,000 rows comes back whole through nextKey, twice the same', async () => {
    assert.ok(expected.length > 50_000, `${expected.length} rows are enough`)
    const { id } = await client.start({ sql: 'SELECT message_identifier, query_name, calendar_time FROM xdr_data' })
    await client.finish(id)
    const first = await client.rows(id, 1000)
    assert.equal(first.length, expected.length)
    assert.equal(new Set(first.map(row => row['message_identifier'])).size, expected.length)
    assert.deepEqual(await client.rows(id, 1000), first)
  })
})

/** Compares as bags: a run without ORDER BY has no order. Only `columns` of the actual rows count. */
function assertSameRows(actual: readonly ResultRow[], wanted: readonly ResultRow[], columns: readonly string[]): void {
  const compared = columns.filter(column => !lakeAssigned.has(column))
  const canonical = (rows: readonly ResultRow[]): string[] =>
    rows.map(row => JSON.stringify(compared.map(column => row[column]))).sort()
  const [have, want] = [canonical(actual), canonical(wanted)]
  const at = want.findIndex((row, index) => row !== have[index])
  assert.equal(have[at], want[at], `columns ${compared}`)
  assert.equal(have.length, want.length)
}

/** Given by the lake when a row arrives: checked by tests of their own. */
const lakeAssigned: ReadonlySet<string> = new Set(['endpoint_id', 'meta_eid'])

function pick(row: ResultRow, columns: readonly string[]): ResultRow {
  return Object.fromEntries(columns.map(column => [column, row[column]]))
}

/** Name and type of the guide's 47 columns, in SELECT order. */
const guideColumns: readonly string[] = [
  ...['meta_hostname string', 'meta_ip_address string', 'query_name string', 'cmdline string', 'file_size long'],
  ...['gid long', 'global_rep int', 'global_rep_data string', 'local_rep int', 'local_rep_data string'],
  ...['ml_score int', 'ml_score_data string', 'name string', 'parent long', 'parent_name string'],
  ...['parent_path string', 'parent_sophos_pid string', 'path string', 'pid long', 'pua_score int', 'sha1 string'],
  ...['sha256 string', 'sophos_pid string', 'time long', 'uid long', 'username string', 'meta_boot_time long'],
  ...['meta_eid string', 'meta_endpoint_type string', 'meta_ip_mask string', 'meta_mac_address string'],
  ...['meta_os_name string', 'meta_os_platform string', 'meta_os_type string', 'meta_os_version string'],
  ...['meta_public_ip string', 'meta_query_pack_version string', 'meta_username string', 'calendar_time timestamp'],
  ...['counter long', 'epoch long', 'host_identifier string', 'osquery_action boolean', 'unix_time timestamp'],
  ...['customer_id string', 'endpoint_id string', 'upload_size long'],
]
