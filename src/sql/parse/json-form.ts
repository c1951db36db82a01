import { SqlRefusal } from '../diagnostics.ts'
import type { Expression, JsonPathCall, TypeName } from './ast.ts'
import { accept, acceptAll, commaList, expect, next, peek, type Reader } from './reader.ts'
import { parseTypeName } from './type-name.ts'

/** SQL/JSON's own forms: json_exists, json_value, json_query, json_object, json_array. */
export function parseJsonForm(reader: Reader): Expression | undefined {
  const token = peek(reader)
  if (peek(reader, 1).key !== '(') return undefined
  switch (token.key) {
    case 'JSON_EXISTS':
    case 'JSON_VALUE':
    case 'JSON_QUERY':
      return parsePathCall(reader)
    case 'JSON_OBJECT':
      return parseObject(reader)
    case 'JSON_ARRAY':
      return parseArray(reader)
    default:
      return undefined
  }
}

function parsePathCall(reader: Reader): Expression {
  const token = next(reader)
  const name = token.key.toLowerCase() as JsonPathCall['name']
  expect(reader, '(')
  const input = reader.parseExpression(reader)
  acceptAll(reader, 'FORMAT', 'JSON')
  expect(reader, ',')
  const path = reader.parseExpression(reader)
  if (peek(reader).key === 'PASSING') throw new SqlRefusal('PASSING is not supported here', peek(reader))
  const returning = accept(reader, 'RETURNING') ? parseReturning(reader) : undefined
  const wrapper = parseWrapper(reader)
  const keepQuotes = parseQuotes(reader)
  let onEmpty: JsonPathCall['onEmpty'] = 'null'
  let onError: JsonPathCall['onError'] = name === 'json_exists' ? 'false' : 'null'
  while (peek(reader).key !== ')') {
    const value = parseBehaviour(reader)
    expect(reader, 'ON')
    if (accept(reader, 'EMPTY')) onEmpty = value as JsonPathCall['onEmpty']
    else {
      expect(reader, 'ERROR')
      onError = value
    }
  }
  expect(reader, ')')
  const nameSpan = { start: token.start, end: token.end }
  return {
    kind: 'jsonPath',
    name,
    nameSpan,
    input,
    path,
    returning,
    wrapper,
    keepQuotes,
    onEmpty,
    onError,
    ...nameSpan,
  }
}

function parseReturning(reader: Reader): TypeName {
  const type = parseTypeName(reader)
  acceptAll(reader, 'FORMAT', 'JSON')
  return type
}

function parseWrapper(reader: Reader): JsonPathCall['wrapper'] {
  if (acceptAll(reader, 'WITHOUT', 'ARRAY', 'WRAPPER') || acceptAll(reader, 'WITHOUT', 'WRAPPER')) return 'without'
  if (!accept(reader, 'WITH')) return 'without'
  const isConditional = accept(reader, 'CONDITIONAL')
  if (!isConditional) accept(reader, 'UNCONDITIONAL')
  accept(reader, 'ARRAY')
  expect(reader, 'WRAPPER')
  return isConditional ? 'conditional' : 'unconditional'
}

function parseQuotes(reader: Reader): boolean {
  const isOmit = peek(reader).key === 'OMIT' && peek(reader, 1).key === 'QUOTES'
  if (!isOmit && !(peek(reader).key === 'KEEP' && peek(reader, 1).key === 'QUOTES')) return true
  reader.at += 2
  acceptAll(reader, 'ON', 'SCALAR', 'STRING')
  return !isOmit
}

function parseBehaviour(reader: Reader): JsonPathCall['onError'] {
  if (accept(reader, 'NULL')) return 'null'
  if (accept(reader, 'ERROR')) return 'error'
  if (accept(reader, 'TRUE')) return 'true'
  if (accept(reader, 'FALSE')) return 'false'
  if (accept(reader, 'UNKNOWN')) return 'unknown'
  if (accept(reader, 'EMPTY')) {
    if (accept(reader, 'OBJECT')) return 'emptyObject'
    accept(reader, 'ARRAY')
    return 'emptyArray'
  }
  expect(reader, 'DEFAULT')
  return reader.parseOperand(reader)
}

function parseObject(reader: Reader): Expression {
  const token = next(reader)
  expect(reader, '(')
  const pairs: { key: Expression; value: Expression }[] = []
  const span = { start: token.start, end: token.end }
  while (peek(reader).key !== ')' && peek(reader).key !== 'NULL' && peek(reader).key !== 'ABSENT') {
    accept(reader, 'KEY')
    const key = reader.parseOperand(reader)
    if (!accept(reader, ':')) expect(reader, 'VALUE')
    const value = reader.parseExpression(reader)
    acceptAll(reader, 'FORMAT', 'JSON')
    pairs.push({ key, value })
    if (!accept(reader, ',')) break
  }
  const dropNulls = acceptAll(reader, 'ABSENT', 'ON', 'NULL')
  if (!dropNulls) acceptAll(reader, 'NULL', 'ON', 'NULL')
  if (acceptAll(reader, 'WITH', 'UNIQUE')) accept(reader, 'KEYS')
  else if (acceptAll(reader, 'WITHOUT', 'UNIQUE')) accept(reader, 'KEYS')
  expect(reader, ')')
  return { kind: 'jsonObject', pairs, dropNulls, ...span }
}

function parseArray(reader: Reader): Expression {
  const token = next(reader)
  expect(reader, '(')
  const span = { start: token.start, end: token.end }
  const isEmpty = peek(reader).key === ')'
  const items = isEmpty ? [] : commaList(reader, reader.parseExpression)
  const keepsNulls = acceptAll(reader, 'NULL', 'ON', 'NULL')
  if (!keepsNulls) acceptAll(reader, 'ABSENT', 'ON', 'NULL')
  expect(reader, ')')
  return { kind: 'jsonArray', items, dropNulls: !keepsNulls, ...span }
}
