import assert from 'node:assert/strict'
import { test } from 'node:test'
import { check, fixture, lakeSchema, openTestLake } from './lake.ts'

test('the guide query runs verbatim: 47 columns, one of them by a forgotten comma', async () => {
  const template = fixture('guide-query.sql')
  const checked = check(template)
  assert.equal(checked.columnNames?.length, 47)
  assert.equal(checked.columnNames?.[42], 'osquery_action')
  assert.deepEqual(
    checked.warnings.map(warning => [warning.code, warning.line, warning.column]),
    [['implicit_alias', 16, 49]],
  )
  const lake = await openTestLake()
  await lake.run(
    "INSERT INTO xdr_data (query_name, numerics) VALUES ('running_processes_windows_sophos', false), ('other', true)",
  )
  const rows = await lake.rows(template)
  assert.equal(rows.length, 1)
  assert.equal(rows[0]?.[42], false)
})

test('the scope names the query name, the columns and nothing else', () => {
  const { scope } = check("SELECT cmdline FROM XDR_DATA x WHERE x.query_name = 'listening_ports' AND pid > 4")
  assert.deepEqual(scope.relations, [
    {
      table: 'xdr_data',
      relation: 'xdr_data',
      queryNames: ['listening_ports'],
      columns: ['cmdline', 'pid', 'query_name'],
      bounds: [
        { column: 'query_name', in: ['listening_ports'] },
        { column: 'pid', min: 4 },
      ],
    },
  ])
  assert.ok(lakeSchema.tables.length > 3)
})
