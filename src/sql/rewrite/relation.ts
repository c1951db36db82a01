import { SqlRefusal } from '../diagnostics.ts'
import { findRelation } from '../gate.ts'
import type { Alias, Name, Relation } from '../parse/ast.ts'
import { bigintType, lakeTypes, quoteName, type SqlType, typeText } from '../sql-type.ts'
import {
  type BoundColumn,
  type BoundRelation,
  type CommonTableBinding,
  type CommonTables,
  type Context,
  freshName,
  type RelationUse,
  type Scope,
  type TableReader,
  type Typed,
} from './context.ts'
import { bindJoin } from './join.ts'
import { fieldAt } from './names.ts'
import { type Addition, bindUnnested, withAdditions } from './unnested.ts'

// What stands in FROM. A lake relation is printed as its bare quoted lower-case name, everything else under names made
// here; the relations to the left are visible to UNNEST and LATERAL only.

export interface BoundFrom {
  readonly sql: string
  /** In the order of `*`. */
  readonly relations: readonly BoundRelation[]
  /** What a table to the left is to compute as well. */
  readonly additions?: readonly Addition[]
}

/** The relations of a FROM clause, left to right. */
export function bindFrom(relations: readonly Relation[], context: Context): BoundFrom {
  let sql = ''
  const bound: BoundRelation[] = []
  for (const relation of relations) {
    const next = bindRelation(relation, bound, context)
    sql += sql === '' ? next.sql : `, ${next.sql}`
    sql = withAdditions(sql, next.additions ?? [])
    bound.push(...next.relations)
  }
  return { sql, relations: bound }
}

/** One relation; `left` is what LATERAL and UNNEST may refer to. */
export function bindRelation(relation: Relation, left: readonly BoundRelation[], context: Context): BoundFrom {
  switch (relation.kind) {
    case 'table': {
      const table = bindTableName(relation.name, relation, context)
      const sample = relation.sample === undefined ? '' : sampleSql(relation.sample)
      return { sql: `${table.sql}${sample}`, relations: [renameColumns(table.bound, relation)] }
    }
    case 'subquery':
      return bindSubquery(relation, left, context)
    case 'unnest':
      return bindUnnest(relation, left, context)
    case 'join':
      return bindJoin(relation, left, context, bindRelation)
    case 'group': {
      const inner = bindRelation(relation.relation, left, context)
      const columns = inner.relations.flatMap(item => item.columns)
      const bound = { alias: relation.alias?.text.toLowerCase(), columns, merged: new Set<BoundColumn>() }
      return { sql: `(${inner.sql})`, relations: [renameColumns(bound, relation)], additions: inner.additions ?? [] }
    }
    case 'function':
      throw new SqlRefusal(`table function '${relation.call.name}' is not supported`, relation.call.nameSpan)
  }
}

function findCommonTable(tables: CommonTables | undefined, name: string): CommonTableBinding | undefined {
  for (let at = tables; at !== undefined; at = at.parent) {
    const found = at.byName.get(name)
    if (found !== undefined) return found
  }
  return undefined
}

function commonTableNames(tables: CommonTables | undefined): string[] {
  const names: string[] = []
  for (let at = tables; at !== undefined; at = at.parent) names.push(...at.byName.keys())
  return names
}

/** A WITH query or a lake relation by name; a WITH query hides a relation of the same name. */
export function bindTableName(
  name: readonly Name[],
  alias: Alias | undefined,
  context: Context,
): { sql: string; bound: BoundRelation } {
  const sqlAlias = freshName(context.session, 't')
  const shown = alias?.alias?.text.toLowerCase() ?? name.at(-1)!.text.toLowerCase()
  const common = name.length === 1 ? findCommonTable(context.tables, name[0]!.text.toLowerCase()) : undefined
  if (common !== undefined) {
    const reader: TableReader = { bounds: [] }
    common.readers.push(reader)
    const columns = common.columns.map((column, index) => {
      const source = column.source && { ...column.source, through: { reader, inner: column.source } }
      return { ...column, sql: `${sqlAlias}.c${index + 1}`, source }
    })
    const sql = `${quoteName(common.sqlName)} AS ${sqlAlias}`
    return { sql, bound: { alias: shown, columns, merged: new Set(), isTable: true } }
  }
  const found = findRelation(context.session.schema, name, commonTableNames(context.tables))
  const use: RelationUse = {
    table: found.table.name.toLowerCase(),
    relation: found.relation,
    viewQueryNames: found.queryNames,
    columns: new Set(),
    span: { start: name[0]!.start, end: name.at(-1)!.end },
    bounds: [],
  }
  context.session.uses.push(use)
  const columns = found.columns.map(column => ({
    name: column.name,
    sql: `${sqlAlias}.${quoteName(column.name)}`,
    type: lakeTypes[column.type],
    source: { use, column: column.name.toLowerCase() },
  }))
  return {
    sql: `${quoteName(found.relation)} AS ${sqlAlias}`,
    bound: { alias: shown, columns, merged: new Set(), isTable: true },
  }
}

function sampleSql(sample: NonNullable<Extract<Relation, { kind: 'table' }>['sample']>): string {
  const percent = sample.percent.kind === 'number' ? Number(sample.percent.text) : Number.NaN
  if (!(percent >= 0 && percent <= 100)) {
    throw new SqlRefusal('TABLESAMPLE needs a number between 0 and 100', sample.percent)
  }
  return ` TABLESAMPLE ${sample.method}(${percent} PERCENT)`
}

/** `t(a, b)`: names for the first columns… all of them, in fact: Trino wants as many names as there are columns. */
export function renameColumns(relation: BoundRelation, alias: Alias): BoundRelation {
  if (alias.columns === undefined) return relation
  if (alias.columns.length !== relation.columns.length) {
    const message = `'${alias.alias!.text}' lists ${alias.columns.length} columns, there are ${relation.columns.length}`
    throw new SqlRefusal(message, alias.alias!)
  }
  const columns = relation.columns.map((column, index) => ({ ...column, name: alias.columns![index]!.text }))
  return { ...relation, columns, merged: new Set() }
}

function lateralContext(left: readonly BoundRelation[], context: Context): Context {
  const scope: Scope = { relations: left, lambda: undefined, parent: context.scope, isLateral: true }
  return { ...context, scope, grouping: undefined, allowsAggregate: false, allowsWindow: false }
}

function bindSubquery(
  relation: Extract<Relation, { kind: 'subquery' }>,
  left: readonly BoundRelation[],
  context: Context,
): BoundFrom {
  const inner = relation.isLateral ? lateralContext(left, context) : context
  const query = context.session.bindQuery(relation.query, inner)
  const sqlAlias = freshName(context.session, 't')
  const columns = query.columns.map((column, index) => ({
    name: column.name,
    sql: `${sqlAlias}.c${index + 1}`,
    type: column.type,
    source: column.source,
  }))
  const bound = { alias: relation.alias?.text.toLowerCase(), columns, merged: new Set<BoundColumn>() }
  const sql = `${relation.isLateral ? 'LATERAL ' : ''}(${query.sql}) AS ${sqlAlias}`
  return { sql, relations: [renameColumns(bound, relation)] }
}

/** Arrays and maps side by side, the shorter ones filled up with NULL, and the position where it is asked for. */
function bindUnnest(
  relation: Extract<Relation, { kind: 'unnest' }>,
  left: readonly BoundRelation[],
  context: Context,
): BoundFrom {
  const inner = { ...lateralContext(left, context), clause: 'UNNEST' }
  const sqlAlias = freshName(context.session, 't')
  const item = freshName(context.session, 'u')
  const parts: string[] = []
  const columns: Typed[] = []
  const lengths: string[] = []
  const additions: Addition[] = []
  for (const arg of relation.args) {
    const value = bindUnnested(arg, left, inner, additions)
    const column = `n${parts.length + 1}`
    const reference = `${item}.${column}`
    if (value.type.kind === 'array') {
      parts.push(`unnest(${value.sql}) AS ${column}`)
      lengths.push(`len(${value.sql})`)
      columns.push(...elementColumns(reference, value.type.element))
    } else if (value.type.kind === 'map') {
      parts.push(`unnest(map_entries(${value.sql})) AS ${column}`)
      lengths.push(`cardinality(${value.sql})`)
      columns.push({ sql: `struct_extract(${reference}, 'key')`, type: value.type.key })
      columns.push({ sql: `struct_extract(${reference}, 'value')`, type: value.type.value })
    } else {
      throw new SqlRefusal(`UNNEST needs an array or a map, this is ${typeText(value.type)}`, arg)
    }
  }
  if (relation.hasOrdinality) {
    const longest = lengths.length === 1 ? lengths[0]! : `greatest(${lengths.join(', ')})`
    parts.push(`unnest(range(1, coalesce(${longest}, 0) + 1)) AS n0`)
    columns.push({ sql: `${item}.n0`, type: bigintType })
  }
  const list = columns.map((column, index) => `${column.sql} AS c${index + 1}`).join(', ')
  const sql = `LATERAL (SELECT ${list} FROM (SELECT ${parts.join(', ')}) AS ${item}) AS ${sqlAlias}`
  const named = columns.map((column, index) => {
    return { name: undefined, sql: `${sqlAlias}.c${index + 1}`, type: column.type, source: undefined }
  })
  const bound = { alias: relation.alias?.text.toLowerCase(), columns: named, merged: new Set<BoundColumn>() }
  return { sql, relations: [renameColumns(bound, relation)], additions }
}

/** The elements themselves, or where they are rows one column a field. */
function elementColumns(reference: string, element: SqlType): Typed[] {
  if (element.kind !== 'row') return [{ sql: reference, type: element }]
  return element.fields.map((_, index) => fieldAt({ sql: reference, type: element }, index))
}
