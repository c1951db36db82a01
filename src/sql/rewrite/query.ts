import { SqlRefusal } from '../diagnostics.ts'
import type { CommonTable, Query, QueryBody, SortItem } from '../parse/ast.ts'
import { commonType, quoteName, type SqlType, typeText } from '../sql-type.ts'
import { isConstant, sortItemSql } from './aggregate.ts'
import { coerce } from './casts.ts'
import {
  type BoundColumn,
  type BoundQuery,
  bind,
  type ColumnSource,
  type CommonTableBinding,
  type CommonTables,
  type Context,
  freshName,
  type Scope,
} from './context.ts'
import { unify } from './operators.ts'
import { bindTableName } from './relation.ts'
import { bindSelect, isPosition, type NameColumns, type OutputColumn, selectList } from './select.ts'

// Queries: WITH, set operations, VALUES, ORDER BY and LIMIT. Every query names its columns c1, c2, … for whoever reads
// it; the author's names live in the scopes only, so that no name of the author's can hide one of ours.

/** A query's SQL without parentheses. Its columns are called `c1`, `c2`, … in order. */
export function bindQuery(query: Query, context: Context, nameColumns?: NameColumns): BoundQuery {
  const tables = bindCommonTables(query, context)
  const inner: Context = { ...context, tables: tables.tables }
  const body = bindBody(query.body, query.orderBy, inner, nameColumns)
  const limit = query.hasTies ? '' : limitSql(query)
  const order = body.orderSql === '' ? '' : ` ORDER BY ${body.orderSql}`
  const sql = `${tables.sql}${body.sql}${tiesSql(query, body)}${order}${limit}`
  // Which rows a LIMIT leaves depends on all of them.
  const isCut = query.limit !== undefined || query.offset !== undefined
  return { sql, columns: isCut ? body.columns.map(column => ({ ...column, source: undefined })) : body.columns }
}

interface BoundBody {
  readonly sql: string
  readonly orderSql: string
  readonly rankSql: string
  readonly columns: readonly OutputColumn[]
}

/** FETCH FIRST n ROWS WITH TIES: the rows whose rank is n at most. */
function tiesSql(query: Query, body: BoundBody): string {
  if (!query.hasTies || query.limit?.kind !== 'number') return ''
  if (body.rankSql === '') throw new SqlRefusal('WITH TIES needs an ORDER BY', query.limit)
  const isDistinct = query.body.kind === 'select' && query.body.isDistinct
  if (isDistinct || query.offset !== undefined) {
    const what = isDistinct ? 'SELECT DISTINCT' : 'OFFSET'
    const hint = `put ${what} into a subquery`
    throw new SqlRefusal(`WITH TIES beside ${what} is not supported`, query.limit, { hint })
  }
  return ` QUALIFY rank() OVER (ORDER BY ${body.rankSql}) <= ${BigInt(query.limit.text)}`
}

function limitSql(query: Query): string {
  const limit = query.limit?.kind === 'number' ? ` LIMIT ${BigInt(query.limit.text)}` : ''
  const offset = query.offset?.kind === 'number' ? ` OFFSET ${BigInt(query.offset.text)}` : ''
  return limit + offset
}

function bindBody(
  body: QueryBody,
  orderBy: readonly SortItem[],
  context: Context,
  nameColumns?: NameColumns,
): BoundBody {
  if (body.kind === 'select') return bindSelect(body, orderBy, context, nameColumns)
  const plain = bindPlainBody(body, context)
  if (orderBy.length === 0 && nameColumns === undefined) return { ...plain, orderSql: '', rankSql: '' }
  // Sorted from outside: an ORDER BY here sees the result's columns only.
  const alias = freshName(context.session, 't')
  const columns = plain.columns.map((column, index) => {
    return { name: column.name, sql: `${alias}.c${index + 1}`, type: column.type, source: undefined }
  })
  const orderSql = orderBy
    .filter(item => isPosition(item.value) || !isConstant(item.value))
    .map(item => sortItemSql(outputSortKey(item, columns, context), item))
    .join(', ')
  const list = selectList(columns, nameColumns?.(plain.columns))
  const sql = `SELECT ${list} FROM (${plain.sql}) AS ${alias}`
  return { sql, orderSql, rankSql: orderSql, columns: plain.columns }
}

function outputSortKey(item: SortItem, columns: readonly BoundColumn[], context: Context): string {
  if (item.value.kind === 'number' && item.value.form === 'integer') {
    const position = Number(item.value.text)
    if (position >= 1 && position <= columns.length) return columns[position - 1]!.sql
    throw new SqlRefusal(`ORDER BY position ${position} is not in the select list`, item.value)
  }
  const scope: Scope = {
    relations: [{ alias: undefined, columns, merged: new Set() }],
    lambda: undefined,
    parent: context.scope,
  }
  return bind(item.value, { ...context, scope, clause: 'ORDER BY', allowsAggregate: false, allowsWindow: false }).sql
}

type PlainBody = Exclude<QueryBody, { kind: 'select' }>
type PlainBound = Omit<BoundBody, 'orderSql' | 'rankSql'>

function bindPlainBody(body: PlainBody, context: Context): PlainBound {
  switch (body.kind) {
    case 'query': {
      const query = bindQuery(body.query, context)
      return { sql: `(${query.sql})`, columns: query.columns.map(column => ({ source: undefined, ...column })) }
    }
    case 'values':
      return bindValues(body, context)
    case 'table': {
      const relation = bindTableName(body.name, undefined, context)
      const list = relation.bound.columns.map((column, index) => {
        if (column.source !== undefined) column.source.use.columns.add(column.source.column)
        return `${column.sql} AS c${index + 1}`
      })
      return { sql: `SELECT ${list.join(', ')} FROM ${relation.sql}`, columns: relation.bound.columns }
    }
    case 'set':
      return bindSet(body, context)
  }
}

function bindSet(body: Extract<PlainBody, { kind: 'set' }>, context: Context): PlainBound {
  const left = bindBody(body.left, [], context)
  const right = bindBody(body.right, [], context)
  if (left.columns.length !== right.columns.length) {
    const counts = `${left.columns.length} and ${right.columns.length}`
    const message = `${body.operator} needs as many columns on both sides: ${counts}`
    throw new SqlRefusal(message, body.right)
  }
  const columns = left.columns.map((column, index) => {
    const other = right.columns[index]!
    const type = commonType(column.type, other.type)
    if (type === undefined) {
      const name = column.name === undefined ? '' : ` ('${column.name}')`
      const types = `${typeText(column.type)} and ${typeText(other.type)}`
      const message = `column ${index + 1}${name} of ${body.operator} has types ${types}`
      throw new SqlRefusal(message, body.right, { hint: 'convert one side with CAST' })
    }
    return { name: column.name, type, source: undefined }
  })
  const operator = `${body.operator}${body.isAll ? ' ALL' : ''}`
  return { sql: `(${asTypes(left, columns)}) ${operator} (${asTypes(right, columns)})`, columns }
}

/** A branch of a set operation with its columns converted, where the engine would not do so by itself. */
function asTypes(branch: BoundBody, columns: readonly { readonly type: SqlType }[]): string {
  const isSame = branch.columns.every((column, index) => isAlike(column.type, columns[index]!.type))
  if (isSame) return branch.sql
  const list = branch.columns.map((column, index) => {
    const name = `c${index + 1}`
    return `${coerce({ sql: name, type: column.type }, columns[index]!.type).sql} AS ${name}`
  })
  return `SELECT ${list.join(', ')} FROM (${branch.sql}) AS branch`
}

function isAlike(from: SqlType, to: SqlType): boolean {
  return from.kind === to.kind || from.kind === 'unknown' || to.kind === 'any'
}

function bindValues(body: Extract<PlainBody, { kind: 'values' }>, context: Context): PlainBound {
  const inner: Context = { ...context, clause: 'VALUES', allowsAggregate: false, allowsWindow: false }
  const rows = body.rows.map(row => row.map(node => ({ node, value: bind(node, inner) })))
  const width = rows[0]!.length
  const uneven = body.rows.find(row => row.length !== width)
  if (uneven !== undefined) throw new SqlRefusal('the rows of VALUES differ in length', uneven[0]!)
  const types = Array.from({ length: width }, (_, index) =>
    unify(
      rows.map(row => row[index]!),
      `column ${index + 1} of VALUES`,
    ),
  )
  const list = rows.map(row => `(${row.map((item, index) => coerce(item.value, types[index]!).sql).join(', ')})`)
  const names = types.map((_, index) => `c${index + 1}`).join(', ')
  const columns = types.map(type => ({ name: undefined, type, source: undefined }))
  return { sql: `SELECT ${names} FROM (VALUES ${list.join(', ')}) AS v(${names})`, columns }
}

interface BoundTables {
  readonly sql: string
  readonly tables: CommonTables | undefined
}

/** WITH: each query sees those before it; a recursive one itself. */
function bindCommonTables(query: Query, context: Context): BoundTables {
  if (query.tables.length === 0) return { sql: '', tables: context.tables }
  const byName = new Map<string, CommonTableBinding>()
  const parts: string[] = []
  let isRecursive = false
  for (const table of query.tables) {
    const name = table.name.text.toLowerCase()
    if (byName.has(name)) throw new SqlRefusal(`WITH names '${table.name.text}' twice`, table.name)
    const visible: CommonTables = { byName: new Map(byName), parent: context.tables }
    const sqlName = freshName(context.session, 'q')
    const inner: Context = { ...context, tables: visible, clause: 'WITH' }
    const recursive = query.isRecursive ? bindRecursive(table, name, sqlName, inner) : undefined
    isRecursive ||= recursive !== undefined
    const bound = recursive ?? bindQuery(table.query, inner)
    const own = tableColumns(table, bound, sqlName)
    const columns = recursive === undefined ? own : own.map(column => ({ ...column, source: undefined }))
    const binding: CommonTableBinding = { sqlName, columns, parent: context.tables, readers: [] }
    byName.set(name, binding)
    context.session.commonTables.push(binding)
    const names = bound.columns.map((_, index) => `c${index + 1}`).join(', ')
    parts.push(`${sqlName}(${names}) AS (${bound.sql})`)
  }
  const keyword = isRecursive ? 'WITH RECURSIVE' : 'WITH'
  return { sql: `${keyword} ${parts.join(', ')} `, tables: { byName, parent: context.tables } }
}

function tableColumns(
  table: CommonTable,
  bound: {
    readonly columns: readonly { name: string | undefined; type: SqlType; source?: ColumnSource | undefined }[]
  },
  sqlName: string,
): BoundColumn[] {
  checkColumnList(table, bound.columns.length)
  return bound.columns.map((column, index) => ({
    name: table.columns === undefined ? column.name : table.columns[index]!.text,
    sql: `${quoteName(sqlName)}.c${index + 1}`,
    type: column.type,
    source: column.source,
  }))
}

function checkColumnList(table: CommonTable, count: number): void {
  if (table.columns === undefined || table.columns.length === count) return
  const message = `'${table.name.text}' lists ${table.columns.length} columns, its query has ${count}`
  throw new SqlRefusal(message, table.name)
}

/** `WITH RECURSIVE r AS (start UNION ALL step)` where the step reads r; undefined where it does not read itself. */
function bindRecursive(table: CommonTable, name: string, sqlName: string, context: Context): BoundQuery | undefined {
  const body = table.query.body
  if (body.kind !== 'set' || body.operator !== 'UNION' || !readsTable(body.right, name)) return undefined
  if (table.query.tables.length > 0 || table.query.orderBy.length > 0 || table.query.limit !== undefined) {
    throw new SqlRefusal(`recursive query '${table.name.text}' may not have WITH, ORDER BY or LIMIT of its own`, table)
  }
  const start = bindBody(body.left, [], context)
  // A round's rows come from those before: a condition on them bounds no scan.
  const columns = tableColumns(table, start, sqlName).map(column => ({ ...column, source: undefined }))
  const itself: CommonTableBinding = { sqlName, columns, parent: context.tables?.parent, readers: [] }
  const visible: CommonTables = { byName: new Map([[name, itself]]), parent: context.tables }
  const step = bindBody(body.right, [], { ...context, tables: visible })
  if (step.columns.length !== start.columns.length) {
    throw new SqlRefusal('both parts of a recursive query need the same number of columns', body.right)
  }
  for (const [index, column] of start.columns.entries()) {
    const type = commonType(column.type, step.columns[index]!.type)
    if (type === undefined || (column.type.kind !== type.kind && column.type.kind !== 'unknown')) {
      const message = `column ${index + 1} of the recursive query changes its type from ${typeText(column.type)}`
      throw new SqlRefusal(message, body.right, { hint: 'CAST it in the first part' })
    }
  }
  const sql = `(${start.sql}) UNION${body.isAll ? ' ALL' : ''} (${asTypes(step, start.columns)})`
  return { sql, columns: start.columns.map(column => ({ ...column, source: undefined })) }
}

/** Whether any FROM below names `name`: a cheap look at the tree's values. */
function readsTable(node: unknown, name: string): boolean {
  if (Array.isArray(node)) return node.some(item => readsTable(item, name))
  if (typeof node !== 'object' || node === null) return false
  if ('kind' in node && node.kind === 'table' && 'name' in node && Array.isArray(node.name)) {
    const parts: { text: string }[] = node.name
    if (parts.length === 1 && parts[0]!.text.toLowerCase() === name) return true
  }
  return Object.values(node).some(value => readsTable(value, name))
}
