import type { Db } from '../db/db.ts'
import { inTransaction, type Store } from '../db/db.ts'
import { type EnrollSecret, findEnrollSecret } from '../db/enroll-secrets.ts'
import {
  duplicateIdentifier,
  insertEnrolledHost,
  listIdentityCandidates,
  updateEnrolledHost,
} from '../db/host-identities.ts'
import { addHostLabels } from '../db/labels.ts'
import { insertNodeKey, listSharedHosts, replaceNodeKeys } from '../db/node-keys.ts'
import { findTenant } from '../db/tenants.ts'
import {
  enrolmentsAtOnceMax,
  hostIdentifierCharsMax,
  hostOnlineMs,
  identityCandidatesMax,
  nodeKeysPerHostMax,
  replacedNodeKeyMs,
  sharedHostAfterMs,
  unusedNodeKeysMax,
} from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import type { Host, HostFacts, HostRecord } from '../model/host.ts'
import { newId } from '../model/ids.ts'
import type { EnrolRequest } from '../osquery/host-details.ts'
import { type Candidate, identify } from './identity.ts'

// An agent joins: an enroll secret says whose it is, what it claims says which host (identity.ts), and it gets a node
// key. Commit point: one transaction makes the host, its key, the end of its older keys and its labels true together.
// Until the answer has arrived nobody knows the new key, so older ones go on working for a while.

export interface Enrolment {
  /**
   * Errors: `unauthenticated` for a secret that is missing, unknown or ended, or another tenant's than the path says;
   * `permission_denied` for a suspended tenant; `invalid_argument` for an agent that says nothing it could be known by;
   * `unavailable` where the store cannot be asked. Nothing is changed then.
   */
  enrol(request: EnrolRequest, from: EnrolledFrom): Promise<Enrolled>
}

export interface EnrolledFrom {
  readonly publicIp: string
  /** The tenant that the request's path names; undefined: it names none. */
  readonly tenantId: string | undefined
}

export interface Enrolled {
  readonly nodeKey: string
  readonly host: Host
  /** It was not known before, not even from logs. */
  readonly isNew: boolean
  /** It had enrolled before. */
  readonly isAgain: boolean
  readonly duplicateOf: string | undefined
  readonly enrollSecretId: string
}

/** What an enrolment refused says of itself, beside its message: `details` of the error. */
export interface EnrolmentRefusal {
  /** Whose secret it was; undefined: nobody's. */
  readonly tenantId: string | undefined
  readonly enrollSecretId: string | undefined
}

export interface EnrolmentDependencies {
  readonly store: Store
  readonly clock: Clock
  /** A new node key and its hash. */
  readonly newKey: () => { readonly nodeKey: string; readonly hash: string }
  /** Whether the key with this hash was used lately. */
  readonly isKeyUsed: (hash: string) => boolean
  /** When a host was last heard of, where that is not in the store yet. */
  readonly lastHeard: (hostId: string) => number | undefined
  /** What is held in memory of the host under this identifier, and of its keys, is no longer true. */
  readonly onChanged: (host: Pick<Host, 'id' | 'tenantId' | 'hostIdentifier'>) => void
  /** The host was given labels. */
  readonly onLabelled: (host: Pick<Host, 'id' | 'tenantId'>) => Promise<void>
}

export function openEnrolment(dependencies: EnrolmentDependencies): Enrolment {
  const { store, clock, newKey, isKeyUsed, lastHeard, onChanged, onLabelled } = dependencies
  const kept = { unused: unusedNodeKeysMax - 1, all: nodeKeysPerHostMax - 1, isUsed: isKeyUsed }
  const waiting: Waiting[] = []
  let isRunning = false

  /** What waits while a transaction is written shares the next one: thousands of agents may come at once. */
  async function run(): Promise<void> {
    isRunning = true
    while (waiting.length > 0) {
      const batch = waiting.splice(0, enrolmentsAtOnceMax)
      try {
        const done = await inTransaction(store, async transaction => {
          const results: (() => void)[] = []
          for (const each of batch) results.push(await enrolOne(transaction, each))
          return results
        })
        for (const settle of done) settle()
      } catch (error) {
        const refusal = new AppError('unavailable', 'agents cannot be enrolled at the moment', { cause: error })
        for (const { reject } of batch) reject(refusal)
      }
    }
    isRunning = false
  }

  /** One agent's part of a transaction; resolves with how to answer it. A refusal comes before anything is changed. */
  async function enrolOne(transaction: Db, { request, from, resolve, reject }: Waiting): Promise<() => void> {
    try {
      const made = await put(transaction, request, from)
      return () => resolve(made)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      return () => reject(error)
    }
  }

  async function put(transaction: Db, request: EnrolRequest, from: EnrolledFrom): Promise<Made> {
    const now = clock()
    const { nodeKey, hash } = newKey()
    const secret = await admit(transaction, request.secret, from.tenantId)
    const claim = claimOf(request)
    const candidates = await candidatesFor(transaction, secret.tenantId, claim, now)
    const identity = identify(claim, candidates)
    const host = await putHost(transaction, secret.tenantId, claim, candidates, identity, from.publicIp, now)
    const before = identity.kind === 'known' ? identity.host : undefined
    if (before !== undefined) await replaceNodeKeys(transaction, host.id, now, kept)
    await insertNodeKey(transaction, host, hash, now)
    await addHostLabels(transaction, secret.tenantId, host.id, secret.labels)
    return {
      ...{ before, labels: secret.labels, nodeKey, host, isNew: before === undefined },
      ...{ isAgain: before?.enrolledAt !== undefined, duplicateOf: host.duplicateOf, enrollSecretId: secret.id },
    }
  }

  async function enrol(request: EnrolRequest, from: EnrolledFrom): Promise<Enrolled> {
    const { before, labels, ...enrolled } = await new Promise<Made>((resolve, reject) => {
      waiting.push({ request, from, resolve, reject })
      if (!isRunning) void run()
    })
    for (const each of [before, enrolled.host]) if (each !== undefined) onChanged(each)
    if (labels.length > 0) await onLabelled(enrolled.host)
    return enrolled
  }

  async function candidatesFor(db: Db, tenantId: string, claim: ClaimedHost, now: number): Promise<Candidate[]> {
    const { hostIdentifier, hardwareUuid } = claim
    const hosts = await listIdentityCandidates(db, tenantId, hostIdentifier, hardwareUuid, identityCandidatesMax)
    const ids = hosts.map(({ id }) => id)
    const shared = await listSharedHosts(db, ids, now - replacedNodeKeyMs, sharedHostAfterMs)
    return hosts.map(host => {
      const heardAt = Math.max(host.lastSeenAt ?? 0, lastHeard(host.id) ?? 0)
      return { host, isAlive: heardAt >= now - hostOnlineMs, isShared: shared.has(host.id) }
    })
  }

  return { enrol }
}

interface Made extends Enrolled {
  readonly before: HostRecord | undefined
  readonly labels: readonly string[]
}

interface Waiting {
  readonly request: EnrolRequest
  readonly from: EnrolledFrom
  readonly resolve: (made: Made) => void
  readonly reject: (error: AppError) => void
}

interface ClaimedHost extends Pick<EnrolRequest, 'hardwareUuid' | 'facts'> {
  readonly hostIdentifier: string
  readonly hostname: string | undefined
  readonly instanceId: string | undefined
}

/** The secret, where it lets an agent in. */
async function admit(db: Db, text: string | undefined, tenantId: string | undefined): Promise<EnrollSecret> {
  const secret = text === undefined ? undefined : await findEnrollSecret(db, text)
  if (secret === undefined) {
    throw refusal('unauthenticated', text === undefined ? 'an enroll secret is required' : 'unknown enroll secret')
  }
  if (secret.disabledAt !== undefined) throw refusal('unauthenticated', 'the enroll secret has ended', secret)
  if (tenantId !== undefined && tenantId !== secret.tenantId) {
    throw refusal('unauthenticated', "the enroll secret is not this environment's", { id: undefined, tenantId })
  }
  const tenant = await findTenant(db, secret.tenantId)
  if (tenant?.status !== 'active') throw refusal('permission_denied', 'the tenant is suspended', secret)
  return secret
}

function refusal(
  code: 'unauthenticated' | 'permission_denied',
  message: string,
  secret?: { readonly id: string | undefined; readonly tenantId: string },
): AppError {
  const enrolment: EnrolmentRefusal = { tenantId: secret?.tenantId, enrollSecretId: secret?.id }
  return new AppError(code, message, { details: { enrolment } })
}

/** Where an agent does not say its identifier, its hardware UUID or its name stands for it. */
function claimOf({ hostIdentifier, hardwareUuid, facts }: EnrolRequest): ClaimedHost {
  const identifier = hostIdentifier ?? hardwareUuid ?? facts.hostname
  if (identifier === undefined) throw new AppError('invalid_argument', 'host_identifier is missing')
  if (identifier.length > hostIdentifierCharsMax) {
    throw new AppError('invalid_argument', `host_identifier is longer than ${hostIdentifierCharsMax} characters`)
  }
  const { hostname, instanceId } = facts
  return { hostIdentifier: identifier, hardwareUuid, facts, hostname, instanceId }
}

async function putHost(
  db: Db,
  tenantId: string,
  claim: ClaimedHost,
  candidates: readonly Candidate[],
  identity: ReturnType<typeof identify>,
  publicIp: string,
  now: number,
): Promise<HostRecord> {
  const { hostIdentifier, hardwareUuid } = claim
  const isTaken = candidates.some(({ host }) => host.hostIdentifier === hostIdentifier)
  const told = Object.fromEntries(Object.entries(claim.facts).filter(([, value]) => value !== undefined))
  const facts: HostFacts = { ...told, publicIp }
  if (identity.kind === 'known') {
    const { id, hostIdentifier: own } = identity.host
    const identifier = isTaken || own === duplicateIdentifier(hostIdentifier, id) ? own : hostIdentifier
    const host: HostRecord = {
      ...{ ...identity.host, hostIdentifier: identifier, hardwareUuid: hardwareUuid ?? identity.host.hardwareUuid },
      ...{ lastSeenAt: now, enrolledAt: identity.host.enrolledAt ?? now, facts: { ...identity.host.facts, ...facts } },
    }
    await updateEnrolledHost(db, host)
    return host
  }
  const id = newId()
  const host: HostRecord = {
    ...{
      id,
      tenantId,
      hostIdentifier: isTaken ? duplicateIdentifier(hostIdentifier, id) : hostIdentifier,
      hardwareUuid,
    },
    ...{ createdAt: now, lastSeenAt: now, enrolledAt: now, duplicateOf: identity.duplicateOf?.id, facts },
    ...{ lastLogAt: undefined, lastConfigAt: undefined, configVersion: undefined },
  }
  await insertEnrolledHost(db, host)
  return host
}
