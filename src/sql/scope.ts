import type { RelationScope, ScanScope } from '../model/scan-scope.ts'
import type { Expression, ExpressionOf } from './parse/ast.ts'
import type { RelationUse } from './rewrite/context.ts'
import { intervalValue } from './rewrite/literals.ts'

// What the statement needs of the lake, from the places where it reads a relation. In doubt everything: a bound that is
// missing costs time, one too many costs rows.

/** A constant of a statement, as far as pruning can use it. Instants are ms since the epoch, in UTC. */
export type ConstantValue =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'instant'; readonly value: number }

/** One scope a place, in the order of the text. */
export function scanScope(uses: readonly RelationUse[]): ScanScope {
  return { relations: uses.map(relationScope) }
}

function relationScope(use: RelationUse): RelationScope {
  const names = use.bounds.filter(bound => bound.column === 'query_name' && 'in' in bound)
  const lists = names.map(bound => ('in' in bound ? bound.in.map(value => String(value).toLowerCase()) : []))
  if (use.viewQueryNames !== undefined) lists.unshift(use.viewQueryNames.map(name => name.toLowerCase()))
  const [first, ...rest] = lists
  const queryNames = first?.filter(name => rest.every(list => list.includes(name)))
  return {
    table: use.table,
    relation: use.relation,
    queryNames: queryNames === undefined ? undefined : [...new Set(queryNames)],
    columns: [...use.columns].sort(),
    bounds: use.bounds,
  }
}

/** The value of an expression that needs no row: literals, and what real queries compute from now(). */
export function constantValue(node: Expression, now: number): ConstantValue | undefined {
  switch (node.kind) {
    case 'string':
      return { kind: 'text', value: node.value }
    case 'boolean':
      return { kind: 'boolean', value: node.value }
    case 'number':
      return finite(Number(node.text))
    case 'negate': {
      const value = constantValue(node.value, now)
      return value?.kind === 'number' ? finite(-value.value) : undefined
    }
    case 'typed':
      return typedValue(node)
    case 'current':
      return node.what === 'date'
        ? instant(startOfDay(now))
        : node.what.endsWith('timestamp')
          ? instant(now)
          : undefined
    case 'arithmetic':
      return arithmeticValue(node, now)
    case 'call':
      return callValue(node, now)
    case 'cast':
      return castValue(node, now)
    default:
      return undefined
  }
}

function finite(value: number): ConstantValue | undefined {
  return Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? { kind: 'number', value } : undefined
}

/** Years 1 to 9999: what a Date can print and the engine can hold. */
function instant(value: number): ConstantValue | undefined {
  return value >= -62_135_596_800_000 && value <= 253_402_300_799_999 ? { kind: 'instant', value } : undefined
}

function startOfDay(ms: number): number {
  return Math.floor(ms / 86_400_000) * 86_400_000
}

function typedValue(node: ExpressionOf<'typed'>): ConstantValue | undefined {
  const isTime = node.type.name === 'timestamp' || node.type.name === 'date'
  if (isTime) return instantOfText(node.value)
  const isInteger = ['bigint', 'integer', 'int', 'smallint', 'tinyint'].includes(node.type.name)
  return isInteger && /^[+-]?\d+$/.test(node.value.trim()) ? finite(Number(node.value)) : undefined
}

/** `2024-05-01 13:04:05.123`, with `Z` or ` UTC` at the end or without. */
function instantOfText(text: string): ConstantValue | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?))?(?:\s*(?:Z|UTC))?$/i.exec(
    text.trim(),
  )
  if (match === null) return undefined
  const value = Date.parse(`${match[1]}T${match[2] ?? '00:00'}Z`)
  return Number.isNaN(value) ? undefined : instant(value)
}

function arithmeticValue(node: ExpressionOf<'arithmetic'>, now: number): ConstantValue | undefined {
  const left = constantValue(node.left, now)
  if (left?.kind === 'instant' && node.right.kind === 'interval') {
    if (node.operator !== '+' && node.operator !== '-') return undefined
    const { months, micros } = intervalValue(node.right)
    const sign = node.operator === '-' ? -1 : 1
    return months === undefined ? instant(left.value + (sign * micros) / 1000) : addMonths(left.value, sign * months)
  }
  const right = constantValue(node.right, now)
  if (left?.kind !== 'number' || right?.kind !== 'number') return undefined
  switch (node.operator) {
    case '+':
      return finite(left.value + right.value)
    case '-':
      return finite(left.value - right.value)
    case '*':
      return finite(left.value * right.value)
    default:
      return undefined
  }
}

/** The last day of a month where it has no such day, as SQL does it. */
function addMonths(ms: number, months: number): ConstantValue | undefined {
  const date = new Date(ms)
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + months)
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  date.setUTCDate(Math.min(day, last))
  return instant(date.getTime())
}

const unitMs: ReadonlyMap<string, number> = new Map([
  ['millisecond', 1],
  ['second', 1000],
  ['minute', 60_000],
  ['hour', 3_600_000],
  ['day', 86_400_000],
  ['week', 604_800_000],
])

function callValue(node: ExpressionOf<'call'>, now: number): ConstantValue | undefined {
  if (node.over !== undefined || node.isDistinct || node.filter !== undefined) return undefined
  const args = node.args.map(arg => constantValue(arg, now))
  const [first, second, third] = args
  switch (node.name) {
    case 'now':
      return args.length === 0 ? instant(now) : undefined
    case 'from_unixtime':
      return args.length === 1 && first?.kind === 'number' ? instant(Math.round(first.value * 1000)) : undefined
    case 'to_unixtime':
      return first?.kind === 'instant' ? finite(first.value / 1000) : undefined
    case 'from_iso8601_timestamp':
    case 'from_iso8601_date':
      return first?.kind === 'text' ? instantOfText(first.value) : undefined
    case 'date':
      return dateOf(first)
    case 'date_add': {
      if (first?.kind !== 'text' || second?.kind !== 'number' || third?.kind !== 'instant') return undefined
      const unit = first.value.toLowerCase()
      const ms = unitMs.get(unit)
      if (ms !== undefined) return instant(third.value + second.value * ms)
      const months = unit === 'month' ? 1 : unit === 'quarter' ? 3 : unit === 'year' ? 12 : undefined
      return months === undefined ? undefined : addMonths(third.value, second.value * months)
    }
    default:
      return undefined
  }
}

function dateOf(value: ConstantValue | undefined): ConstantValue | undefined {
  if (value?.kind === 'instant') return instant(startOfDay(value.value))
  const parsed = value?.kind === 'text' ? instantOfText(value.value) : undefined
  return parsed?.kind === 'instant' ? instant(startOfDay(parsed.value)) : undefined
}

function castValue(node: ExpressionOf<'cast'>, now: number): ConstantValue | undefined {
  const value = constantValue(node.value, now)
  switch (node.type.name) {
    case 'timestamp':
      if (node.type.numbers.length > 0 && node.type.numbers[0]! < 3) return undefined
      return value?.kind === 'text' ? instantOfText(value.value) : value?.kind === 'instant' ? value : undefined
    case 'date':
      return dateOf(value)
    case 'bigint':
    case 'integer':
    case 'int':
      if (value?.kind === 'number') return finite(Math.sign(value.value) * Math.round(Math.abs(value.value)))
      return value?.kind === 'text' && /^\s*[+-]?\d+\s*$/.test(value.value) ? finite(Number(value.value)) : undefined
    case 'double':
      return value?.kind === 'number' ? value : undefined
    case 'varchar':
      return value?.kind === 'text' && node.type.numbers.length === 0 ? value : undefined
    default:
      return undefined
  }
}
