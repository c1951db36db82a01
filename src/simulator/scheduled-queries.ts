import { ipFlows, listeningPorts, openSockets, unixProcesses, visitedUrls, windowsProcesses } from './activity.ts'
import type { Platform, SimulatedHost } from './hosts.ts'
import {
  arpEntries,
  encryption,
  type Item,
  interfaces,
  patches,
  startupItems,
  users,
  windowsPrograms,
} from './inventory.ts'
import type { Process } from './processes.ts'
import type { Random } from './random.ts'
import type { Story } from './story.ts'

// The schedule of a simulated agent: the lake's query names, each with its interval and what it finds.

/** Everything a scheduled query may look at on its host. */
export interface HostLife {
  readonly host: SimulatedHost
  readonly random: Random
  readonly processes: readonly Process[]
  readonly story: Story | undefined
}

export interface SimulatedQuery {
  readonly name: string
  readonly platforms: readonly Platform[]
  readonly intervalSeconds: number
  /**
   * `events`: what happened since the last execution; `differential`: what has come and gone since then; `snapshot`:
   * all there is.
   */
  readonly kind: 'events' | 'differential' | 'snapshot'
  readonly items: (life: HostLife) => readonly Item[]
}

const all: readonly Platform[] = ['windows', 'linux', 'macos']
const hour = 3_600

export const schedule: readonly SimulatedQuery[] = [
  {
    name: 'running_processes_windows_sophos',
    platforms: ['windows'],
    intervalSeconds: 300,
    kind: 'events',
    items: ({ host, processes }) => windowsProcesses(host, processes),
  },
  {
    name: 'running_processes_linux_events',
    platforms: ['linux'],
    intervalSeconds: 300,
    kind: 'events',
    items: ({ host, processes }) => unixProcesses(host, processes),
  },
  {
    name: 'running_processes_osx_events',
    platforms: ['macos'],
    intervalSeconds: 300,
    kind: 'events',
    items: ({ host, processes }) => unixProcesses(host, processes),
  },
  {
    name: 'open_sockets',
    platforms: all,
    intervalSeconds: 900,
    kind: 'differential',
    items: ({ host, processes }) => openSockets(host, processes),
  },
  {
    name: 'listening_ports',
    platforms: all,
    intervalSeconds: 4 * hour,
    kind: 'snapshot',
    items: ({ host, processes }) => listeningPorts(host, processes),
  },
  {
    name: 'sophos_ips_windows',
    platforms: ['windows'],
    intervalSeconds: 600,
    kind: 'events',
    items: ({ host, processes }) => ipFlows(host, processes),
  },
  {
    name: 'sophos_urls_windows',
    platforms: ['windows'],
    intervalSeconds: 600,
    kind: 'events',
    items: ({ host, processes }) => visitedUrls(host, processes),
  },
  {
    name: 'user_accounts',
    platforms: all,
    intervalSeconds: hour,
    kind: 'differential',
    items: ({ host, story }) => users(host, story),
  },
  snapshot('windows_programs', ['windows'], 24 * hour, windowsPrograms),
  snapshot('windows_updates_patch', ['windows'], 24 * hour, patches),
  snapshot('windows_startup_items', ['windows'], 12 * hour, startupItems),
  snapshot('disk_encryption_windows', ['windows'], 12 * hour, encryption),
  snapshot('network_interfaces', all, 6 * hour, interfaces),
  snapshot('arp_cache', ['linux', 'macos'], 6 * hour, arpEntries),
]

function snapshot(
  name: string,
  platforms: readonly Platform[],
  intervalSeconds: number,
  items: (host: SimulatedHost, random: Random) => readonly Item[],
): SimulatedQuery {
  return { name, platforms, intervalSeconds, kind: 'snapshot', items: ({ host, random }) => items(host, random) }
}
