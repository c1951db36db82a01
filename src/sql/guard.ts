import { AppError } from '../model/errors.ts'
import { macroNames } from './macros.ts'

// The second guard: DuckDB's own parse tree of the rewritten statement (`json_serialize_sql`), checked against what the
// rewriting can have printed. It is the parser that will execute, so no difference between two parsers can hide
// anything. Everything is an allow-list: a class, a type or a name that is not in one ends the run.

/** Query nodes, relations and modifiers: what an object whose `type` is text, and that has no `class`, may be. */
const nodeTypes = new Set([
  'SELECT_NODE',
  'SET_OPERATION_NODE',
  'RECURSIVE_CTE_NODE',
  'CTE_NODE',
  'BASE_TABLE',
  'SUBQUERY',
  'JOIN',
  'EXPRESSION_LIST',
  'EMPTY',
  'EMPTY_FROM',
  'ORDER_MODIFIER',
  'LIMIT_MODIFIER',
  'DISTINCT_MODIFIER',
])

/** Words that appear as the type of a sort key or of a cast's target: they name neither a relation nor a function. */
const plainTypes = new Set([
  'ASCENDING',
  'DESCENDING',
  'ORDER_DEFAULT',
  'DECIMAL_TYPE_INFO',
  'GENERIC_TYPE_INFO',
  'LIST_TYPE_INFO',
  'STRUCT_TYPE_INFO',
  'UNBOUND_TYPE_INFO',
])

const expressionClasses = new Set([
  'BETWEEN',
  'CASE',
  'CAST',
  'COLUMN_REF',
  'COMPARISON',
  'CONJUNCTION',
  'CONSTANT',
  'FUNCTION',
  'LAMBDA',
  'OPERATOR',
  'STAR',
  'SUBQUERY',
  'TYPE',
  'WINDOW',
])

/** The engine's own functions and operators that the rewriting prints. */
const engineFunctions = `
  + - * / // % & | ~ >> << || ~~ !~~ ~~~ like_escape not_like_escape between abs acos any_value
  approx_count_distinct arg_max arg_min arg_max_null arg_min_null array_extract array_to_string array_slice
  asin atan atan2 avg bit_and bit_count bit_or bit_xor bool_and bool_or cardinality cbrt ceil chr coalesce
  concat concat_ws corr cos cosh count count_if count_star covar_pop covar_samp cume_dist date_part date_sub
  date_trunc decode degrees dense_rank encode ends_with epoch epoch_us error exp first_value flatten floor
  format from_base64 generate_series greatest grouping hamming hex histogram isfinite isinf isnan json
  json_object kurtosis lag last_day last_value lead least left len length list list_aggregate list_append
  list_contains list_cosine_distance list_cosine_similarity list_distance list_distinct list_dot_product
  list_filter list_prepend list_reduce list_reverse list_sort list_transform list_value list_pack lower lpad
  ltrim make_timestamp map map_concat map_contains map_entries map_extract map_from_entries md5 sha1 sha256
  map_keys map_values max min mod nfc_normalize nth_value ntile nullif octet_length percent_rank pi pow
  quantile_disc radians random range rank regexp_extract regexp_extract_all regexp_full_match regexp_matches
  regexp_replace regexp_split_to_array regr_intercept regr_slope replace reverse round row row_number rpad
  rtrim sign sin sinh skewness sqrt starts_with stddev stddev_pop stddev_samp strftime string_agg string_split
  strpos strptime struct_extract struct_pack substr sum tan tanh timezone to_base to_base64 to_days to_json
  to_microseconds to_milliseconds to_minutes to_months translate trim trunc unhex unicode unnest upper uuid
  var_pop var_samp variance xor json_array_length json_extract json_extract_string
  json_type`
  .trim()
  .split(/\s+/)

const allowedFunctions: ReadonlySet<string> = new Set([...engineFunctions, ...macroNames])

/**
 * Passes where `json`, the text `json_serialize_sql` made, is one query that reads only `relationNames` and its own
 * WITH queries and calls only known functions. Throws `invalid_argument` for everything else, an error of the parser
 * included.
 */
export function checkSerializedTree(json: string, relationNames: Iterable<string>): void {
  const tree: unknown = JSON.parse(json)
  if (!isObject(tree) || tree['error'] !== false || !Array.isArray(tree['statements'])) {
    throw refusal('the engine cannot read the rewritten statement')
  }
  if (tree['statements'].length !== 1) throw refusal('the rewritten statement is not one statement')
  const relations = new Set(relationNames)
  const commonTables = new Set<string>()
  collectCommonTables(tree['statements'][0], commonTables)
  for (const name of commonTables) {
    if (relations.has(name)) throw refusal(`WITH hides relation '${name}'`)
  }
  checkNode(tree['statements'][0], new Set([...relations, ...commonTables]))
}

function refusal(what: string): AppError {
  return new AppError('invalid_argument', `the statement was refused by its second check: ${what}`)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function collectCommonTables(node: unknown, names: Set<string>): void {
  if (Array.isArray(node)) {
    for (const item of node) collectCommonTables(item, names)
    return
  }
  if (!isObject(node)) return
  const map = isObject(node['cte_map']) ? node['cte_map']['map'] : undefined
  if (Array.isArray(map)) for (const entry of map) if (isObject(entry)) names.add(String(entry['key']))
  if (typeof node['cte_name'] === 'string') names.add(node['cte_name'])
  for (const value of Object.values(node)) collectCommonTables(value, names)
}

function checkNode(node: unknown, relations: ReadonlySet<string>): void {
  if (Array.isArray(node)) {
    for (const item of node) checkNode(item, relations)
    return
  }
  if (!isObject(node)) return
  if (typeof node['class'] === 'string') checkExpression(node, node['class'])
  else if (typeof node['type'] === 'string') checkPlainNode(node, node['type'], relations)
  for (const [key, value] of Object.entries(node)) {
    // A constant's value is data: nothing in it is a node, whatever it looks like.
    if (key === 'value' && node['class'] === 'CONSTANT') continue
    checkNode(value, relations)
  }
}

function checkExpression(node: Record<string, unknown>, kind: string): void {
  if (!expressionClasses.has(kind)) throw refusal(`expression of class ${kind}`)
  const name = node['function_name']
  if (name === undefined) return
  // The parser itself puts `main` in front of what it makes of special syntax, such as trim and lists.
  const isPlain = (node['schema'] === '' || node['schema'] === 'main') && node['catalog'] === ''
  if (!isPlain) throw refusal(`function '${String(name)}' of a schema`)
  if (typeof name !== 'string' || !allowedFunctions.has(name)) throw refusal(`function '${String(name)}'`)
}

function checkPlainNode(node: Record<string, unknown>, type: string, relations: ReadonlySet<string>): void {
  if (!nodeTypes.has(type) && !plainTypes.has(type)) throw refusal(`node of type ${type}`)
  if (type !== 'BASE_TABLE') return
  const name = node['table_name']
  const isPlain = node['schema_name'] === '' && node['catalog_name'] === '' && (node['at_clause'] ?? null) === null
  if (!isPlain || typeof name !== 'string' || !relations.has(name)) throw refusal(`relation '${String(name)}'`)
}
