import { AppError } from '../model/errors.ts'

// From a body's bytes to a checked value: the steps every JSON route shares.

const decoder = new TextDecoder('utf-8', { fatal: true })

/** The bytes as text, without a byte order mark. Throws `invalid_argument` when they are not UTF-8. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (error) {
    throw new AppError('invalid_argument', 'the body is not UTF-8', { cause: error })
  }
}

/** Any JSON value. Throws `invalid_argument` with the parser's own words, which name the place. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new AppError('invalid_argument', `the body is not valid JSON: ${reason}`, { cause: error })
  }
}

/** No body of ours is nested deeper; a deeper one is left as it is, for its schema to refuse. */
const depthMax = 16

/** The value with every member that is null left out: clients send null for "not given". */
export function dropNulls(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > depthMax) return value
  if (Array.isArray(value)) return value.map(each => dropNulls(each, depth + 1))
  const members = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(members.map(([name, member]) => [name, dropNulls(member, depth + 1)]))
}

export interface SchemaError {
  readonly instancePath: string
  readonly message: string
  readonly params: unknown
}

/** One sentence for the deepest thing a schema found: `variables.0.dataType must be one of text, integer`. */
export function firstError(errors: readonly SchemaError[]): string {
  const deepest = errors.toSorted((a, b) => depthOf(b) - depthOf(a))[0]
  if (deepest === undefined) return 'the body is not valid'
  const path = deepest.instancePath.replace(/^\//, '').replaceAll('/', '.')
  const { allowedValues } = deepest.params as { allowedValues?: readonly string[] }
  const message = allowedValues === undefined ? deepest.message : `must be one of ${allowedValues.join(', ')}`
  return `${path === '' ? 'the body' : path} ${message}`
}

function depthOf(error: SchemaError): number {
  return error.instancePath.split('/').length
}
