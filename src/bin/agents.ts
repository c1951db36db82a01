import { hashNodeKey, newNodeKey, openHostKeys } from '../auth/host-keys.ts'
import type { Store } from '../db/db.ts'
import { openConfigurations } from '../fleet/configurations.ts'
import { openEnrolment } from '../fleet/enrolment.ts'
import { openEnvironments } from '../fleet/environments.ts'
import { openHostRemoval } from '../fleet/host-removal.ts'
import { openHosts } from '../fleet/hosts.ts'
import { openLabels } from '../fleet/labels.ts'
import type { Clock } from '../model/clock.ts'
import type { Log } from '../model/log.ts'

interface Options {
  readonly store: Store
  readonly secretKey: Uint8Array
  readonly clock: Clock
  readonly log: Log
  /** Silence after which a host is removed; undefined: never. */
  readonly hostExpiryMs: number | undefined
}

/** The machines, put together: who they are, by which keys and labels, and when they go. */
export function openAgents({ store, secretKey, clock, log, hostExpiryMs }: Options) {
  const hosts = openHosts(store, clock)
  const hostKeys = openHostKeys(store, secretKey, clock)
  const labels = openLabels(store)
  const forget = ({ id, tenantId, hostIdentifier }: { id: string; tenantId: string; hostIdentifier: string }) => {
    hosts.forget(tenantId, hostIdentifier)
    hostKeys.forget(id)
  }
  const enrolment = openEnrolment({
    ...{ store, clock, lastHeard: hosts.lastHeard, isKeyUsed: hostKeys.isUsed, onChanged: forget },
    newKey() {
      const nodeKey = newNodeKey()
      return { nodeKey, hash: hashNodeKey(secretKey, nodeKey) }
    },
    onLabelled: ({ tenantId, id }) => labels.readHost(tenantId, id),
  })
  const removal = openHostRemoval({
    ...{ store, clock, flushHeard: hosts.flush },
    async onRemoved(host) {
      forget(host)
      await labels.readHost(host.tenantId, host.id)
    },
  })
  return {
    ...{ hosts, hostKeys, labels, enrolment, removal, environments: openEnvironments(store, clock) },
    configurations: openConfigurations({ store }),
    /** Writes what was heard of hosts and keys. Never rejects: it comes again. */
    async flush(): Promise<void> {
      for (const part of [hosts, hostKeys]) {
        await part.flush().catch((error: unknown) => log.warn({ err: error }, 'what was heard of hosts is not noted'))
      }
    },
    /** For the janitor. */
    async expireHosts(): Promise<void> {
      if (hostExpiryMs === undefined) return
      const count = await removal.expire(hostExpiryMs)
      if (count > 0) log.info({ hosts: count }, 'silent hosts removed')
    },
  }
}
