import { inTransaction, type Store } from '../db/db.ts'
import {
  type CountedLabel,
  changeLabelHosts,
  deleteLabel,
  type Label,
  labelsByHost,
  listHostLabels,
  listIngestOffHosts,
  listLabels,
  putLabel,
} from '../db/labels.ts'
import { labelsMax } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import { type Host, hostPlatformOf } from '../model/host.ts'

// Labels: names that hosts are given, by which configurations and live queries are targeted and ingest is switched off.
// Two kinds are not given but are so: `all`, and the family of the host's platform. A tenant's assignments are held in
// memory once they were asked for: every request for a configuration asks.

/** Labels that every host has or not by what it is; nobody can make, give or delete them. */
export const builtInLabels: readonly string[] = ['all', 'windows', 'macos', 'linux']

export interface Labels {
  /** The host's labels: the built-in ones, then those it was given, by name. Rejects with `unavailable`. */
  labelsOf(host: Host): Promise<readonly string[]>
  /** Whether what the host logs is not to be stored. */
  isIngestOff(tenantId: string, hostId: string): boolean
  list(tenantId: string): Promise<readonly CountedLabel[]>
  /** True: it is new. Rejects with `conflict` where there are too many. */
  put(label: Label): Promise<boolean>
  /** False: there is none of that name. */
  delete(tenantId: string, name: string): Promise<boolean>
  /** Rejects with `not_found` where the tenant has no such label. */
  changeHosts(
    tenantId: string,
    label: string,
    change: { readonly add: readonly string[]; readonly remove: readonly string[] },
  ): Promise<{ readonly added: number; readonly removed: number }>
  /** Reads which hosts' lines are not stored; before anything else. */
  load(): Promise<void>
  /** To be called when one host was given labels elsewhere, or is gone. */
  readHost(tenantId: string, hostId: string): Promise<void>
}

export function openLabels(store: Store): Labels {
  const given = new Map<string, Promise<Map<string, readonly string[]>>>()
  /** By tenant, the hosts whose lines are not stored. */
  let off = new Map<string, Set<string>>()

  function givenOf(tenantId: string): Promise<Map<string, readonly string[]>> {
    const held = given.get(tenantId)
    if (held !== undefined) return held
    const read = async () => new Map(await labelsByHost(store, tenantId))
    const reading = read().catch(error => {
      if (given.get(tenantId) === reading) given.delete(tenantId)
      throw new AppError('unavailable', 'labels cannot be looked up at the moment', { cause: error })
    })
    given.set(tenantId, reading)
    return reading
  }

  async function labelsOf(host: Host): Promise<readonly string[]> {
    const platform = hostPlatformOf(host.facts.platform)?.toLowerCase()
    const builtIn = platform === undefined ? ['all'] : ['all', platform]
    return [...builtIn, ...((await givenOf(host.tenantId)).get(host.id) ?? [])]
  }

  async function load(): Promise<void> {
    const byTenant = Map.groupBy(await listIngestOffHosts(store), ({ tenantId }) => tenantId)
    off = new Map([...byTenant].map(([tenantId, hosts]) => [tenantId, new Set(hosts.map(({ hostId }) => hostId))]))
  }

  /** What was read before a change is dropped by it, however the two meet. */
  async function forget(tenantId: string): Promise<void> {
    given.delete(tenantId)
    const hosts = await listIngestOffHosts(store, tenantId)
    off.set(tenantId, new Set(hosts.map(({ hostId }) => hostId)))
  }

  async function readHost(tenantId: string, hostId: string): Promise<void> {
    const labels = await listHostLabels(store, tenantId, hostId)
    const offHosts = off.get(tenantId) ?? new Set()
    off.set(tenantId, offHosts)
    if (labels.some(({ isIngestOff }) => isIngestOff)) offHosts.add(hostId)
    else offHosts.delete(hostId)
    const held = await given.get(tenantId)?.catch(() => undefined)
    if (labels.length === 0) held?.delete(hostId)
    else
      held?.set(
        hostId,
        labels.map(({ name }) => name),
      )
  }

  async function changed<Result>(tenantId: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } finally {
      await forget(tenantId)
    }
  }

  return {
    ...{ labelsOf, load, readHost },
    isIngestOff: (tenantId, hostId) => off.get(tenantId)?.has(hostId) ?? false,
    list: tenantId => listLabels(store, tenantId),
    put: label =>
      changed(label.tenantId, () => inTransaction(store, transaction => putLabel(transaction, label, labelsMax))),
    delete: (tenantId, name) => changed(tenantId, () => deleteLabel(store, tenantId, name)),
    changeHosts: (tenantId, label, change) =>
      changed(tenantId, () =>
        inTransaction(store, async transaction => {
          const known = (await listLabels(transaction, tenantId)).find(({ name }) => isSame(name, label))
          if (known === undefined) throw new AppError('not_found', 'there is no such label')
          return changeLabelHosts(transaction, tenantId, known.name, change)
        }),
      ),
  }
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
