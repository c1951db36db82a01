import { SqlRefusal } from '../diagnostics.ts'
import type { CommonTable, Expression, GroupItem, Query, QueryBody, Select, SelectItem, SortItem } from './ast.ts'
import {
  accept,
  acceptAll,
  chainMax,
  commaList,
  expect,
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
import { isImplicitAlias, parseFrom } from './relation.ts'
import { parseSortItems, parseWindowSpec } from './window.ts'

/** A query with its WITH, ORDER BY, OFFSET and LIMIT. */
export function parseQuery(reader: Reader): Query {
  return nested(reader, parseInside)
}

function parseInside(reader: Reader): Query {
  const first = peek(reader)
  const tables: CommonTable[] = []
  let isRecursive = false
  if (accept(reader, 'WITH')) {
    isRecursive = accept(reader, 'RECURSIVE')
    tables.push(...commaList(reader, parseCommonTable))
  }
  const body = parseSetOperation(reader)
  const tail = parseTail(reader)
  return { isRecursive, tables, body, ...tail, ...spanFrom(reader, first) }
}

function parseCommonTable(reader: Reader): CommonTable {
  const name = parseName(reader, 'the name of a WITH query')
  const columns = peek(reader).key === '(' ? parseNameList(reader) : undefined
  expect(reader, 'AS')
  const opening = expect(reader, '(')
  const query = parseQuery(reader)
  if (peek(reader).key !== ')') throw unexpected(reader, `')' for the '(' after '${name.text} AS'`)
  next(reader)
  return { name, columns, query, ...spanFrom(reader, opening) }
}

type Tail = Pick<Query, 'orderBy' | 'offset' | 'limit' | 'hasTies'>

function parseTail(reader: Reader): Tail {
  const orderBy: SortItem[] = acceptAll(reader, 'ORDER', 'BY') ? parseSortItems(reader) : []
  let offset: Expression | undefined
  if (accept(reader, 'OFFSET')) {
    offset = parseCount(reader)
    if (!accept(reader, 'ROWS')) accept(reader, 'ROW')
  }
  if (accept(reader, 'LIMIT')) {
    const limit = accept(reader, 'ALL') ? undefined : parseCount(reader)
    if (peek(reader).key === 'OFFSET') {
      throw new SqlRefusal('OFFSET stands before LIMIT in Trino SQL', peek(reader), { hint: 'write OFFSET n LIMIT m' })
    }
    return { orderBy, offset, limit, hasTies: false }
  }
  if (!accept(reader, 'FETCH')) return { orderBy, offset, limit: undefined, hasTies: false }
  if (!accept(reader, 'FIRST')) expect(reader, 'NEXT')
  const hasCount = peek(reader).key !== 'ROW' && peek(reader).key !== 'ROWS'
  const one = peek(reader)
  const single: Expression = { kind: 'number', form: 'integer', text: '1', start: one.start, end: one.end }
  const limit = hasCount ? parseCount(reader) : single
  if (!accept(reader, 'ROW')) expect(reader, 'ROWS')
  const hasTies = acceptAll(reader, 'WITH', 'TIES')
  if (!hasTies) expect(reader, 'ONLY')
  return { orderBy, offset, limit, hasTies }
}

function parseCount(reader: Reader): Expression {
  const token = peek(reader)
  if (token.kind !== 'integer') throw unexpected(reader, 'a number of rows')
  next(reader)
  return { kind: 'number', form: 'integer', text: token.text, start: token.start, end: token.end }
}

/** UNION and EXCEPT bind alike and to the left, INTERSECT binds tighter. */
function parseSetOperation(reader: Reader): QueryBody {
  return parseSetLevel(reader, ['UNION', 'EXCEPT'], inner => parseSetLevel(inner, ['INTERSECT'], parseTerm))
}

function parseSetLevel(reader: Reader, keys: string[], parse: (reader: Reader) => QueryBody): QueryBody {
  const first = peek(reader)
  let left = parse(reader)
  for (let count = 0; keys.includes(peek(reader).key); count++) {
    if (count > chainMax) throw new SqlRefusal(`more than ${chainMax} set operations in a row`, peek(reader))
    const operator = next(reader).key as 'UNION' | 'INTERSECT' | 'EXCEPT'
    const isAll = accept(reader, 'ALL')
    if (!isAll) accept(reader, 'DISTINCT')
    const right = parse(reader)
    left = { kind: 'set', operator, isAll, left, right, ...spanFrom(reader, first) }
  }
  return left
}

function parseTerm(reader: Reader): QueryBody {
  const first = peek(reader)
  if (first.key === 'SELECT') return parseSelect(reader)
  if (accept(reader, 'VALUES')) {
    const rows = commaList(reader, parseValuesRow)
    return { kind: 'values', rows, ...spanFrom(reader, first) }
  }
  if (accept(reader, 'TABLE')) {
    const name = parseQualifiedName(reader, 'a table')
    return { kind: 'table', name, ...spanFrom(reader, first) }
  }
  if (accept(reader, '(')) {
    const query = parseQuery(reader)
    expect(reader, ')')
    return { kind: 'query', query, ...spanFrom(reader, first) }
  }
  throw unexpected(reader, 'a query')
}

function parseValuesRow(reader: Reader): Expression[] {
  const value = reader.parseExpression(reader)
  return value.kind === 'row' ? value.items.map(item => item.value) : [value]
}

function parseSelect(reader: Reader): Select {
  const first = expect(reader, 'SELECT')
  const isDistinct = accept(reader, 'DISTINCT')
  if (!isDistinct) accept(reader, 'ALL')
  const items = commaList(reader, parseSelectItem)
  if (peek(reader).key === 'INTO')
    throw new SqlRefusal('SELECT INTO is not supported: the lake is read only', peek(reader))
  const from = accept(reader, 'FROM') ? parseFrom(reader) : []
  const where = accept(reader, 'WHERE') ? reader.parseExpression(reader) : undefined
  const groupBy = acceptAll(reader, 'GROUP', 'BY') ? parseGroupBy(reader) : undefined
  const having = accept(reader, 'HAVING') ? reader.parseExpression(reader) : undefined
  const windows = accept(reader, 'WINDOW') ? commaList(reader, parseWindow) : []
  if (peek(reader).key === 'QUALIFY') {
    const hint = 'filter on the window function in an outer query'
    throw new SqlRefusal('QUALIFY is not Trino SQL', peek(reader), { hint })
  }
  return { kind: 'select', isDistinct, items, from, where, groupBy, having, windows, ...spanFrom(reader, first) }
}

function parseWindow(reader: Reader): Select['windows'][number] {
  const name = parseName(reader, 'the name of a window')
  expect(reader, 'AS')
  return { name, spec: parseWindowSpec(reader) }
}

function parseSelectItem(reader: Reader): SelectItem {
  const first = peek(reader)
  const qualifier = parseStarQualifier(reader)
  if (qualifier !== undefined) {
    const hasAliases = peek(reader).key === 'AS' && peek(reader, 1).key === '('
    if (hasAliases) next(reader)
    const aliases = hasAliases ? parseNameList(reader) : undefined
    return { kind: 'star', qualifier, aliases, ...spanFrom(reader, first) }
  }
  const value = reader.parseExpression(reader)
  if (value.kind === 'lambda') throw new SqlRefusal('a lambda may only be an argument of a function', value)
  const hasAs = accept(reader, 'AS')
  const alias = hasAs || isImplicitAlias(reader) ? parseName(reader, 'an alias') : undefined
  return { kind: 'value', value, alias, hasAs, ...spanFrom(reader, first) }
}

/** `*` → [], `t.*` → [t], anything else → undefined and nothing read. */
function parseStarQualifier(reader: Reader): ReturnType<typeof parseNameList> | undefined {
  if (accept(reader, '*')) return []
  let ahead = 0
  while (isName(reader, ahead) && peek(reader, ahead + 1).key === '.') ahead += 2
  if (ahead === 0 || peek(reader, ahead).key !== '*') return undefined
  const parts = [parseName(reader)]
  while (accept(reader, '.') && peek(reader).key !== '*') parts.push(parseName(reader))
  expect(reader, '*')
  return parts
}

function parseGroupBy(reader: Reader): GroupItem[] {
  if (peek(reader).key === 'DISTINCT') throw new SqlRefusal('GROUP BY DISTINCT is not supported', peek(reader))
  accept(reader, 'ALL')
  return commaList(reader, parseGroupItem)
}

function parseGroupItem(reader: Reader): GroupItem {
  const first = peek(reader)
  if (acceptAll(reader, 'GROUPING', 'SETS')) {
    expect(reader, '(')
    const sets = commaList(reader, parseGroupSet)
    expect(reader, ')')
    return { kind: 'sets', sets, ...spanFrom(reader, first) }
  }
  const kind = first.key === 'ROLLUP' ? 'rollup' : first.key === 'CUBE' ? 'cube' : undefined
  if (kind !== undefined && peek(reader, 1).key === '(') {
    reader.at += 2
    const items = commaList(reader, parseGroupSet)
    expect(reader, ')')
    return { kind, items, ...spanFrom(reader, first) }
  }
  if (acceptAll(reader, '(', ')')) return { kind: 'sets', sets: [[]], ...spanFrom(reader, first) }
  return { kind: 'value', value: reader.parseExpression(reader) }
}

/** `a`, `(a, b)` or `()`. */
function parseGroupSet(reader: Reader): Expression[] {
  if (acceptAll(reader, '(', ')')) return []
  const value = reader.parseExpression(reader)
  return value.kind === 'row' && peekIsRowByParentheses(reader, value) ? value.items.map(item => item.value) : [value]
}

function peekIsRowByParentheses(reader: Reader, value: Expression): boolean {
  return reader.source[value.start] === '('
}
