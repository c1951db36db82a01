import type { LakeColumn } from '../model/lake-table.ts'
import { duckdbTypes } from '../model/lake-type.ts'
import { conditionSql, copySql, type FileSql } from './convert.ts'
import { quoteInteger, quoteName, quoteText } from './quote.ts'

// Compaction's statements: data files in, data files out, not a value changed.

/** SELECT of the columns over data files, matched by field id: what a file lacks reads as NULL. */
export function filesSql(paths: readonly string[], columns: readonly LakeColumn[]): string {
  const fields = columns.map(({ fieldId, name, type }) => {
    const field = `{name: ${quoteText(name)}, type: ${quoteText(duckdbTypes[type])}, default_value: NULL}`
    return `${quoteInteger(fieldId)}: ${field}`
  })
  const names = columns.map(({ name }) => quoteName(name)).join(', ')
  const list = paths.map(quoteText).join(', ')
  return `SELECT ${names} FROM read_parquet([${list}], schema = MAP {${fields.join(', ')}})`
}

/** A row for each query name as spelled: query_name, `rows`, and `counts`, how many values each of `counted` has. */
export function mergeShapesSql(
  paths: readonly string[],
  columns: readonly LakeColumn[],
  counted: readonly LakeColumn[],
): string {
  const counts = counted.map(({ name }) => `count(${quoteName(name)})`).join(', ')
  const list = counts === '' ? '[]::BIGINT[]' : `[${counts}]`
  return `SELECT query_name, count(*) AS rows, ${list} AS counts FROM (${filesSql(paths, columns)}) GROUP BY query_name`
}

/** The footer entries of data files that say where their rows come from: `segments`, JSON text, one row a file. */
export function mergeSourcesSql(paths: readonly string[]): string {
  const list = paths.map(quoteText).join(', ')
  return `SELECT decode(value) AS segments FROM parquet_kv_metadata([${list}]) WHERE decode(key) = 'segments'`
}

/** The COPY that writes the rows of one file of a merge, sorted as every file is. */
export function mergeFileSql(paths: readonly string[], file: FileSql): string {
  const order = 'query_name, endpoint_id, calendar_time, row_segment, row_ordinal'
  return copySql(`SELECT * FROM (${filesSql(paths, file.columns)})${conditionSql(file)} ORDER BY ${order}`, file)
}
