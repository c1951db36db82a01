import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { sqlCheckMsMax } from '../limits.ts'
import { AppError, type ErrorCode, type ErrorDetails } from '../model/errors.ts'
import type { Log } from '../model/log.ts'
import type { CheckedStatement, SqlInput } from '../sql/check.ts'
import { type PackedSchema, packSchema } from './sql-thread-schema.ts'

// The one thread that reads users' SQL text. A text that takes too long, by the thread's own processor time, costs the
// thread, never the API: it is replaced and the text is refused. One text at a time, in order of arrival; texts wait
// while a new thread warms up.

export interface SqlThread {
  /** Rejects with `invalid_argument` (position in `details`), also for a text that could not be read in time. */
  check(input: SqlInput): Promise<CheckedStatement>
  close(): Promise<void>
}

/** Owner → thread. */
export interface SqlThreadRequest extends Omit<SqlInput, 'schema'> {
  readonly schema: PackedSchema
}

/** Thread → owner. */
export type SqlThreadReply = SqlThreadAnswer & {
  /** Of the thread's processor so far. */
  readonly spentMs: number
}

export type SqlThreadAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'checked'; readonly statement: CheckedStatement }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string; readonly details?: ErrorDetails }

interface Waiting {
  readonly input: SqlInput
  readonly resolve: (statement: CheckedStatement) => void
  readonly reject: (error: AppError) => void
}

/** One text while it is read. */
interface Reading {
  readonly text: Waiting
  readonly thread: Worker
  /** Processor time of the thread before it, ms. */
  readonly spentMs: number
  extensions: number
}

/** Waits for a thread that gets no processor: each at least so long, and so many. */
const leastWaitMs = 50
const extensionsMax = 20

/** Processor time of a thread so far; undefined where it has ended. */
async function processorMs(thread: Worker): Promise<number | undefined> {
  try {
    const { user, system } = await thread.cpuUsage()
    return (user + system) / 1000
  } catch {
    // Gone.
    return undefined
  }
}

/** Threads that end before they were ready, in a row, before texts are told `unavailable`. */
const startsFailedMax = 3

export interface SqlThreadOptions {
  readonly log: Log
  readonly checkMsMax?: number
}

/** Starts the thread at once, so that it is warm for the first text. The caller calls `close()`. */
export function openSqlThread(options: SqlThreadOptions): SqlThread {
  const msMax = options.checkMsMax ?? sqlCheckMsMax
  const waiting: Waiting[] = []
  let thread: Worker | undefined
  let isReady = false
  let spentMs = 0
  let startsFailed = 0
  let current: Waiting | undefined
  let deadline: NodeJS.Timeout | undefined
  let isClosed = false
  start()

  function start(): void {
    isReady = false
    const started = new Worker(entry(), { env: {}, stdout: true, stderr: true })
    thread = started
    started.on('message', (reply: SqlThreadReply) => receive(started, reply))
    started.on('error', error => options.log.error({ err: error }, 'sql thread failed'))
    started.on('exit', () => onExit(started))
  }

  function receive(from: Worker, reply: SqlThreadReply): void {
    if (from !== thread) return
    spentMs = reply.spentMs
    if (reply.kind === 'ready') {
      isReady = true
      startsFailed = 0
    } else {
      const ended = endCurrent()
      if (reply.kind === 'checked') ended?.resolve(reply.statement)
      else ended?.reject(new AppError(reply.code, reply.message, detailsOf(reply)))
    }
    next()
  }

  function next(): void {
    if (!isReady || current !== undefined) return
    current = waiting.shift()
    if (current === undefined) return
    const reading = { text: current, thread: thread!, spentMs, extensions: 0 }
    const { input } = current
    const request: SqlThreadRequest = { ...input, schema: packSchema(input.schema) }
    thread?.postMessage(request)
    deadline = setTimeout(() => void giveUpOrWait(reading), msMax)
  }

  /** A machine that is busy with other things must not make a text too complicated: what counts is its own time. */
  async function giveUpOrWait(reading: Reading): Promise<void> {
    const now = await processorMs(reading.thread)
    if (current !== reading.text || thread !== reading.thread) return
    const left = now === undefined ? 0 : msMax - (now - reading.spentMs)
    if (left < 1 || reading.extensions >= extensionsMax) return giveUp()
    reading.extensions += 1
    deadline = setTimeout(() => void giveUpOrWait(reading), Math.max(left, leastWaitMs))
  }

  function endCurrent(): Waiting | undefined {
    clearTimeout(deadline)
    const ended = current
    current = undefined
    return ended
  }

  function giveUp(): void {
    options.log.warn({ chars: current?.input.template.length }, 'sql text not read in time, thread replaced')
    endCurrent()?.reject(
      new AppError('invalid_argument', 'the statement is too complicated: it could not be read in time'),
    )
    void thread?.terminate()
  }

  function onExit(ended: Worker): void {
    if (ended !== thread) return
    thread = undefined
    endCurrent()?.reject(new AppError('invalid_argument', 'the statement could not be read: it is nested too deeply'))
    if (isClosed) return
    if (!isReady) startsFailed += 1
    if (startsFailed < startsFailedMax) start()
    else for (const each of waiting.splice(0)) each.reject(unavailable())
  }

  return {
    check(input) {
      if (isClosed) return Promise.reject(unavailable())
      if (thread === undefined) start()
      return new Promise((resolve, reject) => {
        waiting.push({ input, resolve, reject })
        next()
      })
    },
    async close() {
      isClosed = true
      for (const each of waiting.splice(0)) each.reject(unavailable())
      endCurrent()?.reject(unavailable())
      await thread?.terminate()
    },
  }
}

function unavailable(): AppError {
  return new AppError('unavailable', 'the SQL front end is not running')
}

function detailsOf(reply: { readonly details?: ErrorDetails }): { details?: ErrorDetails } {
  return reply.details === undefined ? {} : { details: reply.details }
}

/** `.ts` from source, `.js` when built. */
function entry(): URL {
  return new URL(`./sql-thread-entry${extname(fileURLToPath(import.meta.url))}`, import.meta.url)
}
