import type { ColumnBound } from '../../model/scan-scope.ts'
import type { Expression, JoinType } from '../parse/ast.ts'
import { type ConstantValue, constantValue } from '../scope.ts'
import type { BoundColumn, BoundRelation, ColumnSource, Context, Session, TableReader } from './context.ts'
import { findSource } from './names.ts'

// Which rows of a lake relation a condition can use at all, for pruning. A bound is kept only where every row outside
// it makes the condition false or NULL: comparisons of a column with constants, joined by AND, or by OR on one column.
// Since such a comparison is also false for the NULLs of an outer join, a bound from WHERE holds on either side of one.
// A bound on a subquery's column reaches the scan below where the column passes through unchanged and each row (or
// group) of the subquery stands for itself: no LIMIT, no window, no set operation (select.ts and query.ts say which).

type Bounds = Map<BoundColumn, ColumnBound>

export function noteWhereBounds(condition: Expression, context: Context): void {
  apply(boundsOf(condition, context), () => true)
}

/** ON filters the rows of a side only where the join does not keep that side's rows without a partner. */
export function noteJoinBounds(
  condition: Expression,
  type: JoinType,
  left: readonly BoundRelation[],
  right: readonly BoundRelation[],
  context: Context,
): void {
  const sides = {
    INNER: [...left, ...right],
    LEFT: right,
    RIGHT: left,
    FULL: [],
    CROSS: [],
  }[type]
  apply(boundsOf(condition, context), column => sides.some(relation => relation.columns.includes(column)))
}

function apply(bounds: Bounds, isMeant: (column: BoundColumn) => boolean): void {
  for (const [column, bound] of bounds) if (isMeant(column)) noteBound(column.source, bound)
}

function noteBound(source: ColumnSource | undefined, bound: ColumnBound): void {
  if (source === undefined) return
  if (source.through === undefined) source.use.bounds.push(bound)
  else source.through.reader.bounds.push({ source: source.through.inner, bound })
}

/**
 * A WITH query is scanned once for all who read it: what all of them want of a column bounds the scan. Later queries
 * read earlier ones, so the last is settled first.
 */
export function settleReaders(session: Pick<Session, 'commonTables'>): void {
  for (const { readers } of session.commonTables.toReversed()) {
    const [first, ...rest] = readers.map(wantedOf)
    for (const [source, bound] of first ?? []) {
      const merged = rest.reduce<ColumnBound | undefined>((sum, other) => either(sum, other.get(source)), bound)
      if (merged !== undefined) noteBound(source, merged)
    }
  }
}

function wantedOf(reader: TableReader): Map<ColumnSource, ColumnBound> {
  const wanted = new Map<ColumnSource, ColumnBound>()
  for (const { source, bound } of reader.bounds) wanted.set(source, both(wanted.get(source), bound))
  return wanted
}

function boundsOf(node: Expression, context: Context): Bounds {
  switch (node.kind) {
    case 'logic':
      return node.operator === 'AND' ? allOf(node.items, context) : anyOf(node.items, context)
    case 'compare':
      return comparisonBounds(node, context)
    case 'inList':
      return node.isNot ? new Map() : inListBounds(node, context)
    case 'between':
      return node.isNot ? new Map() : betweenBounds(node, context)
    default:
      return new Map()
  }
}

function allOf(items: readonly Expression[], context: Context): Bounds {
  const all: Bounds = new Map()
  for (const item of items) {
    for (const [column, bound] of boundsOf(item, context)) all.set(column, both(all.get(column), bound))
  }
  return all
}

function anyOf(items: readonly Expression[], context: Context): Bounds {
  const [first, ...rest] = items.map(item => boundsOf(item, context))
  const any: Bounds = new Map()
  for (const [column, bound] of first ?? new Map()) {
    const merged = rest.reduce<ColumnBound | undefined>((sum, other) => either(sum, other.get(column)), bound)
    if (merged !== undefined) any.set(column, merged)
  }
  return any
}

type Value = string | number | boolean

/** A bound at least as wide as the rows that fulfil both. */
function both(a: ColumnBound | undefined, b: ColumnBound): ColumnBound {
  if (a === undefined) return b
  if ('in' in a && 'in' in b) return { column: a.column, in: a.in.filter(value => b.in.includes(value)) }
  if ('in' in a) return a
  if ('in' in b) return b
  return range(a.column, tighter(a.min, b.min, 1), tighter(a.max, b.max, -1))
}

/** A bound as wide as the rows that fulfil one of them; undefined: any row may. */
function either(a: ColumnBound | undefined, b: ColumnBound | undefined): ColumnBound | undefined {
  if (a === undefined || b === undefined) return undefined
  if ('in' in a && 'in' in b) return { column: a.column, in: [...new Set([...a.in, ...b.in])] }
  if ('in' in a || 'in' in b) return undefined
  const min = a.min === undefined || b.min === undefined ? undefined : tighter(a.min, b.min, -1)
  const max = a.max === undefined || b.max === undefined ? undefined : tighter(a.max, b.max, 1)
  return min === undefined && max === undefined ? undefined : range(a.column, min, max)
}

function tighter(
  a: string | number | undefined,
  b: string | number | undefined,
  sign: 1 | -1,
): string | number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  if (typeof a !== typeof b) return a
  return a > b === sign > 0 ? a : b
}

function range(column: string, min: string | number | undefined, max: string | number | undefined): ColumnBound {
  return { column, ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) }
}

/** The lake column an expression is, also as `lower(column)`. */
function lakeColumn(
  node: Expression,
  context: Context,
): { column: BoundColumn; name: string; isLowered: boolean } | undefined {
  if (node.kind === 'call' && (node.name === 'lower' || node.name === 'trim') && node.args.length === 1) {
    if (node.name === 'trim') return undefined
    const inner = lakeColumn(node.args[0]!, context)
    return inner === undefined ? undefined : { ...inner, isLowered: true }
  }
  if (node.kind !== 'name') return undefined
  const column = findSource(context.scope, node.parts)
  return column?.source === undefined ? undefined : { column, name: column.source.column, isLowered: false }
}

/** The constant as values of the column's kind; undefined where pruning could not compare them as the engine does. */
function valueFor(column: BoundColumn, constant: ConstantValue | undefined): Value | undefined {
  if (constant === undefined) return undefined
  switch (column.type.kind) {
    case 'varchar':
      return constant.kind === 'text' ? constant.value : undefined
    case 'timestamp':
      return constant.kind === 'instant' ? constant.value : undefined
    case 'boolean':
      return constant.kind === 'boolean' ? constant.value : undefined
    default:
      return constant.kind === 'number' ? constant.value : undefined
  }
}

/** Only a query name may be compared without case: pruning knows to do so for it alone. */
function isUsable(found: { name: string; isLowered: boolean }): boolean {
  return !found.isLowered || found.name === 'query_name'
}

function comparisonBounds(node: Extract<Expression, { kind: 'compare' }>, context: Context): Bounds {
  const flipped = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '=': '=', '<>': '<>' } as const
  const straight = lakeColumn(node.left, context)
  const found = straight ?? lakeColumn(node.right, context)
  if (found === undefined || !isUsable(found)) return new Map()
  const operator = straight === undefined ? flipped[node.operator] : node.operator
  const other = straight === undefined ? node.left : node.right
  const value = valueFor(found.column, constantValue(other, context.session.now))
  if (value === undefined || operator === '<>') return new Map()
  const { column, name } = found
  if (operator === '=') return new Map([[column, { column: name, in: [value] }]])
  // The order of text differs between engines beyond ASCII: only equality prunes it.
  if (typeof value !== 'number' || found.isLowered) return new Map()
  const isLower = operator === '>' || operator === '>='
  return new Map([[column, isLower ? { column: name, min: value } : { column: name, max: value }]])
}

function inListBounds(node: Extract<Expression, { kind: 'inList' }>, context: Context): Bounds {
  const found = lakeColumn(node.value, context)
  if (found === undefined || !isUsable(found)) return new Map()
  const values: Value[] = []
  for (const item of node.items) {
    const value = valueFor(found.column, constantValue(item, context.session.now))
    if (value === undefined) return new Map()
    values.push(value)
  }
  return new Map([[found.column, { column: found.name, in: values }]])
}

function betweenBounds(node: Extract<Expression, { kind: 'between' }>, context: Context): Bounds {
  const found = lakeColumn(node.value, context)
  if (found === undefined || found.isLowered) return new Map()
  const low = valueFor(found.column, constantValue(node.low, context.session.now))
  const high = valueFor(found.column, constantValue(node.high, context.session.now))
  if (typeof low !== 'number' && typeof high !== 'number') return new Map()
  return new Map([[found.column, range(found.name, numberOf(low), numberOf(high))]])
}

function numberOf(value: Value | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined
}
