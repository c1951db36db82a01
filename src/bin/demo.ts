import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { giveTour } from '../cli/demo/tour.ts'
import { countOf, formatSeconds } from '../cli/display.ts'
import { exitCodes, failureOf } from '../cli/failure.ts'
import { openClient } from '../client/client.ts'
import { systemClock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import { sha256Hex } from '../model/ids.ts'
import { simulateFleet } from '../simulator/fleet.ts'
import { thisMachineLines } from '../simulator/this-machine.ts'
import { terminalOutput } from './terminal.ts'

// `npm run demo`: a lake in a temporary folder on a free port, this machine and twenty simulated ones in it, the tour,
// and then the lake stays up until it is stopped. Server and folder go with this process, unless SIGKILL ends it.

const daySeconds = 86_400
const hostCount = 20
const output = terminalOutput(process.stdout)

interface FirstRun {
  readonly url: string
  readonly tenantId: string
  readonly clientId: string
  readonly clientSecret: string
  readonly enrollSecret: string
}

function stopSignal(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => controller.abort())
  return controller.signal
}

/** Resolves when the server's log says `ready`; rejects with what it wrote instead. */
async function startServer(directory: string): Promise<{ server: ChildProcess; firstRun: FirstRun }> {
  const script = fileURLToPath(new URL(`./server${extname(import.meta.url)}`, import.meta.url))
  const args = [script, '--data', directory, '--port', '0', '--tls-port', '0', '--log-level', 'info']
  // A process group of its own: Ctrl-C reaches this process only, which then stops the server in order.
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const said: string[] = []
  server.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text))
  for await (const line of createInterface({ input: server.stdout })) {
    if (line.includes('"msg":"ready"')) {
      server.stdout.resume()
      const firstRun = JSON.parse(await readFile(join(directory, 'first-run.json'), 'utf8')) as FirstRun
      return { server, firstRun }
    }
    said.push(`${line}\n`)
  }
  throw new AppError('internal', `the lake did not start: ${said.join('').trim()}`)
}

async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  server.kill('SIGTERM')
  await once(server, 'close')
}

/** Reports a day of the fleet and this machine as it is now; returns what the questions ask about. */
async function fillLake(firstRun: FirstRun, signal: AbortSignal) {
  const client = openClient(firstRun)
  const startedAt = systemClock()
  const now = Math.floor(startedAt / 1000)
  const span = { start: now - daySeconds + 60, end: now }
  const fleet = simulateFleet({ seed: 'demo', hostCount, span })
  if (fleet.story === undefined) throw new AppError('internal', 'the simulated fleet has no story')
  const logs = fleet.hosts.map(host => fleet.linesOf(host).map(line => line.text))
  let lines = 0
  for (const log of [...logs, thisMachineLines({ now })]) {
    const body = Buffer.from(log.map(line => `${line}\n`).join(''))
    const reply = await client.ingest(body, { importId: sha256Hex(body), firstLine: 1, signal })
    lines += reply.accepted
  }
  const took = formatSeconds(systemClock() - startedAt)
  await output.write(
    `${countOf(lines, 'line')} of osquery results of this machine and ${hostCount} simulated ones stored in ${took}\n`,
  )
  const { sha256, fileName, startedAt: storyAt } = fleet.story
  return { client, facts: { sha256, fileName, startedAt: storyAt, thisMachine: hostname() } }
}

async function readGuide(): Promise<{ name: string; text: string }> {
  const file = new URL('../../examples/query.sql', import.meta.url)
  return { name: 'examples/query.sql', text: await readFile(file, 'utf8') }
}

async function stayUp(firstRun: FirstRun, directory: string, signal: AbortSignal): Promise<void> {
  const { url, clientId, clientSecret, tenantId } = firstRun
  await output.write(
    `\n── The lake stays up; Ctrl-C stops it and removes ${directory}\n` +
      `Ask it yourself:  ./edr-lake query 'SELECT * FROM listening_ports LIMIT 5' --data ${directory}\n` +
      `${url}  client id ${clientId}  client secret ${clientSecret}  tenant ${tenantId}\n`,
  )
  if (!signal.aborted) await once(signal, 'abort')
}

async function runDemo(signal: AbortSignal): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'edr-lake-demo-'))
  let server: ChildProcess | undefined
  try {
    await output.write(`Starting a lake in ${directory}\n`)
    const started = await startServer(directory)
    server = started.server
    const { firstRun } = started
    const { client, facts } = await fillLake(firstRun, signal)
    const guide = await readGuide()
    await giveTour({ ...firstRun, client, facts, guide, output, fetch, signal, wait: ms => wait(ms) })
    await stayUp(firstRun, directory, signal)
  } finally {
    if (server !== undefined) await stopServer(server)
    await rm(directory, { recursive: true, force: true })
  }
}

const signal = stopSignal()
try {
  await runDemo(signal)
} catch (error) {
  if (!signal.aborted) {
    process.stderr.write(`${failureOf(error).text}\n`)
    process.exitCode = exitCodes.failed
  }
}
