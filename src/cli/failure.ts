import { AppError, type ErrorCode } from '../model/errors.ts'
import { displayWidth, harmlessText } from './display.ts'

// How a command fails: one sentence on standard error and an exit code. 2: the command line is wrong; 1: it could not
// be done; 130: the person stopped it.

export const exitCodes = { done: 0, failed: 1, usage: 2, canceled: 130 } as const

/** Thrown for a command line that makes no sense. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}

export interface Failure {
  /** Lines for standard error; the first begins with the program's name. */
  readonly text: string
  readonly exitCode: number
}

/** What each refusal means for somebody at a terminal, where the server's own word says too little. */
const advice: Partial<Readonly<Record<ErrorCode, string>>> = {
  unauthenticated: 'the lake does not accept these credentials (client id and secret, or a wrong address)',
  permission_denied: 'these credentials may not do this',
}

export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof UsageError) return { text: sentence(thrown.message), exitCode: exitCodes.usage }
  if (!(thrown instanceof AppError)) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    return { text: sentence(message), exitCode: exitCodes.failed }
  }
  if (thrown.code === 'canceled') return { text: sentence('stopped'), exitCode: exitCodes.canceled }
  const words = advice[thrown.code]
  const message = words === undefined ? thrown.message : `${words}: ${thrown.message}`
  return { text: sentence(message), exitCode: exitCodes.failed }
}

function sentence(message: string): string {
  return `edr-lake: ${harmlessText(message)}`
}

/** A place in a text, counted from 1 as the API does. */
export interface TextPlace {
  readonly line: number
  readonly column: number
  readonly length: number
}

/** The place that an error's details or a run's error name, if any. */
export function placeOf(details: Readonly<Record<string, unknown>> | undefined): TextPlace | undefined {
  const { line, column, length } = details ?? {}
  if (!isCount(line) || !isCount(column)) return undefined
  return { line, column, length: isCount(length) ? length : 1 }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1
}

/**
 * The line of `text` with carets under the place; undefined where the text has no such line.
 *
 *     2 | SELECT nme FROM xdr_data
 *       |        ^^^
 */
export function pointAt(text: string, place: TextPlace): string | undefined {
  const line = text.split('\n')[place.line - 1]
  if (line === undefined) return undefined
  const shown = harmlessText(line.replaceAll('\t', ' ').replace(/\r$/, ''))
  const before = ' '.repeat(displayWidth(harmlessText(line.slice(0, place.column - 1).replaceAll('\t', ' '))))
  const carets = '^'.repeat(Math.max(1, Math.min(place.length, line.length - place.column + 1)))
  const number = String(place.line)
  return [`  ${number} | ${shown}`, `  ${' '.repeat(number.length)} | ${before}${carets}`].join('\n')
}
