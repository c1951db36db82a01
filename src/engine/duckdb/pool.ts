import type { ChildProcess } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { AppError, type ErrorCode } from '../../model/errors.ts'
import type { Log } from '../../model/log.ts'
import { makeFairQueue } from './fair-queue.ts'
import type { ChildSetup } from './protocol.ts'
import { type ChildEntry, residentBytes, residentBytesMax, startChild } from './sandbox.ts'

// Warm child processes that each execute one job at a time, and a spare so that a killed one is not missed.
//
// Modes of a child: starting → ready (a fresh database waits) → busy (one job) → settling (answered, making itself
// ready again) → ready …; from every mode → gone (exited; its folder is deleted, a new one is started). A job belongs to
// the one child that executes it, and stopping a job is a message with its number or a signal to that child's own pid:
// it cannot meet another job. A child is replaced after a stop, a crash, `runsMax` jobs, or when its memory has grown.

export interface PoolOptions<Reply> {
  readonly entry: ChildEntry
  /** Jobs executed at once; one child more is kept ready. */
  readonly size: number
  readonly setup: Omit<ChildSetup, 'tempFolder'>
  /** An existing folder; each child gets one below it. */
  readonly tmpFolder: string
  readonly runsMax: number
  readonly growthBytesMax: number
  /** How long a child may take to stop by itself before it is killed. */
  readonly graceMs: number
  /** Children that die before they were ready, in a row, before waiting jobs are told `unavailable`. */
  readonly startsFailedMax: number
  /** Throws on a message that a child has no business to send. */
  readonly parse: (message: unknown) => Reply
  readonly log: Log
}

export interface PoolJob<Reply> {
  readonly tenantId: string
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  /** The message that starts it. */
  message(job: number): object
  /** Called for each of the job's replies; true for the last one. */
  onReply(reply: Reply): boolean
}

/** Why a job ended: it said so, or its process died of memory or otherwise (`signal`). */
export type JobEnd = { readonly kind: 'answered' } | { readonly kind: 'died'; readonly of: 'memory' | 'crash' }

export interface Pool<Reply> {
  /**
   * Resolves when the job has ended. Rejects with `canceled` or `timed_out` once it has stopped, or with `unavailable`
   * when it never started.
   */
  execute(job: PoolJob<Reply>): Promise<JobEnd>
  /** Children that could start a job now. */
  readyCount(): number
  /** True while children die before they are ready. */
  isFailing(): boolean
  close(): Promise<void>
}

type Mode = 'starting' | 'ready' | 'busy' | 'settling' | 'gone'

interface Child<Reply> {
  readonly process: ChildProcess
  readonly folder: string
  readonly setup: ChildSetup
  mode: Mode
  runs: number
  rssAtFirst: number | undefined
  task: Task<Reply> | undefined
  isOverMemory: boolean
  mustRetire: boolean
  /** Ends a child that does not stop, or does not become ready. */
  killTimer: NodeJS.Timeout | undefined
}

interface Task<Reply> {
  readonly job: PoolJob<Reply>
  readonly number: number
  readonly resolve: (end: JobEnd) => void
  readonly reject: (error: AppError) => void
  /** Set once it is being stopped. */
  stop: ErrorCode | undefined
  deadline: NodeJS.Timeout | undefined
  onAbort: (() => void) | undefined
}

/** A reply's parts that the pool itself reads. */
interface AnyReply {
  readonly kind: string
  readonly job?: number
  readonly rssBytes?: number
}

const watchMs = 200
const readyMsMax = 30_000
const restartMs = 1_000
const stderrCharsMax = 4_000

/** Starts the children at once; the caller calls `close()`. */
export function openPool<Reply extends AnyReply>(options: PoolOptions<Reply>): Pool<Reply> {
  const children = new Set<Child<Reply>>()
  const queue = makeFairQueue<Task<Reply>>()
  let taskNumber = 0
  let childNumber = 0
  let startsFailed = 0
  let isClosed = false
  let restartTimer: NodeJS.Timeout | undefined
  const watchdog = setInterval(watchMemory, watchMs)
  watchdog.unref()
  fill()

  function fill(): void {
    if (isClosed || restartTimer !== undefined) return
    while (children.size <= options.size) addChild()
  }

  function addChild(): void {
    childNumber += 1
    const folder = join(options.tmpFolder, `${options.entry}-${process.pid}-${childNumber}`)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const setup = { ...options.setup, tempFolder: folder }
    const child: Child<Reply> = {
      process: startChild(options.entry, setup),
      folder,
      setup,
      mode: 'starting',
      runs: 0,
      rssAtFirst: undefined,
      task: undefined,
      isOverMemory: false,
      mustRetire: false,
      killTimer: undefined,
    }
    children.add(child)
    killAfter(child, readyMsMax)
    let stderr = ''
    child.process.stderr?.on('data', chunk => {
      stderr = `${stderr}${chunk}`.slice(-stderrCharsMax)
    })
    child.process.on('message', message => receive(child, message))
    child.process.on('error', error => options.log.error({ err: error }, 'engine process not started'))
    child.process.on('close', (code, signal) => onGone(child, { code, signal, stderr }))
  }

  function receive(child: Child<Reply>, message: unknown): void {
    if (child.mode === 'gone') return
    let reply: Reply
    try {
      reply = options.parse(message)
    } catch (error) {
      options.log.error({ err: error }, 'engine process sent nonsense')
      kill(child)
      return
    }
    if (reply.kind === 'ready') onReady(child, reply.rssBytes ?? 0)
    else if (child.task !== undefined && reply.job === child.task.number) onTaskReply(child, child.task, reply)
  }

  function onReady(child: Child<Reply>, rssBytes: number): void {
    // Only a child that was asked for it becomes ready: a message out of turn must not free a busy one.
    if (child.mode !== 'starting' && child.mode !== 'settling') return
    startsFailed = 0
    clearTimeout(child.killTimer)
    child.rssAtFirst ??= rssBytes
    const hasGrown = rssBytes - child.rssAtFirst > options.growthBytesMax
    if (child.mustRetire || hasGrown || child.runs >= options.runsMax) {
      kill(child)
      return
    }
    child.mode = 'ready'
    dispatch()
  }

  function onTaskReply(child: Child<Reply>, task: Task<Reply>, reply: Reply): void {
    if (!task.job.onReply(reply)) return
    endTask(child, task)
    if (task.stop !== undefined) {
      task.reject(stopError(task.stop))
      kill(child)
      return
    }
    child.mode = 'settling'
    killAfter(child, readyMsMax)
    task.resolve({ kind: 'answered' })
    dispatch()
  }

  function endTask(child: Child<Reply>, task: Task<Reply>): void {
    child.task = undefined
    clearTimeout(child.killTimer)
    release(task)
  }

  function release(task: Task<Reply>): void {
    clearTimeout(task.deadline)
    if (task.onAbort !== undefined) task.job.signal?.removeEventListener('abort', task.onAbort)
  }

  function dispatch(): void {
    while (queue.size > 0 && countOf('busy') < options.size) {
      const child = [...children].find(candidate => candidate.mode === 'ready')
      if (child === undefined) return
      const task = queue.take()
      if (task !== undefined) assign(child, task)
    }
  }

  function assign(child: Child<Reply>, task: Task<Reply>): void {
    child.mode = 'busy'
    child.runs += 1
    child.task = task
    task.deadline = setTimeout(() => stopTask(child, task, 'timed_out'), task.job.timeoutMs)
    task.deadline.unref()
    child.process.send(task.job.message(task.number), error => {
      if (error !== null) kill(child)
    })
  }

  function stopTask(child: Child<Reply>, task: Task<Reply>, code: ErrorCode): void {
    if (task.stop !== undefined || child.task !== task) return
    task.stop = code
    child.process.send({ kind: 'cancel', job: task.number }, () => undefined)
    killAfter(child, options.graceMs)
  }

  function onGone(child: Child<Reply>, exit: { code: number | null; signal: string | null; stderr: string }): void {
    const wasStarting = child.mode === 'starting'
    child.mode = 'gone'
    children.delete(child)
    clearTimeout(child.killTimer)
    // Best effort: what a killed child left in its folder is garbage, swept again at the next start.
    rmSync(child.folder, { recursive: true, force: true })
    if (wasStarting && !isClosed) onStartFailed(exit)
    const { task } = child
    if (task !== undefined) {
      endTask(child, task)
      if (task.stop !== undefined) task.reject(stopError(task.stop))
      else {
        options.log.warn({ ...exit, isOverMemory: child.isOverMemory }, 'engine process died while busy')
        task.resolve({ kind: 'died', of: child.isOverMemory ? 'memory' : 'crash' })
      }
    }
    fill()
    dispatch()
  }

  function onStartFailed(exit: object): void {
    startsFailed += 1
    options.log.error({ ...exit, startsFailed }, 'engine process died before it was ready')
    if (startsFailed < options.startsFailedMax) return
    for (let task = queue.take(); task !== undefined; task = queue.take()) {
      release(task)
      task.reject(new AppError('unavailable', 'no engine process could be started'))
    }
    restartTimer = setTimeout(() => {
      restartTimer = undefined
      fill()
    }, restartMs)
    restartTimer.unref()
  }

  function watchMemory(): void {
    for (const child of children) {
      if (child.mode !== 'busy' || child.process.pid === undefined) continue
      const bytes = residentBytes(child.process.pid)
      if (bytes === undefined || bytes <= residentBytesMax(options.entry, child.setup)) continue
      child.isOverMemory = true
      kill(child)
    }
  }

  function countOf(mode: Mode): number {
    let count = 0
    for (const child of children) if (child.mode === mode) count += 1
    return count
  }

  function execute(job: PoolJob<Reply>): Promise<JobEnd> {
    return new Promise((resolve, reject) => {
      if (isClosed || job.signal?.aborted) return reject(stopError('canceled'))
      if (startsFailed >= options.startsFailedMax) return reject(stopError('unavailable'))
      taskNumber += 1
      const task: Task<Reply> = {
        job,
        number: taskNumber,
        resolve,
        reject,
        stop: undefined,
        deadline: undefined,
        onAbort: undefined,
      }
      task.onAbort = () => abort(task)
      job.signal?.addEventListener('abort', task.onAbort)
      queue.add(job.tenantId, task)
      dispatch()
    })
  }

  function abort(task: Task<Reply>): void {
    if (queue.remove(task.job.tenantId, task)) {
      release(task)
      task.reject(stopError('canceled'))
      return
    }
    for (const child of children) if (child.task === task) stopTask(child, task, 'canceled')
  }

  async function close(): Promise<void> {
    isClosed = true
    clearInterval(watchdog)
    clearTimeout(restartTimer)
    for (let task = queue.take(); task !== undefined; task = queue.take()) {
      release(task)
      task.reject(stopError('canceled'))
    }
    const gone = [...children].map(child => new Promise(resolve => child.process.once('close', resolve)))
    for (const child of children) {
      if (child.task !== undefined) child.task.stop ??= 'canceled'
      kill(child)
    }
    await Promise.all(gone)
  }

  const isFailing = () => startsFailed >= options.startsFailedMax
  return { execute, readyCount: () => countOf('ready'), isFailing, close }
}

function killAfter(child: Child<never>, ms: number): void {
  clearTimeout(child.killTimer)
  child.killTimer = setTimeout(() => kill(child), ms)
  child.killTimer.unref()
}

function kill(child: Child<never>): void {
  // A ready child that is being killed must not be given a job before its exit is known.
  if (child.mode === 'ready') child.mode = 'settling'
  child.process.kill('SIGKILL')
}

function stopError(code: ErrorCode): AppError {
  if (code === 'timed_out') return new AppError('timed_out', 'the statement ran longer than its time limit')
  if (code === 'unavailable') return new AppError('unavailable', 'no engine process could be started')
  return new AppError('canceled', 'the run was canceled')
}
