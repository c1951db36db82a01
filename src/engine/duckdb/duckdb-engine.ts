import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import * as defaults from '../../limits.ts'
import { AppError } from '../../model/errors.ts'
import type { ResultColumn } from '../../model/lake-type.ts'
import type { Log } from '../../model/log.ts'
import type { RunError } from '../../model/query-run.ts'
import type { Engine, EngineDescribe, EngineOutcome, EngineRun, ResultFile, ResultSlice } from '../engine.ts'
import { outOfMemory } from './engine-errors.ts'
import { openExports } from './exports.ts'
import { openPool, type Pool } from './pool.ts'
import { type PageReply, parsePageReply, parseWorkerReply, type WorkerReply } from './protocol.ts'
import { firstPageFileName, resultFileName } from './result-files.ts'

export interface DuckdbEngineOptions {
  /** An existing folder for what children leave behind: deleted with each child. */
  readonly tmpFolder: string
  readonly log: Log
  readonly limits?: Partial<DuckdbEngineLimits>
}

export interface DuckdbEngineLimits {
  readonly workerCount: number
  readonly workerMemoryBytes: number
  readonly workerTempBytes: number
  readonly workerRunsMax: number
  readonly readerMemoryBytes: number
  readonly cancelGraceMs: number
}

const describeTimeoutMs = 10_000

/** The embedded engine: DuckDB in killable child processes, started here. The caller calls `close()`. */
export function openDuckdbEngine(options: DuckdbEngineOptions): Engine {
  const limits: DuckdbEngineLimits = { ...defaults, ...options.limits }
  const shared = {
    tmpFolder: options.tmpFolder,
    runsMax: limits.workerRunsMax,
    growthBytesMax: defaults.workerGrowthBytesMax,
    graceMs: limits.cancelGraceMs,
    startsFailedMax: defaults.workerStartsFailedMax,
    log: options.log,
  }
  const workers = openPool<WorkerReply>({
    ...shared,
    entry: 'worker',
    size: limits.workerCount,
    setup: {
      memoryBytes: limits.workerMemoryBytes,
      tempBytes: limits.workerTempBytes,
      threads: limits.workerCount,
    },
    parse: parseWorkerReply,
  })
  const readers = openPool<PageReply>({
    ...shared,
    entry: 'page-reader',
    size: 1,
    setup: {
      memoryBytes: limits.readerMemoryBytes,
      tempBytes: limits.readerMemoryBytes,
      threads: 1,
    },
    parse: parsePageReply,
  })
  const exports = openExports(options)
  const rendering: Rendering = new Map()
  return {
    capabilities: { name: 'duckdb', hasProgress: true },
    run: (request, signal) => run(workers, rendering, request, signal),
    describe: (request, signal) => describe(workers, request, signal),
    readResult: (result, firstRow, rowCount) =>
      readResult({ readers, rendering, log: options.log }, result, firstRow, rowCount),
    exportResult: (result, format, signal) => exports.open(result, format, signal),
    isAvailable: () => !workers.isFailing() && !readers.isFailing(),
    close: async () => {
      await Promise.all([workers.close(), readers.close(), exports.close()])
    },
  }
}

/** Result folders whose first page is being rendered. */
type Rendering = Map<string, Promise<void>>

async function run(
  workers: Pool<WorkerReply>,
  rendering: Rendering,
  request: EngineRun,
  signal: AbortSignal,
): Promise<EngineOutcome> {
  const { sql, columnNames, view, resultFolder, limits } = request
  const { rowsMax, bytesMax, tempBytesMax, memoryBytesMax } = limits
  const { keepsFewRows = false, isOrdered = true } = request
  const { promise: rendered, resolve: onSettled } = Promise.withResolvers<void>()
  let outcome: EngineOutcome | undefined
  const end = await workers.execute({
    tenantId: request.tenantId,
    timeoutMs: limits.timeoutMs,
    signal,
    message: job => ({
      ...{ kind: 'run', job, sql, columnNames, keepsFewRows, isOrdered, view, resultFolder, rowsMax, bytesMax },
      ...(tempBytesMax === undefined ? {} : { tempBytesMax }),
      ...(memoryBytesMax === undefined ? {} : { memoryBytesMax }),
    }),
    onReply: reply => {
      if (reply.kind === 'progress') {
        const { kind: _, job: __, ...progress } = reply
        request.onProgress?.(progress)
      } else if (reply.kind === 'succeeded') {
        outcome = { kind: 'succeeded', ...reply.result }
        rendering.set(resultFolder, rendered)
        void rendered.then(() => rendering.delete(resultFolder))
      } else if (reply.kind === 'failed') outcome = { kind: 'failed', error: reply.error }
      return outcome !== undefined
    },
    onSettled,
  })
  if (end.kind === 'died') return { kind: 'failed', error: end.of === 'memory' ? outOfMemory : crashed }
  return outcome ?? { kind: 'failed', error: crashed }
}

const crashed: RunError = {
  code: 'internal',
  message: 'the statement ended its engine process, most likely for want of memory: ask for less at once',
}

async function describe(
  workers: Pool<WorkerReply>,
  request: EngineDescribe,
  signal: AbortSignal,
): Promise<readonly ResultColumn[]> {
  const { sql, columnNames, view } = request
  let columns: readonly ResultColumn[] | undefined
  let error: RunError = crashed
  await workers.execute({
    tenantId: request.tenantId,
    timeoutMs: describeTimeoutMs,
    signal,
    message: job => ({ kind: 'describe', job, sql, columnNames, view }),
    onReply: reply => {
      if (reply.kind === 'described') columns = reply.columns
      else if (reply.kind === 'failed') error = reply.error
      return reply.kind === 'described' || reply.kind === 'failed'
    },
  })
  if (columns === undefined) throw new AppError('invalid_argument', error.message)
  return columns
}

interface ReaderDeps {
  readonly readers: Pool<PageReply>
  readonly rendering: Rendering
  readonly log: Log
}

async function readResult(
  deps: ReaderDeps,
  result: ResultFile,
  firstRow: number,
  rowCount: number,
): Promise<ResultSlice> {
  // Never past what the run says it holds: the file may have one row more, which only says that there are more.
  const wanted = Math.min(rowCount, result.rowCount - firstRow)
  if (wanted <= 0) return { json: '[]', rowCount: 0 }
  return (await readRendered(deps.rendering, result, firstRow, wanted)) ?? readFromFile(deps, result, firstRow, wanted)
}

/** How long a first page that is being rendered is waited for, ms. */
const renderMsMax = 1_000

/** From what the run rendered ahead, where that holds all rows asked for. */
async function readRendered(
  rendering: Rendering,
  result: ResultFile,
  firstRow: number,
  wanted: number,
): Promise<ResultSlice | undefined> {
  if (firstRow + wanted > defaults.firstPageRowsMax) return undefined
  // Asked for at once, as most are: a second process that renders the same would be later than the first.
  const rendered = rendering.get(result.folder)
  if (rendered !== undefined) await Promise.race([rendered, delay(renderMsMax, undefined, { ref: false })])
  let bytes: Buffer
  try {
    bytes = await readFile(join(result.folder, firstPageFileName))
  } catch {
    // Not (yet) rendered: best effort.
    return undefined
  }
  const json = takeLines(bytes, firstRow, wanted)
  return json === undefined ? undefined : { json, rowCount: wanted }
}

const [lineBreak, comma] = [0x0a, 0x2c]

/**
 * The lines of `bytes`, each a JSON text, as a JSON array; undefined where there are not `count` from `first` on. Works
 * on the bytes themselves, which it changes: with a text for each of a thousand lines an answer takes twice as long.
 */
function takeLines(bytes: Buffer, first: number, count: number): string | undefined {
  let [start, at] = [0, 0]
  for (let line = 0; line < first + count; line += 1) {
    if (line === first) start = at
    const end = bytes.indexOf(lineBreak, at)
    if (end < 0) return undefined
    bytes[end] = comma
    at = end + 1
  }
  return `[${bytes.toString('utf8', start, at - 1)}]`
}

async function readFromFile(
  deps: ReaderDeps,
  result: ResultFile,
  firstRow: number,
  rowCount: number,
): Promise<ResultSlice> {
  const resultPath = join(result.folder, resultFileName)
  const names = result.columns.map(column => column.name)
  let slice: ResultSlice | undefined
  let error: RunError | undefined
  const end = await deps.readers.execute({
    tenantId: result.folder,
    timeoutMs: defaults.readerTimeoutMs,
    signal: undefined,
    message: job => ({ job, resultPath, names, firstRow, rowCount }),
    onReply: reply => {
      if (reply.kind === 'page') slice = { json: reply.json, rowCount: reply.rowCount }
      else if (reply.kind === 'failed') error = reply.error
      return reply.kind !== 'ready'
    },
  })
  if (slice === undefined) {
    deps.log.error({ end, error, firstRow, rowCount }, 'page not read')
    throw new AppError('internal', 'the result of the run could not be read')
  }
  return slice
}
