import type { FleetLog } from '../../bench/fleet.ts'
import type { FirstRun } from '../support/server.ts'
import { fetchAnswer, requestToken } from '../support/xdr-client.ts'

// Agents of a soak: each host's lines wait in its buffer, go out oldest first in bodies of at most 1,024, and leave the
// buffer only when the lake has answered 200; whatever else comes, they are sent again, re-batched with what came
// since. Every line carries its serial number, so that the lake can be compared with what was acknowledged, line by
// line.

const linesPerBodyMax = 1_024
const answerMsMax = 16_000
const backoffMsMax = 4_000
const tokenMsMax = 30 * 60_000

export interface SoakLedger {
  /** Lines handed to the agents. */
  logged: number
  acknowledged: number
  /** Bodies that were not answered with 200, for any reason. */
  failures: number
  /** By serial number: 1 for a line whose body was answered with 200. */
  readonly isAcknowledged: Uint8Array
  /** ms from the first byte sent to the answer read, of bodies answered with 200. */
  readonly latencies: number[]
}

export interface SoakAgents {
  readonly ledger: SoakLedger
  /** The server has another address now. */
  connect(firstRun: FirstRun): void
  /** Logs the next `count` lines of the fleet. */
  log(count: number): void
  /** Sends until every buffer is empty; rejects after `ms`. */
  drain(ms: number): Promise<void>
  stop(): Promise<void>
}

interface Line {
  readonly serial: number
  readonly text: string
}

export function startSoakAgents(log: FleetLog, firstRun: FirstRun, linesMax: number, senders: number): SoakAgents {
  const buffers = new Map<string, Line[]>()
  const busy = new Set<string>()
  const ledger: SoakLedger = {
    ...{ logged: 0, acknowledged: 0, failures: 0, latencies: [] },
    isAcknowledged: new Uint8Array(linesMax),
  }
  const stopping = new AbortController()
  let server = firstRun
  let token: { readonly text: string; readonly since: number } | undefined
  let index = 0

  async function tokenNow(): Promise<string> {
    if (token !== undefined && performance.now() - token.since < tokenMsMax) return token.text
    const answer = await requestToken(server)
    if (answer.status !== 200) throw new Error(answer.text)
    token = { text: (answer.json as { access_token: string }).access_token, since: performance.now() }
    return token.text
  }

  async function post(lines: readonly Line[]): Promise<void> {
    const headers = { authorization: `Bearer ${await tokenNow()}`, 'x-tenant-id': server.tenantId }
    const body = lines.map(({ text }) => `${text}\n`).join('')
    const signal = AbortSignal.timeout(answerMsMax)
    const sentAt = performance.now()
    const answer = await fetchAnswer(`${server.url}/lake/v1/ingest/osquery`, { method: 'POST', headers, body, signal })
    if (answer.status === 401) token = undefined
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`)
    ledger.latencies.push(performance.now() - sentAt)
  }

  /** The host with the most to send that nobody is sending for. */
  function nextHost(): string | undefined {
    let best: string | undefined
    for (const [host, lines] of buffers) {
      if (lines.length === 0 || busy.has(host)) continue
      if (best === undefined || lines.length > buffers.get(best)!.length) best = host
    }
    return best
  }

  async function send(): Promise<void> {
    let backoffMs = 50
    while (!stopping.signal.aborted) {
      const host = nextHost()
      if (host === undefined) {
        await pause(20, stopping.signal)
        continue
      }
      busy.add(host)
      const batch = buffers.get(host)!.slice(0, linesPerBodyMax)
      try {
        await post(batch)
        for (const { serial } of batch) ledger.isAcknowledged[serial] = 1
        ledger.acknowledged += batch.length
        buffers.set(host, buffers.get(host)!.slice(batch.length))
        backoffMs = 50
      } catch {
        ledger.failures += 1
        await pause(backoffMs, stopping.signal)
        backoffMs = Math.min(backoffMs * 2, backoffMsMax)
      } finally {
        busy.delete(host)
      }
    }
  }

  const sending = Promise.all(Array.from({ length: senders }, send))
  return {
    ledger,
    connect(next) {
      server = next
      token = undefined
    },
    log(count) {
      for (let logged = 0; logged < count; index += 1) {
        const line = numbered(log.line(index % log.lineCount), ledger.logged)
        if (line === undefined) continue
        const buffer = buffers.get(line.host) ?? []
        buffers.set(line.host, buffer)
        buffer.push({ serial: ledger.logged, text: line.text })
        ledger.logged += 1
        logged += 1
      }
    },
    async drain(ms) {
      const deadline = performance.now() + ms
      while (ledger.acknowledged < ledger.logged) {
        if (performance.now() > deadline) throw new Error(`${ledger.logged - ledger.acknowledged} lines were not taken`)
        await pause(50, stopping.signal)
      }
    },
    async stop() {
      stopping.abort()
      await sending
    },
  }
}

const hostPattern = /"(?:hostIdentifier|hostname)":"([^"]+)"/

/** The line with its number among its columns and the present time; undefined for a form without `columns`. */
function numbered(line: string, serial: number): { readonly host: string; readonly text: string } | undefined {
  const host = hostPattern.exec(line)?.[1]
  if (host === undefined || !line.includes('"columns":{')) return undefined
  const now = Math.floor(Date.now() / 1000)
  const text = line
    .replace('"columns":{', `"columns":{"soak_serial":"${serial}",`)
    .replace(/"unixTime":"?\d+"?/, `"unixTime":${now}`)
  return { host, text }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
  })
}
