import { liveAccelerateSeconds, liveHandOutMs, liveHandOutsMax, liveQueriesPerReadMax } from '../limits/live.ts'
import type { Host, HostPlatform } from '../model/host.ts'
import {
  type EndpointType,
  hostStateIn,
  isLiveHostOpen,
  type LiveHostCounts,
  type LiveHostState,
  type LiveRun,
  type LiveRunState,
  liveHostTransitions,
} from '../model/live-run.ts'
import type { DistributedReadAnswer } from '../osquery/distributed.ts'
import { hostStatusBounds } from './host-status.ts'

// Who is waited for, in memory: agents ask a thousand times a second whether something waits for them, and nearly
// always nothing does. The board is what the store says while this process lives; it is rebuilt at start. Hand-outs
// are noted here first and in the store a second later: after a crash a query may be handed out once more.

/** A host of a run under way. */
export interface OpenHost {
  readonly platform: HostPlatform | undefined
  readonly type: EndpointType
  state: LiveHostState
  hasData: boolean
  handOuts: number
  startedAt: number | undefined
  /** It is not handed out again before this. */
  heldUntil: number
  /** When it was last heard of, as far as the board knows. */
  seenAt: number
  /** Its answer is being written; resolves when it is durable, also in the lake. */
  settling: Promise<void> | undefined
}

export interface OpenRun {
  /** As it stands; replaced when it changes. */
  run: LiveRun
  readonly hosts: ReadonlyMap<string, OpenHost>
  /** Hosts that have not answered. */
  openHosts: number
  /** Position of its next answer. */
  nextPosition: number
  /** Hosts whose hand-outs the store does not know yet. */
  readonly unnoted: Set<string>
}

export interface Board {
  /** The open run with this id; undefined: none of the tenant's. */
  find(tenantId: string, runId: string): OpenRun | undefined
  all(): Iterable<OpenRun>
  runsOf(tenantId: string): number
  hostsOpen(): number
  add(open: OpenRun): void
  remove(open: OpenRun): void
  /** The host has answered, or is given up: it is not asked any more. */
  leave(open: OpenRun, hostId: string): void
  /**
   * What the host is to run now, and whom to give up for it. Nothing is looked up or waited for; a query that was
   * handed out is held back for a while.
   */
  handOut(host: Host, now: number): HandOut
}

export interface HandOut {
  readonly answer: DistributedReadAnswer
  /** Runs whose query this host was given too often. */
  readonly givenUp: readonly OpenRun[]
}

const nothing: HandOut = { answer: { queries: {} }, givenUp: [] }

export function openBoard(): Board {
  const runs = new Map<string, OpenRun>()
  /** Tenant → host → runs that wait for it, oldest first. */
  const waiting = new Map<string, Map<string, Set<OpenRun>>>()
  let hostsOpen = 0

  function add(open: OpenRun): void {
    const { tenantId, id } = open.run
    runs.set(id, open)
    const hosts = waiting.get(tenantId) ?? new Map<string, Set<OpenRun>>()
    waiting.set(tenantId, hosts)
    for (const [hostId, { state }] of open.hosts) {
      if (!isLiveHostOpen(state)) continue
      const found = hosts.get(hostId)
      if (found === undefined) hosts.set(hostId, new Set([open]))
      else found.add(open)
    }
    hostsOpen += open.hosts.size
  }

  function leave(open: OpenRun, hostId: string): void {
    const hosts = waiting.get(open.run.tenantId)
    const set = hosts?.get(hostId)
    if (hosts === undefined || set === undefined) return
    set.delete(open)
    if (set.size > 0) return
    hosts.delete(hostId)
    if (hosts.size === 0) waiting.delete(open.run.tenantId)
  }

  function remove(open: OpenRun): void {
    if (!runs.delete(open.run.id)) return
    for (const hostId of open.hosts.keys()) leave(open, hostId)
    hostsOpen -= open.hosts.size
  }

  function handOut(host: Host, now: number): HandOut {
    const set = waiting.get(host.tenantId)?.get(host.id)
    if (set === undefined) return nothing
    const queries: Record<string, string> = {}
    const givenUp: OpenRun[] = []
    let count = 0
    for (const open of set) {
      const entry = open.hosts.get(host.id)!
      entry.seenAt = now
      const decision = decide(open, entry, now)
      if (decision === 'give_up') givenUp.push(open)
      if (decision !== 'hand_out' || count === liveQueriesPerReadMax) continue
      count += 1
      entry.state = liveHostTransitions[entry.state].hand_out
      entry.handOuts += 1
      entry.startedAt ??= now
      entry.heldUntil = now + liveHandOutMs
      open.unnoted.add(host.id)
      queries[open.run.id] = open.run.sql
    }
    return { answer: { queries, accelerate: liveAccelerateSeconds }, givenUp }
  }

  return {
    find: (tenantId, runId) => {
      const open = runs.get(runId)
      return open?.run.tenantId === tenantId ? open : undefined
    },
    all: () => runs.values(),
    runsOf: tenantId => [...runs.values()].filter(({ run }) => run.tenantId === tenantId).length,
    hostsOpen: () => hostsOpen,
    ...{ add, remove, leave, handOut },
  }
}

/** An agent that asks again is not running what it was given: it lost that, or its answer, or it died of it. */
function decide({ run }: OpenRun, host: OpenHost, now: number): 'hand_out' | 'wait' | 'give_up' {
  if (host.settling !== undefined || now >= run.deadline || now < host.heldUntil) return 'wait'
  return host.handOuts >= liveHandOutsMax ? 'give_up' : 'hand_out'
}

/** How many hosts are where once the run is in this state. */
export function countHosts(hosts: Iterable<OpenHost>, state: LiveRunState, now: number): LiveHostCounts {
  const { onlineSince } = hostStatusBounds(now)
  const counts = {
    ...{ total: 0, started: 0, failed: 0, timedOut: 0, canceled: 0 },
    pending: { online: 0, offline: 0 },
    succeeded: { withData: 0, withoutData: 0 },
    types: {} as Partial<Record<EndpointType, number>>,
    platforms: {} as Partial<Record<HostPlatform, number>>,
  }
  for (const host of hosts) {
    counts.total += 1
    counts.types[host.type] = (counts.types[host.type] ?? 0) + 1
    if (host.platform !== undefined) counts.platforms[host.platform] = (counts.platforms[host.platform] ?? 0) + 1
    switch (hostStateIn(state, host.state)) {
      case 'pending':
        counts.pending[host.seenAt >= onlineSince ? 'online' : 'offline'] += 1
        break
      case 'started':
        counts.started += 1
        break
      case 'succeeded':
        counts.succeeded[host.hasData ? 'withData' : 'withoutData'] += 1
        break
      case 'failed':
        counts.failed += 1
        break
      case 'timed_out':
        counts.timedOut += 1
        break
      case 'canceled':
        counts.canceled += 1
    }
  }
  return counts
}
