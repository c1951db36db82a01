import { mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, type ErrorCode } from '../../model/errors.ts'
import type { Log } from '../../model/log.ts'
import { type FairQueue, makeFairQueue } from './fair-queue.ts'
import {
  type Child,
  type JobEnd,
  kill,
  killAfter,
  type Mode,
  type PoolJob,
  settle,
  stopError,
  type Task,
} from './pool-child.ts'
import type { ChildBounds } from './protocol.ts'
import { type ChildEntry, dataBytes, keptDataBytesMax, residentBytes, residentBytesMax, startChild } from './sandbox.ts'

// Warm child processes that each execute one job at a time, and a spare so that a killed one is not missed.
//
// Modes of a child: starting → ready (a fresh database waits) → busy (one job) → settling (answered, making itself
// ready again) → ready …; from every mode → gone (exited; its folder is deleted, a new one is started). A job belongs
// to the one child that executes it, and stopping it is a message with its number or a signal to that child's own pid:
// it cannot meet another job. A child is replaced after a stop, a crash or a failure that is not the statement's own,
// after `runsMax` jobs, and when its memory has grown.

export interface PoolOptions<Reply> {
  readonly entry: ChildEntry
  /** Jobs executed at once; one child more is kept ready. */
  readonly size: number
  readonly setup: Omit<ChildBounds, 'tempFolder'>
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

/** A reply's parts that the pool itself reads. */
interface AnyReply {
  readonly kind: string
  readonly job?: number
  readonly rssBytes?: number
  readonly error?: { readonly code: string }
}

const watchMs = 200
const readyMsMax = 30_000
const restartMs = 1_000
const stderrCharsMax = 4_000

/** What the functions below share. */
interface State<Reply> {
  readonly options: PoolOptions<Reply>
  readonly children: Set<Child<Reply>>
  readonly queue: FairQueue<Task<Reply>>
  readonly watchdog: NodeJS.Timeout
  /** Folders of ended children that are being deleted. */
  readonly removals: Set<Promise<void>>
  taskNumber: number
  childNumber: number
  startsFailed: number
  isClosed: boolean
  restartTimer: NodeJS.Timeout | undefined
}

/** Starts the children at once; the caller calls `close()`. */
export function openPool<Reply extends AnyReply>(options: PoolOptions<Reply>): Pool<Reply> {
  const pool: State<Reply> = {
    options,
    children: new Set(),
    queue: makeFairQueue(),
    watchdog: setInterval(() => watchMemory(pool), watchMs),
    removals: new Set(),
    taskNumber: 0,
    childNumber: 0,
    startsFailed: 0,
    isClosed: false,
    restartTimer: undefined,
  }
  pool.watchdog.unref()
  fill(pool)
  return {
    execute: job => execute(pool, job),
    readyCount: () => countOf(pool, 'ready'),
    isFailing: () => isFailing(pool),
    close: () => close(pool),
  }
}

function fill<Reply extends AnyReply>(pool: State<Reply>): void {
  if (pool.isClosed || pool.restartTimer !== undefined) return
  while (pool.children.size <= pool.options.size) addChild(pool)
}

function addChild<Reply extends AnyReply>(pool: State<Reply>): void {
  pool.childNumber += 1
  const folder = join(pool.options.tmpFolder, `${pool.options.entry}-${process.pid}-${pool.childNumber}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const setup = { ...pool.options.setup, tempFolder: folder }
  const child: Child<Reply> = {
    process: startChild(pool.options.entry, setup),
    folder,
    setup,
    mode: 'starting',
    runs: 0,
    rssAtFirst: undefined,
    dataAtFirst: undefined,
    task: undefined,
    answered: undefined,
    isOverMemory: false,
    mustRetire: false,
    killTimer: undefined,
  }
  pool.children.add(child)
  killAfter(child, readyMsMax)
  let stderr = ''
  child.process.stderr?.on('data', chunk => {
    stderr = `${stderr}${chunk}`.slice(-stderrCharsMax)
  })
  child.process.on('message', message => receive(pool, child, message))
  child.process.on('error', error => pool.options.log.error({ err: error }, 'engine process not started'))
  child.process.on('close', (code, signal) => onGone(pool, child, { code, signal, stderr }))
}

function receive<Reply extends AnyReply>(pool: State<Reply>, child: Child<Reply>, message: unknown): void {
  if (child.mode === 'gone') return
  let reply: Reply
  try {
    reply = pool.options.parse(message)
  } catch (error) {
    pool.options.log.error({ err: error }, 'engine process sent nonsense')
    kill(child)
    return
  }
  if (reply.kind === 'ready') onReady(pool, child, reply.rssBytes ?? 0)
  else if (child.task !== undefined && reply.job === child.task.number) {
    child.task.hasBegun = true
    onTaskReply(pool, child, child.task, reply)
  } else if (child.answered !== undefined && reply.job === child.answered.number) settle(child)
}

function onReady<Reply extends AnyReply>(pool: State<Reply>, child: Child<Reply>, rssBytes: number): void {
  // Only a child that was asked for it becomes ready: a message out of turn must not free a busy one.
  if (child.mode !== 'starting' && child.mode !== 'settling') return
  settle(child)
  pool.startsFailed = 0
  clearTimeout(child.killTimer)
  child.rssAtFirst ??= rssBytes
  const hasGrown = rssBytes - child.rssAtFirst > pool.options.growthBytesMax || keepsTooMuch(pool, child)
  if (child.mustRetire || hasGrown || child.runs >= pool.options.runsMax) {
    kill(child)
    return
  }
  child.mode = 'ready'
  dispatch(pool)
}

function keepsTooMuch<Reply>(pool: State<Reply>, child: Child<Reply>): boolean {
  const bytes = child.process.pid === undefined ? undefined : dataBytes(child.process.pid)
  if (bytes === undefined) return false
  child.dataAtFirst ??= bytes
  return bytes - child.dataAtFirst > keptDataBytesMax(pool.options.entry, child.setup.memoryBytes)
}

function onTaskReply<Reply extends AnyReply>(
  pool: State<Reply>,
  child: Child<Reply>,
  task: Task<Reply>,
  reply: Reply,
): void {
  if (!task.job.onReply(reply)) return
  endTask(child, task)
  child.answered = task
  // A statement that is merely wrong leaves its process whole; after anything else it is not trusted again.
  child.mustRetire = reply.error !== undefined && reply.error.code !== 'invalid_argument'
  if (task.stop !== undefined) {
    task.reject(stopError(task.stop))
    kill(child)
    return
  }
  child.mode = 'settling'
  killAfter(child, readyMsMax)
  task.resolve({ kind: 'answered' })
  dispatch(pool)
}

function endTask<Reply>(child: Child<Reply>, task: Task<Reply>): void {
  child.task = undefined
  clearTimeout(child.killTimer)
  release(task)
}

function release<Reply>(task: Task<Reply>): void {
  clearTimeout(task.deadline)
  if (task.onAbort !== undefined) task.job.signal?.removeEventListener('abort', task.onAbort)
}

function dispatch<Reply extends AnyReply>(pool: State<Reply>): void {
  while (pool.queue.size > 0 && countOf(pool, 'busy') < pool.options.size) {
    const child = [...pool.children].find(candidate => candidate.mode === 'ready')
    if (child === undefined) return
    const task = pool.queue.take()
    if (task !== undefined) assign(pool, child, task)
  }
}

function assign<Reply extends AnyReply>(pool: State<Reply>, child: Child<Reply>, task: Task<Reply>): void {
  child.mode = 'busy'
  child.runs += 1
  child.task = task
  task.deadline = setTimeout(() => stopTask(pool, child, task, 'timed_out'), task.job.timeoutMs)
  task.deadline.unref()
  child.process.send(task.job.message(task.number), error => {
    if (error !== null) kill(child)
  })
}

function stopTask<Reply extends AnyReply>(
  pool: State<Reply>,
  child: Child<Reply>,
  task: Task<Reply>,
  code: ErrorCode,
): void {
  if (task.stop !== undefined || child.task !== task) return
  task.stop = code
  child.process.send({ kind: 'cancel', job: task.number }, () => undefined)
  killAfter(child, pool.options.graceMs)
}

function onGone<Reply extends AnyReply>(
  pool: State<Reply>,
  child: Child<Reply>,
  exit: { code: number | null; signal: string | null; stderr: string },
): void {
  const wasStarting = child.mode === 'starting'
  child.mode = 'gone'
  settle(child)
  pool.children.delete(child)
  clearTimeout(child.killTimer)
  removeFolder(pool, child.folder)
  if (wasStarting && !pool.isClosed) onStartFailed(pool, exit)
  const { task } = child
  if (task !== undefined) onTaskDied(pool, child, task, exit)
  fill(pool)
  dispatch(pool)
}

/**
 * Best effort: what a killed child left in its folder is garbage, swept again at the next start. Gigabytes of spilled
 * rows take their time to delete, which is not the event loop's.
 */
function removeFolder<Reply>(pool: State<Reply>, folder: string): void {
  const removal = rm(folder, { recursive: true, force: true })
    .catch(error => pool.options.log.warn({ err: error }, 'folder of an engine process not deleted'))
    .finally(() => pool.removals.delete(removal))
  pool.removals.add(removal)
}

function onTaskDied<Reply extends AnyReply>(
  pool: State<Reply>,
  child: Child<Reply>,
  task: Task<Reply>,
  exit: object,
): void {
  pool.options.log.warn(
    { ...exit, isOverMemory: child.isOverMemory, stop: task.stop },
    'engine process died while busy',
  )
  if (task.stop === undefined && !task.hasBegun) {
    // The child was dead before it read the message: nothing was executed. Once: a message may be deadly itself.
    task.hasBegun = true
    child.task = undefined
    clearTimeout(task.deadline)
    pool.queue.add(task.job.tenantId, task)
    return
  }
  endTask(child, task)
  if (task.stop !== undefined) task.reject(stopError(task.stop))
  else task.resolve({ kind: 'died', of: child.isOverMemory ? 'memory' : 'crash' })
}

function onStartFailed<Reply extends AnyReply>(pool: State<Reply>, exit: object): void {
  pool.startsFailed += 1
  pool.options.log.error({ ...exit, startsFailed: pool.startsFailed }, 'engine process died before it was ready')
  if (!isFailing(pool)) return
  for (let task = pool.queue.take(); task !== undefined; task = pool.queue.take()) {
    release(task)
    task.reject(new AppError('unavailable', 'no engine process could be started'))
  }
  pool.restartTimer = setTimeout(() => {
    pool.restartTimer = undefined
    fill(pool)
  }, restartMs)
  pool.restartTimer.unref()
}

function watchMemory<Reply extends AnyReply>(pool: State<Reply>): void {
  for (const child of pool.children) {
    if (child.mode !== 'busy' || child.process.pid === undefined) continue
    const bytes = residentBytes(child.process.pid)
    if (bytes === undefined || bytes <= residentBytesMax(pool.options.entry, child.setup.memoryBytes)) continue
    child.isOverMemory = true
    kill(child)
  }
}

function countOf<Reply extends AnyReply>(pool: State<Reply>, mode: Mode): number {
  let count = 0
  for (const child of pool.children) if (child.mode === mode) count += 1
  return count
}

function execute<Reply extends AnyReply>(pool: State<Reply>, job: PoolJob<Reply>): Promise<JobEnd> {
  return new Promise((resolve, reject) => {
    if (pool.isClosed || job.signal?.aborted) return reject(stopError('canceled'))
    if (isFailing(pool)) return reject(stopError('unavailable'))
    pool.taskNumber += 1
    const task: Task<Reply> = {
      job,
      number: pool.taskNumber,
      resolve,
      reject,
      hasBegun: false,
      stop: undefined,
      deadline: undefined,
      onAbort: undefined,
    }
    task.onAbort = () => abort(pool, task)
    job.signal?.addEventListener('abort', task.onAbort)
    pool.queue.add(job.tenantId, task)
    dispatch(pool)
  })
}

function abort<Reply extends AnyReply>(pool: State<Reply>, task: Task<Reply>): void {
  if (pool.queue.remove(task.job.tenantId, task)) {
    release(task)
    task.reject(stopError('canceled'))
    return
  }
  for (const child of pool.children) if (child.task === task) stopTask(pool, child, task, 'canceled')
}

async function close<Reply extends AnyReply>(pool: State<Reply>): Promise<void> {
  pool.isClosed = true
  clearInterval(pool.watchdog)
  clearTimeout(pool.restartTimer)
  for (let task = pool.queue.take(); task !== undefined; task = pool.queue.take()) {
    release(task)
    task.reject(stopError('canceled'))
  }
  const gone = [...pool.children].map(child => new Promise(resolve => child.process.once('close', resolve)))
  for (const child of pool.children) {
    if (child.task !== undefined) child.task.stop ??= 'canceled'
    kill(child)
  }
  await Promise.all(gone)
  await Promise.all(pool.removals)
}

function isFailing<Reply>(pool: State<Reply>): boolean {
  return pool.startsFailed >= pool.options.startsFailedMax
}
