import { rowsPerLineMax } from './identity.ts'
import { quoteInteger, quoteText } from './quote.ts'

// Stored frames → lines → rows, as DuckDB SQL; the columns' values are in columns.ts. The same text serves the open
// tail of a query and the converter, so a row reads the same before and after it became Parquet.
//
// 1 frames: read_json over the segment, `q <= frames` only: a line that is torn reads as NULLs and falls out here.
// Whoever has to know compares the number of frames read with the number pinned.
// 2 lines:  each line's text, cast to JSON on its own: an odd line cannot take its frame with it.
// 3 header: the line's own keys, as text.
// 4 rows:   one per result row, whichever of the four forms the line has.

/** A prefix of a segment file, as SQL reads it. */
export interface SegmentSource {
  /** Absolute path. */
  readonly path: string
  readonly number: number
  /** Frames with a greater `q` are not read. */
  readonly frames: number
}

/** DuckDB's largest JSON value: a frame of escaped control characters can be six times its lines' bytes. */
const jsonValueBytesMax = 64 * 1024 * 1024

/** Keys of a line that are not decorations. */
export const headerKeys = [
  'name',
  'hostIdentifier',
  'calendarTime',
  'unixTime',
  'epoch',
  'counter',
  'numerics',
  'logNumericsAsNumbers',
  'action',
  'columns',
  'snapshot',
  'diffResults',
  'decorations',
] as const

/**
 * Stands for a column's name where a line, or a row of a snapshot, could not be taken apart; never becomes a column.
 */
export const rawLineKey = 'raw_line'
export const rawValueKey = 'raw_value'

const frameColumns = "columns = {q: 'BIGINT', o: 'BIGINT', t: 'BIGINT', h: 'VARCHAR', hi: 'VARCHAR', b: 'VARCHAR[]'}"

/** Rows that nobody asks for may be left out early: whoever gives this filters by the same once more. */
export interface RowFilter {
  /** Compared without case. */
  readonly queryNames?: readonly string[] | undefined
  /** `endpoint_id`s. */
  readonly hostIds?: readonly string[] | undefined
}

/** The query's name without its pack, over the name as logged. */
export function queryNameOf(logged: string): string {
  return `CASE WHEN starts_with(${logged}, 'pack/') AND regexp_matches(${logged}, '${packName}')
    THEN regexp_extract(${logged}, '${packName}', 1) ELSE ${logged} END`
}

const packName = '^pack/[^/]+/(.+)$'

function isOneOf(value: string, texts: readonly string[] | undefined): string {
  if (texts === undefined) return 'true'
  return texts.length === 0 ? 'false' : `${value} IN (${texts.map(quoteText).join(', ')})`
}

function framesSql(sources: readonly SegmentSource[], only: RowFilter): string {
  const isWanted = isOneOf('h', only.hostIds)
  return sources
    .map(
      ({ path, number, frames }) =>
        `SELECT ${quoteInteger(number)}::BIGINT AS row_segment, o, t, h, hi, b FROM read_json(${quoteText(path)}, ` +
        `format = 'newline_delimited', ${frameColumns}, maximum_object_size = ${jsonValueBytesMax}, ` +
        `ignore_errors = true) WHERE q <= ${quoteInteger(frames)} AND ${isWanted}`,
    )
    .join(' UNION ALL ')
}

/**
 * The line with each lone surrogate escape (`\ud800`) made U+FFFD, which is all that DuckDB refuses of the JSON that
 * agents log. Control characters cannot stand in JSON text, so they mark what must stay: 1 an escaped backslash, 2 a
 * true pair.
 */
const repairedLine =
  `replace(replace(regexp_replace(regexp_replace(replace(line, '\\\\', chr(1)), ` +
  `'\\\\(u[dD][89abAB][0-9a-fA-F]{2})\\\\(u[dD][c-fC-F][0-9a-fA-F]{2})', chr(2) || '\\1' || chr(2) || '\\2', 'g'), ` +
  `'\\\\u[dD][89a-fA-F][0-9a-fA-F]{2}', '\\\\ufffd', 'g'), chr(2), '\\'), chr(1), '\\\\')`

const textKeys = headerKeys.filter(key => !['columns', 'snapshot', 'diffResults', 'decorations'].includes(key))

const headerShape = JSON.stringify({
  ...Object.fromEntries(textKeys.map(key => [key, 'VARCHAR'])),
  hostname: 'VARCHAR',
  columns: 'JSON',
  snapshot: ['JSON'],
  diffResults: { added: ['JSON'], removed: ['JSON'] },
  decorations: 'JSON',
})

/** The rows of a line as a list of {c: columns, a: action}, in the order in which the line has them. */
const rowList = `CASE
  WHEN j IS NULL THEN [{c: json_object('${rawLineKey}', line), a: NULL::VARCHAR}]
  WHEN x.columns IS NOT NULL THEN [{c: x.columns, a: x.action}]
  WHEN x.snapshot IS NOT NULL THEN list_transform(x.snapshot, lambda c: {c: c, a: coalesce(x.action, 'snapshot')})
  ELSE list_concat(
    list_transform(x.diffResults.added, lambda c: {c: c, a: 'added'}),
    list_transform(x.diffResults.removed, lambda c: {c: c, a: 'removed'})) END`

const known = [...headerKeys, 'hostname'].map(quoteText).join(', ')

/** Keys of the line that are decorations merged at top level; `hostname` is one only beside a host identifier. */
const topLevel =
  `list_filter(json_keys(j), lambda key: key NOT IN (${known}) ` +
  `OR (key = 'hostname' AND x.hostIdentifier IS NOT NULL))`

/** All decorations of the line, as one JSON object. */
const nested = objectOrEmpty('x.decorations')
const merged = `json_merge_patch(${objectOf('j', topLevel, 'key')}, ${nested})`
const decorations = `CASE WHEN len(${topLevel}) > 0 THEN ${merged} ELSE ${nested} END`

/**
 * SELECT of every line of the sources: row_segment, `ordinal` (its place in the segment), `t`, `h`, `hi`, `line_bytes`,
 * `x` (header as a struct of texts), `rs` (its rows, a list) and `d` (its decorations). What a statement does not use
 * of it costs nothing.
 */
export function linesSql(sources: readonly SegmentSource[], only: RowFilter = {}): string {
  const texts =
    'SELECT row_segment, t, h, hi, unnest(b) AS line, o + unnest(range(len(b))) AS ordinal ' +
    `FROM (${framesSql(sources, only)})`
  const json = `SELECT *, coalesce(TRY_CAST(line AS JSON), TRY_CAST(${repairedLine} AS JSON)) AS j FROM (${texts})`
  const names = only.queryNames?.map(name => name.toLowerCase())
  const isWanted = isOneOf(`lower(${queryNameOf("json_extract_string(j, '$.name')")})`, names)
  const parsed = `SELECT *, json_transform(j, ${quoteText(headerShape)}) AS x FROM (${json}) WHERE ${isWanted}`
  const header = [...textKeys, 'hostname'].map(key => `${key}: x.${key}`).join(', ')
  return (
    `SELECT row_segment, ordinal, t, h, hi, strlen(line) AS line_bytes, {${header}} AS x, ${rowList} AS rs, ` +
    `${decorations} AS d FROM (${parsed})`
  )
}

/**
 * SELECT of every result row of the lines (`FROM` text: a subquery or a table with what `linesSql` gives): row_segment,
 * row_ordinal, `t`, `h`, `hi`, `line_bytes`, `n` (rows in its line), `x`, `action`, `c` (its columns) and `d`, both
 * JSON objects with keys in lower case.
 */
export function rowsSql(lines: string): string {
  const rows = `SELECT * EXCLUDE (rs), len(rs) AS n, unnest(rs) AS r, unnest(range(len(rs))) AS k FROM ${lines}`
  const value =
    `CASE WHEN json_type(r.c) = 'OBJECT' THEN r.c WHEN r.c IS NULL THEN '{}'::JSON ` +
    `ELSE json_object('${rawValueKey}', r.c) END`
  const flat =
    `SELECT row_segment, ordinal * ${rowsPerLineMax} + k AS row_ordinal, t, h, hi, line_bytes, n, x, r.a AS action, ` +
    `${value} AS c, d FROM (${rows})`
  return `SELECT * REPLACE (${lowerCaseKeys('c')} AS c, ${lowerCaseKeys('d')} AS d) FROM (${flat})`
}

function objectOrEmpty(value: string): string {
  return `CASE WHEN json_type(${value}) = 'OBJECT' THEN ${value} ELSE '{}'::JSON END`
}

/** JSON object of some keys of `object`, each renamed by an SQL expression over `key`. */
function objectOf(object: string, keys: string, name: string): string {
  const entry = `to_json(${name})::VARCHAR || ':' || json_extract(${object}, ${pointerOf('key')})::VARCHAR`
  return `('{' || array_to_string(list_transform(${keys}, lambda key: ${entry}), ',') || '}')::JSON`
}

/**
 * A JSON object with its keys in lower case; where a lower-case twin exists, the key stays as it is (and so ends up in
 * `raw_values`). Nearly every object passes by the first comparison.
 */
function lowerCaseKeys(object: string): string {
  const keys = `json_keys(${object})`
  const name = `CASE WHEN list_contains(${keys}, lower(key)) THEN key ELSE lower(key) END`
  return `CASE WHEN lower(${keys}::VARCHAR) = ${keys}::VARCHAR THEN ${object} ELSE ${objectOf(object, keys, name)} END`
}

/** The JSON pointer (RFC 6901) of a key, as SQL: the one path syntax in which any key can be written. */
export function pointerOf(key: string): string {
  return `'/' || replace(replace(${key}, '~', '~0'), '/', '~1')`
}
