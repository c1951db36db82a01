import { DuckDBInstance } from '@duckdb/node-api'
import { median } from './report.ts'

// The same files and the same statement without the lake around them: DuckDB in this process, warm. What is between
// this and the lake's figure is what the lake costs.

export interface PlainQuery {
  readonly files: readonly string[]
  /** Columns wanted; those no file has are left out. */
  readonly columns: readonly string[]
  readonly where: string
  readonly limit: number | undefined
  /** Rows turned into JSON text after execution, as a first page is. */
  readonly pageRows: number
  readonly repeats: number
}

export interface PlainResult {
  readonly medianMs: number
  readonly rows: number
}

/** Executes to a table, then renders the first page; the median of all but the first repeat. */
export async function plainDuckdb(query: PlainQuery): Promise<PlainResult> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const source = `read_parquet([${query.files.map(literal).join(', ')}], union_by_name = true)`
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${source}`)
    const present = new Set(described.getRows().map(row => String(row[0])))
    const columns = query.columns.filter(column => present.has(column)).map(column => `"${column}"`)
    const limit = query.limit === undefined ? '' : `LIMIT ${query.limit}`
    const select = `SELECT ${columns.join(', ')} FROM ${source} WHERE ${query.where} ${limit}`
    const times: number[] = []
    let rows = 0
    for (let repeat = 0; repeat <= query.repeats; repeat += 1) {
      const startedAt = performance.now()
      await connection.run(`CREATE OR REPLACE TEMP TABLE result AS ${select}`)
      const page = await connection.runAndReadAll(`SELECT to_json(r) FROM (FROM result LIMIT ${query.pageRows}) AS r`)
      page.getRows()
      if (repeat > 0) times.push(performance.now() - startedAt)
      rows = Number((await connection.runAndReadAll('SELECT count(*) FROM result')).getRows()[0]![0])
    }
    return { medianMs: median(times), rows }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
