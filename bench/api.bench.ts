import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openStore, type Store } from '../src/db/db.ts'
import { newId } from '../src/model/ids.ts'
import { startServer, type TestServer } from '../test/support/server.ts'
import { connect, requestToken, type XdrClient } from '../test/support/xdr-client.ts'
import { guideSql } from './support/guide.ts'
import { count, type Figure, machine, milliseconds, otherWork, quantile, table } from './support/report.ts'
import { type Answered, asFastAsMayBe, atRate, requestBytes } from './support/requests.ts'

// The API's own figures, over a server of its own process with rate limits off: every route that runs no query at 200
// requests a second, tokens and polls as fast as may be, pages; the same again with many tenants and runs in the store.
//
//   npm run bench -- api [--seconds=5] [--tenants=5000] [--runs=50000] [--rate=200]

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    tenants: { type: 'string', default: '5000' },
    runs: { type: 'string', default: '50000' },
    rate: { type: 'string', default: '200' },
  },
})
const seconds = Number(values.seconds)
const perSecond = Number(values.rate)
const pageColumns = 60
const pageRows = 1000
const runsPath = '/xdr-query/v1/queries/runs'

interface Bench {
  readonly server: TestServer
  readonly client: XdrClient
  readonly runId: string
  readonly partner: { readonly token: string; readonly partnerId: string }
}

/** A finished run of 5,000 rows and 60 columns: numbers, texts, a null. */
async function wideRun(client: XdrClient): Promise<string> {
  const columns = Array.from({ length: pageColumns }, (_, index) => {
    if (index % 3 === 0) return `n + ${index} AS number_${index}`
    if (index % 3 === 1) return `concat('value of column ${index}, row ', CAST(n AS varchar)) AS text_${index}`
    return `nullif(n % ${index + 2}, 0) AS rest_${index}`
  })
  const { id } = await client.start({ sql: `SELECT ${columns.join(', ')} FROM UNNEST(sequence(1, 5000)) AS t(n)` })
  const run = await client.finish(id)
  if (run.result !== 'succeeded') throw new Error(JSON.stringify(run))
  // Its first page is rendered behind the answer; a server that is stopped before has none.
  await delay(1_000)
  return id
}

interface Route {
  readonly name: string
  readonly request: Buffer
  readonly expected: number
}

function routesOf({ server, client, runId, partner }: Bench): readonly Route[] {
  const headers = { authorization: `Bearer ${client.token}`, 'x-tenant-id': client.tenantId }
  const get = (path: string, own: Readonly<Record<string, string>> = headers): Route => {
    const name = `GET ${path.replace(runId, '{id}')}`
    return { name, request: requestBytes(server.url, 'GET', path, own), expected: 200 }
  }
  const asPartner = { authorization: `Bearer ${partner.token}`, 'x-partner-id': partner.partnerId }
  return [
    ...['/livez', '/readyz', '/version', '/.well-known/jwks.json', '/openapi.json', '/docs'].map(path => get(path, {})),
    get('/whoami/v1'),
    get(`${runsPath}/${runId}`),
    get(runsPath),
    get(`${runsPath}?pageTotal=true&pageSize=100`),
    get('/xdr-query/v1/queries'),
    get('/xdr-query/v1/queries/categories'),
    get('/endpoint/v1/endpoints'),
    get('/lake/v1/schema'),
    get('/lake/v1/stats'),
    get('/lake/v1/sql/functions'),
    get('/lake/v1/principals'),
    get('/lake/v1/enroll-secrets'),
    get('/lake/v1/account/principals', asPartner),
    get('/lake/v1/tenants?pageTotal=true', asPartner),
    get('/partner/v1/tenants?pageTotal=true', asPartner),
  ]
}

function tokenRequest({ server }: Pick<Bench, 'server'>): Buffer {
  const { clientId, clientSecret } = server.firstRun
  const form = { grant_type: 'client_credentials', scope: 'token', client_id: clientId, client_secret: clientSecret }
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return requestBytes(server.url, 'POST', '/api/v2/oauth2/token', headers, new URLSearchParams(form).toString())
}

/** Processor time of the server's process, ms: what a figure costs whatever else runs on the machine. */
function processorMs({ pid }: TestServer): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** The answers of some requests, and the server's processor time for each in the mean. */
async function costOf(server: TestServer, send: () => Promise<readonly Answered[]>) {
  const before = processorMs(server)
  const answers = await send()
  return { answers, cpuMs: (processorMs(server) - before) / answers.length }
}

/** One figure of one store. */
interface Measured {
  readonly name: string
  readonly target: string
  /** Milliseconds, or a number a second. */
  readonly value: number
  readonly unit: 'ms' | '/s'
  /** Of the server's processor, for each answer. */
  readonly cpuMs: number
  readonly note: string
}

function noteOf(answers: readonly Answered[], expected: number): string {
  const wrong = answers.filter(({ status }) => status !== expected).length
  return wrong === 0 ? '' : `${wrong} answers were not ${expected}`
}

function timeOf(answers: readonly Answered[], share: number): number {
  const times = answers.map(({ ms }) => ms)
  return quantile(times, share)
}

async function routeFigures(bench: Bench): Promise<readonly Measured[]> {
  const figures: Measured[] = []
  for (const { name, request, expected } of routesOf(bench)) {
    await asFastAsMayBe(bench.server.url, request, { seconds: 0.2, connections: 2 })
    const { answers, cpuMs } = await costOf(bench.server, () =>
      atRate(bench.server.url, request, { perSecond, seconds, connections: 32 }),
    )
    const note = noteOf(answers, expected)
    const value = timeOf(answers, 0.99)
    figures.push({ name: `${name}, p99 at ${perSecond}/s`, target: '≤ 20 ms', value, unit: 'ms', cpuMs, note })
  }
  return figures
}

async function throughput(name: string, bench: Bench, request: Buffer, target: string): Promise<Measured> {
  const { url } = bench.server
  await asFastAsMayBe(url, request, { seconds: 1, connections: 16 })
  const { answers, cpuMs } = await costOf(bench.server, () => asFastAsMayBe(url, request, { seconds, connections: 16 }))
  return { name, target, value: answers.length / seconds, unit: '/s', cpuMs, note: noteOf(answers, 200) }
}

async function pageFigures(bench: Bench): Promise<readonly Measured[]> {
  const { client, runId, server } = bench
  const headers = { authorization: `Bearer ${client.token}`, 'x-tenant-id': client.tenantId }
  const shape = `page of ${count(pageRows)} × ${pageColumns}`
  const measure = async (what: string, query: string, target: string): Promise<Measured> => {
    const url = `${runsPath}/${runId}/results?pageSize=${pageRows}&${query}`
    const request = requestBytes(server.url, 'GET', url, headers)
    const { answers, cpuMs } = await costOf(server, () =>
      asFastAsMayBe(server.url, request, { seconds, connections: 1 }),
    )
    const note = noteOf(answers, 200)
    return { name: `${shape}, ${what}, p50`, target, value: timeOf(answers, 0.5), unit: 'ms', cpuMs, note }
  }
  return [await measure('rendered ahead', '', '≤ 10 ms'), await measure('read', 'page=4', '≤ 50 ms')]
}

async function allFigures(bench: Bench): Promise<readonly Measured[]> {
  const { client, server, runId } = bench
  const headers = { authorization: `Bearer ${client.token}`, 'x-tenant-id': client.tenantId }
  const poll = requestBytes(server.url, 'GET', `${runsPath}/${runId}`, headers)
  return [
    await throughput('tokens issued', bench, tokenRequest(bench), '≥ 500/s'),
    await throughput('polls of a run', bench, poll, '≥ 2,000/s'),
    ...(await pageFigures(bench)),
    ...(await routeFigures(bench)),
  ]
}

/**
 * Each figure in both stores, and how many times slower the filled one is: of the processor's time, which other work on
 * the machine changes least; beside it of the value itself.
 */
function compared(empty: readonly Measured[], filled: readonly Measured[]): readonly Figure[] {
  const shown = ({ value, unit }: Measured) => (unit === 'ms' ? milliseconds(value) : `${count(value)}/s`)
  return empty.map((before, index) => {
    const after = filled[index]!
    const slower = before.unit === 'ms' ? after.value / before.value : before.value / after.value
    const times = (ratio: number) => `× ${ratio.toFixed(2)}`
    const cpu = `CPU ${before.cpuMs.toFixed(2)} → ${after.cpuMs.toFixed(2)} ms ${times(after.cpuMs / before.cpuMs)}`
    const notes = [cpu, before.note, after.note].filter(note => note !== '')
    return {
      name: before.name,
      value: `${shown(before)} → ${shown(after)} ${times(slower)}`,
      beside: before.target,
      note: notes.join('; '),
    }
  })
}

interface Amount {
  readonly tenants: number
  readonly runs: number
}

/** Pages of lists are full: what is compared is the store, not the length of an answer. */
const little: Amount = { tenants: 100, runs: 200 }
const much: Amount = { tenants: Number(values.tenants), runs: Number(values.runs) }

/** Many tenants of one partner, and finished runs, most of them of the tenant that is measured. */
async function fill(
  store: Store,
  { tenantId, runId, partnerId }: { tenantId: string; runId: string; partnerId: string },
  amount: Amount,
): Promise<void> {
  const [tenant, run] = await Promise.all([
    store.selectFrom('tenants').selectAll().where('id', '=', tenantId).executeTakeFirstOrThrow(),
    store.selectFrom('runs').selectAll().where('id', '=', runId).executeTakeFirstOrThrow(),
  ])
  const chunk = 200
  const tenantIds = Array.from({ length: amount.tenants }, newId)
  for (let at = 0; at < tenantIds.length; at += chunk) {
    const rows = tenantIds.slice(at, at + chunk).map((id, index) => ({
      ...{ ...tenant, id, name: `Tenant ${at + index}`, show_as: `Tenant ${at + index}`, partner_id: partnerId },
    }))
    await store.insertInto('tenants').values(rows).execute()
  }
  for (let at = 0; at < amount.runs; at += 50) {
    const rows = Array.from({ length: 50 }, (_, index) => {
      const owner = index % 2 === 0 ? tenantId : (tenantIds[(at + index) % tenantIds.length] ?? tenantId)
      const created_at = run.created_at - at - index
      // A statement as long as people's are.
      return { ...run, id: newId(), tenant_id: owner, template: guideSql, created_at }
    })
    await store.insertInto('runs').values(rows).execute()
  }
}

/** The same server with its store filled between two starts. */
async function filledAgain(bench: Bench, amount: Amount): Promise<Bench> {
  await bench.server.stop('SIGTERM')
  const store = openStore(join(bench.server.directory, 'private', 'store.sqlite'))
  const { client, runId, partner } = bench
  await fill(store, { tenantId: client.tenantId, runId, partnerId: partner.partnerId }, amount)
  await store.destroy()
  const server = await bench.server.restart()
  return { server, client: await connect(server.firstRun), runId: bench.runId, partner: await partnerOf(server) }
}

/** The partner that the first start made. */
async function partnerOf({ url, directory }: TestServer): Promise<Bench['partner']> {
  const text = await readFile(join(directory, 'first-run-partner.json'), 'utf8')
  const { id, clientId, clientSecret } = JSON.parse(text) as { id: string; clientId: string; clientSecret: string }
  const answer = await requestToken({ url, clientId, clientSecret })
  return { token: (answer.json as { access_token: string }).access_token, partnerId: id }
}

async function main(): Promise<void> {
  console.log(`machine: ${machine()}; ${otherWork()}; rate limits off; ${seconds} s a figure`)
  const server = await startServer({ flags: ['--log-level', 'info'] })
  try {
    const client = await connect(server.firstRun)
    const bench = { server, client, runId: await wideRun(client), partner: await partnerOf(server) }
    const small = await filledAgain(bench, little)
    const before = await allFigures(small)
    const filled = await filledAgain(small, much)
    try {
      const stored = ({ tenants, runs }: Amount) => `${count(tenants)} tenants and ${count(runs)} runs`
      console.log(`\n${stored(little)} in the store → ${stored(much)} more:\n`)
      console.log(table(compared(before, await allFigures(filled))))
    } finally {
      await filled.server.stop('SIGTERM')
    }
  } finally {
    await server.close()
  }
}

await main()
