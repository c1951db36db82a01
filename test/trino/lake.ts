import { DuckDBInstance } from '@duckdb/node-api'
import { AppError } from '../../src/model/errors.ts'
import { type CheckedStatement, checkStatement } from '../../src/sql/check.ts'
import { checkSerializedTree } from '../../src/sql/guard.ts'
import { macroStatements } from '../../src/sql/macros.ts'
import { type Canonical, fromEngine, parseType } from './compare.ts'
import { engineStatements, testSchema } from './data.ts'

// The embedded engine on the test's rows, by the way a statement takes in the product.

export type LakeAnswer =
  | {
      readonly kind: 'rows'
      readonly names: readonly string[]
      readonly types: readonly string[]
      readonly rows: readonly (readonly Canonical[])[]
      /** Codes of the warnings. */
      readonly warnings: readonly string[]
    }
  /** Refused before it ran. */
  | { readonly kind: 'refused'; readonly message: string }
  /** Ended with an error while it ran. */
  | { readonly kind: 'failed'; readonly message: string }

export interface DifferentialLake {
  /** The answer; values are read by `types`, Trino's where it gave some. */
  answer(sql: string, types?: readonly string[]): Promise<LakeAnswer>
  close(): void
}

/** now() in every statement: 2024-05-01T12:00:00Z. */
export const now = Date.UTC(2024, 4, 1, 12)

export async function openDifferentialLake(): Promise<DifferentialLake> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const settings = ["SET TimeZone = 'UTC'", 'SET integer_division = true', 'SET threads = 1']
  for (const statement of [...settings, ...macroStatements, ...engineStatements()]) await connection.run(statement)
  return {
    async answer(sql, types) {
      let checked: CheckedStatement
      try {
        checked = checkStatement({ template: sql, variables: [], schema: testSchema, now })
      } catch (thrown) {
        if (!(thrown instanceof AppError)) throw thrown
        return { kind: 'refused', message: thrown.message }
      }
      try {
        const names = checked.scope.relations.map(relation => relation.relation)
        const quoted = checked.duckdbSql.replaceAll("'", "''")
        const tree = await connection.runAndReadAll(`SELECT json_serialize_sql('${quoted}')`)
        checkSerializedTree(String(tree.getRowsJson()[0]?.[0]), names)
        const trees = (types ?? checked.columnTypes).map(parseType)
        const found = (await connection.runAndReadAll(checked.duckdbSql)).getRowsJson()
        const rows = found.map(row =>
          row.map((value, index) => fromEngine(value, trees[index] ?? parseType('varchar'))),
        )
        const warnings = checked.warnings.map(warning => warning.code)
        return { kind: 'rows', names: checked.columnNames ?? [], types: checked.columnTypes, rows, warnings }
      } catch (thrown) {
        return { kind: 'failed', message: thrown instanceof Error ? thrown.message : String(thrown) }
      }
    },
    close() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}
