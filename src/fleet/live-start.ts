import { setImmediate as nextTurn } from 'node:timers/promises'
import { inTransaction, type Store } from '../db/db.ts'
import { insertLiveHosts, liveHostsPutMax } from '../db/live-hosts.ts'
import { changeLiveRun, expireLiveRunsBeyond, insertLiveRun } from '../db/live-runs.ts'
import { liveHostsOpenMax, liveLifetimeMs, liveRunsOpenMax, liveTenantBytesMax } from '../limits/live.ts'
import type { Clock } from '../model/clock.ts'
import type { EndpointMatch } from '../model/endpoint-filter.ts'
import { AppError } from '../model/errors.ts'
import type { HostPlatform } from '../model/host.ts'
import { newId } from '../model/ids.ts'
import type { LiveHost, LiveRun } from '../model/live-run.ts'
import type { TenantCaller } from '../model/principal.ts'
import type { QueryVariable } from '../model/query-run.ts'
import { checkSelect } from '../osquery/select-shape.ts'
import { fillVariables } from '../osquery/select-variables.ts'
import type { Board, OpenHost, OpenRun } from './live-board.ts'
import { resolveTargets } from './live-targets.ts'

// The start of a live run. Its hosts are written down in pieces while it is `preparing`, when nobody is asked yet.
// Commit point: `preparing` → `pending`; a run that a crash leaves before it is deleted at the next start.

export interface StartLiveRun {
  readonly template: string
  readonly name?: string | undefined
  readonly variables?: readonly QueryVariable[] | undefined
  readonly savedQueryId?: string | undefined
  readonly categoryId?: string | undefined
  readonly match: EndpointMatch
  /** `matchEndpoints` as it was sent. */
  readonly matchGiven: unknown
  /** The query is for these; undefined: for all. */
  readonly platforms?: readonly HostPlatform[] | undefined
  /** How long hosts are waited for. */
  readonly durationMs: number
}

export interface StartDependencies {
  readonly store: Store
  readonly clock: Clock
  readonly board: Board
  readonly lifetimeMs?: number
}

/** The wire contract's words. */
const nobody = 'No resolved endpoints found in query submission request'

export async function startLiveRun(
  deps: StartDependencies,
  caller: TenantCaller,
  request: StartLiveRun,
): Promise<LiveRun> {
  const { store, board, clock } = deps
  const { tenantId } = caller
  const sql = fillVariables(request.template, request.variables ?? [])
  checkSelect(sql)
  checkRoom(board, tenantId, 1)
  const targets = await resolveTargets(store, tenantId, request.match, request.platforms)
  if (targets.length === 0) throw new AppError('not_found', nobody)
  checkRoom(board, tenantId, targets.length)
  const run = newRun(deps, caller, request, sql)
  const number = await inTransaction(store, transaction => insertLiveRun(transaction, run))
  for (let at = 0; at < targets.length; at += liveHostsPutMax) {
    // The store works on the event loop: others get their turn between two pieces.
    if (at > 0) await nextTurn()
    const piece = targets.slice(at, at + liveHostsPutMax)
    await inTransaction(store, transaction => insertLiveHosts(transaction, number, piece))
  }
  await inTransaction(store, async transaction => {
    await changeLiveRun(transaction, number, 'prepared', clock())
    await expireLiveRunsBeyond(transaction, tenantId, liveTenantBytesMax, clock())
  })
  const pending: LiveRun = { ...run, number, state: 'pending' }
  board.add(toOpenRun(pending, targets, 0))
  return pending
}

function checkRoom(board: Board, tenantId: string, hosts: number): void {
  const details = { retryAfterSeconds: 10 }
  if (board.runsOf(tenantId) >= liveRunsOpenMax) {
    const message = `${liveRunsOpenMax} live runs of this tenant are under way: try again when one has finished`
    throw new AppError('rate_limited', message, { details })
  }
  if (board.hostsOpen() + hosts > liveHostsOpenMax) {
    const message = `live runs under way ask ${board.hostsOpen()} hosts, at most ${liveHostsOpenMax} at once`
    throw new AppError('unavailable', message, { details })
  }
}

function newRun(deps: StartDependencies, caller: TenantCaller, request: StartLiveRun, sql: string): LiveRun {
  const now = deps.clock()
  const { principalId, accountId, accountType } = caller
  return {
    id: newId(),
    number: 0,
    tenantId: caller.tenantId,
    state: 'preparing',
    ...{ name: request.name, template: request.template, variables: request.variables, sql },
    ...{ savedQueryId: request.savedQueryId, categoryId: request.categoryId, match: request.matchGiven },
    createdBy: { principalId, accountId, accountType },
    createdAt: now,
    deadline: now + request.durationMs,
    finishedAt: undefined,
    expiresAt: now + request.durationMs + (deps.lifetimeMs ?? liveLifetimeMs),
    ...{ rowCount: 0, rowBytes: 0, truncated: undefined, columns: [], counts: undefined },
    performance: { answers: 0, measured: 0, wallTimeMsTotal: 0, wallTimeMsMax: 0, bytesTotal: 0, bytesMax: 0 },
  }
}

/** A run as the board has it. `nextPosition`: of its next answer. */
export function toOpenRun(run: LiveRun, hosts: readonly LiveHost[], nextPosition: number): OpenRun {
  const entries = hosts.map((host): [string, OpenHost] => [
    host.hostId,
    {
      ...{ platform: host.platform, type: host.type, state: host.state, hasData: host.rowCount > 0 },
      ...{ handOuts: host.handOuts, startedAt: host.startedAt, heldUntil: 0, seenAt: host.lastSeenAt ?? 0 },
      settling: undefined,
    },
  ])
  const openHosts = hosts.filter(({ state }) => state === 'pending' || state === 'started').length
  return { run, hosts: new Map(entries), openHosts, nextPosition, unnoted: new Set() }
}
