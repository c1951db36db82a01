import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writerStatementMsMax } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import type { WriterReply, WriterRequest, WriterRow } from './writer-protocol.ts'

// The parent's side of the writer process. Modes: stopped → running (the first job starts the process) → stopped (it
// crashed, was killed or closed). A crash fails the job under way and nothing else: the next job starts a new process.

/**
 * Executes one trusted statement; its rows. Rejects with `internal` and DuckDB's message, `unavailable` when the
 * process ended.
 */
export type RunSql = (sql: string) => Promise<readonly WriterRow[]>

export interface Writer {
  /**
   * Has the writer for itself until `work` settles; jobs wait for one another in the order they came. Tables that a
   * failed job left behind are gone with the next one.
   */
  use<Result>(work: (run: RunSql) => Promise<Result>): Promise<Result>
  /** Ends the process; a job under way rejects with `canceled`, and so does every later one. */
  close(): Promise<void>
}

export interface WriterOptions {
  readonly memoryBytes: number
  readonly threads: number
  /** Where DuckDB spills to; made by it. */
  readonly tempFolder: string
  /** A statement that takes longer ends the process, and so fails its job. */
  readonly statementMsMax?: number
}

export function openWriter(options: WriterOptions): Writer {
  let child: Child | undefined
  let isClosed = false
  let queue: Promise<unknown> = Promise.resolve()

  async function running(): Promise<Child> {
    if (isClosed) throw new AppError('canceled', 'the writer is closed')
    if (child === undefined || child.hasEnded()) child = await startChild(options)
    return child
  }

  return {
    use(work) {
      const job = queue.then(async () => {
        const current = await running()
        return work(sql => current.ask({ kind: 'run', sql }))
      })
      queue = job.catch(() => {})
      return job
    },
    async close() {
      isClosed = true
      await child?.end()
    },
  }
}

interface Child {
  ask(request: Unnumbered): Promise<readonly WriterRow[]>
  hasEnded(): boolean
  end(): Promise<void>
}

type Unnumbered = WriterRequest extends infer Request ? (Request extends unknown ? Omit<Request, 'id'> : never) : never

interface Waiting {
  readonly resolve: (rows: readonly WriterRow[]) => void
  readonly reject: (error: AppError) => void
  readonly timer: NodeJS.Timeout
}

async function startChild(options: WriterOptions): Promise<Child> {
  const entry = new URL(`./writer-process${extname(fileURLToPath(import.meta.url))}`, import.meta.url)
  const process = fork(entry, {
    serialization: 'advanced',
    env: {},
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const child = asChild(process, options.statementMsMax ?? writerStatementMsMax)
  const settings = {
    memory_limit: `${Math.floor(options.memoryBytes / 2 ** 20)}MiB`,
    threads: String(options.threads),
    temp_directory: options.tempFolder,
  }
  await child.ask({ kind: 'open', settings })
  return child
}

function asChild(process: ChildProcess, statementMsMax: number): Child {
  const waiting = new Map<number, Waiting>()
  let lastId = 0
  let ended: AppError | undefined
  let isEnding = false
  const exited = new Promise<void>(resolve => {
    const finish = (reason: string) => {
      ended ??= isEnding
        ? new AppError('canceled', 'the writer is closed')
        : new AppError('unavailable', `the writer process ended: ${reason}`)
      for (const { reject, timer } of waiting.values()) {
        clearTimeout(timer)
        reject(ended)
      }
      waiting.clear()
      resolve()
    }
    process.once('exit', (code, signal) => finish(signal ?? `exit code ${code}`))
    process.once('error', error => finish(error.message))
  })
  process.on('message', (reply: WriterReply) => {
    const asker = waiting.get(reply.id)
    waiting.delete(reply.id)
    clearTimeout(asker?.timer)
    if ('error' in reply) asker?.reject(new AppError('internal', reply.error))
    else asker?.resolve(reply.rows)
  })
  return {
    ask(request) {
      if (ended !== undefined) return Promise.reject(ended)
      const id = ++lastId
      return new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => process.kill('SIGKILL'),
          request.kind === 'open' ? writerStatementMsMax : statementMsMax,
        )
        waiting.set(id, { resolve, reject, timer })
        process.send({ ...request, id }, error => {
          if (error === null || !waiting.delete(id)) return
          clearTimeout(timer)
          reject(new AppError('unavailable', 'the writer process ended', { cause: error }))
        })
      })
    },
    hasEnded: () => ended !== undefined,
    async end() {
      isEnding = true
      process.kill('SIGKILL')
      await exited
    },
  }
}
