import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

// The program as a user runs it: a process of its own on a directory of its own, on a free port.

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What the first start leaves for the operator. */
export interface FirstRun {
  readonly url: string
  readonly tenantId: string
  readonly clientId: string
  readonly clientSecret: string
  readonly enrollSecret: string
}

export interface ServerOptions {
  /** Flags after `--data` and `--port`. */
  readonly flags?: readonly string[]
  /** An existing data directory; by default a fresh one that `close` deletes. */
  readonly directory?: string
  /** `npmScript` goes through scripts/start.mjs, as `npm start` does; the default is the server's own process. */
  readonly through?: 'npmScript' | 'server'
}

export interface TestServer extends AsyncDisposable {
  readonly url: string
  /** Where it serves TLS; undefined: nowhere, unless the flags have a `--tls-port`. */
  readonly tlsUrl: string | undefined
  readonly directory: string
  readonly firstRun: FirstRun
  /** Of the process that was started: with `npmScript` the script's. */
  readonly pid: number
  /** Everything the process wrote so far; what to show when a test fails. */
  output(): string
  /** Sends the signal and resolves when the process has ended, with its exit code (null: it died of the signal). */
  stop(signal: NodeJS.Signals): Promise<number | null>
  /** Starts the program again on the same directory, after `stop`. */
  restart(): Promise<TestServer>
  /** Ends the process if it still runs and deletes the directory. */
  close(): Promise<void>
}

const readyMsMax = 60_000

/** Tests poll as fast as they can. */
const noCallLimits = ['--calls-per-minute', '0', '--calls-per-day', '0']

/** Resolves when the log says `ready`. Rejects with what the process wrote when it ends or stays silent instead. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'edr-lake-test-')))
  const script = options.through === 'npmScript' ? 'scripts/start.mjs' : 'src/bin/server.ts'
  const parameters = [
    script,
    '--data',
    directory,
    '--port',
    '0',
    '--tls-port',
    'off',
    ...noCallLimits,
    ...(options.flags ?? []),
  ]
  const child = spawn(process.execPath, parameters, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    const ready = await untilReady(child)
    const written = JSON.parse(await readFile(join(directory, 'first-run.json'), 'utf8')) as FirstRun
    // A later start on the same directory has another port.
    const firstRun = { ...written, url: ready.url }
    return testServer(child, { ...options, directory }, { ...ready, firstRun })
  } catch (error) {
    await end(child, 'SIGKILL')
    if (options.directory === undefined) await rm(directory, { recursive: true, force: true })
    throw error
  }
}

function testServer(
  child: ChildProcess,
  options: ServerOptions & { directory: string },
  ready: Ready & { readonly firstRun: FirstRun },
): TestServer {
  const close = async (): Promise<void> => {
    // The npm script passes SIGTERM on to the server; SIGKILL would end the script alone.
    await end(child, options.through === 'npmScript' ? 'SIGTERM' : 'SIGKILL')
    await rm(options.directory, { recursive: true, force: true, maxRetries: 5 })
  }
  return {
    ...ready,
    directory: options.directory,
    pid: child.pid!,
    stop: signal => end(child, signal),
    restart: () => startServer(options),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Ended by the signal, or, where the process ignores it for long, by SIGKILL. */
async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const ended = once(child, 'exit') as Promise<[number | null]>
  const patience = setTimeout(() => child.kill('SIGKILL'), 20_000)
  child.kill(signal)
  const [code] = await ended
  clearTimeout(patience)
  return code
}

interface Ready {
  readonly url: string
  readonly tlsUrl: string | undefined
  readonly output: () => string
}

function untilReady(child: ChildProcess): Promise<Ready> {
  const lines: string[] = []
  const output = (): string => lines.join('\n')
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => reject(new Error(`the server ${what}; it wrote:\n${output()}`))
    const patience = setTimeout(() => fail(`was not ready after ${readyMsMax} ms`), readyMsMax)
    const read = (line: string): void => {
      lines.push(line)
      const ready = readyEntry(line)
      if (ready === undefined) return
      clearTimeout(patience)
      resolve({ ...ready, output })
    }
    createInterface({ input: child.stdout! }).on('line', read)
    createInterface({ input: child.stderr! }).on('line', read)
    child.once('error', error => fail(`did not start: ${error.message}`))
    child.once('exit', code => {
      clearTimeout(patience)
      fail(`ended with code ${code}`)
    })
  })
}

function readyEntry(line: string): Omit<Ready, 'output'> | undefined {
  if (!line.startsWith('{')) return undefined
  const entry = parsed(line)
  if (entry?.['msg'] !== 'ready' || typeof entry['url'] !== 'string') return undefined
  return { url: entry['url'], tlsUrl: entry['tlsUrl'] as string | undefined }
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    // Not ours: a warning of Node, or the block a terminal would show.
    return undefined
  }
}
