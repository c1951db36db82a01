// JSON with the digits kept: a 64-bit integer beyond 2^53 is not representable as a number, but is a value of the lake.

/** A number whose digits a JavaScript number would lose; JSON.stringify writes it as it came. */
export interface ExactNumber {
  readonly rawJSON: string
}

/** The lib has no types for the source text of a revived value yet. */
interface SourceContext {
  readonly source?: string
}

const rawJson = (JSON as unknown as { rawJSON(text: string): ExactNumber }).rawJSON

/** Digits as a value: alone, after a name, in an array; not those of hashes and process ids, which are texts. */
const longNumber = /(?:^|"\s*:|[[,])\s*-?\d{16}/

/** Like JSON.parse; whole numbers that are not safe become an ExactNumber. Throws SyntaxError. */
export function parseExactJson(text: string): unknown {
  if (!longNumber.test(text)) return JSON.parse(text)
  return JSON.parse(text, function keepDigits(this: unknown, _key: string, value: unknown, context?: SourceContext) {
    if (typeof value !== 'number' || Number.isSafeInteger(value) || context?.source === undefined) return value
    return /^-?\d+$/.test(context.source) ? rawJson(context.source) : value
  } as (key: string, value: unknown) => unknown)
}

export function isExactNumber(value: unknown): value is ExactNumber {
  return typeof value === 'object' && value !== null && 'rawJSON' in value && typeof value.rawJSON === 'string'
}
