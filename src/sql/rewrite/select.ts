import { SqlRefusal } from '../diagnostics.ts'
import { findFunction } from '../functions/scalar.ts'
import type { Expression, GroupItem, Name, Select, SelectItem, SortItem } from '../parse/ast.ts'
import { quoteName, typeText } from '../sql-type.ts'
import { isConstant, isPlainAggregate, sortItemSql } from './aggregate.ts'
import { noteWhereBounds } from './bounds.ts'
import { mustCarry, newCarry, newWatch, OuterInLambda, withCarried } from './carry.ts'
import { bindCondition } from './condition.ts'
import {
  type BoundColumn,
  bind,
  type ColumnSource,
  type Context,
  type Grouping,
  type Scope,
  type Typed,
} from './context.ts'
import { findSource, noteUse } from './names.ts'
import { bindFrom } from './relation.ts'

export interface OutputColumn {
  /** As typed; undefined where it has none. */
  readonly name: string | undefined
  readonly type: Typed['type']
  readonly source: ColumnSource | undefined
}

export interface BoundSelect {
  readonly sql: string
  /** Sort keys, '' for none: the caller puts LIMIT after them. */
  readonly orderSql: string
  /** The same keys where a position in the select list means nothing: in a window. */
  readonly rankSql: string
  readonly columns: readonly OutputColumn[]
}

/** A column of the select list before it is bound: an expression, or a column `*` stands for. */
interface Output {
  readonly name: string | undefined
  readonly value: Expression | BoundColumn
  readonly isAlias: boolean
}

/** Names for the columns of the statement itself; undefined: c1, c2, … as everywhere inside. */
export type NameColumns = (columns: readonly OutputColumn[]) => readonly string[] | undefined

export function bindSelect(
  select: Select,
  orderBy: readonly SortItem[],
  context: Context,
  nameColumns?: NameColumns,
): BoundSelect {
  const bindAgain = () => bindOnce(select, orderBy, { ...context, carry: newCarry(context) }, nameColumns)
  if (context.carry?.alias !== undefined) return bindAgain()
  const { uses, notices, commonTables } = context.session
  const counts = [uses.length, notices.length, commonTables.length] as const
  const watch = newWatch()
  try {
    const bound = bindOnce(select, orderBy, { ...context, carry: watch }, nameColumns)
    if (!mustCarry(`${bound.sql} ${bound.orderSql}`, watch)) return bound
  } catch (thrown) {
    if (!(thrown instanceof OuterInLambda)) throw thrown
  }
  for (const [index, list] of [uses, notices, commonTables].entries()) list.length = counts[index]!
  return bindAgain()
}

function bindOnce(
  select: Select,
  orderBy: readonly SortItem[],
  outside: Context,
  nameColumns?: NameColumns,
): BoundSelect {
  const context: Context = { ...outside, hoist: undefined, isTry: false }
  const from = bindFrom(select.from, context)
  const scope: Scope = { relations: from.relations, lambda: undefined, parent: context.scope }
  const windows = new Map(select.windows.map(window => [window.name.text.toLowerCase(), window.spec]))
  const base: Context = { ...context, scope, windows, grouping: undefined, allowsAggregate: false, allowsWindow: false }
  const where = bindWhere(select, base)
  const outputs = select.items.flatMap(item => expandItem(item, base))
  const isGrouped = select.groupBy !== undefined || hasAggregate([...select.items, select.having, ...orderBy])
  const groups = bindGroups(select.groupBy ?? [], outputs, base)
  const grouping: Grouping | undefined = isGrouped ? { texts: new Set(groups.texts), pending: [] } : undefined
  const listContext: Context = { ...base, grouping, clause: 'SELECT', allowsAggregate: true, allowsWindow: true }
  const values = outputs.map(output => bindOutput(output, listContext))
  const having = bindHaving(select, listContext, isGrouped)
  const { orderSql, rankSql } = bindOrder(select, orderBy, outputs, values, listContext)
  if (grouping !== undefined && grouping.pending.length > 0) throw notGrouped(grouping)
  const columns = outputs.map((output, index) => ({
    name: output.name,
    type: values[index]!.type,
    source: isRowWise(select, isGrouped, values[index]!.sql, groups) ? sourceOf(output.value, base) : undefined,
  }))
  const list = selectList(values, nameColumns?.(columns))
  const relations = withCarried(from.sql, context.carry)
  const fromSql = relations === '' ? '' : ` FROM ${relations}`
  const sql = `SELECT ${select.isDistinct ? 'DISTINCT ' : ''}${list}${fromSql}${where}${groups.sql}${having}`
  return { sql, orderSql, rankSql, columns }
}

/** `value AS name` for each. */
export function selectList(values: readonly { readonly sql: string }[], names: readonly string[] | undefined): string {
  return values
    .map((value, index) => `${value.sql} AS ${names === undefined ? `c${index + 1}` : quoteName(names[index]!)}`)
    .join(', ')
}

function bindWhere(select: Select, base: Context): string {
  if (select.where === undefined) return ''
  const condition = bindCondition(select.where, { ...base, clause: 'WHERE' }, 'WHERE')
  noteWhereBounds(select.where, base)
  return ` WHERE ${condition}`
}

function bindHaving(select: Select, context: Context, isGrouped: boolean): string {
  if (select.having === undefined) return ''
  if (!isGrouped) throw new SqlRefusal('HAVING needs GROUP BY or an aggregate', select.having)
  return ` HAVING ${bindCondition(select.having, { ...context, clause: 'HAVING', allowsWindow: false }, 'HAVING')}`
}

function notGrouped(grouping: Grouping): SqlRefusal {
  const first = grouping.pending[0]!
  const hint = 'add it to GROUP BY, or wrap it in an aggregate such as max() or arbitrary()'
  return new SqlRefusal(`'${first.name}' must be an aggregate or appear in GROUP BY`, first.span, { hint })
}

function isColumn(value: Expression | BoundColumn): value is BoundColumn {
  return 'sql' in value
}

function bindOutput(output: Output, context: Context): Typed {
  if (!isColumn(output.value)) return bind(output.value, context)
  noteUse(output.value)
  if (context.grouping !== undefined && !context.grouping.texts.has(output.value.sql)) {
    context.grouping.pending.push({ name: output.name ?? '*', span: { start: 0, end: 0 } })
  }
  return output.value
}

function sourceOf(value: Expression | BoundColumn, context: Context): ColumnSource | undefined {
  if (isColumn(value)) return value.source
  return value.kind === 'name' ? findSource(context.scope, value.parts)?.source : undefined
}

function expandItem(item: SelectItem, context: Context): Output[] {
  if (item.kind === 'star') return expandStar(item, context)
  const { value, alias } = item
  if (alias === undefined) return [{ name: nameOf(value), value, isAlias: false }]
  if (!item.hasAs && value.kind === 'name') warnOfImplicitAlias(alias, value.parts, context)
  return [{ name: alias.text, value, isAlias: true }]
}

function nameOf(value: Expression): string | undefined {
  return value.kind === 'name' ? value.parts.at(-1)!.text : undefined
}

/** `a b` names column a `b`: legal, and where b is a column too, a forgotten comma. */
function warnOfImplicitAlias(alias: Name, parts: readonly Name[], context: Context): void {
  if (findSource(context.scope, [alias]) === undefined) return
  const column = parts.at(-1)!.text
  context.session.notices.push({
    code: 'implicit_alias',
    message:
      `'${column} ${alias.text}' returns column '${column}' under the name '${alias.text}', ` +
      'which is a column too: is a comma missing?',
    span: { start: parts[0]!.start, end: alias.end },
  })
}

function expandStar(item: Extract<SelectItem, { kind: 'star' }>, context: Context): Output[] {
  const wanted = item.qualifier.at(-1)?.text.toLowerCase()
  const relations = context.scope.relations.filter(relation => wanted === undefined || relation.alias === wanted)
  if (relations.length === 0) {
    const message =
      wanted === undefined ? "'*' needs a FROM" : `there is no table '${item.qualifier.at(-1)!.text}' here`
    throw new SqlRefusal(message, item)
  }
  const columns = relations.flatMap(relation =>
    relation.columns.filter(column => keepsInStar(column, relation.merged, wanted)),
  )
  if (item.aliases !== undefined && item.aliases.length !== columns.length) {
    throw new SqlRefusal(`'*' has ${columns.length} columns, ${item.aliases.length} names are given`, item)
  }
  return columns.map((value, index) => ({ name: item.aliases?.[index]?.text ?? value.name, value, isAlias: false }))
}

function keepsInStar(column: BoundColumn, merged: ReadonlySet<BoundColumn>, qualifier: string | undefined): boolean {
  return qualifier !== undefined || !merged.has(column)
}

/**
 * Whether a row of the result that fails a condition on this column may be left out before the query is computed: no
 * window looks at it, and where rows are grouped, the column is a key of every group.
 */
function isRowWise(select: Select, isGrouped: boolean, sql: string, groups: Groups): boolean {
  if (hasWindow([select.items, select.having])) return false
  if (!isGrouped) return true
  return select.groupBy?.every(item => item.kind === 'value') === true && groups.texts.includes(sql)
}

function hasWindow(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(hasWindow)
  if (typeof node !== 'object' || node === null) return false
  if ('body' in node && 'tables' in node) return false
  if ('over' in node && node.over !== undefined) return true
  return Object.values(node).some(hasWindow)
}

/** Whether an aggregate stands in one of `nodes`, subqueries aside. */
function hasAggregate(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(hasAggregate)
  if (typeof node !== 'object' || node === null) return false
  if ('body' in node && 'tables' in node) return false
  if ('kind' in node && node.kind === 'call' && 'name' in node) {
    const call = node as Extract<Expression, { kind: 'call' }>
    if (findFunction(call.name)?.kind === 'aggregate' && isPlainAggregate(call)) return true
  }
  return Object.values(node).some(hasAggregate)
}

interface Groups {
  readonly sql: string
  readonly texts: readonly string[]
}

function bindGroups(items: readonly GroupItem[], outputs: readonly Output[], base: Context): Groups {
  if (items.length === 0) return { sql: '', texts: [] }
  const texts: string[] = []
  const context: Context = { ...base, clause: 'GROUP BY' }
  const isPlain = items.every(item => item.kind === 'value')
  const key = (node: Expression) => {
    const { sql, position } = groupKey(node, outputs, context)
    texts.push(sql)
    return isPlain && position !== undefined ? String(position) : sql
  }
  const list = (nodes: readonly Expression[]) => `(${nodes.map(key).join(', ')})`
  const parts = items.map(item => {
    switch (item.kind) {
      case 'value':
        return key(item.value)
      case 'sets':
        return `GROUPING SETS (${item.sets.map(list).join(', ')})`
      default:
        return `${item.kind.toUpperCase()} (${item.items.map(list).join(', ')})`
    }
  })
  return { sql: ` GROUP BY ${parts.join(', ')}`, texts }
}

function groupKey(node: Expression, outputs: readonly Output[], context: Context): { sql: string; position?: number } {
  if (node.kind !== 'number' || node.form !== 'integer') {
    refuseAlias(node, outputs, context)
    return { sql: bind(node, context).sql }
  }
  const position = Number(node.text)
  const output = outputs[position - 1]
  if (output === undefined) throw new SqlRefusal(`GROUP BY position ${position} is not in the select list`, node)
  return { sql: bindOutput(output, context).sql, position }
}

/** An alias in GROUP BY is a common slip: Trino groups by columns and expressions only. */
function refuseAlias(node: Expression, outputs: readonly Output[], context: Context): void {
  if (node.kind !== 'name' || node.parts.length > 1 || findSource(context.scope, node.parts) !== undefined) return
  const wanted = node.parts[0]!.text.toLowerCase()
  const index = outputs.findIndex(output => output.isAlias && output.name?.toLowerCase() === wanted)
  if (index === -1) return
  const hint = `repeat the expression, or write its position: GROUP BY ${index + 1}`
  throw new SqlRefusal(`'${node.parts[0]!.text}' is an alias of the select list, GROUP BY needs a column`, node, {
    hint,
  })
}

function bindOrder(
  select: Select,
  orderBy: readonly SortItem[],
  outputs: readonly Output[],
  values: readonly Typed[],
  context: Context,
): { readonly orderSql: string; readonly rankSql: string } {
  const aliases = new Map<string, Typed>()
  for (const [index, output] of outputs.entries()) {
    const name = output.name?.toLowerCase()
    if (name !== undefined && !aliases.has(name)) aliases.set(name, values[index]!)
  }
  const scope: Scope = { relations: [], lambda: aliases, parent: context.scope }
  const inner: Context = { ...context, scope, clause: 'ORDER BY' }
  const keys = orderBy
    .filter(item => isPosition(item.value) || !isConstant(item.value))
    .map(item => ({ item, key: sortKey(item.value, outputs, inner) }))
  const isSelected = (key: SortKey) => typeof key === 'number' || values.some(({ sql }) => sql === key)
  const foreign = keys.find(({ key }) => select.isDistinct && !isSelected(key))
  if (foreign !== undefined) {
    const hint = 'add it to the select list'
    throw new SqlRefusal('SELECT DISTINCT is sorted by what it selects only', foreign.item.value, { hint })
  }
  const printed = (sqlOf: (key: SortKey) => string) =>
    keys.map(({ item, key }) => sortItemSql(sqlOf(key), item)).join(', ')
  return {
    orderSql: printed(key => (typeof key === 'number' ? String(key) : key)),
    rankSql: printed(key => (typeof key === 'number' ? values[key - 1]!.sql : key)),
  }
}

/** A position in the select list, or an expression. */
type SortKey = number | string

/** `ORDER BY 2` */
export function isPosition(node: Expression): boolean {
  return node.kind === 'number' && node.form === 'integer'
}

function sortKey(node: Expression, outputs: readonly Output[], context: Context): SortKey {
  if (node.kind === 'number' && node.form === 'integer') {
    const position = Number(node.text)
    if (position >= 1 && position <= outputs.length) return position
    throw new SqlRefusal(`ORDER BY position ${position} is not in the select list`, node)
  }
  if (node.kind === 'negate' && isPosition(node.value)) {
    throw new SqlRefusal('ORDER BY a negative position: positions count from 1', node, {
      hint: 'sort by -x, or use DESC',
    })
  }
  if (node.kind === 'name' && node.parts.length === 1) {
    const wanted = node.parts[0]!.text.toLowerCase()
    const isWanted = (output: Output) => output.name?.toLowerCase() === wanted
    const index = outputs.findIndex(isWanted)
    if (outputs.filter(isWanted).length > 1) {
      const hint = 'give one of them another name, or sort by its position'
      throw new SqlRefusal(`ORDER BY: two columns are called '${node.parts[0]!.text}'`, node, { hint })
    }
    if (index !== -1) return index + 1
  }
  const value = bind(node, context)
  if (value.type.kind === 'map' || value.type.kind === 'json') {
    throw new SqlRefusal(`values of type ${typeText(value.type)} have no order`, node)
  }
  return value.sql
}
