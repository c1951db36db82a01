import { SqlRefusal } from '../diagnostics.ts'
import type { Expression, Name } from './ast.ts'
import { parseCall } from './call.ts'
import { parseJsonForm } from './json-form.ts'
import {
  accept,
  acceptAll,
  commaList,
  expect,
  holdsQuery,
  isName,
  next,
  parseName,
  parseNameList,
  parseQualifiedName,
  peek,
  type Reader,
  spanFrom,
  unexpected,
} from './reader.ts'
import { literalTypes, parseTypeName } from './type-name.ts'

// What an expression is made of: literals, names, calls and the forms that Trino spells with words.

export function parsePrimary(reader: Reader): Expression {
  const token = peek(reader)
  const literal = parseLiteral(reader)
  if (literal !== undefined) return literal
  if (token.key === '(') return parseParenthesised(reader)
  if (token.key === '?') throw unexpected(reader)
  const form = parseForm(reader)
  if (form !== undefined) return { ...form, ...spanFrom(reader, token) }
  if (isName(reader)) return parseNamed(reader)
  throw unexpected(reader)
}

function parseLiteral(reader: Reader): Expression | undefined {
  const token = peek(reader)
  const span = { start: token.start, end: token.end }
  switch (token.kind) {
    case 'string':
      next(reader)
      return { kind: 'string', value: token.text, ...span }
    case 'binary':
      next(reader)
      return { kind: 'binary', hex: token.text, ...span }
    case 'integer':
    case 'decimal':
    case 'double':
      next(reader)
      return { kind: 'number', form: token.kind, text: token.text, ...span }
    default:
      break
  }
  if (accept(reader, 'NULL')) return { kind: 'null', ...span }
  if (accept(reader, 'TRUE')) return { kind: 'boolean', value: true, ...span }
  if (accept(reader, 'FALSE')) return { kind: 'boolean', value: false, ...span }
  return parseTypedLiteral(reader)
}

function parseTypedLiteral(reader: Reader): Expression | undefined {
  const token = peek(reader)
  if (token.key === 'INTERVAL' && isIntervalStart(reader)) return parseInterval(reader)
  if (token.kind !== 'word' || !literalTypes.has(token.text.toLowerCase())) return undefined
  if (token.key === 'DOUBLE' && peek(reader, 1).key === 'PRECISION' && peek(reader, 2).kind === 'string') {
    const type = parseTypeName(reader)
    const value = next(reader).text
    return { kind: 'typed', type, value, ...spanFrom(reader, token) }
  }
  if (peek(reader, 1).kind !== 'string') return undefined
  next(reader)
  const span = { start: token.start, end: token.end }
  const type = { name: token.text.toLowerCase(), numbers: [], items: [], ...span }
  const value = next(reader).text
  return { kind: 'typed', type, value, ...spanFrom(reader, token) }
}

function isIntervalStart(reader: Reader): boolean {
  const key = peek(reader, 1).key
  return peek(reader, 1).kind === 'string' || ((key === '-' || key === '+') && peek(reader, 2).kind === 'string')
}

const intervalUnits = new Set(['YEAR', 'MONTH', 'WEEK', 'DAY', 'HOUR', 'MINUTE', 'SECOND'])

function parseInterval(reader: Reader): Expression {
  const first = next(reader)
  const isNegative = accept(reader, '-')
  if (!isNegative) accept(reader, '+')
  const value = next(reader).text
  const unit = next(reader)
  const singular = unit.key.replace(/S$/, '')
  if (!intervalUnits.has(unit.key)) {
    const hint = intervalUnits.has(singular) ? `write ${singular}` : "write for instance INTERVAL '7' DAY"
    throw new SqlRefusal('an interval needs a unit: YEAR, MONTH, DAY, HOUR, MINUTE or SECOND', unit, { hint })
  }
  let name = unit.key
  if (accept(reader, 'TO')) name += ` TO ${next(reader).key}`
  return { kind: 'interval', isNegative, value, unit: name, ...spanFrom(reader, first) }
}

function parseParenthesised(reader: Reader): Expression {
  const first = peek(reader)
  const lambda = parseParenthesisedLambda(reader)
  if (lambda !== undefined) return lambda
  if (holdsQuery(reader)) return parseSubquery(reader)
  expect(reader, '(')
  const items = commaList(reader, reader.parseExpression)
  expect(reader, ')')
  if (items.length === 1) return { ...items[0]!, ...spanFrom(reader, first) }
  return { kind: 'row', items: items.map(value => ({ name: undefined, value })), ...spanFrom(reader, first) }
}

function parseSubquery(reader: Reader): Expression {
  const first = expect(reader, '(')
  const query = reader.parseQuery(reader)
  expect(reader, ')')
  return { kind: 'subquery', query, ...spanFrom(reader, first) }
}

/** `(a, b) -> …` and `() -> …`. */
function parseParenthesisedLambda(reader: Reader): Expression | undefined {
  let ahead = 1
  while (isName(reader, ahead)) {
    ahead++
    if (peek(reader, ahead).key !== ',') break
    ahead++
  }
  if (peek(reader, ahead).key !== ')' || peek(reader, ahead + 1).key !== '->') return undefined
  const first = peek(reader)
  let params: Name[] = []
  if (ahead === 1) reader.at += 2
  else params = parseNameList(reader)
  expect(reader, '->')
  const body = reader.parseExpression(reader)
  return { kind: 'lambda', params, body, ...spanFrom(reader, first) }
}

function parseNamed(reader: Reader): Expression {
  const first = peek(reader)
  if (peek(reader, 1).key === '->') {
    const params = [parseName(reader)]
    expect(reader, '->')
    const body = reader.parseExpression(reader)
    return { kind: 'lambda', params, body, ...spanFrom(reader, first) }
  }
  if (isCallAhead(reader)) return parseCall(reader, parseQualifiedName(reader, 'a function'))
  const parts = [parseName(reader)]
  return { kind: 'name', parts, ...spanFrom(reader, first) }
}

/** `name(` or `a.b.name(`. */
function isCallAhead(reader: Reader): boolean {
  let ahead = 1
  while (peek(reader, ahead).key === '.' && isName(reader, ahead + 1)) ahead += 2
  return peek(reader, ahead).key === '('
}

/** The forms that begin with a word of their own. The caller sets the span. */
function parseForm(reader: Reader): Expression | undefined {
  const token = peek(reader)
  const span = { start: token.start, end: token.end }
  const opens = peek(reader, 1).key === '('
  switch (token.key) {
    case 'CASE':
      return parseCase(reader)
    case 'CAST':
    case 'TRY_CAST':
      if (!opens) return undefined
      reader.at += 2
      return parseCast(reader, token.key === 'TRY_CAST')
    case 'EXISTS': {
      next(reader)
      const inner = parseSubquery(reader)
      return inner.kind === 'subquery' ? { kind: 'exists', query: inner.query, ...span } : undefined
    }
    case 'EXTRACT': {
      reader.at += 1
      expect(reader, '(')
      const unit = parseName(reader, 'a unit')
      expect(reader, 'FROM')
      const value = reader.parseExpression(reader)
      expect(reader, ')')
      return { kind: 'extract', unit, value, ...span }
    }
    case 'TRIM':
      next(reader)
      return parseTrim(reader)
    case 'CURRENT_DATE':
      next(reader)
      return { kind: 'current', what: 'date', ...span }
    case 'CURRENT_TIME':
      throw new SqlRefusal('times of day with a zone are not supported', token, { hint: 'write localtime' })
    case 'CURRENT_TIMESTAMP':
    case 'LOCALTIMESTAMP':
    case 'LOCALTIME':
      return parseCurrent(reader)
    case 'ARRAY':
      if (peek(reader, 1).key !== '[') return undefined
      reader.at += 2
      return { kind: 'array', items: parseUntil(reader, ']'), ...span }
    case 'ROW':
      if (!opens) return undefined
      reader.at += 2
      return parseRow(reader)
    default:
      return parseJsonForm(reader) ?? parseSpecialCall(reader)
  }
}

function parseUntil(reader: Reader, close: string): Expression[] {
  if (accept(reader, close)) return []
  const items = commaList(reader, reader.parseExpression)
  expect(reader, close)
  return items
}

function parseCase(reader: Reader): Expression {
  const token = next(reader)
  const operand = peek(reader).key === 'WHEN' ? undefined : reader.parseExpression(reader)
  const branches: { when: Expression; result: Expression }[] = []
  while (accept(reader, 'WHEN')) {
    const when = reader.parseExpression(reader)
    expect(reader, 'THEN')
    branches.push({ when, result: reader.parseExpression(reader) })
  }
  if (branches.length === 0) throw unexpected(reader, "'WHEN'")
  const otherwise = accept(reader, 'ELSE') ? reader.parseExpression(reader) : undefined
  expect(reader, 'END')
  return { kind: 'case', operand, branches, otherwise, start: token.start, end: token.end }
}

function parseCast(reader: Reader, isTry: boolean): Expression {
  const first = peek(reader)
  const value = reader.parseExpression(reader)
  expect(reader, 'AS')
  const type = parseTypeName(reader)
  expect(reader, ')')
  return { kind: 'cast', isTry, value, type, start: first.start, end: first.end }
}

function parseTrim(reader: Reader): Expression {
  const first = expect(reader, '(')
  const span = { start: first.start, end: first.end }
  const sides = { BOTH: 'both', LEADING: 'leading', TRAILING: 'trailing' } as const
  const key = peek(reader).key
  const side = key in sides ? sides[key as keyof typeof sides] : undefined
  if (side !== undefined) next(reader)
  let chars: Expression | undefined
  let value: Expression | undefined
  if (side !== undefined && accept(reader, 'FROM')) value = reader.parseExpression(reader)
  else {
    const operand = reader.parseExpression(reader)
    if (accept(reader, 'FROM')) {
      chars = operand
      value = reader.parseExpression(reader)
    } else if (accept(reader, ',')) {
      value = operand
      chars = reader.parseExpression(reader)
    } else value = operand
  }
  expect(reader, ')')
  return { kind: 'trim', side: side ?? 'both', chars, value, ...span }
}

function parseCurrent(reader: Reader): Expression {
  const token = next(reader)
  const what = token.key.toLowerCase().replace('current_', '') as 'timestamp' | 'localtime' | 'localtimestamp'
  if (acceptAll(reader, '(')) {
    if (peek(reader).kind !== 'integer') throw unexpected(reader, 'a precision')
    next(reader)
    expect(reader, ')')
  }
  return { kind: 'current', what, start: token.start, end: token.end }
}

function parseRow(reader: Reader): Expression {
  const first = peek(reader)
  const items: { name: Name | undefined; value: Expression }[] = []
  if (!accept(reader, ')')) {
    do {
      const value = reader.parseExpression(reader)
      const name = accept(reader, 'AS') || isName(reader) ? parseName(reader) : undefined
      items.push({ name, value })
    } while (accept(reader, ','))
    expect(reader, ')')
  }
  return { kind: 'row', items, start: first.start, end: first.end }
}

/** `position(a IN b)`, `substring(s FROM a FOR b)`, `normalize(s, NFC)`, `listagg(…)`, `grouping(…)`. */
function parseSpecialCall(reader: Reader): Expression | undefined {
  const token = peek(reader)
  if (peek(reader, 1).key !== '(') return undefined
  const name: Name = { text: token.text, start: token.start, end: token.end }
  switch (token.key) {
    case 'NORMALIZE':
    case 'LISTAGG':
    case 'GROUPING':
      next(reader)
      return parseCall(reader, [name])
    default:
      return undefined
  }
}
