import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import * as limits from './limits.ts'
import { AppError } from './model/errors.ts'

// Every setting in one table: flag, environment variable, default, unit and why. The only reader of process.env. A flag
// wins over the environment, the environment over the default; `edr-lake config` prints the table.

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

/** What a setting looks like beside its parser, for tables in docs and on the terminal. */
export interface SettingRow {
  readonly flag: string
  readonly environment: string
  readonly default: string
  readonly unit: string
  readonly why: string
}

const bytesUnit = 'bytes (K, M, G)'
const durationUnit = 'duration (ms, s, m, h, d)'

const byteUnits: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 }

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

export const settings = {
  dataDirectory: {
    flag: 'data',
    default: './data',
    unit: 'directory',
    why: 'everything the lake keeps: store, keys, segments, data files, results',
    parse: text => resolve(nonEmpty(text)),
  } satisfies Setting<string>,
  host: {
    flag: 'host',
    default: '127.0.0.1',
    unit: 'address',
    why: 'the address the API listens on; loopback until you decide otherwise',
    parse: nonEmpty,
  } satisfies Setting<string>,
  port: integerSetting('port', 8480, 'TCP port', 'the port the API listens on; 0 takes a free one', 0, 65_535),
  publicUrl: {
    flag: 'public-url',
    default: undefined,
    unit: 'URL',
    why: 'origin told to clients as apiHosts and apiHost; unset: the scheme and host of each request',
    parse: parseOrigin,
    isOptional: true,
  } satisfies Setting<string>,
  regionHosts: {
    flag: 'region-hosts',
    default: undefined,
    unit: 'region=URL, comma separated',
    why: 'origins told to clients for tenants of these data regions; unset or not named: as public-url',
    parse: parseRegionHosts,
    isOptional: true,
  } satisfies Setting<Readonly<Record<string, string>>>,
  trustProxy: {
    flag: 'trust-proxy',
    default: undefined,
    unit: 'CIDR, comma separated',
    why: 'proxies whose X-Forwarded-* headers are believed',
    parse: parseNetworks,
    isOptional: true,
  } satisfies Setting<readonly string[]>,
  logLevel: {
    flag: 'log-level',
    default: 'info',
    unit: 'trace|debug|info|warn|error|fatal',
    why: 'least level that is logged, one JSON line an event on standard output',
    parse: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal']),
  } satisfies Setting<string>,
  metricsToken: {
    flag: 'metrics-token',
    default: undefined,
    unit: 'bearer token',
    why: 'lets a scraper that is not on this machine read /metrics; unset: loopback only',
    parse: nonEmpty,
    isOptional: true,
  } satisfies Setting<string>,
  workerCount: integerSetting('workers', limits.workerCount, 'processes', 'queries executed at once', 1, 64),
  workerMemoryBytes: bytesSetting(
    'worker-memory',
    limits.workerMemoryBytes,
    'memory of one query; past it the run fails, the lake goes on',
  ),
  workerTempBytes: bytesSetting('worker-temp', limits.workerTempBytes, 'temporary disk of one query'),
  runTimeoutMs: durationSetting('run-timeout', limits.runTimeoutMs, 'longest execution of one run, then timedOut'),
  runLifetimeMs: durationSetting('run-lifetime', limits.runLifetimeMs, 'how long a run and its result are kept'),
  resultRowsMax: integerSetting('result-rows', limits.resultRowsMax, 'rows', 'largest result; a cut is said', 1),
  resultBytesMax: bytesSetting('result-bytes', limits.resultBytesMax, 'largest result on disk; a cut is said'),
  runsQueuedMax: integerSetting('runs-queued', limits.runsQueuedMax, 'runs', 'runs waiting, all tenants', 1),
  runsQueuedPerTenantMax: integerSetting(
    'runs-queued-per-tenant',
    limits.runsQueuedPerTenantMax,
    'runs',
    'runs waiting, one tenant',
    1,
  ),
  templateCharsMin: integerSetting(
    'template-chars-min',
    limits.templateCharsMin,
    'characters',
    'shortest SQL accepted; the vendor has 15, which refuses `select 1`',
    1,
  ),
  querySpanMsMax: {
    flag: 'query-span',
    default: undefined,
    unit: durationUnit,
    why: "longest span of one query; unset: the tenant's retention (the vendor has 30d)",
    parse: parseDuration,
    isOptional: true,
  } satisfies Setting<number>,
  callsPerSecond: windowSetting('calls-per-second', 0),
  callsPerMinute: windowSetting('calls-per-minute', limits.callsPerMinuteMax),
  callsBurst: integerSetting(
    'calls-burst',
    limits.callBurstMax,
    'calls',
    'calls beyond calls-per-minute that pass within five minutes',
    0,
  ),
  callsPerHour: windowSetting('calls-per-hour', 0),
  callsPerDay: windowSetting('calls-per-day', limits.callsPerDayMax),
  runsPerMinute: windowSetting('runs-per-minute', 0),
  runsPerDay: windowSetting('runs-per-day', 0),
  bodyBytesMax: bytesSetting('body-bytes', limits.bodyBytesMax, 'largest ingest body after inflating'),
  segmentBytesMax: bytesSetting('segment-bytes', limits.segmentBytesMax, 'a segment this large is sealed'),
  segmentAgeMsMax: durationSetting('segment-age', limits.segmentAgeMsMax, 'a segment this old is sealed'),
  uploadCapHostBytes: optionalBytesSetting(
    'upload-cap-host',
    "bytes of one host's lines stored on one day (UTC); more is acknowledged, counted and not stored; unset: no cap",
  ),
  uploadCapTenantBytes: optionalBytesSetting(
    'upload-cap-tenant',
    "bytes of one tenant's lines stored on one day (UTC), all hosts together; unset: no cap",
  ),
  diskReserveBytes: bytesSetting(
    'disk-reserve',
    limits.diskReserveBytes,
    'free disk below which ingest answers an error before it writes',
  ),
} as const

type Settings = typeof settings
type Optional<Entry> = Entry extends { isOptional: true } ? undefined : never

/** The program's settings, validated. */
export type Config = {
  readonly [Key in keyof Settings]: ReturnType<Settings[Key]['parse']> | Optional<Settings[Key]>
}

export function environmentName(flag: string): string {
  return `EDR_LAKE_${flag.toUpperCase().replaceAll('-', '_')}`
}

export function settingRows(): readonly SettingRow[] {
  return Object.values(settings).map(setting => ({
    flag: `--${setting.flag}`,
    environment: environmentName(setting.flag),
    default: setting.default ?? '(unset)',
    unit: setting.unit,
    why: setting.why,
  }))
}

/** What holds a path of the machine, or a secret, is not for callers. */
const privateSettings: readonly (keyof Settings)[] = ['dataDirectory', 'metricsToken', 'trustProxy']

/** Every setting with the value in force, as it would be given, for those who manage a lake through its API. */
export function settingsInForce(config: Config) {
  const names = Object.keys(settings) as (keyof Settings)[]
  return names
    .filter(name => !privateSettings.includes(name))
    .map(name => {
      const { flag, unit, why } = settings[name]
      return { name: flag, value: formatValue(unit, config[name]), unit, why }
    })
}

function formatValue(unit: string, value: unknown): string {
  if (value === undefined) return '(unset)'
  if (typeof value === 'number' && unit === bytesUnit) return formatBytes(value)
  if (typeof value === 'number' && unit === durationUnit) return formatDuration(value)
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([name, each]) => `${name}=${each}`)
    .join(',')
}

/** The environment of this process; everything else is handed the values it needs. */
export function processEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env
}

/**
 * The configuration from command-line arguments and environment. Throws `invalid_argument` with one sentence for an
 * unknown flag, a stray argument or a bad value.
 */
export function parseConfig(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Config {
  const given = parseFlags(args)
  const entries = Object.entries(settings as Record<string, Setting<unknown>>).map(([key, setting]) => {
    const fromFlag = given.get(setting.flag)
    const fromEnvironment = environment[environmentName(setting.flag)]
    if (fromFlag !== undefined) return [key, parseSetting(setting, fromFlag, `--${setting.flag}`)]
    if (fromEnvironment !== undefined && fromEnvironment !== '') {
      return [key, parseSetting(setting, fromEnvironment, environmentName(setting.flag))]
    }
    return [key, setting.default === undefined ? undefined : setting.parse(setting.default)]
  })
  return Object.fromEntries(entries) as Config
}

function parseFlags(args: readonly string[]): ReadonlyMap<string, string> {
  const flags = Object.values(settings).map(setting => setting.flag)
  const options = Object.fromEntries(flags.map(flag => [flag, { type: 'string' as const }]))
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true })
  const given = new Map<string, string>()
  for (const token of tokens) {
    if (token.kind === 'positional') throw invalid(`unexpected argument ${JSON.stringify(token.value)}: see --help`)
    if (token.kind !== 'option') continue
    if (!flags.includes(token.name)) throw invalid(`unknown flag ${token.rawName}: \`edr-lake config\` lists them`)
    if (token.value === undefined) throw invalid(`flag ${token.rawName} needs a value`)
    given.set(token.name, token.value)
  }
  return given
}

function parseSetting(setting: Setting<unknown>, text: string, source: string): unknown {
  try {
    return setting.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new AppError('invalid_argument', `${source}: ${reason}`, { cause: error })
  }
}

function invalid(message: string): AppError {
  return new AppError('invalid_argument', message)
}

function nonEmpty(text: string): string {
  if (text.trim() === '') throw invalid('an empty value is not allowed')
  return text
}

function oneOf(words: readonly string[]): (text: string) => string {
  return text => {
    if (!words.includes(text)) throw invalid(`${JSON.stringify(text)} is none of ${words.join(', ')}`)
    return text
  }
}

function integerSetting(
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

function bytesSetting(flag: string, value: number, why: string): Setting<number> {
  return { flag, default: formatBytes(value), unit: bytesUnit, why, parse: parseBytes }
}

function optionalBytesSetting(flag: string, why: string) {
  return {
    flag,
    default: undefined,
    unit: bytesUnit,
    why,
    parse: parseBytes,
    isOptional: true,
  } satisfies Setting<number>
}

function parseBytes(text: string): number {
  const match = /^(\d{1,12}(?:\.\d{1,3})?)([kmgt]?)(?:i?b)?$/i.exec(text.trim())
  const bytes = match === null ? 0 : Math.floor(Number(match[1]) * (byteUnits[match[2]?.toLowerCase() ?? ''] ?? 0))
  if (bytes < 1) throw invalid(`${JSON.stringify(text)} is not a size like 512M or 2G`)
  return bytes
}

function formatBytes(bytes: number): string {
  const [unit, factor] = Object.entries(byteUnits).findLast(
    ([, each]) => bytes >= each && (bytes * 2) % each === 0,
  ) ?? ['', 1]
  return `${bytes / factor}${unit.toUpperCase()}`
}

/** A window of a rate limit, counted per principal and tenant. */
function windowSetting(flag: string, value: number): Setting<number> {
  const why = `${flag.replaceAll('-', ' ')} of one principal at one tenant, then 429; 0: not counted`
  return integerSetting(flag, value, flag.startsWith('runs') ? 'runs' : 'calls', why, 0)
}

function parseDuration(text: string): number {
  const match = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text.trim())
  const ms = match === null ? 0 : Number(match[1]) * (durationUnits[match[2] ?? ''] ?? 0)
  if (ms < 1) throw invalid(`${JSON.stringify(text)} is not a duration like 90s, 15m or 2h`)
  return ms
}

function durationSetting(flag: string, value: number, why: string): Setting<number> {
  return {
    flag,
    default: formatDuration(value),
    unit: durationUnit,
    why,
    parse: parseDuration,
  }
}

function formatDuration(ms: number): string {
  const unit = ['d', 'h', 'm', 's'].find(name => ms % (durationUnits[name] ?? 1) === 0) ?? 'ms'
  return `${ms / (durationUnits[unit] ?? 1)}${unit}`
}

/** An origin without a trailing slash: nearly every client concatenates strings. */
function parseOrigin(text: string): string {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.search !== '' || url.hash !== '') {
    throw invalid(`${JSON.stringify(text)} is not an http or https URL`)
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

function parseRegionHosts(text: string): Readonly<Record<string, string>> {
  const entries = text.split(',').map(part => {
    const [, region = '', url = ''] = /^\s*([a-z]{2}\d{2})=(\S+)\s*$/.exec(part) ?? []
    if (region === '') throw invalid(`${JSON.stringify(part)} is not a region and its URL like eu01=https://eu.example`)
    return [region, parseOrigin(url)] as const
  })
  return Object.fromEntries(entries)
}

function parseNetworks(text: string): readonly string[] {
  return text.split(',').map(part => {
    const [address = '', prefix] = part.trim().split('/')
    const bits = isIP(address) === 6 ? 128 : 32
    const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits)
    if (isIP(address) === 0 || !isPrefix) throw invalid(`${JSON.stringify(part)} is not an address or a CIDR network`)
    return part.trim()
  })
}
