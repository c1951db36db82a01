import { parseArgs } from 'node:util'
import {
  bytesSetting,
  bytesUnit,
  durationSetting,
  durationUnit,
  formatDuration,
  integerSetting,
  invalid,
  nonEmpty,
  oneOf,
  optionalBytesSetting,
  parseDuration,
  parseNetworks,
  parseOrigin,
  parsePath,
  parsePortOrOff,
  parseRegionHosts,
  parseServerNames,
  type Setting,
  windowSetting,
} from './config/values.ts'
import * as live from './limits/live.ts'
import * as limits from './limits.ts'
import { formatBytes } from './model/byte-size.ts'
import { AppError } from './model/errors.ts'

// Every setting in one table: flag, environment variable, default, unit and why. The only reader of process.env. A flag
// wins over the environment, the environment over the default; `edr-lake config` prints the table.

/** What a setting looks like beside its parser, for tables in docs and on the terminal. */
export interface SettingRow {
  readonly flag: string
  readonly environment: string
  readonly default: string
  readonly unit: string
  readonly why: string
}

export const settings = {
  dataDirectory: {
    flag: 'data',
    default: './data',
    unit: 'directory',
    why: 'everything the lake keeps: store, keys, segments, data files, results',
    parse: parsePath,
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
  tlsHost: {
    flag: 'tls-host',
    default: '127.0.0.1',
    unit: 'address',
    why: 'the address of the TLS listener for agents and the API; 0.0.0.0 lets other machines in',
    parse: nonEmpty,
  } satisfies Setting<string>,
  tlsPort: {
    flag: 'tls-port',
    default: '8443',
    unit: 'TCP port, or off',
    why: 'the port of the TLS listener; 0 takes a free one, off has none',
    parse: parsePortOrOff,
  } satisfies Setting<number | 'off'>,
  tlsNames: {
    flag: 'tls-name',
    default: undefined,
    unit: 'names or addresses, comma separated',
    why: 'what agents call this machine, the first one in their files; all are in the certificate the lake makes',
    parse: parseServerNames,
    isOptional: true,
  } satisfies Setting<readonly string[]>,
  tlsCertFile: {
    flag: 'tls-cert',
    default: undefined,
    unit: 'PEM file',
    why: "a certificate of your own, with the chain behind it; unset: the lake's own authority makes one",
    parse: parsePath,
    isOptional: true,
  } satisfies Setting<string>,
  tlsKeyFile: {
    flag: 'tls-key',
    default: undefined,
    unit: 'PEM file',
    why: 'the private key of tls-cert; both are read again when they change',
    parse: parsePath,
    isOptional: true,
  } satisfies Setting<string>,
  tlsAuthorityFile: {
    flag: 'tls-ca',
    default: undefined,
    unit: 'PEM file',
    why: 'what agents verify tls-cert with, for agent-files; unset: the public authorities osquery ships',
    parse: parsePath,
    isOptional: true,
  } satisfies Setting<string>,
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
  resultRowsCeiling: integerSetting(
    'result-rows-ceiling',
    limits.resultRowsCeiling,
    'rows',
    'what a Super Admin may raise result-rows to, for a tenant or a run',
    1,
  ),
  resultBytesCeiling: bytesSetting('result-bytes-ceiling', limits.resultBytesCeiling, 'the same for result-bytes'),
  runTimeoutCeilingMs: durationSetting('run-timeout-ceiling', limits.runTimeoutCeilingMs, 'the same for run-timeout'),
  resultKeepMsMax: durationSetting('result-keep', limits.resultKeepMsMax, 'how long a result is kept where asked for'),
  keptBytesPerTenantMax: bytesSetting(
    'kept-results',
    limits.keptBytesPerTenantMax,
    "kept results of one tenant; all tenants' together have half of query-disk",
  ),
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
  hostExpiryMs: {
    flag: 'host-expiry',
    default: undefined,
    unit: durationUnit,
    why: 'a host not heard of for this long is removed, its rows are not; unset: never',
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
  liveRunsPerMinute: integerSetting(
    'live-runs-per-minute',
    live.liveRunsPerMinuteMax,
    'runs',
    'live runs one tenant starts in a minute, then 429; 0: not counted',
    0,
  ),
  liveRunsPerDay: integerSetting(
    'live-runs-per-day',
    live.liveRunsPerDayMax,
    'runs',
    'live runs one tenant starts on a day, then 429; 0: not counted',
    0,
  ),
  liveRunMs: durationSetting(
    'live-run-timeout',
    live.liveRunMs,
    'how long hosts are waited for by a live run that does not say, then timedOut',
  ),
  liveLifetimeMs: durationSetting(
    'live-run-lifetime',
    live.liveLifetimeMs,
    'how long a live run and its result are kept after its time; its rows stay in the lake',
  ),
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
  janitorIntervalMs: durationSetting(
    'janitor-interval',
    limits.janitorIntervalMs,
    'how often the janitor compacts, drops what is past its age and collects',
  ),
  diskReserveBytes: bytesSetting(
    'disk-reserve',
    limits.diskReserveBytes,
    'free disk below which ingest answers an error before it writes',
  ),
  diskBudgetBytes: optionalBytesSetting(
    'disk-budget',
    'disk of the whole lake; unset: what the disk has, less twice the reserve',
  ),
  tenantDiskBudgetBytes: optionalBytesSetting(
    'tenant-disk-budget',
    'disk of one tenant that has no budget of its own; unset: only the whole lake has one',
  ),
  whenFull: {
    flag: 'when-full',
    default: 'refuse',
    unit: 'refuse|drop-oldest',
    why: 'once a budget is used up: refuse lines, so that agents keep them, or drop the oldest data files',
    parse: oneOf(['refuse', 'drop-oldest']) as (text: string) => 'refuse' | 'drop-oldest',
  } satisfies Setting<'refuse' | 'drop-oldest'>,
  queryDiskBytes: bytesSetting(
    'query-disk',
    limits.queryDiskBytes,
    'results and temporary files of queries, all together; past it runs wait or fail, ingest goes on',
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
const privateSettings: readonly (keyof Settings)[] = [
  'dataDirectory',
  'metricsToken',
  'trustProxy',
  'tlsCertFile',
  'tlsKeyFile',
  'tlsAuthorityFile',
]

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
  if (Array.isArray(value)) return value.join(',')
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
  return withRelations(Object.fromEntries(entries) as Config)
}

/** Settings that only make sense together. */
function withRelations(config: Config): Config {
  const { queryDiskBytes, resultBytesMax } = config
  const needed = resultBytesMax + limits.runTempBytesMin
  if (queryDiskBytes >= needed) return config
  const fix = `one run needs ${formatBytes(needed)}: raise --query-disk or lower --result-bytes`
  throw invalid(`--query-disk ${formatBytes(queryDiskBytes)} has no room for a result of --result-bytes; ${fix}`)
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
