import { isExactNumber } from '../../../src/client/exact-json.ts'

// A value of a result as text. Pure; the grid calls it for every cell it draws.

/** Empty for null: how null looks is the grid's business. */
export function cellText(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return isExactNumber(value) ? value.rawJSON : JSON.stringify(value)
}

/** One line: breaks and tabs become visible signs. */
export function cellLine(value: unknown): string {
  const text = cellText(value)
  const short = text.length > lineCharsMax ? text.slice(0, lineCharsMax) : text
  return /[\n\r\t]/.test(short) ? short.replaceAll('\r', '').replaceAll('\n', ' ⏎ ').replaceAll('\t', ' ⇥ ') : short
}

/** More than any column shows; the inspector has the whole. */
const lineCharsMax = 600

/** Ascending; numbers by value at any size, everything else by its text, null last in both directions. */
export function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  const [left, right] = [integerOf(a), integerOf(b)]
  if (left !== undefined && right !== undefined) return left < right ? -1 : left > right ? 1 : 0
  const [leftText, rightText] = [cellText(a), cellText(b)]
  return leftText < rightText ? -1 : leftText > rightText ? 1 : 0
}

function integerOf(value: unknown): bigint | number | undefined {
  if (typeof value === 'number') return value
  return isExactNumber(value) ? BigInt(value.rawJSON) : undefined
}

const numberTypes: ReadonlySet<string> = new Set(['int', 'long', 'double'])

export function isNumberType(type: string): boolean {
  return numberTypes.has(type)
}
