import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startServer, type TestServer } from '../test/support/server.ts'
import { addPartner, tenantIdsOf } from '../test/support/tenants.ts'
import { requestToken, type XdrClient, xdrClient } from '../test/support/xdr-client.ts'
import { type FleetLog, openFleet } from './fleet.ts'
import { count, type Figure, machine, median, milliseconds, otherWork, quantile, table } from './support/report.ts'
import { committedFiles } from './support/store-reading.ts'

// Many small tenants on one lake: each takes its share of a steady stream while queries go to one after the other.
// Before it every tenant gets what it would have had waiting in its tail, so that the figures are those of an hour's
// work.
//
//   npm run bench -- tenants [--tenants=300] [--hosts=27] [--rate=1750] [--seconds=60] [--tail=2000]

const linesPerBody = 64
const queryMsMax = 300
const filesPerSecondMax = 10

interface Options {
  readonly tenants: number
  readonly hosts: number
  readonly rate: number
  readonly seconds: number
  /** Lines each tenant has waiting. */
  readonly tail: number
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      tenants: { type: 'string', default: '300' },
      hosts: { type: 'string', default: '27' },
      rate: { type: 'string', default: '1750' },
      seconds: { type: 'string', default: '60' },
      tail: { type: 'string', default: '2000' },
    },
  })
  const [tenants, hosts, rate, seconds, tail] = [
    ...[values.tenants, values.hosts, values.rate, values.seconds, values.tail].map(Number),
  ] as [number, number, number, number, number]
  return { tenants, hosts, rate, seconds, tail }
}

/** Each tenant's client sends the log's next lines, as if they were its own. */
class Sender {
  #next = 0
  readonly #log: FleetLog
  readonly #clients: readonly XdrClient[]

  constructor(log: FleetLog, clients: readonly XdrClient[]) {
    this.#log = log
    this.#clients = clients
  }

  async send(client: XdrClient, lines: number): Promise<void> {
    const from = this.#next
    this.#next += lines
    const { status, text } = await client.call('POST', '/lake/v1/ingest/osquery', {
      body: this.#log.text(from, from + lines),
    })
    if (status !== 200) throw new Error(text)
  }

  async fillTails(lines: number): Promise<void> {
    const waiting = [...this.#clients]
    const work = async (): Promise<void> => {
      for (let client = waiting.pop(); client !== undefined; client = waiting.pop()) await this.send(client, lines)
    }
    await Promise.all([work(), work(), work(), work()])
  }

  /** A body for one tenant after the other, `rate` lines a second, until the time is up; ms of each answer. */
  async stream(rate: number, seconds: number): Promise<readonly number[]> {
    const times: number[] = []
    const startedAt = performance.now()
    const pending: Promise<void>[] = []
    for (let body = 0; ; body += 1) {
      const dueMs = ((body * linesPerBody) / rate) * 1000
      if (dueMs > seconds * 1000) break
      await delay(Math.max(0, startedAt + dueMs - performance.now()))
      const sentAt = performance.now()
      const answered = this.send(this.#clients[body % this.#clients.length]!, linesPerBody)
      pending.push(answered.then(() => void times.push(performance.now() - sentAt)))
    }
    await Promise.all(pending)
    return times
  }
}

/** Queries of one tenant after the other, one at a time, until the time is up; ms from the POST to the first page. */
async function ask(clients: readonly XdrClient[], seconds: number): Promise<readonly number[]> {
  const times: number[] = []
  const until = performance.now() + seconds * 1000
  for (let turn = 0; performance.now() < until; turn += 1) {
    const client = clients[(turn * 7) % clients.length]!
    const sql = `SELECT meta_hostname, count(*) AS n FROM xdr_data WHERE query_name = 'running_processes_windows_sophos' GROUP BY 1`
    const startedAt = performance.now()
    const { id } = await client.start({ sql })
    const { json, text } = await client.call('GET', `/xdr-query/v1/queries/runs/${id}?wait=60`)
    if ((json as { result?: string }).result !== 'succeeded') throw new Error(text)
    await client.page(id)
    times.push(performance.now() - startedAt)
  }
  return times
}

async function clientsOf(server: TestServer, tenants: number): Promise<readonly XdrClient[]> {
  const partner = await addPartner(
    server,
    Array.from({ length: tenants }, (_, number) => `tenant-${number}`),
  )
  const answer = await requestToken(partner)
  const { access_token: token } = answer.json as { access_token: string }
  const ids = await tenantIdsOf(server, partner.tenantId)
  return ids.map(id => xdrClient(server.url, token, id))
}

function residentMib(pid: number): number {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024)
}

async function main(): Promise<void> {
  const options = readOptions()
  const conditions = `machine: ${machine()}; ${otherWork()}`
  const end = Math.floor(Date.now() / 1000)
  const lines = options.tenants * options.tail + options.rate * options.seconds * 2
  const [log] = openFleet({ seed: 1, lines: lines * 2, start: end - 3_600, end, hostsMax: options.hosts })
  await using server = await startServer()
  const clients = await clientsOf(server, options.tenants)
  const sender = new Sender(log!, clients)
  await sender.fillTails(options.tail)
  const startedAt = Date.now()
  const [answers, queries] = await Promise.all([
    sender.stream(options.rate, options.seconds),
    ask(clients, options.seconds),
  ])
  const files = committedFiles(server.directory, startedAt) / ((Date.now() - startedAt) / 1000)
  const p99 = quantile(queries, 0.99)
  const figures: Figure[] = [
    {
      name: 'a query over one tenant, p99',
      value: milliseconds(p99),
      beside: `target ${queryMsMax} ms ${p99 <= queryMsMax ? 'met' : 'missed'}`,
      note: `p50 ${milliseconds(median(queries))}, ${count(queries.length)} queries`,
    },
    {
      name: 'data files a second',
      value: files.toFixed(2),
      beside: `target ${filesPerSecondMax} ${files <= filesPerSecondMax ? 'met' : 'missed'}`,
      note: 'committed during the stream',
    },
    {
      name: `acknowledged at ${count(options.rate)} lines/s`,
      value: `p50 ${milliseconds(median(answers))}`,
      beside: '',
      note: `p99 ${milliseconds(quantile(answers, 0.99))}; API process ${residentMib(server.pid)} MiB`,
    },
  ]
  console.log(conditions)
  console.log(
    `data: ${options.tenants} tenants × ${options.hosts} hosts × 40 query names, ${count(options.tail)} lines of each tenant waiting, ` +
      `${options.seconds} s, seed 1\n`,
  )
  console.log(table(figures))
}

await main()
