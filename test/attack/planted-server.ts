import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { flatTables, shippedTables } from '../../src/lake/tables.ts'
import { fleetLog, lastHours } from '../support/fleet-logs.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { addTenant } from '../support/tenants.ts'
import { connect, type Run, type XdrClient } from '../support/xdr-client.ts'
import { foreignMark } from './leaks.ts'

// A server with two tenants: the attacker, and one whose every row, in data files and in the tail, carries a mark.

export interface PlantedServer {
  readonly server: TestServer
  readonly attacker: XdrClient
  readonly foreign: XdrClient
  /** Paths and ids for the places that attacks name. */
  readonly places: Readonly<Record<string, string>>
}

export interface Ended {
  /** How it ended: refused at once, or the run's result. */
  readonly how: 'refused' | Run['result']
  /** Everything the caller was told: refusal, run and rows. */
  readonly answer: string
  readonly message: string
}

const flags = ['--segment-age', '1s', '--workers', '1', '--worker-memory', '512m', '--worker-temp', '64m']
const json = { 'content-type': 'application/json' }
const runs = '/xdr-query/v1/queries/runs'

export async function startPlanted(moreFlags: readonly string[] = []): Promise<PlantedServer> {
  const server = await startServer({ flags: [...flags, ...moreFlags] })
  try {
    return await plant(server)
  } catch (error) {
    await server.close()
    throw error
  }
}

async function plant(server: TestServer): Promise<PlantedServer> {
  const attacker = await connect(server.firstRun)
  const foreign = await connect(await addTenant(server))
  const now = Date.now()
  await attacker.ingest(fleetText(1, now))
  const marked = fleetText(2, now)
    .split('\n')
    .filter(line => line !== '')
    .map(mark)
    .join('\n')
  await foreign.ingest(`${marked}\n`)
  for (const table of flatTables) await plantFlat(foreign, table)
  await plantStatus(foreign)
  const own = await untilDataFile(join(server.directory, 'lake', attacker.tenantId))
  const foreignFile = await untilDataFile(join(server.directory, 'lake', foreign.tenantId))
  await foreign.ingest(`${marked.replaceAll('"counter":', '"counter_":')}\n`)
  const tails = filesBelow(join(server.directory, 'segments', foreign.tenantId), '.ndjson')
  const root = server.directory
  return {
    ...{ server, attacker, foreign },
    places: {
      ...{ root, own, foreign: foreignFile, foreignTail: tails.at(-1) ?? '' },
      ...{ store: join(root, 'private', 'store.sqlite'), secretKey: join(root, 'private', 'secret-key') },
      ...{ ownTenant: attacker.tenantId, foreignTenant: foreign.tenantId },
      ...{ ownFolder: join(own, '..'), foreignName: foreignFile.split('/').at(-1) ?? '' },
    },
  }
}

function fleetText(seed: number, now: number): string {
  const log = fleetLog({ seed, lines: 300, hosts: 10, ...lastHours(now) })
  return log.text(0, log.lineCount)
}

/** The line with the mark in its query name, its host and every column. */
function mark(line: string): string {
  const parsed = JSON.parse(line) as Record<string, unknown>
  return JSON.stringify(parsed, (key, value) => {
    const isPlain = typeof value === 'string' && !['calendarTime', 'unixTime', 'action'].includes(key)
    return isPlain && !/^-?[\d.]*$/.test(value) ? `${value}${foreignMark}` : value
  })
}

/** A row of a table whose rows come as they are, marked in every column of text. */
async function plantFlat(client: XdrClient, table: string): Promise<void> {
  const columns = shippedTables.find(({ name }) => name === table)?.columns ?? []
  const marked = columns.filter(({ type }) => type === 'string').map(({ name }) => [name, `${name}${foreignMark}`])
  const body = `${JSON.stringify(Object.fromEntries(marked))}\n`
  const headers = { 'content-type': 'application/x-ndjson' }
  const answer = await client.call('POST', `/lake/v1/ingest/tables/${table}`, { body, headers })
  if (answer.status !== 200) throw new Error(`${table}: ${answer.text}`)
}

/** A status line of an agent of the tenant's, marked in every text. */
async function plantStatus(client: XdrClient): Promise<void> {
  const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const answer = await client.call('POST', path, { body: JSON.stringify(body), headers: json })
    if (answer.status >= 300) throw new Error(`${path}: ${answer.text}`)
    return answer.json as Record<string, unknown>
  }
  const { secret } = await post('/lake/v1/enroll-secrets', { name: 'agents' })
  const hostIdentifier = `host${foreignMark}`
  const { node_key } = await post('/osquery/v1/enroll', { enroll_secret: secret, host_identifier: hostIdentifier })
  const texts = { filename: `file${foreignMark}`, message: `message${foreignMark}`, version: `5${foreignMark}` }
  const line = { hostIdentifier, unixTime: Math.floor(Date.now() / 1000), severity: 0, line: 1, ...texts }
  const told = await post('/osquery/v1/log', { node_key, log_type: 'status', data: [line] })
  if ('error' in told) throw new Error(JSON.stringify(told))
}

export function filesBelow(folder: string, ending: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith(ending))
  return names.sort().map(name => join(folder, name))
}

const convertedMsMax = 60_000

async function untilDataFile(folder: string): Promise<string> {
  const deadline = performance.now() + convertedMsMax
  for (;;) {
    try {
      const [first] = filesBelow(folder, '.parquet')
      if (first !== undefined) return first
    } catch {
      // The folder comes with the first file.
    }
    if (performance.now() > deadline) throw new Error(`no data file below ${folder}`)
    await delay(50)
  }
}

/** The statement through the API, to its last row. */
export async function tryStatement(client: XdrClient, sql: string, variables?: readonly object[]): Promise<Ended> {
  const body = JSON.stringify({ adHocQuery: { template: sql }, variables })
  const started = await client.call('POST', runs, { body, headers: json })
  if (started.status !== 201) {
    if (started.status !== 400) throw new Error(`${started.status} ${started.text}`)
    return { how: 'refused', answer: started.text, message: (started.json as { message: string }).message }
  }
  const { id } = started.json as Run
  const waited = await client.call('GET', `${runs}/${id}?wait=60`)
  const run = waited.json as Run
  const { template: _own, ...told } = run
  if (run.result !== 'succeeded') {
    return { how: run.result, answer: JSON.stringify(told), message: run.error?.message ?? '' }
  }
  const page = await client.call('GET', `${runs}/${id}/results?pageSize=2000`)
  return { how: 'succeeded', answer: `${JSON.stringify(told)} ${page.text}`, message: '' }
}
