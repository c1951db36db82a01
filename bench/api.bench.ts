import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { registerPrincipal } from '../src/auth/register.ts'
import { openStore, type Store } from '../src/db/db.ts'
import { newId } from '../src/model/ids.ts'
import { startServer, type TestServer } from '../test/support/server.ts'
import { connect, requestToken, type XdrClient } from '../test/support/xdr-client.ts'
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
  readonly partner: { readonly token: string; readonly partnerId: string } | undefined
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
  const asPartner = partner && { authorization: `Bearer ${partner.token}`, 'x-partner-id': partner.partnerId }
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
    ...(asPartner === undefined ? [] : [get('/partner/v1/tenants?pageTotal=true', asPartner)]),
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
  return { answers, cost: `${((processorMs(server) - before) / answers.length).toFixed(2)} ms CPU each` }
}

function figureOf(name: string, answers: readonly Answered[], expected: number, target: string): Figure {
  const wrong = answers.filter(({ status }) => status !== expected).length
  const times = answers.map(({ ms }) => ms)
  const note = wrong === 0 ? `p50 ${milliseconds(quantile(times, 0.5))}` : `${wrong} answers were not ${expected}`
  return { name, value: `p99 ${milliseconds(quantile(times, 0.99))}`, beside: target, note }
}

async function routeFigures(bench: Bench): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  for (const { name, request, expected } of routesOf(bench)) {
    await asFastAsMayBe(bench.server.url, request, { seconds: 0.2, connections: 2 })
    const { answers, cost } = await costOf(bench.server, () =>
      atRate(bench.server.url, request, { perSecond, seconds, connections: 32 }),
    )
    const figure = figureOf(`${name}, ${perSecond}/s`, answers, expected, '≤ 20 ms')
    figures.push({ ...figure, note: `${figure.note}, ${cost}` })
  }
  return figures
}

async function throughput(name: string, bench: Bench, request: Buffer, target: string): Promise<Figure> {
  const { url } = bench.server
  await asFastAsMayBe(url, request, { seconds: 1, connections: 16 })
  const { answers, cost } = await costOf(bench.server, () => asFastAsMayBe(url, request, { seconds, connections: 16 }))
  const { note } = figureOf(name, answers, 200, '')
  const p99 = milliseconds(
    quantile(
      answers.map(({ ms }) => ms),
      0.99,
    ),
  )
  return { name, value: `${count(answers.length / seconds)}/s`, beside: target, note: `${note}, p99 ${p99}, ${cost}` }
}

async function pageFigures(bench: Bench): Promise<readonly Figure[]> {
  const { client, runId, server } = bench
  const headers = { authorization: `Bearer ${client.token}`, 'x-tenant-id': client.tenantId }
  const page = (query: string) =>
    requestBytes(server.url, 'GET', `${runsPath}/${runId}/results?pageSize=${pageRows}&${query}`, headers)
  const oneAtATime = { seconds, connections: 1 }
  const shape = `page of ${count(pageRows)} × ${pageColumns}`
  const rendered = await asFastAsMayBe(server.url, page(''), oneAtATime)
  const read = await asFastAsMayBe(server.url, page('page=4'), oneAtATime)
  const half = (answers: readonly Answered[]) =>
    milliseconds(
      quantile(
        answers.map(({ ms }) => ms),
        0.5,
      ),
    )
  return [
    { ...figureOf(`${shape}, rendered ahead`, rendered, 200, '≤ 10 ms'), value: `p50 ${half(rendered)}` },
    { ...figureOf(`${shape}, read`, read, 200, '≤ 50 ms'), value: `p50 ${half(read)}` },
  ]
}

async function allFigures(bench: Bench): Promise<readonly Figure[]> {
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

/** Many tenants of one partner, and finished runs, most of them of the tenant that is measured. */
async function fill(store: Store, tenantId: string, runId: string, partnerId: string): Promise<void> {
  const [tenant, run] = await Promise.all([
    store.selectFrom('tenants').selectAll().where('id', '=', tenantId).executeTakeFirstOrThrow(),
    store.selectFrom('runs').selectAll().where('id', '=', runId).executeTakeFirstOrThrow(),
  ])
  const chunk = 200
  const tenantIds = Array.from({ length: Number(values.tenants) }, newId)
  for (let at = 0; at < tenantIds.length; at += chunk) {
    const rows = tenantIds.slice(at, at + chunk).map((id, index) => ({
      ...{ ...tenant, id, name: `Tenant ${at + index}`, show_as: `Tenant ${at + index}`, partner_id: partnerId },
    }))
    await store.insertInto('tenants').values(rows).execute()
  }
  for (let at = 0; at < Number(values.runs); at += 50) {
    const rows = Array.from({ length: 50 }, (_, index) => {
      const owner = index % 2 === 0 ? tenantId : (tenantIds[(at + index) % tenantIds.length] ?? tenantId)
      return { ...run, id: newId(), tenant_id: owner, created_at: run.created_at - at - index }
    })
    await store.insertInto('runs').values(rows).execute()
  }
}

/** The same server with its store filled between two starts. */
async function filledAgain(bench: Bench): Promise<Bench> {
  await bench.server.stop('SIGTERM')
  const folder = join(bench.server.directory, 'private')
  const store = openStore(join(folder, 'store.sqlite'))
  const partnerId = newId()
  await fill(store, bench.client.tenantId, bench.runId, partnerId)
  const registrar = { store, secretKey: await readFile(join(folder, 'secret-key')), clock: Date.now }
  const wanted = { accountType: 'partner', accountId: partnerId, role: 'superAdmin', name: 'bench' } as const
  const credentials = await registerPrincipal(registrar, wanted)
  await store.destroy()
  const server = await bench.server.restart()
  const client = await connect(server.firstRun)
  const answer = await requestToken({ url: server.url, ...credentials })
  const { access_token: token } = answer.json as { access_token: string }
  return { server, client, runId: bench.runId, partner: { token, partnerId } }
}

async function main(): Promise<void> {
  console.log(`machine: ${machine()}; ${otherWork()}; rate limits off; ${seconds} s a figure`)
  const server = await startServer({ flags: ['--log-level', 'info'] })
  try {
    const client = await connect(server.firstRun)
    const bench = { server, client, runId: await wideRun(client), partner: undefined }
    console.log(`\nAn empty store:\n\n${table(await allFigures(bench))}`)
    const filled = await filledAgain(bench)
    try {
      const title = `${count(Number(values.tenants))} tenants and ${count(Number(values.runs))} runs in the store`
      console.log(`\n${title}:\n\n${table(await allFigures(filled))}`)
    } finally {
      await filled.server.stop('SIGTERM')
    }
  } finally {
    await server.close()
  }
}

await main()
