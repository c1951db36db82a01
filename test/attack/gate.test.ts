import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { AppError } from '../../src/model/errors.ts'
import { duckdbTypes } from '../../src/model/lake-type.ts'
import { type CheckedStatement, checkStatement } from '../../src/sql/check.ts'
import { macroStatements } from '../../src/sql/macros.ts'
import { lakeSchema, now } from '../sql/lake.ts'
import { testFolder, writeDataFile } from '../support/engine-fixtures.ts'
import { foreignMark, leaksIn } from './leaks.ts'
import { attacks, filled, type NamedAttack } from './statements.ts'
import { WallTable } from './wall-table.ts'

// The gate alone: what it accepts runs on a DuckDB without a second guard, without a lock, as this user, beside files
// that hold another tenant's rows. Nothing of them comes out.

interface OpenEngine {
  readonly connection: DuckDBConnection
  readonly places: Readonly<Record<string, string>>
  readonly folder: string
}

async function openEngine(context: TestContext): Promise<OpenEngine> {
  const folder = await testFolder(context)
  const foreign = await writeDataFile(join(folder, 'foreign.parquet'), `SELECT '${foreignMark}' AS name`)
  const foreignTail = join(folder, 'foreign.ndjson')
  writeFileSync(foreignTail, `{"name":"${foreignMark}"}\n`)
  const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect()
  context.after(() => connection.closeSync())
  for (const statement of [`SET TimeZone = 'UTC'`, 'SET integer_division = true', ...macroStatements]) {
    await connection.run(statement)
  }
  for (const { name, columns } of lakeSchema.tables) {
    const typed = columns.map(column => `"${column.name}" ${duckdbTypes[column.type]}`)
    await connection.run(`CREATE TABLE "${name}" (${typed.join(', ')})`)
  }
  await connection.run(`INSERT INTO xdr_data (name, query_name) VALUES ('own', 'processes')`)
  const places = { root: folder, foreign, foreignTail, store: foreignTail, secretKey: foreignTail, own: foreign }
  return { connection, places: { ...places, ownFolder: folder, foreignTenant: 'f', foreignName: 'foreign' }, folder }
}

function checked(attack: NamedAttack): CheckedStatement | string {
  try {
    const variables = (attack.variables ?? []) as never
    return checkStatement({ template: attack.sql, variables, schema: lakeSchema, now })
  } catch (thrown) {
    assert.ok(thrown instanceof AppError && thrown.code === 'invalid_argument', `${attack.sql}: ${thrown}`)
    return thrown.message
  }
}

suite('the gate alone', () => {
  test('refuses, or lets through what reads nothing but its own relations', async context => {
    const { connection, places, folder } = await openEngine(context)
    const table = new WallTable()
    for (const attack of attacks.map(each => filled(each, places))) {
      const statement = checked(attack)
      const text = `${attack.sql} ${JSON.stringify(attack.variables ?? '')}`
      if (typeof statement === 'string') {
        table.count(attack.kind, 'refused')
        assert.deepEqual(leaksIn(statement, text, [folder]), [], attack.sql)
        continue
      }
      const answer = await connection.runAndReadAll(statement.duckdbSql).then(
        reader => JSON.stringify(reader.getRowsJson()),
        error => String(error),
      )
      table.count(attack.kind, 'accepted, harmless')
      assert.deepEqual(leaksIn(answer, `${text} ${statement.duckdbSql}`, [folder]), [], attack.sql)
    }
    context.diagnostic(`\n${table}`)
  })
})
