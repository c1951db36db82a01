import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Db } from '../db/db.ts'
import { type AskableHost, listAskableHosts } from '../db/live-targets.ts'
import type { EndpointMatch } from '../model/endpoint-filter.ts'
import { type HostPlatform, hostPlatformOf } from '../model/host.ts'
import type { LiveHost } from '../model/live-run.ts'
import { endpointTypeOf, idsOf, isMatched } from './endpoint-match.ts'

/** Hosts read by one statement: a few milliseconds of the event loop. */
const hostsReadMax = 250

/**
 * Whom a run asks: enrolled hosts of the tenant that the match means, in the order of their ids. `platforms`: those
 * that the query is for; a host of unknown platform is asked as well.
 */
export async function resolveTargets(
  db: Db,
  tenantId: string,
  match: EndpointMatch,
  platforms: readonly HostPlatform[] | undefined,
): Promise<LiveHost[]> {
  const targets: LiveHost[] = []
  const ids = idsOf(match)
  let after: string | undefined
  for (;;) {
    const hosts = await listAskableHosts(db, tenantId, ids, after, hostsReadMax)
    for (const host of hosts) {
      const platform = hostPlatformOf(host.platform)
      if (platform !== undefined && platforms !== undefined && !platforms.includes(platform)) continue
      if (isMatched({ ...host, lastSeenAt: host.lastSeenAt ?? host.createdAt }, match)) targets.push(toTarget(host))
    }
    if (hosts.length < hostsReadMax) return targets
    after = hosts.at(-1)!.id
    // The store works on the event loop: others get their turn between two pages.
    await nextTurn()
  }
}

function toTarget(host: AskableHost): LiveHost {
  return {
    hostId: host.id,
    hostname: host.hostname ?? host.hostIdentifier,
    platform: hostPlatformOf(host.platform),
    type: endpointTypeOf(host),
    osName: host.osName,
    state: 'pending',
    handOuts: 0,
    ...{ startedAt: undefined, finishedAt: undefined, message: undefined, rowCount: 0, droppedRows: 0 },
    ...{ wallTimeMs: undefined, userTimeMs: undefined, systemTimeMs: undefined, memoryBytes: undefined },
    lastSeenAt: host.lastSeenAt,
  }
}
