import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ChildBounds, ChildSetup } from './protocol.ts'

// The operating system's walls around a child that executes users' text: a limit on its data (RLIMIT_DATA: DuckDB's own
// limit does not cover every allocation, and RLIMIT_AS would count what V8 only reserves), no core files, an empty
// environment, no standard input (and output only where it is the point), its own working directory. What remains open:
// it runs as the server's user, so these walls stop accidents and hold memory, while files are kept from a statement by
// the locked database alone.

export type ChildEntry = 'worker' | 'page-reader' | 'exporter'

const mib = 1024 * 1024

/** Resident size a child may reach, as a multiple of its memory: past it, it is killed. */
const residentFactors: Readonly<Record<ChildEntry, number>> = { worker: 1.2, 'page-reader': 2.5, exporter: 2.5 }

/**
 * What a child holds beside its statement: resident (Node, DuckDB's code, its catalog of macros), and as data (thread
 * stacks and V8's reservations, hardly any of it resident). Measured with Node 24 and DuckDB 1.5 on Linux.
 */
const idleResidentBytes = 136 * mib
const idleDataBytes = 650 * mib
const threadStackBytes = 8 * mib

/** DuckDB does not count all it takes: its own limit leaves this part of what a child may grow by to the rest. */
const countedShare = 0.85
const databaseBytesMin = 64 * mib

/**
 * What reads results holds a page as text several times over, and freed memory that stays reserved (measured: 2.4 GB of
 * data for a limit of 512 MiB and cells of 16 MB, 0.9 GB resident); it runs only our own SQL.
 */
const readerDataFactor = 6

/** Starts a child whose working directory is `bounds.tempFolder`, which exists. The caller reaps it. */
export function startChild(entry: ChildEntry, bounds: ChildBounds): ChildProcess {
  const setup: ChildSetup = { ...bounds, databaseBytes: databaseBytesMax(entry, bounds.memoryBytes) }
  const node = [process.execPath, '--max-old-space-size=512', entryPath(entry), JSON.stringify(setup)]
  const [command, ...args] = process.platform === 'linux' ? limited(node, dataBytesMax(entry, bounds)) : node
  const child = spawn(command ?? process.execPath, args, {
    cwd: bounds.tempFolder,
    // What the engine frees goes back at once: kept, it counts against the limit on data, and a worker is replaced.
    env: { TZ: 'UTC', LC_ALL: 'C.UTF-8', DUCKDB_JE_MALLOC_CONF: 'retain:false' },
    // What an exporter makes leaves by its standard output, as fast as it is read.
    stdio: ['ignore', entry === 'exporter' ? 'pipe' : 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  })
  if (child.pid !== undefined) yieldToServer(child.pid)
  return child
}

/** The server gets twice the share of one child where both want a core; programs beside the lake not much more. */
const childNiceness = 3

/** A statement that takes every core must not take them from the process that answers calls. */
function yieldToServer(pid: number): void {
  try {
    setPriority(pid, childNiceness)
  } catch {
    // Best effort: it has ended already, or the system does not allow it.
  }
}

/** Resident bytes past which a child is killed. */
export function residentBytesMax(entry: ChildEntry, memoryBytes: number): number {
  return Math.floor(memoryBytes * residentFactors[entry])
}

/** What a child's DuckDB may take by its own count, so that it spills or refuses before the system does. */
function databaseBytesMax(entry: ChildEntry, memoryBytes: number): number {
  const growth = residentBytesMax(entry, memoryBytes) - idleResidentBytes
  return Math.max(databaseBytesMin, Math.min(memoryBytes, Math.floor(growth * countedShare)))
}

/** A worker's data grows only as far as its resident size may; so it never passes that, however fast it grows. */
function dataBytesMax(entry: ChildEntry, bounds: ChildBounds): number {
  const idleBytes = idleDataBytes + bounds.threads * threadStackBytes
  if (entry !== 'worker') return Math.floor(bounds.memoryBytes * readerDataFactor) + idleBytes
  const growth = Math.max(databaseBytesMin, residentBytesMax(entry, bounds.memoryBytes) - idleResidentBytes)
  return growth + idleBytes
}

/**
 * How far a ready child's data may lie above what it first had: freed memory stays mapped and counts, so a worker that
 * keeps more could fail a statement that a new one has room for.
 */
export function keptDataBytesMax(entry: ChildEntry, memoryBytes: number): number {
  return entry === 'worker' ? Math.floor((residentBytesMax(entry, memoryBytes) - idleResidentBytes) / 4) : Infinity
}

/** Resident bytes of a process, or undefined where the system does not say. */
export function residentBytes(pid: number): number | undefined {
  return memoryField(pid, 1)
}

/** Bytes of a process that count against its limit on data, or undefined where the system does not say. */
export function dataBytes(pid: number): number | undefined {
  return memoryField(pid, 5)
}

function memoryField(pid: number, field: number): number | undefined {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[field])
    return Number.isFinite(pages) ? pages * 4096 : undefined
  } catch {
    // Gone, or no /proc.
    return undefined
  }
}

/** The shell sets the limits and becomes the child: same pid, same IPC channel. */
function limited(command: readonly string[], dataBytes: number): string[] {
  const script = 'ulimit -c 0 && ulimit -d "$1" && shift && exec "$@"'
  return ['/bin/sh', '-c', script, 'sh', String(Math.floor(dataBytes / 1024)), ...command]
}

/** `.ts` from source, `.js` when built. */
function entryPath(entry: ChildEntry): string {
  return fileURLToPath(new URL(`./${entry}${extname(fileURLToPath(import.meta.url))}`, import.meta.url))
}
