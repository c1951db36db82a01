import { AppError, isDiskFull } from '../../model/errors.ts'
import { damagedFileCode, type RunError } from '../../model/query-run.ts'
import { failureTexts } from '../../sql/macros.ts'

// DuckDB's error texts → one sentence a user can act on, without paths, settings or the engine's advice to change them.

const memoryMessage = 'the statement needs more memory than a run may use: read a shorter time or fewer columns'

/** Kinds of DuckDB's messages (`Conversion Error: …`) whose first line is about the user's own statement. */
const statementKinds: ReadonlySet<string> = new Set([
  'Parser',
  'Syntax',
  'Binder',
  'Catalog',
  'Conversion',
  'Invalid Input',
  'Invalid type',
  'Invalid',
  'Mismatch Type',
  'Out of Range',
  'Divide by Zero',
  'Not implemented',
  'Constraint',
  'Decimal',
  'Parameter Not Resolved',
  'Expression',
  'Executor',
])

const fixedMessages: readonly (readonly [pattern: RegExp, code: string, message: string])[] = [
  [/max_temp_directory_size/, 'too_large', 'the statement needs more temporary disk than a run may use'],
  [/^Out of Memory Error|bad_alloc|cannot allocate memory/i, 'too_large', memoryMessage],
  [/^(IO|HTTP|Permission) Error/, damagedFileCode, 'a data file of the lake could not be read'],
]

/** What DuckDB says of Parquet that it cannot decode; it has no kind of its own. */
const damagePattern = new RegExp(
  "don't know what type|TProtocolException|TTransport|thrift|magic bytes|decompress|out of buffer|corrupt|parquet|" +
    'page header',
  'i',
)
/** Kinds that are about the statement's own values, whatever words stand in them. */
const valueKinds: ReadonlySet<string> = new Set([
  'Parser',
  'Binder',
  'Catalog',
  'Conversion',
  'Out of Range',
  'Decimal',
])

const diskFull: RunError = {
  code: 'unavailable',
  message: 'the disk that holds temporary files and results is full',
}

export const outOfMemory: RunError = { code: 'too_large', message: memoryMessage }

/** What the run shows for anything that was thrown while it executed. `paths`: never to be seen in a message. */
export function runErrorOf(thrown: unknown, paths: readonly string[] = []): RunError {
  if (thrown instanceof AppError) return { code: thrown.code, message: thrown.message }
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  const kind = /^([A-Za-z ]+?) Error: /.exec(text)?.[1]
  // First: the name of a Parquet file that could not be written stands in it, too.
  if (!valueKinds.has(kind ?? '') && isDiskFull(new Error(text))) return diskFull
  if (damagePattern.test(text) && !valueKinds.has(kind ?? '')) {
    return { code: damagedFileCode, message: 'a data file of the lake could not be read' }
  }
  for (const [pattern, code, message] of fixedMessages) {
    if (pattern.test(text)) return { code, message }
  }
  const match = /^([A-Za-z ]+?) Error: ([^\n]*)/.exec(text)
  const sentence = match?.[2]?.trim()
  const isShown = match !== null && statementKinds.has(match[1] ?? '') && sentence !== undefined && sentence !== ''
  if (!isShown || paths.some(path => sentence.includes(path))) {
    return { code: 'internal', message: 'the engine could not execute the statement' }
  }
  return { code: 'invalid_argument', message: lowerFirst(ownWords(sentence)).slice(0, 1000) }
}

/**
 * The rewriting fails a run by a cast that cannot succeed, of a text that says why: that text. Of other casts the whole
 * message.
 */
function ownWords(sentence: string): string {
  const text = /^Could not convert string '(.*)' to [A-Z0-9]+$/.exec(sentence)?.[1]
  if (text === undefined) return sentence
  const isOurs =
    /^'.*' is (no [a-z]+$|longer than the \d)/.test(text) || castFailures.some(start => text.startsWith(start))
  return isOurs ? text : sentence
}

/** Those of the macros, and those the rewriting has for inside TRY, whose lambdas it hands on. */
const castFailures: readonly string[] = [...failureTexts, 'division by zero', 'array subscript out of bounds']

function lowerFirst(sentence: string): string {
  return /^[A-Z][a-z]/.test(sentence) ? sentence.charAt(0).toLowerCase() + sentence.slice(1) : sentence
}
