import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { fetchAnswer } from './xdr-client.ts'

// Agents reduced to what answers live queries, in plain HTTP and without code of the product: ask, run, bring what came
// of it again and again until the answer says that it is done.

export interface PlainAgent {
  readonly name: string
  readonly nodeKey: string
}

/** What an agent makes of a query: its rows, or a message. */
export type Behaviour = (agent: PlainAgent, sql: string) => Readonly<Record<string, string>>[] | string

export async function enrol(url: string, secret: string, name: string, platform = 'ubuntu'): Promise<PlainAgent> {
  const body = JSON.stringify({
    ...{ enroll_secret: secret, host_identifier: name, platform_type: '9' },
    host_details: { os_version: { platform, name: platform }, system_info: { hostname: name, uuid: randomUUID() } },
  })
  const answer = await fetchAnswer(`${url}/osquery/v1/enroll`, { method: 'POST', body })
  const { node_key: nodeKey } = answer.json as { node_key: string }
  assert.ok(nodeKey, answer.text)
  return { name, nodeKey }
}

export interface Polling {
  /** Where the server is now: it moves when it is restarted. */
  readonly url: () => string
  readonly behaviour: Behaviour
  /** Until when it goes on asking. */
  readonly signal: AbortSignal
  /** True: it does not ask just now. */
  readonly isResting?: () => boolean
  /** Told of everything the server said that is no success. */
  readonly onRefused?: (text: string) => void
}

const pauseMs = 400

/** Asks and answers until stopped. A lost exchange, or one answered with an error, is tried again. */
export async function poll(
  agent: PlainAgent,
  { url, behaviour, signal, isResting, onRefused }: Polling,
): Promise<void> {
  const post = async (path: string, members: object): Promise<Record<string, unknown> | undefined> => {
    try {
      const body = JSON.stringify({ node_key: agent.nodeKey, ...members })
      const answer = await fetchAnswer(`${url()}/osquery/v1/distributed/${path}`, { method: 'POST', body })
      const reply = answer.json as Record<string, unknown> | undefined
      if (reply !== undefined && reply['error'] === undefined && reply['node_invalid'] === undefined) return reply
      onRefused?.(answer.text)
      return undefined
    } catch {
      // The server is gone, or the answer was lost.
      return undefined
    }
  }
  while (!signal.aborted) {
    const given = isResting?.() === true ? undefined : await post('read', {})
    const queries = Object.entries((given?.['queries'] ?? {}) as Record<string, string>)
    if (queries.length > 0) {
      const results = queries.map(([id, sql]) => [id, behaviour(agent, sql)] as const)
      const write = {
        queries: Object.fromEntries(results.map(([id, rows]) => [id, typeof rows === 'string' ? '' : rows])),
        statuses: Object.fromEntries(results.map(([id, rows]) => [id, typeof rows === 'string' ? 1 : 0])),
        messages: Object.fromEntries(results.map(([id, rows]) => [id, typeof rows === 'string' ? rows : ''])),
      }
      while (!signal.aborted && (await post('write', write)) === undefined) await delay(pauseMs)
    }
    await delay(pauseMs)
  }
}
