import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { XdrClient } from '../support/xdr-client.ts'
import { bombs } from './bombs.ts'
import { type PlantedServer, startPlanted, tryStatement } from './planted-server.ts'
import { sample } from './sample.ts'
import { WallTable } from './wall-table.ts'

// Statements that ask too much. Whatever they do to their worker, the API process goes on: same process, event loop
// never held up, the next honest query answered at once, and no worker larger than its limit allows.

const mib = 2 ** 20
const workerBytes = 320 * mib
const timeoutMs = 3_000
const flags = ['--worker-memory', `${workerBytes}`, '--worker-temp', '48m', '--run-timeout', `${timeoutMs}ms`]
const caps = ['--result-rows', '200000', '--result-bytes', '16m']

/** A run ends by its deadline, and a stop takes 1.2 s at most. */
const endMsMax = timeoutMs + 1_200
/** For the next honest query, and for a client's own way; more only where the same took long before any bomb. */
const honestMsMax = 2_000
const honestFactor = 20
const honestSql = 'SELECT count(*) AS n FROM xdr_data'
const stallMsMax = 50
const overshoot = 1.2

/** Highest resident size of each worker so far, by process: the kernel's own mark, so nothing between is missed. */
function watchWorkers(directory: string): { readonly peaks: Map<number, number>; stop(): void } {
  const peaks = new Map<number, number>()
  const look = setInterval(() => {
    for (const pid of workersOf(directory)) peaks.set(pid, peaks.get(pid) ?? 0)
  }, 200)
  const read = setInterval(() => {
    for (const [pid, peak] of peaks) peaks.set(pid, Math.max(peak, peakBytes(pid) ?? 0))
  }, 20)
  const stop = () => {
    clearInterval(look)
    clearInterval(read)
  }
  return { peaks, stop }
}

function workersOf(directory: string): number[] {
  const names = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  return names.map(Number).filter(pid => {
    const command = textOf(`/proc/${pid}/cmdline`)
    return command.includes('worker.ts') && command.includes(`${directory}/tmp/worker-`)
  })
}

function peakBytes(pid: number): number | undefined {
  const match = /VmHWM:\s+(\d+) kB/.exec(textOf(`/proc/${pid}/status`))
  return match === null ? undefined : Number(match[1]) * 1024
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Gone meanwhile.
    return ''
  }
}

/** p99 of the delay of an event loop that does nothing, on the same machine: what is not the server's own doing. */
function watchIdleLoop(): { end(): Promise<number> } {
  const code = `const { monitorEventLoopDelay } = require('node:perf_hooks')
    const delay = monitorEventLoopDelay({ resolution: 10 })
    delay.enable()
    require('node:worker_threads').parentPort.once('message', () => {
      require('node:worker_threads').parentPort.postMessage(delay.percentile(99) / 1e6)
    })`
  const thread = new Worker(code, { eval: true })
  thread.unref()
  return {
    async end() {
      thread.postMessage('end')
      const [delayMs] = await once(thread, 'message')
      await thread.terminate()
      return delayMs
    },
  }
}

/** p99 of the event loop's delay since the last scrape, ms. */
async function stallMs(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const match = /^nodejs_eventloop_lag_p99_seconds(?:\{[^}]*\})? (\S+)/m.exec(text)
  assert.ok(match !== null, text.slice(0, 500))
  return Number(match[1]) * 1000
}

/** The fastest of a few honest queries on a machine that may have other work. */
async function usualMs(client: XdrClient): Promise<number> {
  const times: number[] = []
  for (let index = 0; index < 5; index += 1) {
    const startedAt = performance.now()
    await tryStatement(client, honestSql)
    times.push(performance.now() - startedAt)
  }
  return Math.min(...times)
}

suite('bombs', () => {
  let planted: PlantedServer
  before(async () => {
    planted = await startPlanted([...flags, ...caps])
  })
  after(() => planted?.server.close())

  test('each ends in time with a clear message, and nothing else notices', async context => {
    const { attacker, server } = planted
    const { items, note } = sample(bombs, 8)
    const table = new WallTable()
    const workers = watchWorkers(server.directory)
    context.after(() => workers.stop())
    const worst = { endMs: 0, honestMs: 0 }
    const patienceMs = Math.max(honestMsMax, honestFactor * (await usualMs(attacker)))
    const idle = watchIdleLoop()
    await stallMs(server.url)
    for (const { kind, sql } of items) {
      const what = `${kind}: ${sql.length > 300 ? `${sql.slice(0, 300)}…` : sql}`
      const startedAt = performance.now()
      const ended = await tryStatement(attacker, sql)
      const endMs = performance.now() - startedAt
      table.count(kind, ended.how)
      assert.ok(endMs < endMsMax + patienceMs, `${Math.round(endMs)} ms: ${what}`)
      if (ended.how === 'failed' || ended.how === 'refused') assert.match(ended.message, /^\S[^\n]{10,}$/, what)
      const askedAt = performance.now()
      const honest = await tryStatement(attacker, honestSql)
      const honestMs = performance.now() - askedAt
      assert.equal(honest.how, 'succeeded', `${honest.answer} after ${what}`)
      assert.ok(honestMs < patienceMs, `the next query took ${Math.round(honestMs)} ms after ${what}`)
      worst.endMs = Math.max(worst.endMs, endMs)
      worst.honestMs = Math.max(worst.honestMs, honestMs)
      const peak = Math.max(...workers.peaks.values())
      assert.ok(peak <= workerBytes * overshoot, `a worker reached ${Math.round(peak / mib)} MiB at ${what}`)
    }
    const stall = await stallMs(server.url)
    const idleStall = await idle.end()
    const peak = Math.round(Math.max(...workers.peaks.values()) / mib)
    context.diagnostic(`${note}\n${table}`)
    context.diagnostic(`slowest end ${Math.round(worst.endMs)} ms, next query ${Math.round(worst.honestMs)} ms`)
    context.diagnostic(
      `event loop p99 ${stall.toFixed(1)} ms, of an idle one ${idleStall.toFixed(1)} ms; largest worker ${peak} MiB of ${workerBytes / mib}`,
    )
    assert.ok(stall < stallMsMax + idleStall, `the event loop stalled: p99 ${stall} ms, of an idle one ${idleStall} ms`)
    assert.equal(server.output().match(/"msg":"ready"/g)?.length, 1)
  })
})
