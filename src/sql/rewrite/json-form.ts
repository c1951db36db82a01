import { type Span, SqlRefusal } from '../diagnostics.ts'
import type { Expression, ExpressionOf, JsonPathCall } from '../parse/ast.ts'
import { isInteger, isText, quoteText, typeText, varcharType } from '../sql-type.ts'
import { castTo } from './casts.ts'
import { bind, type Context, type Typed } from './context.ts'
import { failure } from './operators.ts'
import { resolveType } from './type-name.ts'

// SQL/JSON's forms and the paths they take. Paths are literals, checked and printed anew for the engine; a path that
// means something the engine's paths cannot say (filters, methods, `..`) is refused.

/** `.key` and `."key"`; `["key"]`, `['key']`, `[0]` and `[*]`. */
const dotted = String.raw`\.\s*([\p{L}_$@][\p{L}\p{N}_$@\-]*)|\.\s*"((?:[^"\\]|\\.)*)"`
const bracketed = String.raw`\[\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(\d+)|(\*))\s*\]`

/** Trino's JSON path as the engine's: `$["a b"].c[0]`, `lax $.a`, `$.a[*]`. */
export function enginePath(path: string, span: Span): { path: string; hasWildcard: boolean } {
  const refusal = () => {
    const hint = 'a path is made of $, .key, ["key"], [0] and [*], for instance \'$.a[0]\''
    return new SqlRefusal(`JSON path '${path}' is not supported`, span, { hint })
  }
  const body = path.trim().replace(/^lax\s+/i, '')
  if (/^strict\s/i.test(body)) throw new SqlRefusal("JSON paths in 'strict' mode are not supported", span)
  if (!body.startsWith('$')) throw refusal()
  const step = new RegExp(`${dotted}|${bracketed}|(\\.\\*)`, 'uy')
  let at = 1
  let result = '$'
  let hasWildcard = false
  while (at < body.length) {
    step.lastIndex = at
    const match = step.exec(body)
    if (match === null) throw refusal()
    at = step.lastIndex
    const key = match[1] ?? match[2] ?? match[3] ?? match[4]
    if (key !== undefined) {
      if (key.includes('"') || key.includes('\\')) throw refusal()
      result += `."${key}"`
    } else if (match[5] !== undefined) result += `[${match[5]}]`
    else {
      hasWildcard = true
      result += match[6] === undefined ? '.*' : '[*]'
    }
  }
  return { path: result, hasWildcard }
}

/** The path argument of a JSON function as SQL; only a literal can be checked. */
export function pathArgument(node: Expression): string {
  if (node.kind !== 'string') {
    throw new SqlRefusal('a JSON path must be a string literal', node)
  }
  const { path, hasWildcard } = enginePath(node.value, node)
  if (hasWildcard) throw new SqlRefusal(`JSON path '${node.value}' matches several values`, node)
  return quoteText(path)
}

const indexesMax = 3

/** The paths `node` stands for where `$[0]` finds the member 0 of an object too, and `$["0"]` the item of an array. */
export function pathArguments(node: Expression): string[] {
  const path = pathArgument(node)
  const number = /\[(\d+)\]|\."(\d+)"/g
  const count = path.match(number)?.length ?? 0
  if (count > indexesMax) {
    const hint = 'take the inner value first: json_extract(json_extract(…), …)'
    throw new SqlRefusal(`a JSON path may have up to ${indexesMax} numbers in it`, node, { hint })
  }
  return Array.from({ length: 2 ** count }, (_, choice) => {
    let place = 0
    return path.replace(number, (step, index, name) => {
      if (((choice >> place++) & 1) === 0) return step
      return index === undefined ? `[${name}]` : `."${index}"`
    })
  })
}

export function bindJsonPath(node: JsonPathCall, context: Context): Typed {
  const input = bind(node.input, context)
  if (!isText(input.type) && input.type.kind !== 'json' && input.type.kind !== 'unknown') {
    throw new SqlRefusal(`${node.name} reads JSON text, this is ${typeText(input.type)}`, node.input)
  }
  if (node.onEmpty !== 'null' && typeof node.onEmpty !== 'object') unsupportedBehaviour(node)
  const path = pathArgument(node.path)
  const text = input.type.kind === 'json' ? input.sql : `trino_json_strict(${input.sql})`
  const found = `trino_json_at(${text}, ${path})`
  if (node.name === 'json_exists') {
    if (node.onError !== 'false') unsupportedBehaviour(node)
    const isThere = `trino_json_exists(${text}, ${path})`
    const sql = `coalesce(${isThere}, CASE WHEN ${input.sql} IS NOT NULL THEN false END)`
    return { sql, type: { kind: 'boolean' } }
  }
  if (node.name === 'json_query') return { sql: queryText(node, found), type: varcharType }
  return jsonValue(node, text, path, context)
}

function unsupportedBehaviour(node: JsonPathCall): never {
  const hint = 'leave ON EMPTY and ON ERROR at their defaults'
  throw new SqlRefusal(`this ON EMPTY or ON ERROR behaviour of ${node.name} is not supported`, node.nameSpan, { hint })
}

function queryText(node: JsonPathCall, found: string): string {
  if (node.onError !== 'null' || node.onEmpty !== 'null') unsupportedBehaviour(node)
  if (!node.keepQuotes) {
    throw new SqlRefusal('json_query with OMIT QUOTES is not supported', node.nameSpan, { hint: 'write json_value' })
  }
  const text = `CAST(${found} AS VARCHAR)`
  const isContainer = `json_type(${found}) IN ('OBJECT', 'ARRAY')`
  switch (node.wrapper) {
    case 'unconditional':
      return `('[' || ${text} || ']')`
    case 'conditional':
      return `CASE WHEN ${isContainer} THEN ${text} ELSE '[' || ${text} || ']' END`
    case 'without':
      return text
  }
}

function jsonValue(node: JsonPathCall, inputSql: string, path: string, context: Context): Typed {
  const text = { sql: `trino_json_value(${inputSql}, ${path})`, type: varcharType }
  const type = node.returning === undefined ? varcharType : resolveType(node.returning)
  const number: Typed = { sql: `TRY_CAST(${text.sql} AS DOUBLE)`, type: { kind: 'double' } }
  const whole = castTo(text, type, 'TRY_CAST', node).sql
  const rounded = isInteger(type) ? `coalesce(${whole}, ${castTo(number, type, 'TRY_CAST', node).sql})` : whole
  const value = type.kind === 'varchar' ? text : { sql: rounded, type }
  let sql = value.sql
  if (typeof node.onEmpty === 'object') {
    const exists = `trino_json_exists(${inputSql}, ${path})`
    const fallback = castTo(bind(node.onEmpty, context), type, 'CAST', node.onEmpty)
    sql = `CASE WHEN ${exists} IS true THEN ${sql} WHEN ${inputSql} IS NOT NULL THEN ${fallback.sql} END`
  }
  if (node.onError === 'error') {
    const failed = failure(context, 'json_value found no scalar at this path')
    sql = `CASE WHEN ${sql} IS NULL AND trino_json_exists(${inputSql}, ${path}) THEN ${failed} ELSE ${sql} END`
  } else if (node.onError !== 'null') unsupportedBehaviour(node)
  return { sql, type }
}

export function bindJsonObject(node: ExpressionOf<'jsonObject'>, context: Context): Typed {
  if (node.dropNulls) throw new SqlRefusal('json_object with ABSENT ON NULL is not supported', node)
  const parts = node.pairs.flatMap(pair => {
    const key = bind(pair.key, context)
    if (!isText(key.type)) throw new SqlRefusal('the keys of json_object are text', pair.key)
    return [key.sql, jsonMember(bind(pair.value, context), pair.value)]
  })
  return { sql: `CAST(json_object(${parts.join(', ')}) AS VARCHAR)`, type: varcharType }
}

export function bindJsonArray(node: ExpressionOf<'jsonArray'>, context: Context): Typed {
  const items = node.items.map(item => jsonMember(bind(item, context), item))
  const list = `[${items.join(', ')}]`
  const kept = node.dropNulls && items.length > 0 ? `list_filter(${list}, lambda "item": "item" IS NOT NULL)` : list
  return { sql: items.length === 0 ? "'[]'" : `CAST(to_json(${kept}) AS VARCHAR)`, type: varcharType }
}

function jsonMember(value: Typed, span: Span): string {
  return castTo(value, { kind: 'json' }, 'CAST', span).sql
}
