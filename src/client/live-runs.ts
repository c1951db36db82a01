import type { LiveEndpoint, LiveRunReply } from '../api/live-runs.ts'
import { formatPageKey } from '../api/page.ts'
import type { QueryVariable } from '../model/query-run.ts'
import type { LakeClient } from './client.ts'

// Live runs over the public API.

const runsPath = '/live-discover/v1/queries/runs'

export interface LiveRunStart {
  readonly template?: string
  /** A query of the library in place of a template. */
  readonly queryId?: string
  readonly name?: string | undefined
  readonly variables?: readonly QueryVariable[] | undefined
  /** As the wire has it. */
  readonly matchEndpoints: object
  readonly maxDurationInSeconds?: number | undefined
}

/** Rows as they came, from the one asked for on. */
export interface LiveRows {
  readonly items: readonly Readonly<Record<string, unknown>>[]
  /** The row behind them; undefined: there is no more yet. */
  readonly nextRow: number | undefined
  readonly truncated: { readonly reason: string; readonly limit?: number; readonly total?: number } | undefined
}

type Calls = Pick<LakeClient, 'call'>

export async function startLiveRun(client: Calls, start: LiveRunStart, signal: AbortSignal): Promise<LiveRunReply> {
  const { template, queryId, name, variables, matchEndpoints, maxDurationInSeconds } = start
  const json = {
    ...(template === undefined ? { savedQuery: { queryId } } : { adHocQuery: { template, name } }),
    ...{ variables, matchEndpoints, maxDurationInSeconds },
  }
  return (await client.call({ method: 'POST', path: runsPath, json, isRepeatable: false, signal })) as LiveRunReply
}

/** Waits for its end for at most `wait` seconds. */
export async function getLiveRun(client: Calls, id: string, wait: number, signal: AbortSignal): Promise<LiveRunReply> {
  const request = { method: 'GET', path: `${runsPath}/${id}`, query: { wait }, isRepeatable: true, signal } as const
  return (await client.call(request)) as LiveRunReply
}

/** True when the run was still going. */
export async function cancelLiveRun(client: Calls, id: string): Promise<boolean> {
  const path = `${runsPath}/${id}/cancel`
  const answer = await client.call({ method: 'POST', path, json: {}, isRepeatable: true })
  return (answer as { canceled: boolean }).canceled
}

export async function readLiveRows(client: Calls, id: string, row: number, signal: AbortSignal): Promise<LiveRows> {
  const query = row === 0 ? {} : { pageFromKey: formatPageKey(row) }
  const path = `${runsPath}/${id}/results`
  const page = (await client.call({ method: 'GET', path, query, isRepeatable: true, signal })) as {
    readonly items: LiveRows['items']
    readonly pages: { readonly nextKey?: string }
    readonly truncated?: LiveRows['truncated']
  }
  const nextRow = page.pages.nextKey === undefined ? undefined : row + page.items.length
  return { items: page.items, nextRow, truncated: page.truncated }
}

/** The first endpoints that did not succeed. */
export async function readLiveFailures(
  client: Calls,
  id: string,
  signal: AbortSignal,
): Promise<readonly LiveEndpoint[]> {
  const query = { match: 'finished:failed', pageSize: 100 }
  const path = `${runsPath}/${id}/endpoints`
  const page = await client.call({ method: 'GET', path, query, isRepeatable: true, signal })
  return (page as { readonly items: readonly LiveEndpoint[] }).items
}
