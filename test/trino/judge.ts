import { resultNames } from '../../src/sql/rewrite.ts'
import type { TrinoAnswer } from './client.ts'
import { type Canonical, comparableType, fromTrino, multiset, parseType } from './compare.ts'
import type { LakeAnswer } from './lake.ts'

/** What Trino answered, in the form that is compared and kept. */
export type Expected =
  | {
      readonly names: readonly string[]
      readonly types: readonly string[]
      readonly rows: readonly (readonly Canonical[])[]
    }
  | { readonly error: string }

export type Verdict =
  | { readonly kind: 'agrees' }
  /** Trino answers, here it is refused with a message. */
  | { readonly kind: 'refused'; readonly message: string }
  /** Differs, and a warning of the statement says so. */
  | { readonly kind: 'told'; readonly message: string }
  | { readonly kind: 'differs'; readonly message: string }

export function expectedOf(answer: TrinoAnswer): Expected {
  if ('error' in answer) return { error: answer.error }
  const types = answer.columns.map(column => column.type)
  const trees = types.map(parseType)
  const rows = answer.rows.map(row => row.map((value, index) => fromTrino(value, trees[index]!)))
  // Of equal names the later ones are numbered here, so that no column is lost in an item.
  return { names: resultNames(answer.columns.map(column => column.name)), types, rows }
}

/** `isOrdered`: the statement fixes the order of all its rows. */
export function judge(expected: Expected, actual: LakeAnswer, isOrdered: boolean): Verdict {
  if ('error' in expected) {
    if (actual.kind !== 'rows') return { kind: 'agrees' }
    // Trino's own fault, not an answer.
    if (expected.error === 'GENERIC_INTERNAL_ERROR') return { kind: 'agrees' }
    return { kind: 'differs', message: `Trino: ${expected.error}; here: ${show(actual.rows)}` }
  }
  if (actual.kind === 'refused') return { kind: 'refused', message: actual.message }
  if (actual.kind === 'failed') return { kind: 'differs', message: `here it fails: ${actual.message.slice(0, 300)}` }
  const types = [expected.types, actual.types].map(list => list.map(comparableType).join(', '))
  if (types[0] !== types[1]) return { kind: 'differs', message: `types: Trino ${types[0]}; here ${types[1]}` }
  if (expected.names.join() !== actual.names.join()) {
    return { kind: 'differs', message: `names: Trino ${expected.names.join()}; here ${actual.names.join()}` }
  }
  const [wanted, got] = [expected.rows, actual.rows].map(rows => (isOrdered ? JSON.stringify(rows) : multiset(rows)))
  if (wanted === got) return { kind: 'agrees' }
  return { kind: isTold(actual) ? 'told' : 'differs', message: difference(expected.rows, actual.rows) }
}

/** Warnings that announce another value than Trino's. */
const announcements = new Set(['utc_only', 'json_as_written'])

function isTold(actual: Extract<LakeAnswer, { kind: 'rows' }>): boolean {
  return actual.warnings.some(code => announcements.has(code))
}

function difference(wanted: readonly (readonly Canonical[])[], got: readonly (readonly Canonical[])[]): string {
  const [left, right] = [wanted, got].map(rows => rows.map(row => JSON.stringify(row)))
  const missing = left!.filter(row => !right!.includes(row))
  const extra = right!.filter(row => !left!.includes(row))
  if (missing.length + extra.length === 0) return 'the same rows in another order or number'
  return `Trino only: ${missing.slice(0, 3).join(' ')}; here only: ${extra.slice(0, 3).join(' ')}`
}

function show(rows: readonly (readonly Canonical[])[]): string {
  return JSON.stringify(rows.slice(0, 3))
}
