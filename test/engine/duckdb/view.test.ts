import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import type { ViewRelation } from '../../../src/model/run-view.ts'
import {
  columns,
  type EngineFixture,
  engineFixture,
  rowsOf,
  viewOf,
  writeDataFile,
} from '../../support/engine-fixtures.ts'

// What a run sees is what its view names: files matched by field id, the window, the hosts, the query names.

interface Lake {
  readonly fixture: EngineFixture
  readonly files: readonly string[]
  select(sql: string, relation?: Partial<ViewRelation>): Promise<unknown[]>
}

/** Six rows in two narrow files: ports at 10:00–10:02 of h1, processes at 11:00–11:02 of h2. */
async function lakeOf(context: TestContext): Promise<Lake> {
  const fixture = await engineFixture(context)
  const row = (name: string, hour: string, host: string, segment: number) =>
    `SELECT '${name}' AS query_name, TIMESTAMP '2026-02-01 ${hour}:00:00' + to_minutes(i) AS calendar_time, '${host}' AS endpoint_id,
     CAST(i AS INTEGER) AS port, CAST(${segment} AS BIGINT) AS row_segment, i AS row_ordinal FROM range(3) t(i)`
  const files = [
    await writeDataFile(join(fixture.folder, 'a.parquet'), row('Listening_Ports', '10', 'h1', 7)),
    await writeDataFile(
      join(fixture.folder, 'b.parquet'),
      `SELECT * EXCLUDE (port), 'sh' || port AS name FROM (${row('processes', '11', 'h2', 8)})`,
    ),
  ]
  return {
    fixture,
    files,
    select: async (sql, relation = {}) =>
      rowsOf(fixture, await fixture.run(sql, { view: viewOf({ files, ...relation }) })),
  }
}

const at = (time: string) => Date.parse(`2026-02-01T${time}Z`)
const minutes = `SELECT strftime(calendar_time, '%H:%M') AS t FROM "xdr_data" ORDER BY calendar_time`

suite('the view of a run', () => {
  test('a column that a file lacks reads as null', async context => {
    const { select } = await lakeOf(context)
    assert.deepEqual(await select('SELECT query_name AS q, port, name, size FROM "xdr_data" ORDER BY q, port, name'), [
      { q: 'Listening_Ports', port: 0, name: null, size: null },
      { q: 'Listening_Ports', port: 1, name: null, size: null },
      { q: 'Listening_Ports', port: 2, name: null, size: null },
      { q: 'processes', port: null, name: 'sh0', size: null },
      { q: 'processes', port: null, name: 'sh1', size: null },
      { q: 'processes', port: null, name: 'sh2', size: null },
    ])
  })

  test('the window is inclusive at its start and exclusive at its end', async context => {
    const { select } = await lakeOf(context)
    const window = { column: 'calendar_time', range: { start: at('10:01:00'), end: at('11:01:00') } }
    assert.deepEqual(await select(minutes, { window }), [{ t: '10:01' }, { t: '10:02' }, { t: '11:00' }])
    const open = { column: 'calendar_time', range: { start: at('11:01:00.001'), end: undefined } }
    assert.deepEqual(await select(minutes, { window: open }), [{ t: '11:02' }])
  })

  test('files within the window are believed, in each of three ways to read them', async context => {
    const { select, files } = await lakeOf(context)
    const window = { column: 'calendar_time', range: { start: at('11:01:00'), end: undefined } }
    const processes = [{ t: '11:01' }, { t: '11:02' }]
    const ports = [{ t: '10:00' }, { t: '10:01' }, { t: '10:02' }]
    assert.deepEqual(await select(minutes, { window }), processes)
    assert.deepEqual(await select(minutes, { window, filesWithin: [files[0]!] }), [...ports, ...processes])
    const hosts = { column: 'endpoint_id', ids: ['h2'] }
    assert.deepEqual(await select(minutes, { window, filesWithin: files, hosts }), [{ t: '11:00' }, ...processes])
  })

  test('hosts and query names limit the rows; no host is no row', async context => {
    const { select } = await lakeOf(context)
    const count = 'SELECT count(*) AS n FROM "xdr_data"'
    const hosts = (...ids: string[]) => ({ hosts: { column: 'endpoint_id', ids } })
    assert.deepEqual(await select(count, hosts('h2', "it's")), [{ n: 3 }])
    assert.deepEqual(await select(count, hosts()), [{ n: 0 }])
    assert.deepEqual(await select(count, { queryNames: ['LISTENING_PORTS'] }), [{ n: 3 }])
    assert.deepEqual(await select(count, { queryNames: ['processes', 'listening_ports'] }), [{ n: 6 }])
    assert.deepEqual(await select(count, { queryNames: [] }), [{ n: 0 }])
  })

  test('a condition of the statement cannot reach behind the view', async context => {
    const { select } = await lakeOf(context)
    const sql = 'SELECT count(*) AS n FROM "xdr_data" WHERE 1 = 0 OR 1 = 1 OR endpoint_id IS NOT NULL'
    assert.deepEqual(await select(sql, { hosts: { column: 'endpoint_id', ids: ['h1'] } }), [{ n: 3 }])
  })

  test('the identifier of a row is computed from its identity', async context => {
    const { select } = await lakeOf(context)
    const sql = `SELECT message_identifier AS id FROM "xdr_data" WHERE name = 'sh1'`
    // sha256 of `8:1`
    assert.deepEqual(await select(sql), [{ id: 'd24bf172c29e6cc896cffd5582921f0223d495f95e85a97b2e875a953f53bed4' }])
  })

  test('a view without files has no rows and all columns', async context => {
    const fixture = await engineFixture(context)
    const ran = await fixture.run('SELECT * FROM "xdr_data"', { view: viewOf({}) })
    assert.equal(ran.outcome.kind === 'succeeded' && ran.outcome.rowCount, 0)
    assert.deepEqual(
      ran.outcome.kind === 'succeeded' && ran.outcome.columns.map(column => column.name),
      Object.values(columns).map(column => column.name),
    )
    assert.deepEqual(await rowsOf(fixture, ran), [])
  })

  test('a view limited by a column it lacks runs nothing', async context => {
    const { fixture, files } = await lakeOf(context)
    const view = viewOf({ files, hosts: { column: 'no_such', ids: ['h1'] } })
    const { outcome } = await fixture.run('SELECT 1 AS one', { view })
    assert.deepEqual(outcome, {
      kind: 'failed',
      error: { code: 'internal', message: 'the view of xdr_data is limited by no_such, which it lacks' },
    })
  })

  test('two relations are two views of their own files', async context => {
    const { fixture, files } = await lakeOf(context)
    const [a, b] = files
    assert.ok(a !== undefined && b !== undefined)
    const view = viewOf({ name: 'listening_ports', files: [a] }, { name: 'it"s', files: [b] })
    const sql = 'SELECT (SELECT count(port) FROM "listening_ports") AS p, (SELECT count(name) FROM "it""s") AS n'
    assert.deepEqual(await rowsOf(fixture, await fixture.run(sql, { view })), [{ p: 3, n: 3 }])
  })
})
