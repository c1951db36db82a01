import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Logger, pino } from 'pino'
import { openSigningKeys } from '../auth/signing-keys.ts'
import { type Config, parseConfig, processEnvironment, settingRows, settingsInForce } from '../config.ts'
import { openStore, type Upgrade } from '../db/db.ts'
import { openDuckdbEngine } from '../engine/duckdb/duckdb-engine.ts'
import { openLiveQueries } from '../fleet/live-queries.ts'
import { buildApp } from '../http/app.ts'
import { openDeclaredTables } from '../ingest/declared-tables.ts'
import { openIngest } from '../ingest/ingest.ts'
import { convertSegment } from '../lake/data-file-writer.ts'
import { journalName } from '../lake/journal.ts'
import { openJanitor } from '../lake/upkeep/janitor.ts'
import { openWriter } from '../lake/writer.ts'
import { installLibrary } from '../library/install.ts'
import { openLiveLibrary } from '../library/live-library.ts'
import { liveTickMs } from '../limits/live.ts'
import { hostsSeenFlushMs, shutdownMsMax, writerMemoryBytes, writerThreads } from '../limits.ts'
import { systemClock } from '../model/clock.ts'
import { AppError, systemErrorCode, toAppError } from '../model/errors.ts'
import { openQueries } from '../query/runs.ts'
import { openSqlThread } from '../query/sql-thread.ts'
import { openLocalStorage } from '../storage/local.ts'
import { noteAgentDoor } from './agent-door-note.ts'
import { openAgents } from './agents.ts'
import { type DataDirectory, openDataDirectory } from './data-directory.ts'
import { ensureFirstRun, firstRunBlock } from './first-run.ts'
import { diskOf, healthOf } from './health.ts'
import { lakeAccess, wholeTail } from './lake-access.ts'
import { registerLakeMetrics } from './lake-metrics.ts'
import { openManagement } from './management.ts'
import { openMetrics } from './metrics.ts'
import { openSpace } from './space.ts'
import { openTls } from './tls.ts'

// The server: reads its settings, takes the data directory, starts every part in order, and stops them in the reverse.

/** From the sources and from dist/ alike: the console is built once, beside its sources. */
const consoleFolder = fileURLToPath(new URL('../../web/dist', import.meta.url))
const clock = systemClock
const version: string = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return printHelp()
  const config = parseConfig(args, processEnvironment())
  const directory = openDataDirectory(config.dataDirectory)
  const { stop, reload } = await start(config, directory)
  // A person who closes a terminal ends what runs in it; a service is asked to read its files again.
  const isTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  if (!isTerminal) process.on('SIGHUP', reload)
  const signal = await new Promise<string>(resolve => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => resolve(name))
  })
  await stop(signal)
}

interface Running {
  readonly stop: (reason: string) => Promise<void>
  readonly reload: () => void
}

/** Starts every part; resolves with what stops them again when the lake is ready. */
async function start(config: Config, directory: DataDirectory): Promise<Running> {
  const log = pino({ level: config.logLevel, base: { pid: process.pid } })
  const parts = await openParts(config, directory, log)
  const { store, agents, ingest, engine, queries, janitor, manyRuns, audit, space, tables, liveQueries } = parts
  const { limits, budgets } = space
  const { secretKey } = directory
  const metrics = openMetrics()
  registerLakeMetrics(metrics, {
    ...{ store, ingest, budgets, clock, counts: space.counts },
    resultBytes: () => queries.diskBytes(),
    disk: () => diskOf(directory.root),
  })
  const tls = await openTls({ config, root: directory.root, clock, log, metrics })
  const app = buildApp({
    ...{ store, secretKey, queries, manyRuns, ingest, audit, limits, budgets, tables, clock, log, version },
    signingKeys: await openSigningKeys(store, clock),
    metrics,
    agents: { ...agents, liveQueries },
    liveLibrary: openLiveLibrary(),
    agentDoor: tls.door,
    disk: () => diskOf(directory.root),
    health: healthOf({ ...config, ...{ store, ingest, engine, budgets, tls: tls.health } }),
    settings: { ...config, consoleFolder, callLimits: callLimitsOf(config), inForce: settingsInForce(config) },
  })
  tls.attach(app)

  const { taken } = await installLibrary(store, clock())
  if (taken.length > 0) log.warn({ ids: taken }, 'canned queries left out: their ids are taken')
  await agents.labels.load()
  await ingest.recover()
  await audit.recover()
  await liveQueries.recover()
  await queries.recover()
  await space.load()
  await manyRuns.recover()
  await listen(app, config)
  const tlsFacts = await tls.listen()
  const janitorClock = setInterval(() => void janitor.pass(), config.janitorIntervalMs)
  const liveClock = setInterval(() => void liveQueries.tick(), liveTickMs)
  const agentsClock = setInterval(() => void agents.flush(), hostsSeenFlushMs)
  const url = urlOf(config, app.server.address() as AddressInfo)
  const firstRun = await ensureFirstRun({ store, secretKey, clock }, directory.firstRunFile, url)
  await noteAgentDoor(store, tls.door())
  if (firstRun !== undefined && process.stdout.isTTY) {
    process.stdout.write(firstRunBlock(firstRun, directory.firstRunFile, tlsFacts?.tlsUrl))
  } else if (firstRun !== undefined) {
    log.info({ file: directory.firstRunFile }, 'first start: credentials written')
  }
  log.info({ url, ...tlsFacts, version, dataDirectory: directory.root }, 'ready')

  const stop = async (reason: string): Promise<void> => {
    log.info({ reason }, 'stopping')
    // What does not end by itself in time is cut off: everything acknowledged is durable already.
    setTimeout(() => process.exit(0), shutdownMsMax).unref()
    clearInterval(janitorClock)
    clearInterval(agentsClock)
    clearInterval(liveClock)
    await app.close()
    tls.close()
    await agents.flush()
    await parts.close()
    directory.release()
    log.info({ reason }, 'stopped')
  }
  return { stop, reload: tls.reload }
}

/** Opens the parts behind the API in the order in which they need one another; `close` is the reverse. */
async function openParts(config: Config, directory: DataDirectory, log: Logger) {
  const onUpgraded = (upgrade: Upgrade) => log.warn({ ...upgrade }, 'the store was brought to a newer format')
  const store = openStore(directory.storeFile, { onUpgraded })
  const storage = await openLocalStorage(directory.lake)
  const writerOptions = { memoryBytes: writerMemoryBytes, threads: writerThreads, tempFolder: directory.temporary }
  // Merges have a process of their own, so that rows just sealed never wait for one.
  const [converter, merger] = [openWriter(writerOptions), openWriter(writerOptions)]
  const lake = { store, storage, clock, tempFolder: directory.temporary }
  const agents = openAgents({ ...config, ...{ store, clock, log, secretKey: directory.secretKey } })
  const space = openSpace({
    ...{ config, directory, store, clock, log },
    openSegment: tenantId => ingest.openSize(tenantId).bytes,
    resultBytes: () => queries.diskBytes(),
  })
  const ingest = openIngest({
    ...{ store, clock, log, hosts: agents.hosts, isIngestOff: agents.labels.isIngestOff },
    consume: async (segment, path) => {
      await convertSegment({ ...lake, writer: converter }, segment, path)
    },
    segmentsFolder: directory.segments,
    rejectedFolder: directory.rejected,
    segmentBytesMax: config.segmentBytesMax,
    segmentAgeMsMax: config.segmentAgeMsMax,
    diskReserveBytes: config.diskReserveBytes,
    capsOf: space.limits.of,
    budgets: space.budgets,
  })
  const tables = openDeclaredTables({
    ...{ store, clock, journalFile: join(directory.segments, journalName) },
    tailTables: async tenantId => (await wholeTail(ingest, tenantId)).tables,
  })
  const liveQueries = openLiveQueries({ store, ingest, clock, log, lifetimeMs: config.liveLifetimeMs })
  const { budgets, counts } = space
  const janitor = openJanitor({
    ...{ ...lake, log, budgets, counts, expireHosts: agents.expireHosts },
    writer: merger,
    pathOf: segment => ingest.pathOf(segment),
  })
  const engine = openDuckdbEngine({ tmpFolder: directory.temporary, log, limits: config })
  const sqlThread = openSqlThread({ log })
  const queries = openQueries({
    ...{ store, engine, sqlThread, clock, log },
    lake: lakeAccess({ store, storage, ingest, clock }),
    resultsFolder: directory.results,
    limits: { ...config, runsAtOnce: config.workerCount },
  })
  const { runLifetimeMs } = config
  const management = openManagement({ store, ingest, queries, clock, log, settings: config, runLifetimeMs })
  const { manyRuns, audit } = management
  return {
    ...{ store, agents, ingest, janitor, engine, queries, manyRuns, audit, space, tables, liveQueries },
    async close() {
      await liveQueries.close()
      await management.close()
      space.close()
      await queries.close()
      await sqlThread.close()
      await engine.close()
      await janitor.close()
      await merger.close()
      await ingest.close()
      await converter.close()
      await store.destroy()
    },
  }
}

async function listen(app: ReturnType<typeof buildApp>, { host, port }: Config): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'EADDRINUSE') {
      throw new AppError('conflict', `port ${port} on ${host} is taken: choose another with --port`, { cause: error })
    }
    throw new AppError('unavailable', `cannot listen on ${host} port ${port} (${code})`, { cause: error })
  }
}

function urlOf(config: Config, address: AddressInfo): string {
  if (config.publicUrl !== undefined) return config.publicUrl
  const isAny = address.address === '0.0.0.0' || address.address === '::'
  const host = isAny ? '127.0.0.1' : address.address
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`
}

/** 0 switches a window off. */
function callLimitsOf(config: Config) {
  const windows = {
    perSecond: config.callsPerSecond,
    perMinute: config.callsPerMinute,
    burst: config.callsBurst,
    perHour: config.callsPerHour,
    perDay: config.callsPerDay,
    runsPerMinute: config.runsPerMinute,
    runsPerDay: config.runsPerDay,
    liveRunsPerMinute: config.liveRunsPerMinute,
    liveRunsPerDay: config.liveRunsPerDay,
  }
  return Object.fromEntries(Object.entries(windows).filter(([, value]) => value > 0))
}

function printHelp(): void {
  const rows = settingRows().map(row => `  ${row.flag.padEnd(26)}${row.default.padEnd(12)}${row.why}`)
  process.stdout.write(`edr-lake ${version}\n\nusage: npm start -- [flags]\n\n${rows.join('\n')}\n`)
}

/** Exit codes: 2 for settings that cannot be, 1 for a start that failed. */
main(process.argv.slice(2)).catch((thrown: unknown) => {
  const error = toAppError(thrown)
  const isKnown = error.code !== 'internal'
  process.stderr.write(
    `edr-lake: ${isKnown ? error.message : String(error.cause instanceof Error ? error.cause.stack : error.cause)}\n`,
  )
  process.exit(error.code === 'invalid_argument' ? 2 : 1)
})
