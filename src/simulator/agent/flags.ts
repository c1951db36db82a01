// The flags of osqueryd that a simulated agent obeys, named as osquery names them, with osquery's defaults. A
// configuration's `options` may change some of them; the others are of the command line only.

export interface AgentFlags {
  /** 0: the configuration is loaded once. */
  readonly config_refresh: number
  readonly config_accelerated_refresh: number
  readonly config_tls_max_attempts: number
  /** 0: for ever. */
  readonly tls_enroll_max_attempts: number
  readonly tls_enroll_max_interval: number
  readonly tls_accept_gzip: boolean
  readonly logger_tls_period: number
  readonly logger_tls_max_lines: number
  readonly logger_tls_max_linesize: number
  /** 0: no back-off. */
  readonly logger_tls_backoff_max: number
  readonly logger_tls_compress: boolean
  /** 0: INFO and above, 1: WARNING, 2: ERROR. */
  readonly logger_min_status: number
  readonly logger_event_type: boolean
  readonly logger_snapshot_event_type: boolean
  readonly logger_numerics: boolean
  /** 0: without bound. */
  readonly buffered_log_max: number
  readonly disable_distributed: boolean
  readonly distributed_interval: number
  readonly distributed_tls_max_attempts: number
  /** Seconds. */
  readonly distributed_denylist_duration: number
  readonly pack_delimiter: string
  readonly schedule_epoch: number
  readonly schedule_splay_percent: number
}

/** Times in seconds, sizes in bytes. */
export const osqueryFlags: AgentFlags = {
  config_refresh: 0,
  config_accelerated_refresh: 300,
  config_tls_max_attempts: 3,
  tls_enroll_max_attempts: 12,
  tls_enroll_max_interval: 600,
  tls_accept_gzip: false,
  logger_tls_period: 4,
  logger_tls_max_lines: 1024,
  logger_tls_max_linesize: 1024 * 1024,
  logger_tls_backoff_max: 3600,
  logger_tls_compress: false,
  logger_min_status: 0,
  logger_event_type: true,
  logger_snapshot_event_type: false,
  logger_numerics: false,
  buffered_log_max: 1_000_000,
  disable_distributed: true,
  distributed_interval: 60,
  distributed_tls_max_attempts: 3,
  distributed_denylist_duration: 86_400,
  pack_delimiter: '_',
  schedule_epoch: 0,
  schedule_splay_percent: 10,
}

const commandLineOnly: ReadonlySet<string> = new Set([
  'config_refresh',
  'config_accelerated_refresh',
  'config_tls_max_attempts',
  'tls_enroll_max_attempts',
  'tls_enroll_max_interval',
  'tls_accept_gzip',
])

/** The flags with a configuration's `options` over them; unknown ones and those of the command line are left out. */
export function withOptions(flags: AgentFlags, options: unknown): AgentFlags {
  if (typeof options !== 'object' || options === null) return flags
  const known = Object.entries(options).flatMap(([name, value]) => {
    const flag = flags[name as keyof AgentFlags]
    if (flag === undefined || commandLineOnly.has(name)) return []
    const parsed = parseFlag(String(value), flag)
    return parsed === undefined ? [] : [[name, parsed] as const]
  })
  return known.length === 0 ? flags : { ...flags, ...Object.fromEntries(known) }
}

/** Of the same type as the present value; undefined where the text is none. */
function parseFlag(text: string, present: string | number | boolean): string | number | boolean | undefined {
  if (typeof present === 'string') return text
  if (typeof present === 'number') return /^\d{1,15}$/.test(text) ? Number(text) : undefined
  if (/^(true|1)$/i.test(text)) return true
  return /^(false|0)$/i.test(text) ? false : undefined
}
