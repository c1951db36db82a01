import { SqlRefusal } from '../diagnostics.ts'
import type { Expression } from '../parse/ast.ts'
import { toText } from '../rewrite/casts.ts'
import { lambdaName } from '../rewrite/context.ts'
import { failure } from '../rewrite/operators.ts'
import { engineType, fieldName, quoteText, type SqlType } from '../sql-type.ts'
import type { BoundCall, FunctionRules, ResultRule } from './rule.ts'
import { callSql, macro, native, refused, renamed, rewrite } from './rule.ts'

const sqlOf = (call: BoundCall): string[] => call.args.map(arg => arg.sql)

/** The array with its elements as text, for array_join. */
function texts(call: BoundCall): string {
  const array = call.args[0]!
  const element = array.type.kind === 'array' ? array.type.element : array.type
  const text = toText('"item"', element)
  if (text === undefined) throw new SqlRefusal('array_join needs elements that have a text', call.node.args[0]!)
  return text === '"item"' || element.kind === 'unknown'
    ? array.sql
    : `list_transform(${array.sql}, lambda "item": ${text})`
}

/** A literal, or `chr(10)`: what the engine's own join takes for a separator. */
export function isConstantText(node: Expression): boolean {
  if (node.kind === 'string') return true
  return node.kind === 'call' && node.name === 'chr' && node.args[0]?.kind === 'number'
}

function arrayJoin(call: BoundCall): string {
  const [, separator, missing] = sqlOf(call)
  const join = isConstantText(call.node.args[1]!) ? 'trino_join_constant' : 'trino_join'
  if (missing === undefined) return `${join}(${texts(call)}, ${separator})`
  return `${join}(list_transform(${texts(call)}, lambda "text": coalesce("text", ${missing})), ${separator})`
}

/** `body` for each position of the longer array; positions past an array's end give NULL. */
function overPositions(call: BoundCall, arrays: readonly string[], body: (items: readonly string[]) => string): string {
  const at = lambdaName(call.context)
  const longest = arrays.length === 1 ? `len(${arrays[0]})` : `greatest(${arrays.map(sql => `len(${sql})`).join(', ')})`
  const anyNull = arrays.map(sql => `${sql} IS NULL`).join(' OR ')
  const list = `list_transform(range(1, ${longest} + 1), lambda ${at}: ${body(arrays.map(sql => `${sql}[${at}]`))})`
  return `CASE WHEN ${anyNull} THEN NULL ELSE ${list} END`
}

function zip(call: BoundCall): string {
  return overPositions(
    call,
    sqlOf(call),
    items => `struct_pack(${items.map((sql, i) => `"field${i}" := ${sql}`).join(', ')})`,
  )
}

/** Arrays of more elements are refused by Trino too. */
const sequenceMax = 10_000

function limited(call: BoundCall, count: string, sql: string): string {
  const failed = failure(call.context, `${call.name} makes arrays of up to ${sequenceMax} elements`, call.result)
  return `CASE WHEN ${count} > ${sequenceMax} THEN ${failed} ELSE ${sql} END`
}

function sequence(call: BoundCall): string {
  const [from, to, step] = sqlOf(call)
  const element = call.result.kind === 'array' ? call.result.element : call.result
  const isDown = `${from} > ${to}`
  if (element.kind === 'bigint') {
    const by = step ?? `CASE WHEN ${from} <= ${to} THEN 1 ELSE -1 END`
    if (step !== undefined)
      return limited(
        call,
        `abs(${to} - ${from}) // greatest(abs(${by}), 1)`,
        towards(call, `${step} < 0`, isDown, `${step} = 0`, `generate_series(${from}, ${to}, ${by})`),
      )
    return limited(call, `abs(${to} - ${from}) // greatest(abs(${by}), 1)`, `generate_series(${from}, ${to}, ${by})`)
  }
  if (call.actual[2]?.kind === 'intervalMonth') return monthSequence(call, element)
  const days = `CASE WHEN ${from} <= ${to} THEN to_days(1) ELSE to_days(-1) END`
  const by = step ?? days
  const length = `abs(epoch(CAST(${to} AS TIMESTAMP)) - epoch(CAST(${from} AS TIMESTAMP)))`
  const stepSeconds = `greatest(abs(epoch(TIMESTAMP '2000-01-01' + ${by}) - epoch(TIMESTAMP '2000-01-01')), 0.001)`
  const series = `generate_series(CAST(${from} AS TIMESTAMP), CAST(${to} AS TIMESTAMP), ${by})`
  const typed = element.kind === 'date' ? `CAST(${series} AS DATE[])` : series
  const checked =
    step === undefined ? typed : towards(call, `trino_micros(${step}) < 0`, isDown, `trino_micros(${step}) = 0`, typed)
  return limited(call, `${length} / ${stepSeconds}`, checked)
}

/** Timestamps keep the digits of the start and the end. */
const sequenceType: ResultRule = ({ actual: [from, to] }) => {
  if (from?.kind !== 'timestamp' || to?.kind !== 'timestamp') return undefined
  const precision = Math.max(from.precision, to.precision)
  return { kind: 'array', element: { kind: 'timestamp', precision } }
}

/** A step of zero, or one that leads away from the end, is an error. */
function towards(call: BoundCall, isBack: string, isDown: string, isZero: string, sql: string): string {
  const [from, to] = sqlOf(call)
  const isWrong = `(${isZero} OR (${from} <> ${to} AND (${isBack}) <> (${isDown})))`
  const message = 'the step of sequence must lead from its start to its stop'
  return `CASE WHEN ${isWrong} THEN ${failure(call.context, message, call.result)} ELSE ${sql} END`
}

/** Steps of months are counted from the start: 31 January, 29 February, 31 March. */
function monthSequence(call: BoundCall, element: SqlType): string {
  const [from, to, step] = sqlOf(call)
  const at = lambdaName(call.context)
  const months = `trino_months(${step})`
  const whole = `abs(date_sub('month', CAST(${from} AS TIMESTAMP), CAST(${to} AS TIMESTAMP)))`
  const count = `${whole} // greatest(abs(${months}), 1)`
  const moved = `(${from} + to_months(CAST(${at} * ${months} AS INTEGER)))`
  const value = element.kind === 'date' ? `CAST(${moved} AS DATE)` : moved
  const list = `list_transform(range(0, ${count} + 1), lambda ${at}: ${value})`
  return limited(call, count, towards(call, `${months} < 0`, `${from} > ${to}`, `${months} = 0`, list))
}

function elementAt(call: BoundCall): string {
  const [base, key] = sqlOf(call)
  if (call.args[0]!.type.kind === 'map') return `${base}[${key}]`
  const zero = failure(call.context, 'SQL array indices start at 1', call.result)
  return `CASE WHEN ${key} = 0 THEN ${zero} ELSE ${base}[${key}] END`
}

function reduce(call: BoundCall): string {
  const array = call.args[0]!.sql
  const last = reduceSql(call, array, elementOf(call))
  const name = lambdaName(call.context)
  return `CASE WHEN ${array} IS NOT NULL THEN list_transform([${last}], lambda ${name}: ${call.bodies[3]!([name])})[1] END`
}

/** The state that a call's second argument and its third, a lambda of a state and an element, make of `array`. */
export function reduceSql(call: BoundCall, array: string, elementType: SqlType): string {
  const { sql: initial, type } = call.args[1]!
  const [element, state] = [elementType, type].map(engineType)
  const [name, next] = [lambdaName(call.context), lambdaName(call.context, 1)]
  // The engine's own wants states of the elements' type: each item is a pair of a state and an element.
  const first = `row(CAST(${initial} AS ${state}), CAST(NULL AS ${element}))`
  const item = `row(CAST(NULL AS ${state}), CAST(${next} AS ${element}))`
  const items = `list_prepend(${first}, list_transform(${array}, lambda ${next}: ${item}))`
  const body = call.bodies[2]!([`struct_extract(${name}, 1)`, `struct_extract(${next}, 2)`])
  const step = `lambda ${name}, ${next}: row(CAST(${body} AS ${state}), CAST(NULL AS ${element}))`
  return `struct_extract(list_reduce(${items}, ${step}), 1)`
}

function combinations(call: BoundCall): string {
  const node = call.node.args[1]!
  const size = node.kind === 'number' ? Number(node.text) : Number.NaN
  if (!(size >= 1 && size <= 3)) throw new SqlRefusal('combinations supports sizes 1 to 3, written as a number', node)
  const array = call.args[0]!.sql
  const level = (depth: number, from: string, chosen: readonly string[]): string => {
    const at = `"at${depth}"`
    const items = [...chosen, `${array}[${at}]`]
    const inner = depth === size ? `[[${items.join(', ')}]]` : level(depth + 1, `${at} + 1`, items)
    return `flatten(list_transform(range(${from}, len(${array}) + 1), lambda ${at}: ${inner}))`
  }
  return limited(call, `len(${array})`, level(1, '1', []))
}

/** Sorted by a comparator: each element goes before the first one that must come after it. */
function sortBy(call: BoundCall): string {
  const [sorted, next, item] = [0, 1, 2].map(index => lambdaName(call.context, index + 2))
  const compare = call.bodies[1]!([item!, `${next}[1]`])
  const before = `list_filter(${sorted}, lambda ${item}: ${compare} <= 0)`
  const after = `list_filter(${sorted}, lambda ${item}: ${compare} > 0)`
  const single = `list_transform(${call.args[0]!.sql}, lambda ${item}: [${item}])`
  const reduced = `list_reduce(${single}, lambda ${sorted}, ${next}: ${before} || ${next} || ${after})`
  return `CASE WHEN len(${call.args[0]!.sql}) = 0 THEN ${call.args[0]!.sql} ELSE ${reduced} END`
}

/** The engine's own drop NULLs or sort; these keep the first of equal elements in its place. */
function distinctOf(list: string): string {
  return callSql('trino_distinct', list)
}

const elementOf = (call: Pick<BoundCall, 'args'>): SqlType => {
  const type = call.args[0]!.type
  return type.kind === 'array' ? type.element : type
}

/** A row's fields in the order of its type, as an unnamed pair is made. */
export function pairSql(key: string, value: string): string {
  return `struct_pack("key" := ${key}, "value" := ${value})`
}

/** Key and value of a row of two fields, whatever it calls them. */
export function pairOf(row: string, type: SqlType): [string, string] {
  const fields = type.kind === 'row' ? type.fields : []
  const [key, value] = [0, 1].map(index => {
    const field = fields[index]
    return `struct_extract(${row}, ${quoteText(field === undefined ? `field${index}` : fieldName(field, index))})`
  })
  return [key!, value!]
}

export const arrayRules: FunctionRules = {
  all_match: rewrite(call => callSql('trino_all', callSql('list_transform', ...sqlOf(call)))),
  any_match: rewrite(call => callSql('trino_any', callSql('list_transform', ...sqlOf(call)))),
  none_match: rewrite(call => `(NOT ${callSql('trino_any', callSql('list_transform', ...sqlOf(call)))})`),
  array_distinct: rewrite(call => distinctOf(call.args[0]!.sql)),
  array_except: macro('trino_array_except'),
  array_first: rewrite(call => {
    const list = call.args.length === 1 ? call.args[0]!.sql : callSql('list_filter', ...sqlOf(call))
    return `${list}[1]`
  }),
  array_histogram: rewrite(call => `CAST(list_aggregate(${call.args[0]!.sql}, 'histogram') AS ${engineMap(call)})`),
  array_intersect: rewrite(call => distinctOf(callSql('trino_list_within', ...sqlOf(call)))),
  array_join: rewrite(arrayJoin),
  array_last: rewrite(call => `${call.args[0]!.sql}[-1]`),
  array_max: rewrite(call => {
    const isDouble = call.result.kind === 'double' || call.result.kind === 'real'
    return callSql(isDouble ? 'trino_array_max_double' : 'trino_array_max', call.args[0]!.sql)
  }),
  array_min: macro('trino_array_min'),
  array_position: macro('trino_array_position'),
  array_remove: macro('trino_array_remove'),
  array_sort: rewrite(call => {
    if (call.args.length > 1) return sortBy(call)
    return `list_sort(${call.args[0]!.sql}, 'ASC', 'NULLS LAST')`
  }),
  array_union: rewrite(call => distinctOf(`(${sqlOf(call).join(' || ')})`)),
  arrays_overlap: macro('trino_arrays_overlap'),
  cardinality: rewrite(call => callSql(call.actual[0]?.kind === 'map' ? 'cardinality' : 'len', call.args[0]!.sql)),
  combinations: rewrite(combinations),
  contains: rewrite(call =>
    isDoubles(call)
      ? `(${callSql('trino_contains', ...sqlOf(call))} AND NOT isnan(${call.args[1]!.sql}))`
      : callSql(call.actual[0]?.kind === 'varchar' ? 'trino_in_network' : 'trino_contains', ...sqlOf(call)),
  ),
  contains_sequence: macro('trino_contains_sequence'),
  cosine_distance: rewrite(call => vector(call, 'list_cosine_distance')),
  cosine_similarity: rewrite(call => vector(call, 'list_cosine_similarity')),
  dot_product: rewrite(call => vector(call, 'list_dot_product')),
  euclidean_distance: rewrite(call => vector(call, 'list_distance')),
  element_at: rewrite(elementAt),
  filter: renamed('list_filter'),
  flatten: native('flatten'),
  ngrams: macro('trino_ngrams'),
  reduce: rewrite(reduce),
  repeat: rewrite(call => {
    const [value, times] = sqlOf(call)
    const negative = failure(call.context, 'repeat: the count must not be negative')
    const count =
      call.node.args[1]!.kind === 'number' ? times : `CASE WHEN ${times} < 0 THEN ${negative} ELSE ${times} END`
    return limited(call, count!, `list_transform(range(${count}), lambda ${lambdaName(call.context)}: ${value})`)
  }),
  sequence: rewrite(sequence, sequenceType),
  shuffle: macro('trino_shuffle'),
  slice: macro('trino_slice'),
  transform: renamed('list_transform'),
  trim_array: macro('trino_trim_array'),
  zip: rewrite(zip),
  zip_with: rewrite(call => {
    const [a, b] = sqlOf(call)
    return overPositions(call, [a!, b!], items => call.bodies[2]!(items))
  }),
  exclude_columns: refused('name the columns to keep'),
  table_changes: refused('it is a table function of the Iceberg connector'),
}

function isDoubles(call: BoundCall): boolean {
  return elementOf(call).kind === 'double' || elementOf(call).kind === 'real'
}

function vector(call: BoundCall, target: string): string {
  if (call.actual[0]?.kind === 'map') throw new SqlRefusal(`${call.name} of maps is not supported`, call.node)
  // The engine looks at the elements of rows that CASE leaves out as well.
  const filled = sqlOf(call).map(sql => `list_transform(${sql}, lambda "item": coalesce("item", 0))`)
  if (target === 'list_dot_product' || target === 'list_distance') return callSql(target, ...filled)
  const isPartial = sqlOf(call)
    .map(sql => `trino_has_null(${sql})`)
    .join(' OR ')
  return `CASE WHEN ${isPartial} THEN NULL ELSE ${callSql(target, ...filled)} END`
}

function engineMap(call: BoundCall): string {
  return `MAP(${engineType(elementOf(call))}, BIGINT)`
}
