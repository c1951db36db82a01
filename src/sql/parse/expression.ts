import { SqlRefusal } from '../diagnostics.ts'
import type { ArithmeticOperator, CompareOperator, Expression, Query } from './ast.ts'
import { parsePrimary } from './primary.ts'
import {
  accept,
  acceptAll,
  chainMax,
  commaList,
  expect,
  holdsQuery,
  nested,
  next,
  parseName,
  peek,
  type Reader,
  spanFrom,
  unexpected,
} from './reader.ts'

// Expressions by falling precedence, as in Trino's grammar: OR, AND, NOT, one predicate, ||, + -, * / %, sign and
// AT TIME ZONE, then primaries with their subscripts and fields.

const compareKeys = new Set(['=', '<>', '!=', '<', '<=', '>', '>='])

export function parseExpression(reader: Reader): Expression {
  return nested(reader, parseOr)
}

function parseOr(reader: Reader): Expression {
  return parseLogic(reader, 'OR', parseAnd)
}

function parseAnd(reader: Reader): Expression {
  return parseLogic(reader, 'AND', parseNot)
}

function parseLogic(reader: Reader, operator: 'AND' | 'OR', parse: (reader: Reader) => Expression): Expression {
  const first = peek(reader)
  const items = [parse(reader)]
  while (accept(reader, operator)) items.push(parse(reader))
  return items.length === 1 ? items[0]! : { kind: 'logic', operator, items, ...spanFrom(reader, first) }
}

function parseNot(reader: Reader): Expression {
  const first = peek(reader)
  if (!accept(reader, 'NOT')) return parsePredicate(reader)
  const value = nested(reader, parseNot)
  return { kind: 'not', value, ...spanFrom(reader, first) }
}

function parsePredicate(reader: Reader): Expression {
  const first = peek(reader)
  let value = parseConcat(reader)
  for (let count = 0; ; count++) {
    if (count > chainMax) throw tooLong(reader)
    const continued = parsePredicateTail(reader, value)
    if (continued === undefined) return value
    value = { ...continued, ...spanFrom(reader, first) }
  }
}

function parsePredicateTail(reader: Reader, value: Expression): Expression | undefined {
  const { start, end } = value
  const span = { start, end }
  const token = peek(reader)
  if (compareKeys.has(token.key)) return parseComparison(reader, value)
  if (accept(reader, 'IS')) {
    const isNot = accept(reader, 'NOT')
    if (acceptAll(reader, 'DISTINCT', 'FROM')) {
      return { kind: 'isDistinct', left: value, right: parseConcat(reader), isNot, ...span }
    }
    if (peek(reader).key !== 'NULL') throw unexpected(reader, 'NULL or DISTINCT FROM')
    next(reader)
    return { kind: 'isNull', value, isNot, ...span }
  }
  const isNot = token.key === 'NOT' && ['IN', 'LIKE', 'BETWEEN'].includes(peek(reader, 1).key)
  if (isNot) next(reader)
  if (accept(reader, 'BETWEEN')) {
    const low = parseConcat(reader)
    expect(reader, 'AND')
    return { kind: 'between', value, low, high: parseConcat(reader), isNot, ...span }
  }
  if (accept(reader, 'LIKE')) {
    const pattern = parseConcat(reader)
    const escapeBy = accept(reader, 'ESCAPE') ? parseConcat(reader) : undefined
    return { kind: 'like', value, pattern, escape: escapeBy, isNot, ...span }
  }
  if (accept(reader, 'IN')) return parseIn(reader, value, isNot)
  return undefined
}

function parseComparison(reader: Reader, value: Expression): Expression {
  const span = { start: value.start, end: value.end }
  const key = next(reader).key
  const operator = (key === '!=' ? '<>' : key) as CompareOperator
  const quantifier = peek(reader).key
  if (['ALL', 'ANY', 'SOME'].includes(quantifier) && peek(reader, 1).key === '(') {
    next(reader)
    expect(reader, '(')
    const query = reader.parseQuery(reader)
    expect(reader, ')')
    return { kind: 'quantified', operator, isAll: quantifier === 'ALL', value, query, ...span }
  }
  return { kind: 'compare', operator, left: value, right: parseConcat(reader), ...span }
}

function parseIn(reader: Reader, value: Expression, isNot: boolean): Expression {
  const span = { start: value.start, end: value.end }
  if (holdsQuery(reader)) {
    expect(reader, '(')
    const query: Query = reader.parseQuery(reader)
    expect(reader, ')')
    return { kind: 'inQuery', value, query, isNot, ...span }
  }
  expect(reader, '(')
  const items = commaList(reader, reader.parseExpression)
  expect(reader, ')')
  return { kind: 'inList', value, items, isNot, ...span }
}

export function parseConcat(reader: Reader): Expression {
  const first = peek(reader)
  let left = parseSum(reader)
  for (let count = 0; accept(reader, '||'); count++) {
    if (count > chainMax) throw tooLong(reader)
    const right = parseSum(reader)
    left = { kind: 'concat', left, right, ...spanFrom(reader, first) }
  }
  return left
}

function parseSum(reader: Reader): Expression {
  return parseArithmetic(reader, ['+', '-'], parseProduct)
}

function parseProduct(reader: Reader): Expression {
  return parseArithmetic(reader, ['*', '/', '%'], parseSigned)
}

function parseArithmetic(reader: Reader, keys: string[], parse: (reader: Reader) => Expression): Expression {
  const first = peek(reader)
  let left = parse(reader)
  for (let count = 0; keys.includes(peek(reader).key); count++) {
    if (count > chainMax) throw tooLong(reader)
    const operator = next(reader).key as ArithmeticOperator
    const right = parse(reader)
    left = { kind: 'arithmetic', operator, left, right, ...spanFrom(reader, first) }
  }
  return left
}

function parseSigned(reader: Reader): Expression {
  const first = peek(reader)
  if (accept(reader, '-')) {
    const value = nested(reader, parseSigned)
    return { kind: 'negate', value, ...spanFrom(reader, first) }
  }
  if (accept(reader, '+')) return nested(reader, parseSigned)
  return parseZoned(reader)
}

function parseZoned(reader: Reader): Expression {
  const first = peek(reader)
  let value = parsePostfix(reader)
  for (let count = 0; acceptAll(reader, 'AT', 'TIME', 'ZONE'); count++) {
    if (count > chainMax) throw tooLong(reader)
    const zone = parsePostfix(reader)
    value = { kind: 'atTimeZone', value, zone, ...spanFrom(reader, first) }
  }
  return value
}

function parsePostfix(reader: Reader): Expression {
  const first = peek(reader)
  let value = parsePrimary(reader)
  for (let count = 0; ; count++) {
    if (count > chainMax) throw tooLong(reader)
    if (accept(reader, '[')) {
      const index = nested(reader, parseOr)
      expect(reader, ']')
      value = { kind: 'subscript', base: value, index, ...spanFrom(reader, first) }
    } else if (peek(reader).key === '.' && value.kind !== 'number') {
      next(reader)
      const name = parseName(reader, 'a field name')
      value =
        value.kind === 'name'
          ? { kind: 'name', parts: [...value.parts, name], ...spanFrom(reader, first) }
          : { kind: 'field', base: value, name, ...spanFrom(reader, first) }
    } else {
      return value
    }
  }
}

function tooLong(reader: Reader): SqlRefusal {
  return new SqlRefusal(`more than ${chainMax} operators in a row`, peek(reader))
}
