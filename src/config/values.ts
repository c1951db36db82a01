import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { formatBytes, parseBytes } from '../model/byte-size.ts'
import { AppError } from '../model/errors.ts'
import { parseServerHost } from '../model/server-name.ts'

// What a setting is, and how the text of one becomes its value: sizes, durations, addresses. `config.ts` has the table.

export interface Setting<Value> {
  /** Long flag without the dashes; the environment variable is EDR_LAKE_ and the flag in upper snake case. */
  readonly flag: string
  /** As a person writes it; undefined: unset. */
  readonly default: string | undefined
  readonly unit: string
  readonly why: string
  /** Throws `invalid_argument` naming the value and what is expected. */
  readonly parse: (text: string) => Value
  readonly isOptional?: boolean
}

export const bytesUnit = 'bytes (K, M, G)'
export const durationUnit = 'duration (ms, s, m, h, d)'

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

export function invalid(message: string): AppError {
  return new AppError('invalid_argument', message)
}

export function nonEmpty(text: string): string {
  if (text.trim() === '') throw invalid('an empty value is not allowed')
  return text
}

export function oneOf(words: readonly string[]): (text: string) => string {
  return text => {
    if (!words.includes(text)) throw invalid(`${JSON.stringify(text)} is none of ${words.join(', ')}`)
    return text
  }
}

export function integerSetting(
  flag: string,
  value: number,
  unit: string,
  why: string,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): Setting<number> {
  const parse = (text: string): number => {
    const parsed = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (!(parsed >= min && parsed <= max)) {
      const bound = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
      throw invalid(`${JSON.stringify(text)} is not a whole number ${bound}`)
    }
    return parsed
  }
  return { flag, default: String(value), unit, why, parse }
}

export function bytesSetting(flag: string, value: number, why: string): Setting<number> {
  return { flag, default: formatBytes(value), unit: bytesUnit, why, parse: parseBytes }
}

export function optionalBytesSetting(flag: string, why: string) {
  return {
    flag,
    default: undefined,
    unit: bytesUnit,
    why,
    parse: parseBytes,
    isOptional: true,
  } satisfies Setting<number>
}

/** A window of a rate limit, counted per principal and tenant. */
export function windowSetting(flag: string, value: number): Setting<number> {
  const why = `${flag.replaceAll('-', ' ')} of one principal at one tenant, then 429; 0: not counted`
  return integerSetting(flag, value, flag.startsWith('runs') ? 'runs' : 'calls', why, 0)
}

export function parseDuration(text: string): number {
  const match = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text.trim())
  const ms = match === null ? 0 : Number(match[1]) * (durationUnits[match[2] ?? ''] ?? 0)
  if (ms < 1) throw invalid(`${JSON.stringify(text)} is not a duration like 90s, 15m or 2h`)
  return ms
}

export function durationSetting(flag: string, value: number, why: string): Setting<number> {
  return {
    flag,
    default: formatDuration(value),
    unit: durationUnit,
    why,
    parse: parseDuration,
  }
}

export function formatDuration(ms: number): string {
  const unit = ['d', 'h', 'm', 's'].find(name => ms % (durationUnits[name] ?? 1) === 0) ?? 'ms'
  return `${ms / (durationUnits[unit] ?? 1)}${unit}`
}

/** An origin without a trailing slash: nearly every client concatenates strings. */
export function parseOrigin(text: string): string {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.search !== '' || url.hash !== '') {
    throw invalid(`${JSON.stringify(text)} is not an http or https URL`)
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

export function parseRegionHosts(text: string): Readonly<Record<string, string>> {
  const entries = text.split(',').map(part => {
    const [, region = '', url = ''] = /^\s*([a-z]{2}\d{2})=(\S+)\s*$/.exec(part) ?? []
    if (region === '') throw invalid(`${JSON.stringify(part)} is not a region and its URL like eu01=https://eu.example`)
    return [region, parseOrigin(url)] as const
  })
  return Object.fromEntries(entries)
}

export function parseNetworks(text: string): readonly string[] {
  return text.split(',').map(part => {
    const [address = '', prefix] = part.trim().split('/')
    const bits = isIP(address) === 6 ? 128 : 32
    const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits)
    if (isIP(address) === 0 || !isPrefix) throw invalid(`${JSON.stringify(part)} is not an address or a CIDR network`)
    return part.trim()
  })
}

/** A path from the working directory of the start on. */
export function parsePath(text: string): string {
  return resolve(nonEmpty(text))
}

export function parsePortOrOff(text: string): number | 'off' {
  if (text === 'off') return 'off'
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw invalid(`${JSON.stringify(text)} is neither a port from 0 to 65535 nor off`)
}

/** Unique, in the order given: the first is the one that agents are told. */
export function parseServerNames(text: string): readonly string[] {
  return [...new Set(text.split(',').map(parseServerHost))]
}
