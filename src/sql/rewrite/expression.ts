import { SqlRefusal } from '../diagnostics.ts'
import type { Expression, ExpressionOf } from '../parse/ast.ts'
import {
  bigintType,
  booleanType,
  commonType,
  doubleType,
  engineType,
  isInstant,
  isInteger,
  isInterval,
  isNumeric,
  isText,
  quoteName,
  quoteText,
  type SqlType,
  typeText,
  unknownType,
  varcharType,
} from '../sql-type.ts'
import { bindCall } from './call.ts'
import { castTo, coerce } from './casts.ts'
import { bindCondition } from './condition.ts'
import { bind, type Context, lambdaDepth, type Typed } from './context.ts'
import { bindExtract } from './extract.ts'
import { besideQueries, hoisted } from './hoist.ts'
import { bindJsonArray, bindJsonObject, bindJsonPath } from './json-form.ts'
import { checkEscape } from './like.ts'
import { bindInterval, bindNumber, bindTypedLiteral, instantLiteral, whitespace } from './literals.ts'
import { bindName, fieldAt, selectField } from './names.ts'
import { bindArithmetic, bindConcat, checkComparable, comparisonSql, failure, unify } from './operators.ts'
import { resolveType } from './type-name.ts'
import { checkZone, withZoneOfText } from './zones.ts'

/**
 * The SQL and the type of one expression. Every node kind has its branch here: what has none cannot be written.
 * In a grouped query an expression that is one of the grouped ones settles the columns inside it.
 */
export function bindExpression(node: Expression, context: Context): Typed {
  const grouping = context.grouping
  if (grouping === undefined) return bindNode(node, context)
  const before = grouping.pending.length
  const value = bindNode(node, context)
  if (grouping.pending.length === before || !grouping.texts.has(value.sql)) return value
  grouping.pending.length = before
  return hoisted(value, context)
}

function bindNode(node: Expression, context: Context): Typed {
  switch (node.kind) {
    case 'null':
      return { sql: 'NULL', type: unknownType }
    case 'boolean':
      return { sql: node.value ? 'true' : 'false', type: booleanType }
    case 'string':
      return { sql: quoteText(node.value), type: { kind: 'varchar', length: [...node.value].length } }
    case 'binary':
      return { sql: `unhex('${node.hex}')`, type: { kind: 'varbinary' } }
    case 'number':
      return bindNumber(node)
    case 'typed':
      return bindTypedLiteral(node)
    case 'interval':
      return bindInterval(node)
    case 'name':
      return bindName(node.parts, context)
    case 'field':
      return selectField(bind(node.base, context), node.name)
    case 'subscript':
      return bindSubscript(node, context)
    case 'negate':
      return bindNegation(node, context)
    case 'arithmetic':
      return bindArithmetic(node.operator, bind(node.left, context), bind(node.right, context), context, node)
    case 'concat':
      return bindConcat(bind(node.left, context), bind(node.right, context), node)
    case 'cast':
      return bindCast(node, context)
    case 'case':
      return bindCase(node, context)
    case 'call':
      return bindCall(node, context)
    case 'lambda':
      throw new SqlRefusal('a lambda may only be an argument of a function', node)
    case 'array':
      return bindArray(node, context)
    case 'row':
      return bindRow(node, context)
    case 'subquery':
      return hoisted(bindScalarQuery(node, context), context)
    case 'extract':
      return bindExtract(node, context)
    case 'atTimeZone':
      return bindAtTimeZone(node, context)
    case 'current':
      return bindCurrent(node, context)
    case 'trim':
      return bindTrim(node, context)
    case 'jsonPath':
      return bindJsonPath(node, context)
    case 'jsonObject':
      return bindJsonObject(node, context)
    case 'jsonArray':
      return bindJsonArray(node, context)
    case 'quantified':
    case 'inQuery':
    case 'exists':
      return hoisted({ sql: bindQueryPredicate(node, context), type: booleanType }, context)
    default:
      return { sql: bindPredicate(node, context), type: booleanType }
  }
}

/** A truth value taken from a query: it and the value it is compared with are computed before any TRY around. */
function bindQueryPredicate(node: ExpressionOf<'quantified' | 'inQuery' | 'exists'>, context: Context): string {
  const outside: Context = { ...context, hoist: undefined, isTry: false }
  switch (node.kind) {
    case 'quantified':
      return bindQuantified(node, outside)
    case 'inQuery':
      return bindInQuery(node, outside)
    case 'exists':
      return `EXISTS (${context.session.bindQuery(node.query, outside).sql})`
  }
}

type Predicate = ExpressionOf<'compare' | 'between' | 'inList' | 'like' | 'isNull' | 'isDistinct' | 'not' | 'logic'>

function bindPredicate(node: Predicate, context: Context): string {
  switch (node.kind) {
    case 'compare':
      return bindComparison(node, context)
    case 'between':
      return bindBetween(node, context)
    case 'inList':
      return bindInList(node, context)
    case 'like':
      return bindLike(node, context)
    case 'isNull':
      return `(${bind(node.value, context).sql} IS ${node.isNot ? 'NOT ' : ''}NULL)`
    case 'isDistinct': {
      const [left, right] = comparable(node.left, node.right, 'IS DISTINCT FROM', context)
      return `(${left.sql} IS ${node.isNot ? 'NOT ' : ''}DISTINCT FROM ${right.sql})`
    }
    case 'not':
      return `(NOT ${bindCondition(node.value, context, 'NOT')})`
    case 'logic':
      return `(${node.items.map(item => bindCondition(item, context, node.operator)).join(` ${node.operator} `)})`
  }
}

function bindCast(node: ExpressionOf<'cast'>, context: Context): Typed {
  const value = bind(node.value, context)
  const type = withZoneOfText(resolveType(node.type), value, node, context)
  const mode = node.isTry ? 'TRY_CAST' : 'CAST'
  const sql = besideQueries([value], lambdaDepth(context), ([arg]) => castTo(arg!, type, mode, node).sql)
  return { sql, type }
}

function nameOf(node: Expression): string[] {
  return node.kind === 'name' ? [`column '${node.parts.map(part => part.text).join('.')}'`] : []
}

function comparable(left: Expression, right: Expression, operator: string, context: Context): [Typed, Typed] {
  const [a, b] = [bind(left, context), bind(right, context)]
  const span = { start: left.start, end: right.end }
  const type = checkComparable(a, b, operator, span, [...nameOf(left), ...nameOf(right)])
  if (/[<>]/.test(operator) && operator !== '<>') refuseUnordered(type, span)
  return [adapt(a, type), adapt(b, type)]
}

/** Nested values are compared by the engine only in the same shape; scalars it converts as Trino does. */
function adapt(value: Typed, type: SqlType): Typed {
  const isNested = type.kind === 'array' || type.kind === 'row' || type.kind === 'map'
  return isNested || value.type.kind === 'date' ? coerce(value, type) : value
}

function refuseUnordered(type: SqlType, span: { start: number; end: number }): void {
  if (type.kind !== 'map' && type.kind !== 'json') return
  throw new SqlRefusal(`values of type ${typeText(type)} have no order`, span)
}

function bindComparison(node: ExpressionOf<'compare'>, context: Context): string {
  const [left, right] = comparable(node.left, node.right, node.operator, context)
  const type = commonType(left.type, right.type) ?? left.type
  if (type.kind === 'array' && /[<>]/.test(node.operator) && node.operator !== '<>') {
    throw new SqlRefusal(`arrays are not compared with '${node.operator}'`, node, { hint: 'compare their elements' })
  }
  return comparisonSql(node.operator, left, right, type)
}

function bindQuantified(node: ExpressionOf<'quantified'>, context: Context): string {
  const value = bind(node.value, context)
  const query = bindOneColumn(node.query, context)
  checkComparable(value, query, node.operator, node, nameOf(node.value))
  const sql = `(${value.sql} ${node.operator} ${node.isAll ? 'ALL' : 'ANY'} (${query.sql}))`
  // NULL is not equal to all of several different values: to Trino that much is known.
  const isSettled = node.isAll ? node.operator === '=' : node.operator === '<>'
  if (!isSettled || value.type.kind === 'row') return sql
  const areSeveral = `(SELECT count(DISTINCT v.c) > 1 FROM (${query.sql}) AS v(c))`
  return `CASE WHEN ${value.sql} IS NULL AND ${areSeveral} THEN ${!node.isAll} ELSE ${sql} END`
}

function bindBetween(node: ExpressionOf<'between'>, context: Context): string {
  const [value, low] = comparable(node.value, node.low, '>=', context)
  const [, high] = comparable(node.value, node.high, '<=', context)
  const [lowType, highType] = [commonType(value.type, low.type), commonType(value.type, high.type)]
  if (lowType?.kind === 'double' || highType?.kind === 'double') {
    const [above, below] = [comparisonSql('>=', value, low, doubleType), comparisonSql('<=', value, high, doubleType)]
    const inside = `${above} AND ${below}`
    return node.isNot ? `(NOT (${inside}))` : `(${inside})`
  }
  return `(${value.sql} ${node.isNot ? 'NOT ' : ''}BETWEEN ${low.sql} AND ${high.sql})`
}

function bindInList(node: ExpressionOf<'inList'>, context: Context): string {
  const value = bind(node.value, context)
  const items = node.items.map(item => {
    const bound = bind(item, context)
    const type = checkComparable(value, bound, 'IN', item, nameOf(node.value))
    return { value: adapt(bound, type), type }
  })
  // Of these the engine finds NULL equal to NULL where it stands within.
  if (['row', 'array', 'map'].includes(value.type.kind)) {
    const any = items.map(item => comparisonSql('=', value, item.value, item.type)).join(' OR ')
    return node.isNot ? `(NOT (${any}))` : `(${any})`
  }
  return `(${value.sql} ${node.isNot ? 'NOT ' : ''}IN (${items.map(item => item.value.sql).join(', ')}))`
}

function bindInQuery(node: ExpressionOf<'inQuery'>, context: Context): string {
  const value = bind(node.value, context)
  const query = context.session.bindQuery(node.query, context)
  if (value.type.kind === 'row' && query.columns.length === value.type.fields.length) {
    const fields = value.type.fields.map((_, index) => fieldAt(value, index).sql)
    return `(${node.isNot ? 'NOT ' : ''}(${fields.join(', ')}) IN (${query.sql}))`
  }
  const column = oneColumn(query, node.query)
  checkComparable(value, column, 'IN', node, nameOf(node.value))
  return `(${value.sql} ${node.isNot ? 'NOT ' : ''}IN (${query.sql}))`
}

function bindLike(node: ExpressionOf<'like'>, context: Context): string {
  const parts = [node.value, node.pattern, ...(node.escape === undefined ? [] : [node.escape])]
  const [value, pattern, escapeSql] = parts.map(part => {
    const bound = bind(part, context)
    if (isText(bound.type) || bound.type.kind === 'unknown' || bound.type.kind === 'any') return bound.sql
    const hint = 'convert it with CAST(… AS varchar)'
    const names = nameOf(part).join('')
    const message = `LIKE needs text, ${names === '' ? 'this' : names} is ${typeText(bound.type)}`
    throw new SqlRefusal(message, part, { hint })
  })
  checkEscape(node)
  const operator = `${node.isNot ? 'NOT ' : ''}LIKE`
  if (escapeSql === undefined) return `(${value} ${operator} ${pattern})`
  const isWritten = node.pattern.kind === 'string' && node.escape?.kind === 'string'
  const checked = isWritten ? pattern : `trino_like_pattern(${value}, ${pattern}, ${escapeSql})`
  return `(${value} ${operator} ${checked} ESCAPE ${escapeSql})`
}

function bindNegation(node: ExpressionOf<'negate'>, context: Context): Typed {
  if (node.value.kind === 'number') return bindNumber({ ...node.value, text: `-${node.value.text}` })
  const value = bind(node.value, context)
  const isNegatable = isNumeric(value.type) || isInterval(value.type) || value.type.kind === 'any'
  if (!isNegatable && value.type.kind !== 'unknown') {
    throw new SqlRefusal(`cannot negate ${typeText(value.type)}`, node)
  }
  return { sql: `(- ${value.sql})`, type: value.type }
}

function bindSubscript(node: ExpressionOf<'subscript'>, context: Context): Typed {
  const base = bind(node.base, context)
  const index = bind(node.index, context)
  if (base.type.kind === 'map') {
    const key = coerce(index, base.type.key).sql
    checkComparable({ sql: '', type: base.type.key }, index, 'key', node.index)
    const missing = failure(context, 'key not present in map', base.type.value)
    const hasKey = `map_contains(${base.sql}, ${key})`
    return { sql: `CASE WHEN ${hasKey} IS false THEN ${missing} ELSE ${base.sql}[${key}] END`, type: base.type.value }
  }
  if (base.type.kind === 'row') {
    const position = node.index.kind === 'number' ? Number(node.index.text) : 0
    if (Number.isInteger(position) && position >= 1 && position <= base.type.fields.length) {
      return fieldAt(base, position - 1)
    }
    throw new SqlRefusal('a row is subscripted by the number of one of its fields', node.index)
  }
  const element = base.type.kind === 'array' ? base.type.element : base.type.kind === 'any' ? base.type : undefined
  if (element === undefined) throw new SqlRefusal(`${typeText(base.type)} has no elements`, node.base)
  if (commonType(index.type, bigintType)?.kind !== 'bigint' && index.type.kind !== 'any') {
    throw new SqlRefusal(`an array is subscripted by a bigint, this is ${typeText(index.type)}`, node.index)
  }
  const outside = failure(context, 'array subscript out of bounds (subscripts start at 1)', element)
  const isInside = `(${index.sql} BETWEEN 1 AND len(${base.sql}))`
  return { sql: `CASE WHEN ${isInside} IS false THEN ${outside} ELSE ${base.sql}[${index.sql}] END`, type: element }
}

function bindCase(node: ExpressionOf<'case'>, context: Context): Typed {
  const operand = node.operand === undefined ? undefined : bind(node.operand, context)
  const isPlain = operand === undefined || isText(operand.type) || isInteger(operand.type)
  const conditions = node.branches.map(branch => {
    if (operand === undefined) return bindCondition(branch.when, context, 'WHEN')
    const when = bind(branch.when, context)
    const type = checkComparable(
      operand,
      when,
      '=',
      branch.when,
      node.operand === undefined ? [] : nameOf(node.operand),
    )
    return isPlain ? when.sql : comparisonSql('=', operand, when, type)
  })
  const results = node.branches.map(branch => ({ node: branch.result, value: bind(branch.result, context) }))
  if (node.otherwise !== undefined) results.push({ node: node.otherwise, value: bind(node.otherwise, context) })
  const type = unify(results, 'the branches of CASE')
  const branches = conditions.map((when, index) => `WHEN ${when} THEN ${coerce(results[index]!.value, type).sql}`)
  const otherwise = node.otherwise === undefined ? '' : ` ELSE ${coerce(results.at(-1)!.value, type).sql}`
  const head = operand === undefined || !isPlain ? 'CASE' : `CASE ${operand.sql}`
  return { sql: `${head} ${branches.join(' ')}${otherwise} END`, type }
}

function bindArray(node: ExpressionOf<'array'>, context: Context): Typed {
  const values = node.items.map(item => ({ node: item, value: bind(item, context) }))
  const element = unify(values, 'the elements of an array')
  const items = values.map(item => coerce(item.value, element).sql)
  const list = `[${items.join(', ')}]`
  const type: SqlType = { kind: 'array', element }
  const isTyped = element.kind !== 'unknown' && element.kind !== 'any'
  return { sql: isTyped ? `CAST(${list} AS ${engineType(type)})` : list, type }
}

function bindRow(node: ExpressionOf<'row'>, context: Context): Typed {
  const fields = node.items.map(item => ({ name: item.name?.text, value: bind(item.value, context) }))
  if (fields.length === 0) throw new SqlRefusal('a row needs at least one field', node)
  const type: SqlType = { kind: 'row', fields: fields.map(field => ({ name: field.name, type: field.value.type })) }
  const parts = fields.map((field, index) => `${quoteName(field.name ?? `field${index}`)} := ${field.value.sql}`)
  return { sql: `struct_pack(${parts.join(', ')})`, type }
}

function bindScalarQuery(node: ExpressionOf<'subquery'>, context: Context): Typed {
  const query = context.session.bindQuery(node.query, context)
  return { sql: `(${query.sql})`, type: oneColumn(query, node.query).type }
}

function bindOneColumn(node: ExpressionOf<'subquery'>['query'], context: Context): Typed {
  const query = context.session.bindQuery(node, context)
  return { sql: query.sql, type: oneColumn(query, node).type }
}

function oneColumn(query: { columns: readonly { type: SqlType }[] }, span: { start: number; end: number }): Typed {
  if (query.columns.length !== 1) {
    throw new SqlRefusal(`this subquery must return one column, it has ${query.columns.length}`, span)
  }
  return { sql: '', type: query.columns[0]!.type }
}

function bindAtTimeZone(node: ExpressionOf<'atTimeZone'>, context: Context): Typed {
  const value = bind(node.value, context)
  if (!isInstant(value.type) || value.type.kind === 'date') {
    throw new SqlRefusal(`AT TIME ZONE needs a timestamp, this is ${typeText(value.type)}`, node.value)
  }
  if (node.zone.kind !== 'string') {
    throw new SqlRefusal("AT TIME ZONE needs a zone in quotes, for instance 'Europe/Berlin'", node.zone)
  }
  const precision = 'precision' in value.type ? value.type.precision : 3
  return { sql: value.sql, type: { kind: 'timestamptz', precision, zone: checkZone(node.zone.value, node.zone) } }
}

/** The time of the check, one for the whole statement: what is computed from it bounds the scan as well. */
function bindCurrent(node: ExpressionOf<'current'>, context: Context): Typed {
  const now = context.session.now
  switch (node.what) {
    case 'date':
      return { sql: `DATE '${new Date(now).toISOString().slice(0, 10)}'`, type: { kind: 'date' } }
    case 'timestamp':
      return { sql: instantLiteral(now), type: { kind: 'timestamptz', precision: 3, zone: undefined } }
    case 'localtimestamp':
      return { sql: instantLiteral(now), type: { kind: 'timestamp', precision: 3 } }
    case 'localtime':
      return { sql: `CAST(${instantLiteral(now)} AS TIME)`, type: { kind: 'time', precision: 3 } }
  }
}

const trimFunctions = { both: 'trim', leading: 'ltrim', trailing: 'rtrim' } as const

function bindTrim(node: ExpressionOf<'trim'>, context: Context): Typed {
  const args = [node.value, ...(node.chars === undefined ? [] : [node.chars])].map(part => {
    const bound = bind(part, context)
    if (isText(bound.type) || bound.type.kind === 'unknown' || bound.type.kind === 'any') return bound.sql
    throw new SqlRefusal(`trim needs text, this is ${typeText(bound.type)}`, part)
  })
  if (node.chars === undefined) args.push(whitespace)
  return { sql: `${trimFunctions[node.side]}(${args.join(', ')})`, type: varcharType }
}
