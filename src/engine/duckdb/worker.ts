import { setTimeout } from 'node:timers/promises'
import { runErrorOf } from './engine-errors.ts'
import { describeStatement, executeRun, renderFirstPage } from './execute.ts'
import { type Database, openDatabase } from './locked-database.ts'
import type { ChildSetup, RunJob, WorkerReply, WorkerRequest } from './protocol.ts'
import { viewPaths } from './view-sql.ts'

// Entry of a query worker: the only process that executes a user's text. Modes: ready (a fresh database waits) → busy
// (one job) → ready. It trusts its parent's messages and nothing else, and dies with its parent.

const setup = JSON.parse(process.argv[2] ?? '{}') as ChildSetup

const interruptMs = 20

let database: Database | undefined
let currentJob: number | undefined

process.on('disconnect', dieNow)
process.on('message', (message: WorkerRequest) => {
  if (message.kind === 'cancel') {
    // A cancel for a job that has ended meets another job's number, or none.
    void stop(message.job)
    return
  }
  void work(message)
})

await becomeReady()

async function work(job: Exclude<WorkerRequest, { kind: 'cancel' }>): Promise<void> {
  currentJob = job.job
  try {
    if (database === undefined) throw new Error('no database is ready')
    if (job.kind === 'describe') {
      const columns = await describeStatement(database.connection, job)
      reply({ kind: 'described', job: job.job, columns })
    } else {
      const result = await executeRun(database.connection, bounded(job), progress =>
        reply({ kind: 'progress', job: job.job, ...progress }),
      )
      reply({ kind: 'succeeded', job: job.job, result })
      await renderFirstPage(database.connection, job.resultFolder, result).catch(() => undefined)
      reply({ kind: 'rendered', job: job.job })
    }
  } catch (error) {
    reply({ kind: 'failed', job: job.job, error: runErrorOf(error, [setup.tempFolder, ...viewPaths(job.view)]) })
  }
  currentJob = undefined
  await becomeReady()
}

/** A run may lower what this process was set up with, never raise it. */
function bounded(job: RunJob): RunJob {
  const { memoryBytesMax, ...rest } = job
  return memoryBytesMax === undefined || memoryBytesMax >= setup.databaseBytes ? rest : job
}

/** Interrupts until the job has ended: an interrupt between two of its statements is lost. */
async function stop(job: number): Promise<void> {
  while (currentJob === job) {
    database?.connection.interrupt()
    await setTimeout(interruptMs)
  }
}

/** A new database for the next job, made while nobody waits for it. */
async function becomeReady(): Promise<void> {
  database?.close()
  database = undefined
  database = await openDatabase(setup)
  reply({ kind: 'ready', rssBytes: process.memoryUsage.rss() })
}

function reply(message: WorkerReply): void {
  process.send?.(message)
}

/** Not `process.exit`: that waits for a statement that may never return. */
function dieNow(): void {
  process.kill(process.pid, 'SIGKILL')
}
