import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ChildSetup } from './protocol.ts'

// The operating system's walls around a child that executes users' text: a limit on its data (RLIMIT_DATA: DuckDB's own
// limit does not cover every allocation, and RLIMIT_AS would count what V8 only reserves), no core files, an empty
// environment, no standard input (and output only where it is the point), its own working directory. What remains open: it runs as the server's user,
// so these walls stop accidents and hold memory, while files are kept from a statement by the locked database alone.

export type ChildEntry = 'worker' | 'page-reader' | 'exporter'

/**
 * How far each kind may pass DuckDB's own limit, resident and as data. A worker: a fifth, for the parser and what else
 * DuckDB does not count. A page reader holds a page as text several times over, and freed memory that stays reserved
 * (measured: 2.4 GB of data for a limit of 512 MiB and cells of 16 MB, 0.9 GB resident); it runs only our own SQL.
 */
const memoryFactors: Readonly<Record<ChildEntry, { readonly resident: number; readonly data: number }>> = {
  worker: { resident: 1.2, data: 1.2 },
  'page-reader': { resident: 2.5, data: 6 },
  exporter: { resident: 2.5, data: 6 },
}

/** Data of a Node process before it does anything: thread stacks and V8's reservations, hardly any of it resident. */
const idleDataBytes = 768 * 1024 * 1024

/** Starts a child whose working directory is `setup.tempFolder`, which exists. The caller reaps it. */
export function startChild(entry: ChildEntry, setup: ChildSetup): ChildProcess {
  const node = [process.execPath, '--max-old-space-size=512', entryPath(entry), JSON.stringify(setup)]
  const [command, ...args] = process.platform === 'linux' ? limited(node, dataBytesMax(entry, setup)) : node
  return spawn(command ?? process.execPath, args, {
    cwd: setup.tempFolder,
    env: { TZ: 'UTC', LC_ALL: 'C.UTF-8' },
    // What an exporter makes leaves by its standard output, as fast as it is read.
    stdio: ['ignore', entry === 'exporter' ? 'pipe' : 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  })
}

/** Resident bytes past which a child is killed. */
export function residentBytesMax(entry: ChildEntry, setup: ChildSetup): number {
  return Math.floor(setup.memoryBytes * memoryFactors[entry].resident)
}

function dataBytesMax(entry: ChildEntry, setup: ChildSetup): number {
  return Math.floor(setup.memoryBytes * memoryFactors[entry].data) + idleDataBytes
}

/** Resident bytes of a process, or undefined where the system does not say. */
export function residentBytes(pid: number): number | undefined {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])
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
