import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { openFleet } from '../../bench/fleet.ts'
import { count, machine, median, milliseconds, quantile } from '../../bench/support/report.ts'
import { openRandom } from '../../src/simulator/random.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { connect } from '../support/xdr-client.ts'
import { type SoakAgents, type SoakLedger, startSoakAgents } from './soak-agents.ts'

// `npm run soak -- --minutes 15`: a lake under load for a while, killed and started again and again, backed up in the
// middle, queried all along. At the end every acknowledged line must be in it exactly once, in the backup every line
// acknowledged before it, `fsck` must find nothing, and memory and file counts must have stayed flat.

const execute = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const senders = 12
const sampleMs = 5_000
const drainMsMax = 5 * 60_000
/** What agents may hold back: nothing new is logged above it, and the report's rate says so. */
const waitingLinesMax = 300_000

interface Options {
  readonly minutes: number
  readonly rate: number
  readonly seed: number
  readonly killSeconds: number
  readonly report: string | undefined
}

interface Sample {
  readonly atSeconds: number
  readonly residentMib: number
  readonly dataFiles: number
  readonly segments: number
  readonly temporary: number
}

interface Soak {
  server: TestServer
  readonly agents: SoakAgents
  readonly startedAt: number
  readonly from: string
  readonly samples: Sample[]
  readonly queryTimes: number[]
  queryFailures: number
  kills: number
  slowestRestartMs: number
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '15' },
      rate: { type: 'string', default: '5000' },
      seed: { type: 'string', default: '1' },
      'kill-every': { type: 'string', default: '60' },
      report: { type: 'string' },
    },
  })
  const [minutes, rate, seed, killSeconds] = [values.minutes, values.rate, values.seed, values['kill-every']].map(
    Number,
  )
  const report = values.report === undefined ? undefined : resolve(values.report)
  return { minutes: minutes!, rate: rate!, seed: seed!, killSeconds: killSeconds!, report }
}

/** Logs `rate` lines a second until the time is up, fewer where the lake does not take them. */
async function logLines({ agents }: Soak, rate: number, until: number): Promise<void> {
  const startedAt = performance.now()
  let logged = 0
  while (performance.now() < until) {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * rate)
    const { ledger } = agents
    agents.log(Math.max(0, Math.min(due - logged, waitingLinesMax - (ledger.logged - ledger.acknowledged))))
    logged = due
    await delay(100)
  }
}

/** Kills the server at odd moments, about every `killSeconds`, and starts it again. */
async function killServers(soak: Soak, { killSeconds, seed }: Options, until: number): Promise<void> {
  const random = openRandom(`soak/${seed}`)
  for (;;) {
    await delay(1000 * random.integer(Math.ceil(killSeconds / 2), Math.ceil(killSeconds * 1.5)))
    if (performance.now() > until) return
    await soak.server.stop('SIGKILL')
    soak.kills += 1
    const diedAt = performance.now()
    soak.server = await soak.server.restart()
    soak.slowestRestartMs = Math.max(soak.slowestRestartMs, performance.now() - diedAt)
    soak.agents.connect(soak.server.firstRun)
  }
}

/** What was acknowledged before a query was asked must be in its answer, while the lake is killed and restarted. */
async function ask(soak: Soak, until: number): Promise<void> {
  while (performance.now() < until) {
    await delay(3_000)
    const before = soak.agents.ledger.acknowledged
    const askedAt = performance.now()
    let found: number
    try {
      found = await countLines(soak.server, soak.from)
    } catch {
      // The server died meanwhile: the next question is asked of the next one.
      soak.queryFailures += 1
      continue
    }
    soak.queryTimes.push(performance.now() - askedAt)
    if (found < before) throw new Error(`a query found ${found} lines when ${before} were acknowledged`)
  }
}

async function countLines(server: TestServer, from: string): Promise<number> {
  const client = await connect(server.firstRun)
  const [row] = await client.query({ sql: 'SELECT count(soak_serial) AS n FROM xdr_data', from })
  return Number(row!['n'])
}

async function sample(soak: Soak, until: number): Promise<void> {
  while (performance.now() < until) {
    await delay(sampleMs)
    const { directory, pid } = soak.server
    try {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
      const residentMib = [String(pid), ...children].reduce((total, each) => total + residentOf(each), 0)
      soak.samples.push({
        atSeconds: Math.round((performance.now() - soak.startedAt) / 1000),
        residentMib: Math.round(residentMib),
        dataFiles: filesBelow(join(directory, 'lake')),
        segments: filesBelow(join(directory, 'segments')),
        temporary: filesBelow(join(directory, 'tmp')),
      })
    } catch {
      // Between two lives of the server.
    }
  }
}

function residentOf(pid: string): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
}

function filesBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile()).length
}

interface BackupCheck {
  readonly acknowledgedBefore: number
  readonly found: number
}

/** Backs the lake up while it takes lines, restores it elsewhere, and looks for every line acknowledged before. */
async function checkBackup(soak: Soak, folder: string, afterMs: number): Promise<BackupCheck> {
  await delay(afterMs)
  const { ledger } = soak.agents
  const acknowledgedBefore = prefixOf(ledger)
  const [backup, restored] = [join(folder, 'backup'), join(folder, 'restored')]
  await command('backup', backup, '--data', soak.server.directory)
  await command('restore', backup, '--data', restored)
  await rm(backup, { recursive: true })
  await command('fsck', '--data', restored)
  const server = await startServer({ directory: restored })
  try {
    const client = await connect(server.firstRun)
    const sql = `SELECT count(DISTINCT soak_serial) AS d FROM xdr_data WHERE CAST(soak_serial AS bigint) < ${acknowledgedBefore}`
    const [row] = await client.query({ sql, from: soak.from })
    return { acknowledgedBefore, found: Number(row!['d']) }
  } finally {
    await server.close()
  }
}

/** How many lines, from the first one on, are acknowledged without a gap. */
function prefixOf({ isAcknowledged, logged }: SoakLedger): number {
  const gap = isAcknowledged.subarray(0, logged).indexOf(0)
  return gap === -1 ? logged : gap
}

/** What a command of the command line says on its way; rejects where it fails. */
async function command(...words: readonly string[]): Promise<string> {
  const { stderr } = await execute(process.execPath, [join(root, 'src/bin/cli.ts'), ...words], { maxBuffer: 2 ** 26 })
  return stderr
}

interface Verdict {
  readonly rows: number
  readonly distinct: number
  readonly fsck: string
}

/** What the lake holds at the end: sealed, converted, and looked through by `fsck`. */
async function judge(soak: Soak): Promise<Verdict> {
  const client = await connect(soak.server.firstRun)
  const sql = 'SELECT count(soak_serial) AS n, count(DISTINCT soak_serial) AS d FROM xdr_data'
  const [row] = await client.query({ sql, from: soak.from })
  await soak.server.stop('SIGTERM')
  const fsck = await command('fsck', '--data', soak.server.directory)
  return { rows: Number(row!['n']), distinct: Number(row!['d']), fsck: fsck.trim().split('\n').at(-1) ?? '' }
}

async function main(): Promise<void> {
  const options = readOptions()
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-soak-'))
  const linesMax = Math.ceil(options.minutes * 60 * options.rate * 1.1) + 10_000
  const [log] = openFleet({ seed: options.seed, lines: 2_000_000, start: 1_790_000_000, end: 1_792_592_000 })
  const server = await startServer({
    directory: join(folder, 'lake'),
    flags: ['--janitor-interval', '5s', '--segment-age', '1m', '--query-span', '365d'],
  })
  const agents = startSoakAgents(log!, server.firstRun, linesMax, senders)
  const startedAt = performance.now()
  const soak: Soak = {
    ...{ server, agents, startedAt, samples: [], queryTimes: [], queryFailures: 0, kills: 0, slowestRestartMs: 0 },
    from: new Date(Date.now() - 3_600_000).toISOString(),
  }
  const until = startedAt + options.minutes * 60_000
  try {
    const [, , , , backup] = await Promise.all([
      logLines(soak, options.rate, until),
      killServers(soak, options, until),
      ask(soak, until),
      sample(soak, until),
      checkBackup(soak, folder, options.minutes * 60_000 * 0.4),
    ])
    await agents.drain(drainMsMax)
    await agents.stop()
    const text = reportOf(options, soak, backup, await judge(soak))
    console.log(text.report)
    if (options.report !== undefined) await writeFile(options.report, `${text.report}\n`)
    process.exitCode = text.isGood ? 0 : 1
  } finally {
    await agents.stop()
    await soak.server.close()
    await rm(folder, { recursive: true, force: true })
  }
}

function reportOf(options: Options, soak: Soak, backup: BackupCheck, verdict: Verdict) {
  const { ledger } = soak.agents
  const lost = ledger.acknowledged - verdict.distinct
  const doubled = verdict.rows - verdict.distinct
  const isGood = lost === 0 && doubled === 0 && backup.found === backup.acknowledgedBefore
  const thirds = [0, 1, 2].map(third => {
    const length = Math.floor(soak.samples.length / 3)
    return soak.samples.slice(third * length, (third + 1) * length)
  })
  const over = (read: (one: Sample) => number): string => thirds.map(each => count(median(each.map(read)))).join(', ')
  const largest = Math.max(...soak.samples.map(({ residentMib }) => residentMib))
  const report = [
    `machine: ${machine()}`,
    `${options.minutes} minutes at ${count(options.rate)} lines/s, seed ${options.seed}; killed ${soak.kills} times, ` +
      `slowest back after ${milliseconds(soak.slowestRestartMs)}`,
    '',
    `- ${count(ledger.logged / (options.minutes * 60))} lines/s on average were logged`,
    `- acknowledged ${count(ledger.acknowledged)} lines, found ${count(verdict.distinct)}: **lost ${lost}, doubled ${doubled}**; ` +
      `${count(ledger.failures)} bodies were refused or cut off and sent again`,
    `- an answer took p50 ${milliseconds(median(ledger.latencies))}, p99 ${milliseconds(quantile(ledger.latencies, 0.99))}`,
    `- ${soak.queryTimes.length} queries, each with all that was acknowledged before it: p50 ` +
      `${milliseconds(median(soak.queryTimes))}, p99 ${milliseconds(quantile(soak.queryTimes, 0.99))}; ` +
      `${soak.queryFailures} met a server that was down`,
    `- a backup in the middle: ${count(backup.found)} of ${count(backup.acknowledgedBefore)} lines acknowledged before it`,
    `- fsck at the end: ${verdict.fsck}`,
    `- resident size of all processes, median of each third: ${over(one => one.residentMib)} MiB; largest ${largest} MiB`,
    `- data files: ${over(one => one.dataFiles)}; segment files (consumed ones stay two hours): ` +
      `${over(one => one.segments)}; temporary files: ${over(one => one.temporary)}`,
  ].join('\n')
  return { report, isGood }
}

await main()
