import { duplicateIdentifier } from '../db/host-identities.ts'
import type { HostRecord } from '../model/host.ts'
import { parseUuid } from '../model/ids.ts'
import { hardwareUuidOf } from '../osquery/host-details.ts'

// Which host an agent that enrols is. Pure. An agent enrols again for many reasons (its database was deleted, an answer
// was lost, its key ran out) and must get its own host back; a copy of a machine that is alive must not get the
// original's. What an agent claims is compared with every host that has its identifier or its hardware UUID:
//
//   1 the same identifier and UUID   2 the same identifier, a UUID missing   3 the same UUID, another identifier
//   4 the same identifier, another UUID
//
// in this order, and among equals those first that the agent's database or its host name speaks for. The first one that
// can be the agent's is its own: one known from its logs only, one that is not alive, one with the agent's database, or
// one that nothing speaks against. Where several hosts are alive that the agent could be, copies are known to be about:
// then something has to speak for one alone. Otherwise it is a new host, which says whose copy it seems to be.
//
// Copies that are alike in everything share a host at first, because nothing tells the second one from the first with
// its database deleted. Their keys do (auth/host-keys.ts).

export interface Claim {
  readonly hostIdentifier: string
  /** Of the machine's own; see `hardwareUuidOf`. */
  readonly hardwareUuid: string | undefined
  readonly hostname: string | undefined
  readonly instanceId: string | undefined
}

export interface Candidate {
  readonly host: HostRecord
  /** Heard of lately. */
  readonly isAlive: boolean
  /** Two agents use its keys: it cannot be told which of them this one is. */
  readonly isShared: boolean
}

export type Identity =
  | { readonly kind: 'known'; readonly host: HostRecord }
  | { readonly kind: 'new'; readonly duplicateOf: HostRecord | undefined }

export function identify(claim: Claim, candidates: readonly Candidate[]): Identity {
  const ranked = candidates
    .map(candidate => ({ candidate, rank: rankOf(claim, candidate.host) }))
    .filter(({ rank }) => rank !== undefined)
    .sort((a, b) => a.rank! - b.rank!)
    .map(({ candidate }) => candidate)
  const alive = ranked.filter(({ host, isAlive }) => isAlive && host.enrolledAt !== undefined)
  const own = ranked.find(each => canBe(claim, each) && (!alive.includes(each) || isAlone(claim, each, alive)))
  if (own !== undefined) return { kind: 'known', host: own.host }
  return { kind: 'new', duplicateOf: ranked.find(({ host }) => host.enrolledAt !== undefined)?.host }
}

/** Of the hosts that are alive this one alone can be meant. */
function isAlone(claim: Claim, { host }: Candidate, alive: readonly Candidate[]): boolean {
  const others = alive.filter(other => other.host !== host)
  const isInstance = (known: HostRecord) => compare(claim.instanceId, known.facts.instanceId) === 'same'
  if (isInstance(host) && !others.some(other => isInstance(other.host))) return true
  return others.every(other => isOther(claim, other.host))
}

/** Something speaks against it: another name of the machine, or another UUID. */
function isOther({ hostname, hardwareUuid }: Claim, { facts, hardwareUuid: known }: HostRecord): boolean {
  return compare(hostname, facts.hostname) === 'other' || compare(hardwareUuid, known) === 'other'
}

/** Less is nearer; undefined: nothing in common that counts. */
function rankOf(claim: Claim, host: HostRecord): number | undefined {
  const isNamed = hasIdentifier(host, claim.hostIdentifier)
  const uuid = compare(claim.hardwareUuid, host.hardwareUuid)
  const step = isNamed ? { same: 1, unknown: 2, other: 4 }[uuid] : uuid === 'same' ? 3 : undefined
  if (step === undefined) return undefined
  const isInstance = compare(claim.instanceId, host.facts.instanceId) === 'same'
  const isHostname = compare(claim.hostname, host.facts.hostname) === 'same'
  // The original before its copies.
  return step * 8 - (isInstance ? 4 : 0) - (isHostname ? 2 : 0) - (host.duplicateOf === undefined ? 1 : 0)
}

function canBe(claim: Claim, { host, isAlive, isShared }: Candidate): boolean {
  const isInstance = compare(claim.instanceId, host.facts.instanceId) === 'same'
  const isNamed = hasIdentifier(host, claim.hostIdentifier)
  const uuid = compare(claim.hardwareUuid, host.hardwareUuid)
  // An identifier that half of all machines have is none.
  if (isNamed && uuid !== 'same' && isWeak(claim.hostIdentifier) && !isInstance) return false
  if (host.enrolledAt === undefined || !isAlive) return true
  if (isShared || uuid === 'other') return false
  return isInstance || (isNamed && compare(claim.hostname, host.facts.hostname) !== 'other')
}

/** As its own, or as a copy of the host that has it. */
function hasIdentifier({ id, hostIdentifier }: HostRecord, claimed: string): boolean {
  return hostIdentifier === claimed || hostIdentifier === duplicateIdentifier(claimed, id)
}

const weakIdentifiers: ReadonlySet<string> = new Set(['localhost', 'localhost.localdomain', 'unknown', 'none'])

function isWeak(hostIdentifier: string): boolean {
  const isSharedUuid = parseUuid(hostIdentifier) !== undefined && hardwareUuidOf(hostIdentifier) === undefined
  return isSharedUuid || weakIdentifiers.has(hostIdentifier.toLowerCase())
}

function compare(a: string | undefined, b: string | undefined): 'same' | 'other' | 'unknown' {
  if (a === undefined || b === undefined) return 'unknown'
  return a.toLowerCase() === b.toLowerCase() ? 'same' : 'other'
}
