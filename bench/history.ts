import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { type DataDirectory, openDataDirectory } from '../src/bin/data-directory.ts'
import { openStore, type Store } from '../src/db/db.ts'
import { insertTenant, listTenants } from '../src/db/tenants.ts'
import { openHosts } from '../src/fleet/hosts.ts'
import { type Ingest, openIngest } from '../src/ingest/ingest.ts'
import { convertSegment } from '../src/lake/data-file-writer.ts'
import { type Janitor, openJanitor } from '../src/lake/upkeep/janitor.ts'
import { openWriter } from '../src/lake/writer.ts'
import { writerMemoryBytes, writerThreads } from '../src/limits.ts'
import { newId } from '../src/model/ids.ts'
import { openLocalStorage } from '../src/storage/local.ts'
import { startServer } from '../test/support/server.ts'
import { type FleetLog, openFleet } from './fleet.ts'
import { count, machine, otherWork } from './support/report.ts'

// A lake with a past: the fleet's log taken in day after day as if it had just been written, converted, and kept by the
// janitor, all by the server's own parts on a clock that is set. What is left is a data directory as a server would
// have it after that many days; the same rows stand in the log that `bench/fleet.ts` writes with the same flags.
//
//   node bench/history.ts --data /tmp/lake --lines 550000 [--seed 1] [--days 30] [--tenants 5] [--end 2026-11-20]

export interface HistoryOptions {
  readonly directory: string
  readonly lines: number
  readonly seed: number
  readonly days: number
  /** The largest ones. */
  readonly tenantCount: number
  /** ms since the epoch: the day after the last one. */
  readonly end: number
}

const dayMs = 86_400_000
/** Lines of one body: about 3 MB, some hundred hosts. */
const linesPerBody = 2_000
/** What the last lines wait at an agent before they come. */
const lagMs = 5_000

export interface HistoryReport {
  readonly lines: number
  readonly takenInSeconds: number
  /** From the first line to the last merge. */
  readonly seconds: number
  /** Processor time of this process: reading, checking and storing lines, and making them up. */
  readonly ownSeconds: number
}

interface Past {
  now: number
  readonly directory: DataDirectory
  readonly store: Store
  readonly ingest: Ingest
  readonly janitor: Janitor
  close(): Promise<void>
}

/** The fleet whose lines the lake has; the first tenant's are those of the tenant in first-run.json. */
export function historyFleet({ lines, seed, days, tenantCount, end }: Omit<HistoryOptions, 'directory'>) {
  const start = end / 1000 - days * 86_400
  return openFleet({ seed, lines, start, end: end / 1000 }).slice(0, tenantCount)
}

/** Fills a fresh data directory. Progress goes to standard error, a line each day. */
export async function writeHistory(options: HistoryOptions): Promise<HistoryReport> {
  // A server makes what a first start makes.
  const server = await startServer({ directory: options.directory })
  await server.stop('SIGTERM')
  const past = await openPast(options.directory, options.end - options.days * dayMs)
  const logs = historyFleet(options)
  const tenantIds = await tenantsFor(past.store, logs)
  const startedAt = performance.now()
  let takenInSeconds = 0
  try {
    for (let day = 0; day < options.days; day += 1) {
      const dayStartedAt = performance.now()
      for (const [at, log] of logs.entries()) await takeDay(past, options, log, tenantIds[at]!, day)
      takenInSeconds += (performance.now() - dayStartedAt) / 1000
      await past.ingest.sealNow()
      await past.janitor.pass()
      process.stderr.write(`day ${day + 1} of ${options.days}: ${seconds(startedAt)} s\n`)
    }
    // What a server would have done by now.
    past.now = Math.max(Date.now(), options.end + dayMs)
    await past.janitor.pass()
  } finally {
    await past.close()
  }
  const lines = logs.reduce((total, log) => total + log.lineCount, 0)
  const { user, system } = process.cpuUsage()
  return { lines, takenInSeconds, seconds: seconds(startedAt), ownSeconds: (user + system) / 1e6 }
}

function seconds(since: number): number {
  return Math.round((performance.now() - since) / 100) / 10
}

async function openPast(root: string, now: number): Promise<Past> {
  const directory = openDataDirectory(root)
  const store = openStore(directory.storeFile)
  const storage = await openLocalStorage(directory.lake)
  const log = pino({ level: 'warn' }, pino.destination(2))
  const tempFolder = directory.temporary
  const writer = openWriter({ memoryBytes: writerMemoryBytes, threads: writerThreads, tempFolder })
  const merger = openWriter({ memoryBytes: writerMemoryBytes, threads: writerThreads, tempFolder })
  const clock = (): number => past.now
  const lake = { store, storage, clock, tempFolder }
  const ingest = openIngest({
    ...{ store, clock, log, hosts: openHosts(store, clock), tickMs: 0 },
    consume: async (segment, path) => {
      await convertSegment({ ...lake, writer }, segment, path)
    },
    segmentsFolder: directory.segments,
    rejectedFolder: directory.rejected,
  })
  const pathOf = ({ fileName }: { fileName: string }): string => join(directory.segments, fileName)
  // The clock stands still during a pass, so its budget never ends: everything is merged.
  const janitor = openJanitor({ ...lake, writer: merger, pathOf, log })
  const past: Past = {
    ...{ now, directory, store, ingest, janitor },
    async close() {
      await janitor.close()
      await ingest.close()
      await writer.close()
      await merger.close()
      await store.destroy()
      directory.release()
    },
  }
  await ingest.recover()
  return past
}

/** Ids of a tenant for each log: the first start's own, and new ones beside it. */
async function tenantsFor(store: Store, logs: readonly FleetLog[]): Promise<readonly string[]> {
  const [first] = await listTenants(store, {}, 0, 1)
  if (first === undefined) throw new Error('the first start made no tenant')
  const ids = [first.id]
  for (const { tenant } of logs.slice(1)) {
    const id = newId()
    await insertTenant(store, { ...first, id, name: tenant.name, showAs: tenant.name })
    ids.push(id)
  }
  return ids
}

/** Takes in what a tenant's hosts logged on one day, at the time they logged it. */
async function takeDay(
  past: Past,
  options: HistoryOptions,
  log: FleetLog,
  tenantId: string,
  day: number,
): Promise<void> {
  const start = options.end - options.days * dayMs
  const [from, to] = [day, day + 1].map(each => Math.round((log.lineCount * each) / options.days)) as [number, number]
  for (let line = from; line < to; line += linesPerBody) {
    const end = Math.min(line + linesPerBody, to)
    past.now = start + Math.floor((end / log.lineCount) * options.days * dayMs) + lagMs
    const { accepted, rejected } = await past.ingest.accept(tenantId, Buffer.from(log.text(line, end)))
    if (accepted !== end - line) throw new Error(`${accepted} of ${end - line} lines taken, ${rejected.count} rejected`)
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      lines: { type: 'string', default: '550000' },
      seed: { type: 'string', default: '1' },
      days: { type: 'string', default: '30' },
      tenants: { type: 'string', default: '5' },
      end: { type: 'string', default: new Date(Date.now() - dayMs).toISOString().slice(0, 10) },
    },
  })
  if (values.data === undefined) throw new Error('--data is needed: a folder for the lake')
  const [lines, seed, days, tenantCount] = [values.lines, values.seed, values.days, values.tenants].map(Number)
  const conditions = `machine: ${machine()}; ${otherWork()}`
  const report = await writeHistory({
    ...{ directory: resolve(values.data), lines: lines!, seed: seed!, days: days!, tenantCount: tenantCount! },
    end: Date.parse(values.end),
  })
  console.log(conditions)
  console.log(
    `${count(report.lines)} lines in ${report.seconds} s, taken in for ${Math.round(report.takenInSeconds)} s of them, ` +
      `${Math.round(report.ownSeconds)} s of processor time beside the writers`,
  )
}

if (import.meta.main) await main()
