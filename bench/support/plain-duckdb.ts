import { DuckDBInstance } from '@duckdb/node-api'
import { median } from './report.ts'

// The same files and the same statement without the lake around them: DuckDB in this process, warm. What is between
// this and the lake's figure is what the lake costs.

export interface PlainResult {
  readonly medianMs: number
  readonly rows: number
}

export interface PlainStatement {
  readonly files: readonly string[]
  /** Over `source`, a view of all the files' rows. */
  readonly statement: string
  readonly pageRows: number
  readonly repeats: number
}

/** Executes the statement to a table and renders the first page; the median of all but the first repeat. */
export async function plainStatements({ files, statement, pageRows, repeats }: PlainStatement): Promise<PlainResult> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const list = files.map(literal).join(', ')
    await connection.run(`CREATE VIEW source AS FROM read_parquet([${list}], union_by_name = true)`)
    const described = await connection.runAndReadAll('DESCRIBE FROM source')
    const present = new Set(described.getRows().map(row => String(row[0])))
    const answerable = withoutAbsent(statement, present)
    const times: number[] = []
    let rows = 0
    for (let repeat = 0; repeat <= repeats; repeat += 1) {
      const startedAt = performance.now()
      await connection.run(`CREATE OR REPLACE TEMP TABLE result AS ${answerable}`)
      const page = await connection.runAndReadAll(`SELECT to_json(r) FROM (FROM result LIMIT ${pageRows}) AS r`)
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

/** The guide's statement names columns that no agent of the fleet fills: no file has them. */
function withoutAbsent(statement: string, present: ReadonlySet<string>): string {
  const text = statement.replace(/--.*$/gm, '')
  const list = /^\s*SELECT([\s\w,]+)FROM/.exec(text)?.[1]
  if (list === undefined) return text
  const columns = list.split(/[\s,]+/).filter(name => present.has(name))
  return text.replace(list, ` ${columns.map(name => `"${name}"`).join(', ')} `)
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
