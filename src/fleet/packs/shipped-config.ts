import { type AgentPlatform, agentPlatforms } from '../../osquery/agent-config/platforms.ts'
import type { ScheduledQuery } from '../../osquery/agent-config/scheduled-query.ts'
import type { AgentConfig } from '../../osquery/agent-config.ts'
import { everyHost } from './every-host.ts'
import { linuxHosts, macHosts } from './linux-and-macos.ts'
import type { ShippedQuery } from './shipped-query.ts'
import { windowsHosts } from './windows.ts'
import { domainControllerEvents, windowsEvents } from './windows-events.ts'

// The shipped queries as a layer of configuration. They stand in the schedule, not in packs, so that a tenant changes
// or takes away one of them by its name; what is for domain controllers is a pack, because only packs have a discovery.

export const shippedSchedule: readonly ShippedQuery[] = [
  ...everyHost,
  ...windowsHosts,
  ...windowsEvents,
  ...linuxHosts,
  ...macHosts,
]

export const domainControllerPack = 'domain_controllers'

/** Options without which the shipped queries find nothing, and the one that lets the lake read names of packs. */
const options = {
  common: { disable_events: false, pack_delimiter: '/' },
  windows: {
    enable_windows_events_publisher: true,
    enable_windows_events_subscriber: true,
    windows_event_channels: 'Security,System,Microsoft-Windows-PowerShell/Operational',
    enable_powershell_events_subscriber: true,
    enable_dns_lookup_events: true,
  },
  darwin: { disable_endpointsecurity: false },
  linux: {
    disable_audit: false,
    audit_allow_config: true,
    audit_allow_process_events: true,
    audit_allow_user_events: true,
  },
} as const

/** The layer under everything that a tenant says, for hosts of that platform; undefined: for one nobody knows. */
export function shippedConfig(platform: AgentPlatform | undefined): AgentConfig {
  const ofPlatform = platform === undefined ? {} : options[platform]
  return {
    options: { ...options.common, ...ofPlatform },
    schedule: queriesOf(shippedSchedule),
    packs: {
      [domainControllerPack]: {
        platform: 'windows',
        discovery: ["SELECT 1 FROM services WHERE name = 'NTDS' AND status = 'RUNNING'"],
        queries: queriesOf(domainControllerEvents),
      },
    },
  }
}

/** Options of every platform, for the document that lists them. */
export const shippedOptions: readonly (readonly [platform: AgentPlatform | undefined, options: object])[] = [
  [undefined, options.common],
  ...agentPlatforms.map(platform => [platform, options[platform]] as const),
]

function queriesOf(queries: readonly ShippedQuery[]): Record<string, ScheduledQuery> {
  return Object.fromEntries(queries.map(query => [query.name, scheduledQuery(query)]))
}

function scheduledQuery({ sql, intervalSeconds, kind, removed, platform, description }: ShippedQuery): ScheduledQuery {
  return {
    query: sql,
    interval: intervalSeconds,
    ...(kind === 'snapshot' ? { snapshot: true } : { removed: removed === true }),
    ...(platform === undefined ? {} : { platform }),
    description,
  }
}
