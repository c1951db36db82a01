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

const frameColumns =
  "columns = {q: 'BIGINT', o: 'BIGINT', t: 'BIGINT', h: 'VARCHAR', hi: 'VARCHAR', " +
  "n: 'BIGINT', tb: 'VARCHAR', ip: 'VARCHAR', qs: 'VARCHAR', b: 'VARCHAR[]'}"

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

function readSql(path: string): string {
  return (
    `read_json(${quoteText(path)}, format = 'newline_delimited', ${frameColumns}, ` +
    `maximum_object_size = ${jsonValueBytesMax}, ignore_errors = true)`
  )
}

/** A row for each table that the sources have lines of: `table` (NULL: osquery's result lines) and `lines`. */
export function lineCountsSql(sources: readonly SegmentSource[]): string {
  const frames = sources.map(
    ({ path, frames: last }) => `SELECT tb, n FROM ${readSql(path)} WHERE q <= ${quoteInteger(last)}`,
  )
  return `SELECT tb AS "table", sum(n)::BIGINT AS lines FROM (${frames.join(' UNION ALL ')}) GROUP BY tb ORDER BY tb`
}

/** Frames of one table, or of osquery's result lines. */
function framesSql(sources: readonly SegmentSource[], only: RowFilter, table: string | undefined): string {
  const isOfTable = table === undefined ? 'tb IS NULL' : `tb = ${quoteText(table)}`
  const isWanted = `${isOfTable} AND ${isOneOf('h', only.hostIds)}`
  return sources
    .map(
      ({ path, number, frames }) =>
        `SELECT ${quoteInteger(number)}::BIGINT AS row_segment, o, t, h, hi, ip, qs, b FROM ${readSql(path)} ` +
        `WHERE q <= ${quoteInteger(frames)} AND ${isWanted}`,
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

/** A JSON object this short cannot have many keys, and is not counted. */
const shortBytesMax = 16_384
/** An object with more keys is kept as one raw text: no agent logs one, and work on keys is more than linear. */
const keysMax = 1_000
/**
 * What a line's rows may repeat of its header and decorations; a line that would repeat more is kept as one raw text.
 */
const repeatedBytesMax = 8 * 1024 * 1024

/** Longer lines are kept as one raw text when more than one character in `charsPerContainerMin` opens a container. */
const denseBytesMin = 4_096
/** An agent's shortest row, `{"a":"1"},`, has ten. Parsing takes 16 bytes for each container, many times over. */
const charsPerContainerMin = 8
const containers = "(strlen(line) - strlen(translate(line, '[{', '')))"
/** Cheap tests stand in CASE: DuckDB evaluates both sides of AND in a projection. */
const isDense =
  `CASE WHEN strlen(line) < ${denseBytesMin} THEN false ` +
  `ELSE ${containers} * ${charsPerContainerMin} > strlen(line) END`

const isShort = (object: string, bytes: string) =>
  `CASE WHEN strlen(${bytes}) <= ${shortBytesMax} THEN true ELSE len(json_keys(${object})) <= ${keysMax} END`

const rowCount =
  '(coalesce(len(x.snapshot), 0) + coalesce(len(x.diffResults.added), 0) + coalesce(len(x.diffResults.removed), 0))'
const headerBytes = `(strlen(d) + strlen(concat_ws('', ${textKeys.map(key => `x.${key}`).join(', ')})))`
const isRepeated = `${rowCount} * ${headerBytes} > ${repeatedBytesMax}`
const isRaw = `j IS NULL OR CASE WHEN ${rowCount} > 1 THEN ${isRepeated} ELSE false END`

/** The rows of a line as a list of {c: columns, a: action}, in the order in which the line has them. */
const rowList = `CASE
  WHEN raw THEN [{c: json_object('${rawLineKey}', line), a: NULL::VARCHAR}]
  WHEN x.columns IS NOT NULL THEN [{c: x.columns, a: x.action}]
  WHEN x.snapshot IS NOT NULL THEN list_transform(x.snapshot, lambda c: {c: c, a: coalesce(x.action, 'snapshot')})
  ELSE list_concat(
    list_transform(x.diffResults.added, lambda c: {c: c, a: 'added'}),
    list_transform(x.diffResults.removed, lambda c: {c: c, a: 'removed'})) END`

/**
 * All decorations of a line as one JSON object, over `j` and its header `x` (decorations as JSON, hostIdentifier):
 * those nested in it and, with `--decorations_top_level`, all keys that are none of `header`.
 */
export function decorationsOf(header: readonly string[]): string {
  const known = [...header, 'hostname'].map(quoteText).join(', ')
  const nested = objectOrEmpty('x.decorations')
  const isTopLevel = (key: string) =>
    `(${key} NOT IN (${known}) OR (${key} = 'hostname' AND x.hostIdentifier IS NOT NULL))`
  const merged = `json_merge_patch(${objectOf('j', isTopLevel('entry.key'), 'entry.key')}, ${nested})`
  const hasTopLevel = `len(list_filter(json_keys(j), lambda key: ${isTopLevel('key')})) > 0`
  return `CASE WHEN ${hasTopLevel} THEN ${merged} ELSE ${nested} END`
}

/**
 * SELECT of the lines of one table (undefined: osquery's result lines): row_segment, `ordinal`, `t`, `h`, `hi`, `ip`,
 * `qs` (as their frame has them), `line` (its text) and `j` (JSON; NULL where it cannot be taken apart).
 */
export function jsonLinesSql(sources: readonly SegmentSource[], only: RowFilter, table: string | undefined): string {
  const texts =
    'SELECT row_segment, t, h, hi, ip, qs, unnest(b) AS line, o + unnest(range(len(b))) AS ordinal ' +
    `FROM (${framesSql(sources, only, table)})`
  const parse = `coalesce(TRY_CAST(line AS JSON), TRY_CAST(${repairedLine} AS JSON))`
  const json = `SELECT *, CASE WHEN ${isDense} THEN NULL ELSE ${parse} END AS j FROM (${texts})`
  return `SELECT * REPLACE (CASE WHEN ${isShort('j', 'line')} THEN j END AS j) FROM (${json})`
}

/**
 * SELECT of every line of the sources: row_segment, `ordinal` (its place in the segment), what its frame says,
 * `line_bytes`, `x` (header as a struct of texts), `rs` (its rows, a list) and `d` (its decorations). What a statement
 * does not use of it costs nothing.
 */
export function linesSql(sources: readonly SegmentSource[], only: RowFilter = {}): string {
  const bounded = jsonLinesSql(sources, only, undefined)
  const names = only.queryNames?.map(name => name.toLowerCase())
  const isWanted = isOneOf(`lower(${queryNameOf("json_extract_string(j, '$.name')")})`, names)
  const parsed = `SELECT *, json_transform(j, ${quoteText(headerShape)}) AS x FROM (${bounded}) WHERE ${isWanted}`
  const header = [...textKeys, 'hostname'].map(key => `${key}: x.${key}`).join(', ')
  const decorated = `SELECT *, ${decorationsOf(headerKeys)} AS d FROM (${parsed})`
  return (
    `SELECT row_segment, ordinal, t, h, hi, ip, qs, strlen(line) AS line_bytes, ` +
    `CASE WHEN NOT raw THEN {${header}} END AS x, ` +
    `${rowList} AS rs, CASE WHEN raw THEN '{}'::JSON ELSE ${lowerCaseKeys('d')} END AS d ` +
    `FROM (SELECT *, (${isRaw}) AS raw FROM (${decorated}))`
  )
}

/**
 * SELECT of every result row of the lines (`FROM` text: a subquery or a table with what `linesSql` gives): row_segment,
 * row_ordinal, what its frame says, `line_bytes`, `n` (rows in its line), `x`, `action`, `c` (its columns) and `d`,
 * both JSON objects with keys in lower case.
 */
export function rowsSql(lines: string): string {
  const rows = `SELECT * EXCLUDE (rs), len(rs) AS n, unnest(rs) AS r, unnest(range(len(rs))) AS k FROM ${lines}`
  const value =
    `CASE WHEN json_type(r.c) = 'OBJECT' AND ${isShort('r.c', 'r.c')} THEN r.c WHEN r.c IS NULL THEN '{}'::JSON ` +
    `ELSE json_object('${rawValueKey}', r.c) END`
  const flat =
    `SELECT row_segment, ordinal * ${rowsPerLineMax} + k AS row_ordinal, t, h, hi, ip, qs, line_bytes, n, x, ` +
    `r.a AS action, ${value} AS c, d FROM (${rows})`
  return `SELECT * REPLACE (${lowerCaseKeys('c')} AS c) FROM (${flat})`
}

function objectOrEmpty(value: string): string {
  const isBounded = isShort(value, value)
  const isObject = `json_type(${value}) = 'OBJECT'`
  const raw = `CASE WHEN ${isObject} THEN json_object('${rawValueKey}', ${value}) ELSE '{}'::JSON END`
  return `CASE WHEN ${isObject} AND ${isBounded} THEN ${value} ELSE ${raw} END`
}

/** JSON object of those entries of `object` that are wanted, each renamed; both are SQL over `entry.key`. */
function objectOf(object: string, isWanted: string, name: string): string {
  const all = `map_entries(json_transform(${object}, '"MAP(VARCHAR, JSON)"'))`
  const entries = `list_filter(${all}, lambda entry: ${isWanted})`
  const text = `to_json(${name})::VARCHAR || ':' || coalesce(entry.value::VARCHAR, 'null')`
  return `('{' || array_to_string(list_transform(${entries}, lambda entry: ${text}), ',') || '}')::JSON`
}

/**
 * A JSON object with its keys in lower case; where a lower-case twin exists, the key stays as it is (and so ends up in
 * `raw_values`). Nearly every object passes by the first comparison.
 */
export function lowerCaseKeys(object: string): string {
  const keys = `json_keys(${object})`
  const name = `CASE WHEN list_contains(${keys}, lower(entry.key)) THEN entry.key ELSE lower(entry.key) END`
  const isLower = `lower(${keys}::VARCHAR) = ${keys}::VARCHAR`
  return `CASE WHEN ${isLower} THEN ${object} ELSE ${objectOf(object, 'true', name)} END`
}
