import type { SqlError, SqlWarning } from '../../../src/api/sql-tools.ts'

/** A stretch of the statement the server has something to say about. */
export interface SqlMark {
  readonly severity: 'error' | 'warning'
  readonly message: string
  /** UTF-16 offset in the template. */
  readonly offset: number
  readonly length: number
}

/** Marks of a check; what has no place is marked at the statement's start. */
export function marksOf(errors: readonly SqlError[], warnings: readonly SqlWarning[]): readonly SqlMark[] {
  const error = (each: SqlError): SqlMark => ({ severity: 'error', message: withHint(each), ...placeOf(each) })
  const warning = (each: SqlWarning): SqlMark => ({ severity: 'warning', message: each.message, ...placeOf(each) })
  return [...errors.map(error), ...warnings.map(warning)]
}

function withHint({ message, hint }: SqlError): string {
  return hint === undefined || message.includes(hint) ? message : `${message}\n${hint}`
}

function placeOf({ offset, length }: { readonly offset?: number; readonly length?: number }): {
  offset: number
  length: number
} {
  return { offset: offset ?? 0, length: Math.max(1, length ?? 1) }
}

/** The place of a refusal (`details` of an error body), where it has one. */
export function refusalMark(message: string, details: Readonly<Record<string, unknown>>): SqlMark | undefined {
  const { offset, length } = details
  if (typeof offset !== 'number') return undefined
  return { severity: 'error', message, offset, length: Math.max(1, typeof length === 'number' ? length : 1) }
}
