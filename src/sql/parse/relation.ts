import { SqlRefusal } from '../diagnostics.ts'
import type { Alias, Expression, JoinType, Name, Relation } from './ast.ts'
import { parseCall } from './call.ts'
import {
  accept,
  acceptAll,
  chainMax,
  commaList,
  expect,
  holdsQuery,
  isName,
  nested,
  next,
  parseName,
  parseNameList,
  parseQualifiedName,
  peek,
  type Reader,
  spanFrom,
  unexpected,
} from './reader.ts'

/** What follows FROM: relations between commas, each a tree of joins. */
export function parseFrom(reader: Reader): Relation[] {
  return commaList(reader, parseJoins)
}

function parseJoins(reader: Reader): Relation {
  const first = peek(reader)
  let left = parseSampled(reader)
  for (let count = 0; ; count++) {
    const type = parseJoinType(reader)
    if (type === undefined) return left
    if (count > chainMax) throw new SqlRefusal(`more than ${chainMax} joins in a row`, peek(reader))
    left = { ...parseJoin(reader, left, type), ...spanFrom(reader, first) }
  }
}

function parseJoin(reader: Reader, left: Relation, type: JoinType): Relation {
  const span = { start: left.start, end: left.end }
  if (type === 'CROSS') {
    const right = parseSampled(reader)
    return { kind: 'join', type, left, right, on: undefined, using: undefined, ...span }
  }
  const right = nested(reader, parseJoins)
  const join = { kind: 'join', type, left, right, ...span } as const
  if (accept(reader, 'ON')) return { ...join, on: reader.parseExpression(reader), using: undefined }
  if (accept(reader, 'USING')) return { ...join, on: undefined, using: parseNameList(reader) }
  throw unexpected(reader, 'ON or USING')
}

function parseJoinType(reader: Reader): JoinType | undefined {
  if (peek(reader).key === 'NATURAL') {
    throw new SqlRefusal('NATURAL JOIN is not supported: name the columns with ON or USING', peek(reader))
  }
  if (acceptAll(reader, 'CROSS', 'JOIN')) return 'CROSS'
  if (accept(reader, 'JOIN') || acceptAll(reader, 'INNER', 'JOIN')) return 'INNER'
  for (const type of ['LEFT', 'RIGHT', 'FULL'] as const) {
    if (acceptAll(reader, type, 'JOIN') || acceptAll(reader, type, 'OUTER', 'JOIN')) return type
  }
  return undefined
}

function parseSampled(reader: Reader): Relation {
  const relation = parseAliased(reader)
  if (!accept(reader, 'TABLESAMPLE')) return relation
  const method = next(reader)
  if (method.key !== 'BERNOULLI' && method.key !== 'SYSTEM') {
    throw new SqlRefusal('TABLESAMPLE is BERNOULLI (n) or SYSTEM (n)', method)
  }
  expect(reader, '(')
  const percent = reader.parseExpression(reader)
  expect(reader, ')')
  if (relation.kind !== 'table') throw new SqlRefusal('TABLESAMPLE is supported on tables only', method)
  return { ...relation, sample: { method: method.key, percent }, ...spanFrom(reader, relation) }
}

function parseAliased(reader: Reader): Relation {
  const first = peek(reader)
  const relation = parseRelation(reader)
  if (peek(reader).key === 'MATCH_RECOGNIZE') {
    const hint = 'window functions such as lag() and lead() can express most patterns'
    throw new SqlRefusal('MATCH_RECOGNIZE is not supported', peek(reader), { hint })
  }
  if (acceptAll(reader, 'FOR')) {
    throw new SqlRefusal('time travel (FOR VERSION, FOR TIMESTAMP) is not supported', reader.tokens[reader.at - 1]!)
  }
  const hasAs = accept(reader, 'AS')
  if (!hasAs && !isImplicitAlias(reader)) return relation
  const alias = parseName(reader, 'an alias')
  const columns = peek(reader).key === '(' ? parseNameList(reader) : undefined
  const named: Alias = { alias, columns }
  const span = spanFrom(reader, first)
  if (relation.kind === 'join') return { kind: 'group', relation, ...named, ...span }
  return { ...relation, ...named, ...span }
}

const unnamed: Alias = { alias: undefined, columns: undefined }

function parseRelation(reader: Reader): Relation {
  const first = peek(reader)
  if (acceptAll(reader, 'UNNEST', '(')) {
    const args: Expression[] = commaList(reader, reader.parseExpression)
    expect(reader, ')')
    const hasOrdinality = acceptAll(reader, 'WITH', 'ORDINALITY')
    return { kind: 'unnest', args, hasOrdinality, ...unnamed, ...spanFrom(reader, first) }
  }
  if (first.key === 'LATERAL' && peek(reader, 1).key === '(') {
    reader.at += 2
    const query = reader.parseQuery(reader)
    expect(reader, ')')
    return { kind: 'subquery', query, isLateral: true, ...unnamed, ...spanFrom(reader, first) }
  }
  if (first.key === '(') return nested(reader, parseParenthesised)
  if (first.key === 'JSON_TABLE') {
    const hint = 'use json_extract with UNNEST(CAST(… AS ARRAY(JSON)))'
    throw new SqlRefusal('JSON_TABLE is not supported', first, { hint })
  }
  if (first.key === 'TABLE' && peek(reader, 1).key === '(') {
    reader.at += 2
    const call = parseCall(reader, parseQualifiedName(reader, 'a table function'))
    expect(reader, ')')
    return { kind: 'function', call, ...unnamed, ...spanFrom(reader, first) }
  }
  return parseTable(reader)
}

function parseTable(reader: Reader): Relation {
  const first = peek(reader)
  if (first.kind === 'string') {
    throw new SqlRefusal('a table is named without single quotes', first, { hint: 'write xdr_data or "xdr_data"' })
  }
  const name: Name[] = parseQualifiedName(reader, 'a table')
  if (peek(reader).key === '(' && name.length === 1) {
    const span = { start: first.start, end: first.end }
    const message = `'${name[0]!.text}(…)' is not a table: only UNNEST(…) may stand after FROM`
    throw new SqlRefusal(message, span)
  }
  return { kind: 'table', name, sample: undefined, ...unnamed, ...spanFrom(reader, first) }
}

/** `(SELECT …)`, `(VALUES …)` or `(a JOIN b ON …)`. */
function parseParenthesised(reader: Reader): Relation {
  const first = peek(reader)
  if (holdsQuery(reader)) {
    expect(reader, '(')
    const query = reader.parseQuery(reader)
    expect(reader, ')')
    return { kind: 'subquery', query, isLateral: false, ...unnamed, ...spanFrom(reader, first) }
  }
  expect(reader, '(')
  const relation = parseJoins(reader)
  expect(reader, ')')
  return { ...relation, ...spanFrom(reader, first) }
}

/** Clauses whose first word is no reserved word: such a word is an alias only where the clause does not follow. */
const clauseStarts: Readonly<Record<string, (reader: Reader) => boolean>> = {
  LIMIT: reader => peek(reader, 1).kind === 'integer' || peek(reader, 1).key === 'ALL' || peek(reader, 1).key === '?',
  OFFSET: reader => peek(reader, 1).kind === 'integer' || peek(reader, 1).key === '?',
  FETCH: reader => ['FIRST', 'NEXT'].includes(peek(reader, 1).key),
  WINDOW: reader => isName(reader, 1) && peek(reader, 2).key === 'AS',
  TABLESAMPLE: reader => ['BERNOULLI', 'SYSTEM'].includes(peek(reader, 1).key),
  MATCH_RECOGNIZE: reader => peek(reader, 1).key === '(',
  QUALIFY: () => true,
}

/** Whether the next token is a name that can only be an alias written without AS. */
export function isImplicitAlias(reader: Reader): boolean {
  if (!isName(reader)) return false
  return !(clauseStarts[peek(reader).key]?.(reader) ?? false)
}
