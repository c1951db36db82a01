import type { LakeColumn } from '../model/lake-table.ts'
import { filesSql } from './merge.ts'
import { quoteName, quoteText } from './quote.ts'

// What one data file says of itself, without the catalog.

/** Statements of one row each: `hash` has `sha256`, `footer` has `rows`, `entries` ({k, v}) and `columns` ({n, id}). */
export function fileFactsSql(path: string): { readonly hash: string; readonly footer: string } {
  const file = quoteText(path)
  return {
    hash: `SELECT sha256(content) AS sha256 FROM read_blob(${file})`,
    footer:
      `SELECT (SELECT num_rows FROM parquet_file_metadata(${file})) AS rows, ` +
      `(SELECT list({k: decode(key), v: decode(value)}) FROM parquet_kv_metadata(${file})) AS entries, ` +
      `(SELECT list({n: name, id: field_id}) FROM parquet_schema(${file}) WHERE field_id IS NOT NULL) AS columns`,
  }
}

/**
 * One row, every value of the file decoded: `rows`, and of the column at each place `i` of the list `min<i>`, `max<i>`
 * (text), `nulls<i>` and `nan<i>` (true where a value is no number).
 */
export function fileStatsSql(path: string, columns: readonly LakeColumn[]): string {
  const facts = columns.flatMap(({ name, type }, at) => {
    const column = quoteName(name)
    const isNan = type === 'double' ? `coalesce(bool_or(isnan(${column})), false)` : 'false'
    return [
      `min(${column})::VARCHAR AS min${at}`,
      `max(${column})::VARCHAR AS max${at}`,
      `count(*) - count(${column}) AS nulls${at}`,
      `${isNan} AS nan${at}`,
    ]
  })
  return `SELECT count(*) AS rows, ${facts.join(', ')} FROM (${filesSql([path], columns)})`
}

/** A row for each host of the file: `id` and `identifier`. */
export function fileHostsSql(path: string): string {
  return `SELECT DISTINCT endpoint_id AS id, host_identifier AS identifier FROM read_parquet(${quoteText(path)})`
}
