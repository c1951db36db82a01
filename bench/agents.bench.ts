import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { enrolBody } from '../test/support/fleet.ts'
import { startServer, type TestServer } from '../test/support/server.ts'
import { connect } from '../test/support/xdr-client.ts'
import { openFleet } from './fleet.ts'
import { type Bodies, changeBodies, greetings, writeBodies } from './support/bodies.ts'
import { sendBodies } from './support/load.ts'
import { count, type Figure, machine, median, milliseconds, otherWork, quantile, table } from './support/report.ts'
import { asFastAsMayBe, requestBytes } from './support/requests.ts'

// What agents cost: their log posts beside the same lines as NDJSON, and what they ask for all the time. The server is
// a process of its own; its processor time is said as well, because it does not depend on what else the machine does.
//
//   npm run bench -- agents [--lines=50000] [--runs=3] [--hosts=10000] [--seconds=3] [--connections=16] [--seed=1]

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '50000' },
    runs: { type: 'string', default: '3' },
    hosts: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '16' },
    seed: { type: 'string', default: '1' },
  },
})
const [lines, runs, hosts, seconds, connections, seed] = [
  ...[values.lines, values.runs, values.hosts, values.seconds, values.connections, values.seed].map(Number),
] as [number, number, number, number, number, number]
const linesPerBody = 64
const daySeconds = 86_400
const ticksPerSecond = 100

/** Processor time of the server so far, seconds. */
function processorSeconds({ pid }: TestServer): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

async function enrol({ firstRun }: TestServer, name: string): Promise<string> {
  const body = enrolBody({ secret: firstRun.enrollSecret, identifier: name, hostname: name, instance: name })
  const answer = await fetch(`${firstRun.url}/osquery/v1/enroll`, { method: 'POST', body })
  return ((await answer.json()) as { node_key: string }).node_key
}

interface Posted {
  readonly linesPerSecond: number
  readonly microsecondsPerLine: number
}

/** The bodies through a fresh server, as NDJSON or as log posts of agents that have enrolled. */
async function post(bodies: Bodies, greeting: string, folder: string, asAgents: boolean): Promise<Posted> {
  const server = await startServer()
  try {
    const client = await connect(server.firstRun)
    await client.ingest(greeting)
    const ndjson = { authorization: `Bearer ${client.token}`, 'x-tenant-id': client.tenantId }
    const path = asAgents ? '/osquery/v1/log' : '/lake/v1/ingest/osquery'
    const sent = asAgents ? await agentBodies(server, bodies, join(folder, 'agents')) : bodies
    const before = processorSeconds(server)
    const { seconds: took } = await sendBodies(
      { url: server.url, path, headers: asAgents ? {} : ndjson },
      sent,
      connections,
    )
    const spent = processorSeconds(server) - before
    return { linesPerSecond: bodies.lines / took, microsecondsPerLine: (spent * 1e6) / bodies.lines }
  } finally {
    await server.close()
  }
}

async function agentBodies(server: TestServer, bodies: Bodies, path: string): Promise<Bodies> {
  const names = new Set<string>()
  changeBodies(bodies, path, (_text, host) => {
    names.add(host)
    return ''
  }).close()
  const keys = new Map<string, string>()
  for (const name of names) keys.set(name, await enrol(server, name))
  return changeBodies(bodies, path, (text, host) => {
    const data = text.trimEnd().replaceAll('\n', ',')
    return `{"node_key":"${keys.get(host)}","log_type":"result","data":[${data}]}`
  })
}

async function logFigures(): Promise<readonly Figure[]> {
  const end = Math.floor(Date.now() / 1000) - 60
  const log = openFleet({ seed, lines: lines * 2, start: end - daySeconds, end })[0]!
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-bench-'))
  const bodies = writeBodies(log, linesPerBody, join(folder, 'ndjson'))
  const posted: Record<'agents' | 'ndjson', Posted[]> = { agents: [], ndjson: [] }
  for (let run = 0; run < runs; run += 1) {
    posted.ndjson.push(await post(bodies, greetings(log), folder, false))
    posted.agents.push(await post(bodies, greetings(log), folder, true))
  }
  bodies.close()
  await rm(folder, { recursive: true })
  const of = (which: 'agents' | 'ndjson', what: keyof Posted) => median(posted[which].map(each => each[what]))
  const beside = (what: keyof Posted, unit: string) => `NDJSON: ${count(of('ndjson', what))} ${unit}`
  return [
    {
      ...{ name: `log posts of ${linesPerBody} lines`, value: `${count(of('agents', 'linesPerSecond'))} lines/s` },
      ...{ beside: beside('linesPerSecond', 'lines/s'), note: `${connections} connections` },
    },
    {
      ...{ name: "the server's processor time", value: `${of('agents', 'microsecondsPerLine').toFixed(1)} µs a line` },
      ...{
        beside: `NDJSON: ${of('ndjson', 'microsecondsPerLine').toFixed(1)} µs a line`,
        note: 'conversion not counted',
      },
    },
  ]
}

async function askFigures(): Promise<readonly Figure[]> {
  const server = await startServer()
  const figures: Figure[] = []
  try {
    const before = processorSeconds(server)
    const startedAt = performance.now()
    let next = 0
    let key = ''
    const enrolAll = async (): Promise<void> => {
      while (next < hosts) key = await enrol(server, `host-${next++}`)
    }
    await Promise.all(Array.from({ length: connections }, enrolAll))
    const took = (performance.now() - startedAt) / 1000
    const spent = processorSeconds(server) - before
    figures.push({
      ...{ name: 'enrolments', value: `${count(hosts / took)}/s`, beside: '' },
      note: `${count(hosts)} hosts, ${((spent * 1000) / hosts).toFixed(2)} ms of processor time each`,
    })
    for (const path of ['config', 'distributed/read']) {
      const request = requestBytes(server.url, 'POST', `/osquery/v1/${path}`, {}, JSON.stringify({ node_key: key }))
      const beforeAsking = processorSeconds(server)
      const answers = await asFastAsMayBe(server.url, request, { seconds, connections })
      const perAnswer = ((processorSeconds(server) - beforeAsking) * 1000) / answers.length
      if (answers.some(({ status }) => status !== 200)) throw new Error(`${path} was refused`)
      const ms = answers.map(each => each.ms)
      figures.push({
        ...{ name: path, value: `${count(answers.length / seconds)}/s`, beside: '' },
        note: `p99 ${milliseconds(quantile(ms, 0.99))}, ${perAnswer.toFixed(2)} ms of processor time each`,
      })
    }
    return figures
  } finally {
    await server.close()
  }
}

console.log(`${machine()}; ${otherWork()}\n`)
console.log(table([...(await logFigures()), ...(await askFigures())]))
