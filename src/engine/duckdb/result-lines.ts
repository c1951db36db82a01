import { type DuckDBConnection, DuckDBTypeId } from '@duckdb/node-api'
import { quoteText } from '../../row-sql/quote.ts'
import { cellExpression, rowJsonExpression } from './projection.ts'
import { readBatch, rowColumns, storedTypes } from './result-rows.ts'

// A result file as lines of text, in file order: one statement over the whole file whose chunks are taken as they are
// asked for. Cells may be so huge that a chunk does not fit memory; from there on rows are read in small batches.

export interface LinesRequest {
  readonly path: string
  /** In SELECT order. */
  readonly names: readonly string[]
  readonly rowCount: number
}

/** CSV (RFC 4180): NULL is an empty cell, an empty text is `""`, the first line is the names. */
export async function* csvLines(
  connection: DuckDBConnection,
  request: LinesRequest,
  escapesFormulas: boolean,
): AsyncGenerator<string> {
  const types = await storedTypes(connection, request.path)
  const cells = types.map((type, index) => {
    const text = cellExpression(`c${index}`, type)
    return quotedCell(escapesFormulas && type.typeId === DuckDBTypeId.VARCHAR ? escapedCell(text) : text)
  })
  yield `${request.names.map(name => csvName(name, escapesFormulas)).join(',')}\r\n`
  for await (const rows of rowTexts(connection, request, cells.join(` || ',' || `))) yield `${rows.join('\r\n')}\r\n`
}

/** One JSON object a line, as pages show it. */
export async function* jsonLines(connection: DuckDBConnection, request: LinesRequest): AsyncGenerator<string> {
  const row = rowJsonExpression(await rowColumns(connection, request.path, request.names))
  for await (const rows of rowTexts(connection, request, row)) yield `${rows.join('\n')}\n`
}

/** What a spreadsheet takes for a formula: these characters first, also as full-width forms and after white space. */
const formulaStart = String.raw`^\s*[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]|^[\t\r\n]`
const formulaPattern = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]/

function escapedCell(text: string): string {
  return `CASE WHEN regexp_matches(${text}, ${quoteText(formulaStart)}) THEN '''' || ${text} ELSE ${text} END`
}

function quotedCell(text: string): string {
  const mustQuote = `(${text}) = '' OR regexp_matches(${text}, '[",\\r\\n]')`
  return `CASE WHEN (${text}) IS NULL THEN '' WHEN ${mustQuote} THEN ${quoted(text)} ELSE ${text} END`
}

function quoted(text: string): string {
  return `'"' || replace(${text}, '"', '""') || '"'`
}

function csvName(name: string, escapesFormulas: boolean): string {
  const text = escapesFormulas && formulaPattern.test(name) ? `'${name}` : name
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const batchRowsFirst = 64

/** The expression's text for each row, some rows at a time. */
async function* rowTexts(
  connection: DuckDBConnection,
  { path, rowCount }: LinesRequest,
  expression: string,
): AsyncGenerator<string[]> {
  const select = `SELECT ${expression} FROM read_parquet(${quoteText(path)}, file_row_number = true)`
  let next = 0
  try {
    const result = await connection.stream(`${select} WHERE file_row_number < ${rowCount}`)
    for (let chunk = await result.fetchChunk(); chunk !== null; chunk = await result.fetchChunk()) {
      if (chunk.rowCount === 0) return
      const rows = chunk.getColumnValues(0).map(String)
      next += rows.length
      yield rows
    }
    return
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('Out of Memory'))) throw error
  }
  for (let batch = batchRowsFirst; next < rowCount; ) {
    const range = `file_row_number >= ${next} AND file_row_number < ${Math.min(next + batch, rowCount)}`
    const rows = await readBatch(connection, `${select} WHERE ${range} ORDER BY file_row_number`)
    if (rows === undefined && batch === 1) throw new Error('Out of Memory Error: one row does not fit')
    if (rows === undefined) batch = Math.ceil(batch / 2)
    else {
      next += rows.length
      yield rows
    }
  }
}
