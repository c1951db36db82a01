import { DatabaseSync } from 'node:sqlite'
import { tablePlatforms } from '../../osquery/agent-config/tables.ts'
import { listeningPorts } from '../activity.ts'
import { interfaces, users } from '../inventory.ts'
import { type Process, programHash } from '../processes.ts'
import { openRandom } from '../random.ts'
import type { Row } from '../result-line.ts'
import type { HostLife } from '../scheduled-queries.ts'
import { hostDetails } from './host-details.ts'

// A simulated host's tables for SQL, real SQL: live queries, discovery queries, and scheduled ones whose names the
// simulator does not know. An SQLite in memory, filled when something is asked and gone afterwards.

export interface SqlAnswer {
  /** SQLite's code; 0: fine. osquery makes every failure 1. */
  readonly status: 0 | 1
  readonly message: string
  readonly rows: readonly Row[]
}

export interface HostTables extends Disposable {
  ask(sql: string): SqlAnswer
}

/** `now` in seconds. */
export function openHostTables(life: HostLife, osqueryVersion: string, now: number): HostTables {
  const database = new DatabaseSync(':memory:')
  for (const [name, rows] of tablesOf(life, osqueryVersion, now)) createTable(database, name, rows)
  return {
    ask(sql) {
      try {
        const rows = database.prepare(sql).all() as Record<string, unknown>[]
        return { status: 0, message: '', rows: rows.map(textOf) }
      } catch (error) {
        const { message } = error as Error
        if (isEmptyHere(message, life)) return { status: 0, message: '', rows: [] }
        return { status: 1, message, rows: [] }
      }
    },
    [Symbol.dispose]: () => database.close(),
  }
}

/** The host's osquery has the table that is missing, and nothing is in it. */
function isEmptyHere(message: string, { host }: HostLife): boolean {
  const [, name] = /^no such table: (\S+)$/.exec(message) ?? []
  const platform = host.platform === 'macos' ? 'darwin' : host.platform
  return name !== undefined && (tablePlatforms(name)?.includes(platform) ?? false)
}

type Table = readonly [name: string, rows: readonly Row[]]

function tablesOf(life: HostLife, osqueryVersion: string, now: number): readonly Table[] {
  const { host, story } = life
  const details = hostDetails(host, osqueryVersion, now)
  const running = life.processes.filter(({ startedAt, endedAt }) => startedAt <= now && now < endedAt)
  return [
    ['processes', running.map(process => processRow(life, process, now))],
    ['listening_ports', listeningPorts(host, running).map(({ row }) => portRow(row))],
    ['users', users(host, story).flatMap(({ since, row }) => (since <= now ? [row] : []))],
    ['interface_addresses', interfaces(host, openRandom(host.identifier)).map(({ row }) => row)],
    ['osquery_info', [details.osquery_info]],
    ['system_info', [details.system_info]],
    ['os_version', [details.os_version]],
    ['uptime', [{ total_seconds: String(now - host.bootTime) }]],
    ['time', [{ unix_time: String(now), timezone: 'UTC', iso_8601: new Date(now * 1000).toISOString() }]],
  ]
}

function processRow({ host }: HostLife, process: Process, now: number): Row {
  const { program, parent, pid, startedAt } = process
  const size = 1_000_000 + (Number.parseInt(programHash(program).slice(0, 6), 16) % 400_000_000)
  const uid =
    host.platform === 'windows' ? (program.runsAs === 'user' ? '1001' : '18') : process.user === 'root' ? '0' : '1000'
  return {
    pid: String(pid),
    name: program.name,
    path: program.path,
    cmdline: process.commandLine,
    state: host.platform === 'windows' ? 'STILL_ACTIVE' : 'S',
    uid,
    gid: uid,
    euid: uid,
    egid: uid,
    on_disk: '1',
    resident_size: String(size),
    total_size: String(size * 2),
    user_time: String(now - startedAt),
    system_time: String((now - startedAt) >> 1),
    start_time: String(startedAt),
    parent: String(parent?.pid ?? 0),
    threads: '4',
  }
}

function portRow({ pid = '', port = '', protocol = '', family = '', address = '' }: Row): Row {
  return { pid, port, protocol, family, address, fd: '-1', socket: '-1', path: '' }
}

/** Columns whose values are all whole numbers compare as numbers. */
function createTable(database: DatabaseSync, name: string, rows: readonly Row[]): void {
  const columns = [...new Set(rows.flatMap(row => Object.keys(row)))]
  // A table without rows has no columns here, where osquery's still has.
  if (columns.length === 0) columns.push('pid')
  const isNumber = (column: string): boolean =>
    rows.length > 0 && rows.every(row => /^-?(0|[1-9]\d{0,14})$/.test(row[column] ?? ''))
  const types = columns.map(column => `"${column}" ${isNumber(column) ? 'INTEGER' : 'TEXT'}`)
  database.exec(`CREATE TABLE "${name}" (${types.join(', ')})`)
  const insert = database.prepare(`INSERT INTO "${name}" VALUES (${columns.map(() => '?').join(', ')})`)
  for (const row of rows) insert.run(...columns.map(column => row[column] ?? ''))
}

function textOf(row: Readonly<Record<string, unknown>>): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value === null || value === undefined ? '' : String(value)]),
  )
}
