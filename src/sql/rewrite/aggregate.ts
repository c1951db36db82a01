import { SqlRefusal } from '../diagnostics.ts'
import { aggregateRules, windowRules } from '../functions/aggregate.ts'
import type { AggregateRule, BoundCall } from '../functions/rule.ts'
import { findFunction } from '../functions/scalar.ts'
import type { Form } from '../functions/signature.ts'
import type { Call, Expression, FrameBound, SortItem, WindowSpec } from '../parse/ast.ts'
import { engineType, isInterval, isNumeric, type SqlType } from '../sql-type.ts'
import { bindCondition } from './condition.ts'
import { bind, type Context, type Typed } from './context.ts'
import { hoisted } from './hoist.ts'

type Prepare = (forms: readonly Form[]) => BoundCall
type UsedRule = Exclude<AggregateRule, { how: 'refused' }>

/** An aggregate, plain or over a window: the engine's own, so that DISTINCT, FILTER and the like keep their place. */
export function bindAggregate(node: Call, rule: UsedRule, outside: Context, prepare: Prepare): Typed {
  return hoisted(bindOutside(node, rule, { ...outside, hoist: undefined, isTry: false }, prepare), outside)
}

function bindOutside(node: Call, rule: UsedRule, context: Context, prepare: Prepare): Typed {
  checkPlace(node, context)
  const inner: Context = { ...context, allowsAggregate: false, allowsWindow: false, grouping: undefined }
  if (node.isStar) {
    if (node.name !== 'count') throw new SqlRefusal(`'${node.name}(*)' does not exist: only count(*)`, node)
    return { sql: finish('count', '*', node, context, inner), type: { kind: 'bigint' } }
  }
  const prepared = prepare(findFunction(node.name)!.forms)
  const result = rule.result?.(prepared) ?? prepared.result
  const call: BoundCall = { ...prepared, result }
  const args = rule.args?.(call) ?? call.args.map(arg => arg.sql)
  const order = sortSql(node.orderBy.length > 0 ? node.orderBy : node.withinGroup, { ...inner, grouping: undefined })
  const inside = `${node.isDistinct ? 'DISTINCT ' : ''}${args.join(', ')}${order === '' ? '' : ` ORDER BY ${order}`}`
  const plain = finish(rule.targetOf?.(call) ?? rule.target, inside, node, context, inner)
  const wrapped = rule.wrap?.(plain, call) ?? plain
  return { sql: isWidened(result) ? `CAST(${wrapped} AS ${engineType(result)})` : wrapped, type: result }
}

function isWidened(type: SqlType): boolean {
  return isNumeric(type) && !isInterval(type)
}

function checkPlace(node: Call, context: Context): void {
  if (node.over === undefined ? context.allowsAggregate : context.allowsWindow) return
  const what = node.over === undefined ? 'an aggregate' : 'a window function'
  const hint = context.clause === 'WHERE' ? 'filter groups with HAVING, or in an outer query' : undefined
  const message = `'${node.name}' is ${what} and may not stand in ${context.clause}`
  throw new SqlRefusal(message, node.nameSpan, hint === undefined ? {} : { hint })
}

function finish(target: string, inside: string, node: Call, context: Context, inner: Context): string {
  const condition = node.filter === undefined ? undefined : bindCondition(node.filter, inner, 'FILTER')
  const filter = condition === undefined ? '' : ` FILTER (WHERE ${condition})`
  return `${target}(${inside})${filter}${overSql(node, context)}`
}

/** row_number, rank, lag and the like: only over a window. */
export function bindWindowFunction(node: Call, outside: Context, prepare: Prepare): Typed {
  const context: Context = { ...outside, hoist: undefined, isTry: false }
  if (node.over === undefined) throw new SqlRefusal(`'${node.name}' needs OVER (…)`, node.nameSpan)
  if (!context.allowsWindow) checkPlace(node, context)
  if (node.isDistinct || node.orderBy.length > 0 || node.filter !== undefined || node.isStar) {
    throw new SqlRefusal(`DISTINCT, ORDER BY, FILTER and * do not apply to '${node.name}'`, node.nameSpan)
  }
  const call = prepare(findFunction(node.name)!.forms)
  const target = windowRules.get(node.name)!
  refuseComputedOffset(node)
  const args = call.args.map(arg => arg.sql).join(', ')
  const inside = node.ignoreNulls ? `${args} IGNORE NULLS` : args
  return hoisted({ sql: `${target}(${inside})${overSql(node, context)}`, type: call.result }, outside)
}

/** An offset that is NULL or negative is an error in Trino, not in the engine: only a number is told apart. */
function refuseComputedOffset(node: Call): void {
  const index = { lag: 1, lead: 1, nth_value: 1, ntile: 0 }[node.name]
  const offset = index === undefined ? undefined : node.args[index]
  if (offset?.kind === 'number' && node.name === 'nth_value' && Number(offset.text) < 1) {
    throw new SqlRefusal('nth_value counts from 1', offset)
  }
  if (offset === undefined || offset.kind === 'number') return
  throw new SqlRefusal(`the number that '${node.name}' takes must be written out`, offset)
}

function overSql(node: Call, context: Context): string {
  if (node.over === undefined) return ''
  const spec = 'text' in node.over ? namedWindow(node.over, context) : node.over
  return ` OVER (${windowSql(spec, context)})`
}

function namedWindow(name: { text: string; start: number; end: number }, context: Context): WindowSpec {
  const spec = context.windows.get(name.text.toLowerCase())
  if (spec === undefined) throw new SqlRefusal(`window '${name.text}' is not defined`, name)
  return spec
}

function windowSql(spec: WindowSpec, context: Context, depth = 0): string {
  const base = spec.base === undefined ? undefined : namedWindow(spec.base, context)
  if (base !== undefined && depth > 8) throw new SqlRefusal('windows are defined by one another', spec)
  const inner: Context = { ...context, allowsWindow: false }
  const own = base === undefined ? spec : { ...base, orderBy: spec.orderBy.length > 0 ? spec.orderBy : base.orderBy }
  if (base !== undefined) return windowSql({ ...own, frame: spec.frame ?? base.frame }, context, depth + 1)
  const parts: string[] = []
  if (own.partitionBy.length > 0) {
    parts.push(`PARTITION BY ${own.partitionBy.map(value => bind(value, inner).sql).join(', ')}`)
  }
  const order = sortSql(own.orderBy, inner)
  if (order !== '') parts.push(`ORDER BY ${order}`)
  if (spec.frame !== undefined) parts.push(frameSql(spec.frame, inner))
  return parts.join(' ')
}

function frameSql(frame: NonNullable<WindowSpec['frame']>, context: Context): string {
  const start = boundSql(frame.start, context)
  return frame.end === undefined
    ? `${frame.unit} ${start}`
    : `${frame.unit} BETWEEN ${start} AND ${boundSql(frame.end, context)}`
}

function boundSql(bound: FrameBound, context: Context): string {
  switch (bound.kind) {
    case 'unboundedPreceding':
      return 'UNBOUNDED PRECEDING'
    case 'unboundedFollowing':
      return 'UNBOUNDED FOLLOWING'
    case 'currentRow':
      return 'CURRENT ROW'
    default:
      if (bound.value!.kind === 'negate') throw new SqlRefusal('a frame does not reach back less than 0', bound.value!)
      return `${bind(bound.value!, context).sql} ${bound.kind === 'preceding' ? 'PRECEDING' : 'FOLLOWING'}`
  }
}

/** Sort keys inside an aggregate or a window; NULLs last unless said otherwise, as Trino sorts. */
export function sortSql(items: readonly SortItem[], context: Context): string {
  return items
    .filter(item => !isConstant(item.value))
    .map(item => sortItemSql(bind(item.value, context).sql, item))
    .join(', ')
}

/** Sorting by a literal sorts nothing, and the engine refuses to. A position in the select list is no such literal. */
export function isConstant(node: Expression): boolean {
  const isNumber = node.kind === 'number'
  return isNumber || node.kind === 'string' || node.kind === 'null' || node.kind === 'boolean' || node.kind === 'typed'
}

export function sortItemSql(sql: string, item: SortItem): string {
  return `${sql} ${item.isDescending ? 'DESC' : 'ASC'} NULLS ${item.nullsFirst === true ? 'FIRST' : 'LAST'}`
}

/** Whether a call makes its SELECT a grouped one. */
export function isPlainAggregate(node: Call): boolean {
  return node.over === undefined && (aggregateRules.has(node.name) || node.isStar)
}
