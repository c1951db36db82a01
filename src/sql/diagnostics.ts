import { AppError } from '../model/errors.ts'

// How a refusal says where and what: offsets into the text that was parsed, turned into positions in the text that was
// typed, one sentence, and the fix where it is known.

/** Half-open range of UTF-16 offsets into the statement's text. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** What an unknown name is: the caller may learn it from the newest rows and check once more. */
export interface UnknownName {
  readonly kind: 'column' | 'table' | 'queryName'
  readonly name: string
}

/** A refusal with its place, before places are turned into lines and columns of the caller's template. */
export class SqlRefusal extends Error {
  readonly span: Span
  readonly hint: string | undefined
  readonly unknown: UnknownName | undefined

  constructor(message: string, span: Span, options: { hint?: string; unknown?: UnknownName } = {}) {
    super(message)
    this.name = 'SqlRefusal'
    this.span = span
    this.hint = options.hint
    this.unknown = options.unknown
  }
}

/** Line and column count from 1; the column is in UTF-16 units, as editors count. */
export interface Position {
  readonly line: number
  readonly column: number
  readonly offset: number
  readonly length: number
}

export function positionOf(text: string, span: Span): Position {
  const start = Math.min(Math.max(span.start, 0), text.length)
  let line = 1
  let lineStart = 0
  for (let at = text.indexOf('\n'); at !== -1 && at < start; at = text.indexOf('\n', at + 1)) {
    line++
    lineStart = at + 1
  }
  const end = Math.min(Math.max(span.end, start), text.length)
  return { line, column: start - lineStart + 1, offset: start, length: end - start }
}

/** The refusal as the error a caller sees; positions are those of `template`. */
export function refusalError(refusal: SqlRefusal, template: string, toTemplate: (span: Span) => Span): AppError {
  const position = positionOf(template, toTemplate(refusal.span))
  const details: Record<string, unknown> = { ...position }
  if (refusal.hint !== undefined) details['hint'] = refusal.hint
  if (refusal.unknown !== undefined) details['unknown'] = refusal.unknown
  const hint = refusal.hint === undefined ? '' : `; ${refusal.hint}`
  const message = `line ${position.line}:${position.column}: ${refusal.message}${hint}`
  return new AppError('invalid_argument', message, { details })
}

/**
 * Up to three of `candidates` that `name` may be a misspelling of, nearest first. Distance is edits without
 * case, at most a third of the length; a candidate that contains the name, or is contained, counts as near.
 */
export function nearNames(name: string, candidates: Iterable<string>): string[] {
  const wanted = name.toLowerCase().slice(0, 128)
  const limit = Math.max(1, Math.floor(wanted.length / 3))
  const found: { text: string; distance: number }[] = []
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase(), limit)
    if (distance <= limit) found.push({ text: candidate, distance })
    else if (wanted.length >= 4 && candidate.toLowerCase().includes(wanted)) {
      found.push({ text: candidate, distance: limit + 1 })
    }
  }
  found.sort((a, b) => a.distance - b.distance || (a.text < b.text ? -1 : 1))
  return [...new Set(found.map(item => item.text))].slice(0, 3)
}

/** `did you mean 'a' or 'b'?`, or undefined. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const near = nearNames(name, candidates)
  if (near.length === 0) return undefined
  return `did you mean ${near.map(text => `'${text}'`).join(' or ')}?`
}

/**
 * Letters added, left out, replaced or swapped with their neighbour (the optimal string alignment distance), or
 * `limit + 1` as soon as it must be larger.
 */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let beforePrevious: readonly number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    let smallest = i
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwapped ? beforePrevious[j - 2]! + 1 : replaced
      const cost = Math.min(replaced, swapped, previous[j]! + 1, current[j - 1]! + 1)
      current.push(cost)
      smallest = Math.min(smallest, cost)
    }
    // A swap reaches back over one row: only when two in a row are too large nothing can follow.
    if (smallest > limit && Math.min(...previous) > limit) return limit + 1
    beforePrevious = previous
    previous = current
  }
  return previous[b.length]!
}
