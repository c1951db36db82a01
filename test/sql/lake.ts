import { readFileSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'
import type { LakeSchema } from '../../src/model/lake-table.ts'
import { duckdbTypes } from '../../src/model/lake-type.ts'
import { type CheckedStatement, checkStatement } from '../../src/sql/check.ts'
import { checkSerializedTree } from '../../src/sql/guard.ts'
import { macroStatements } from '../../src/sql/macros.ts'

// What the tests of sql/ share: the shipped schema, and a real engine that runs what was rewritten, second guard
// included.

export function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/sql/${name}`, import.meta.url), 'utf8')
}

export const lakeSchema: LakeSchema = JSON.parse(fixture('lake-schema.json'))

/** 2024-05-01T12:00:00Z: now() in every test. */
export const now = Date.UTC(2024, 4, 1, 12)

export function check(template: string, schema: LakeSchema = lakeSchema): CheckedStatement {
  return checkStatement({ template, variables: [], schema, now })
}

export interface TestLake {
  /** Rows of the statement after checks and rewriting, JSON values only. */
  rows(template: string): Promise<unknown[][]>
  /** Throws unless the second guard passes the rewritten text. */
  guard(duckdbSql: string, relations: Iterable<string>): Promise<void>
  /** Trusted SQL, for putting rows in. */
  run(sql: string): Promise<void>
  /** The text of a value of the engine itself. */
  value(sql: string): Promise<unknown>
}

/** An engine of this test's own: macros, every table of the schema empty, a view for each query name. */
export async function openTestLake(): Promise<TestLake> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const run = async (sql: string) => {
    await connection.run(sql)
  }
  await run("SET TimeZone = 'UTC'")
  await run('SET integer_division = true')
  for (const statement of macroStatements) await run(statement)
  for (const table of lakeSchema.tables) {
    const columns = table.columns.map(column => `"${column.name}" ${duckdbTypes[column.type]}`)
    await run(`CREATE TABLE "${table.name}" (${columns.join(', ')})`)
  }
  for (const query of lakeSchema.queryNames) {
    const columns = [...new Set([...lakeSchema.envelope, ...query.columns])].map(column => `"${column}"`)
    const filter = `query_name = '${query.name}'`
    await run(`CREATE VIEW "${query.name.toLowerCase()}" AS SELECT ${columns.join(', ')} FROM xdr_data WHERE ${filter}`)
  }
  const value = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson()[0]?.[0]
  const guard = async (duckdbSql: string, relations: Iterable<string>) => {
    const text = duckdbSql.replaceAll("'", "''")
    checkSerializedTree(String(await value(`SELECT json_serialize_sql('${text}')`)), relations)
  }
  return {
    run,
    value,
    guard,
    async rows(template) {
      const checked = check(template)
      await guard(
        checked.duckdbSql,
        checked.scope.relations.map(relation => relation.relation),
      )
      return (await connection.runAndReadAll(checked.duckdbSql)).getRowsJson()
    },
  }
}
