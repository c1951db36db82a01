import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { mix } from './fleet/draw.ts'
import { type FleetTenant, fleetTenants } from './fleet/hosts.ts'
import { type LogShape, logLine } from './fleet/lines.ts'
import { fleetPrograms } from './fleet/programs.ts'

// A synthetic fleet: what its agents would have logged, as NDJSON, the same for the same seed on every machine. Five
// tenants, two thousand hosts, forty query names, some 350 columns, all forms a result line can have.
//
//   node bench/fleet.ts --lines 1000000 --folder /tmp/fleet [--seed 1] [--days 30] [--start 2026-10-01] [--tenant t1]

export interface FleetOptions {
  readonly seed: number
  /** Lines of the whole fleet; a tenant has its share of them. */
  readonly lines: number
  /** Seconds since the epoch; start inclusive, end exclusive. */
  readonly start: number
  readonly end: number
  /** Hosts a tenant has at most. */
  readonly hostsMax?: number
}

/** The log of one tenant. */
export interface FleetLog {
  readonly tenant: FleetTenant
  readonly lineCount: number
  /** The text of line `index` without its line break; any order, any subset. */
  line(index: number): string
  /** Lines `[from, to)`, each ended by `\n`. */
  text(from: number, to: number): string
}

/** The logs of the fleet's tenants, the largest first. */
export function openFleet(options: FleetOptions): readonly FleetLog[] {
  const programs = fleetPrograms(options.seed)
  return fleetTenants(options.seed, options.hostsMax).map(tenant => {
    const lineCount = Math.round(options.lines * tenant.share)
    const { start, end } = options
    const shape = { seed: mix(options.seed, tenant.number), hosts: tenant.hosts, programs, lineCount, start, end }
    return fleetLog(tenant, shape)
  })
}

function fleetLog(tenant: FleetTenant, shape: LogShape): FleetLog {
  const line = (index: number): string => logLine(shape, index)
  const text = (from: number, to: number): string => {
    let lines = ''
    for (let index = from; index < to; index += 1) lines += `${line(index)}\n`
    return lines
  }
  return { tenant, lineCount: shape.lineCount, line, text }
}

/** Few, because one letter outside Latin-1 doubles the memory of the whole piece. */
const linesPerWrite = 64

/** Writes a log to `path` and returns its size in bytes. */
export function writeLog(log: FleetLog, path: string): number {
  const file = openSync(path, 'w')
  let bytes = 0
  for (let from = 0; from < log.lineCount; from += linesPerWrite) {
    bytes += writeSync(file, log.text(from, Math.min(from + linesPerWrite, log.lineCount)))
  }
  closeSync(file)
  return bytes
}

function main(): void {
  const { values } = parseArgs({
    options: {
      lines: { type: 'string', default: '1000000' },
      folder: { type: 'string' },
      seed: { type: 'string', default: '1' },
      days: { type: 'string', default: '30' },
      start: { type: 'string', default: '2026-10-01' },
      tenant: { type: 'string' },
    },
  })
  if (values.folder === undefined) throw new Error('--folder is needed: where the logs go')
  const start = Date.parse(values.start) / 1000
  const logs = openFleet({
    seed: Number(values.seed),
    lines: Number(values.lines),
    start,
    end: start + Number(values.days) * 86_400,
  })
  mkdirSync(values.folder, { recursive: true })
  for (const log of logs.filter(({ tenant }) => values.tenant === undefined || tenant.name === values.tenant)) {
    const startedAt = performance.now()
    const path = join(values.folder, `${log.tenant.name}.ndjson`)
    const bytes = writeLog(log, path)
    const perSecond = Math.round(log.lineCount / ((performance.now() - startedAt) / 1000))
    console.log(`${path}  ${log.lineCount} lines  ${bytes} bytes  ${perSecond} lines/s`)
  }
}

if (import.meta.main) main()
