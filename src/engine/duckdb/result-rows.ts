import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { DuckDBConnection, DuckDBType } from '@duckdb/node-api'
import { quoteText } from '../../row-sql/quote.ts'
import { type RowColumn, rowJsonExpression } from './projection.ts'
import { emptyColumnsFileName } from './result-files.ts'

// Rows of a result file as JSON texts, in file order. Cells may be huge, so rows are taken in batches sized by what
// the last batch weighed, and a batch that does not fit memory is halved.

const batchRowsFirst = 1024
const batchRowsMax = 2048
const batchBytesWanted = 8 * 1024 * 1024

export interface RowRange {
  readonly firstRow: number
  readonly rowCount: number
  /** Text beyond which no further row is added; the first row always is. */
  readonly bytesMax: number
}

/** One JSON object a row, keys `names` in order. Fewer than asked at the file's end and past `bytesMax`. */
export async function readRows(
  connection: DuckDBConnection,
  path: string,
  names: readonly string[],
  range: RowRange,
): Promise<string[]> {
  const row = rowJsonExpression(await rowColumns(connection, path, names))
  const rows: string[] = []
  let bytes = 0
  let batch = Math.min(batchRowsFirst, range.rowCount)
  while (rows.length < range.rowCount) {
    const start = range.firstRow + rows.length
    const wanted = Math.min(batch, range.rowCount - rows.length)
    const texts = await readBatch(connection, rowsSql(path, row, start, wanted))
    if (texts === undefined) {
      if (wanted === 1) throw new Error('Out of Memory Error: one row does not fit')
      batch = Math.ceil(wanted / 2)
      continue
    }
    for (const text of texts) {
      if (rows.length > 0 && bytes + text.length > range.bytesMax) return rows
      rows.push(text)
      bytes += text.length
    }
    if (texts.length < wanted) return rows
    batch = Math.max(1, Math.min(batchRowsMax, Math.floor((batchBytesWanted * rows.length) / Math.max(bytes, 1))))
  }
  return rows
}

function rowsSql(path: string, row: string, start: number, count: number): string {
  const file = `read_parquet(${quoteText(path)}, file_row_number = true)`
  const range = `file_row_number >= ${start} AND file_row_number < ${start + count}`
  return `SELECT ${row} FROM ${file} WHERE ${range} ORDER BY file_row_number`
}

/** The columns of a result file under these names. */
export async function rowColumns(
  connection: DuckDBConnection,
  path: string,
  names: readonly string[],
): Promise<readonly RowColumn[]> {
  const [types, empty] = await Promise.all([storedTypes(connection, path), readEmptyColumns(path)])
  return types.map((type, index) => ({
    ...{ name: names[index] ?? `_col${index}`, value: `c${index}`, type, isEmpty: empty.has(index) },
  }))
}

async function readEmptyColumns(path: string): Promise<ReadonlySet<number>> {
  try {
    return new Set(JSON.parse(await readFile(join(dirname(path), emptyColumnsFileName), 'utf8')) as number[])
  } catch {
    // Best effort: without it every column is read.
    return new Set()
  }
}

/** undefined: the batch does not fit the memory limit. */
export async function readBatch(connection: DuckDBConnection, sql: string): Promise<string[] | undefined> {
  try {
    const reader = await connection.runAndReadAll(sql)
    return (reader.getColumns()[0] ?? []).map(String)
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('Out of Memory')) return undefined
    throw error
  }
}

/** Types of the columns `c0`, `c1`, … of a result file. */
export async function storedTypes(connection: DuckDBConnection, path: string): Promise<DuckDBType[]> {
  const prepared = await connection.prepare(`SELECT * FROM read_parquet(${quoteText(path)})`)
  const types = Array.from({ length: prepared.columnCount }, (_, index) => prepared.columnType(index))
  prepared.destroySync()
  return types
}
