import { rowsPerLineMax } from './identity.ts'
import { decorationsOf, jsonLinesSql, lowerCaseKeys, type RowFilter, rawLineKey, type SegmentSource } from './lines.ts'
import { quoteText } from './quote.ts'

// Status lines: what agents say of themselves. One line is one row; its decorations are those of a result line.
// Source: osquery `plugins/logger/tls_logger.cpp`, `docs/wiki/deployment/logging.md`.

/** The lake table of agents' status lines. */
export const statusTable = 'osquery_status'

/** Keys of a line that are columns under their own names … */
const ownKeys = ['severity', 'filename', 'line', 'message', 'version']
/** … and those that are its header. */
const headerKeys = ['hostIdentifier', 'hostname', 'calendarTime', 'unixTime']

const shape = JSON.stringify({
  ...Object.fromEntries(headerKeys.map(key => [key, 'VARCHAR'])),
  ...Object.fromEntries(ownKeys.map(key => [key, 'JSON'])),
  decorations: 'JSON',
})

/**
 * SELECT of every status line among the sources' lines as its row, with what `rowsSql` of lines.ts gives of a result
 * row: the columns' values are made of it by the same expressions.
 */
export function statusRowsSql(sources: readonly SegmentSource[], only: RowFilter = {}): string {
  const sent = jsonLinesSql(sources, only, statusTable)
  const lines = `SELECT *, coalesce(json_type(j) = 'OBJECT', false) AS is_object FROM (${sent})`
  const parsed = `SELECT *, CASE WHEN is_object THEN json_transform(j, ${quoteText(shape)}) END AS x FROM (${lines})`
  const header = headerKeys.map(key => `${key}: x.${key}`).join(', ')
  const own = ownKeys.map(key => `${quoteText(key)}, x.${key}`).join(', ')
  return (
    `SELECT row_segment, ordinal * ${rowsPerLineMax} AS row_ordinal, t, h, hi, ip, qs, strlen(line) AS line_bytes, ` +
    `1 AS n, {${header}} AS x, NULL::VARCHAR AS action, ` +
    `CASE WHEN is_object THEN json_object(${own}) ELSE json_object('${rawLineKey}', line) END AS c, ` +
    `CASE WHEN is_object THEN ${lowerCaseKeys('d')} ELSE '{}'::JSON END AS d ` +
    `FROM (SELECT *, ${decorationsOf([...headerKeys, ...ownKeys, 'decorations'])} AS d FROM (${parsed}))`
  )
}

/** A row for each set of keys that the rows' decorations have: `keys`. */
export function statusDecorationsSql(rows: string): string {
  return `SELECT DISTINCT json_keys(d) AS keys FROM ${rows}`
}
