import type { ChildProcess } from 'node:child_process'
import { AppError, type ErrorCode } from '../../model/errors.ts'
import type { ChildBounds } from './protocol.ts'

// A child process of a pool and the job it executes, as the pool keeps them.

export interface PoolJob<Reply> {
  readonly tenantId: string
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  /** The message that starts it. */
  message(job: number): object
  /** Called for each of the job's replies; true for the last one. */
  onReply(reply: Reply): boolean
  /** Called once after the job was answered: what its process does behind the answer is done, or never will be. */
  onSettled?(): void
}

/** Why a job ended: it said so, or its process died of memory or otherwise (`signal`). */
export type JobEnd = { readonly kind: 'answered' } | { readonly kind: 'died'; readonly of: 'memory' | 'crash' }

export type Mode = 'starting' | 'ready' | 'busy' | 'settling' | 'gone'

export interface Child<Reply> {
  readonly process: ChildProcess
  readonly folder: string
  readonly setup: ChildBounds
  mode: Mode
  runs: number
  rssAtFirst: number | undefined
  dataAtFirst: number | undefined
  task: Task<Reply> | undefined
  /** Answered, and not yet settled. */
  answered: Task<Reply> | undefined
  isOverMemory: boolean
  mustRetire: boolean
  /** Ends a child that does not stop, or does not become ready. */
  killTimer: NodeJS.Timeout | undefined
}

export interface Task<Reply> {
  readonly job: PoolJob<Reply>
  readonly number: number
  readonly resolve: (end: JobEnd) => void
  readonly reject: (error: AppError) => void
  /** True once a child has answered anything: from then on a death may be the job's own doing. */
  hasBegun: boolean
  /** Set once it is being stopped. */
  stop: ErrorCode | undefined
  deadline: NodeJS.Timeout | undefined
  onAbort: (() => void) | undefined
}

/** Tells the job that its child answered, if there is one, that nothing more comes of it. Idempotent. */
export function settle(child: Child<never>): void {
  const { answered } = child
  child.answered = undefined
  answered?.job.onSettled?.()
}

export function killAfter(child: Child<never>, ms: number): void {
  clearTimeout(child.killTimer)
  child.killTimer = setTimeout(() => kill(child), ms)
  child.killTimer.unref()
}

export function kill(child: Child<never>): void {
  // A ready child that is being killed must not be given a job before its exit is known.
  if (child.mode === 'ready') child.mode = 'settling'
  child.process.kill('SIGKILL')
}

export function stopError(code: ErrorCode): AppError {
  if (code === 'timed_out') return new AppError('timed_out', 'the statement ran longer than its time limit')
  if (code === 'unavailable') return new AppError('unavailable', 'no engine process could be started')
  return new AppError('canceled', 'the run was canceled')
}
