import { AppError } from '../../model/errors.ts'
import { type ResultColumn, wireTypes } from '../../model/lake-type.ts'
import type { RunError, Truncation } from '../../model/query-run.ts'
import type { ResultFormat } from '../../model/result-format.ts'
import type { RunView } from '../../model/run-view.ts'
import type { RunProgress } from '../engine.ts'

// What the pool and its child processes say to one another, over Node's IPC. The parent trusts nothing a child
// says: a child executes users' text. Every message of a job carries the job's number, so that an answer or a cancel
// that crosses another job on the wire means nothing.

/** Parent → query worker. */
export type WorkerRequest =
  | ({ readonly kind: 'run'; readonly job: number } & RunJob)
  | ({ readonly kind: 'describe'; readonly job: number } & StatementJob)
  | { readonly kind: 'cancel'; readonly job: number }

export interface StatementJob {
  readonly sql: string
  readonly columnNames: readonly string[] | undefined
  readonly view: RunView
}

export interface RunJob extends StatementJob {
  readonly resultFolder: string
  /** As `EngineRun` has it. */
  readonly keepsFewRows: boolean
  readonly isOrdered: boolean
  readonly rowsMax: number
  readonly bytesMax: number
  /** undefined: as the child was set up. */
  readonly tempBytesMax?: number
  readonly memoryBytesMax?: number
}

/** Parent → page reader. */
export interface PageRequest {
  readonly job: number
  readonly resultPath: string
  /** In SELECT order, already distinct. */
  readonly names: readonly string[]
  readonly firstRow: number
  readonly rowCount: number
}

/** Parent → exporter: its one job. It answers `begun` or `failed`, then writes the file to its standard output. */
export interface ExportRequest {
  readonly resultPath: string
  /** In SELECT order, already distinct. */
  readonly names: readonly string[]
  readonly rowCount: number
  readonly format: ResultFormat
}

/** Exporter → parent. An export that fails after `begun` ends with an exit code other than 0. */
export type ExportReply = { readonly kind: 'begun' } | { readonly kind: 'failed'; readonly error: RunError }

/** How a child is set up. */
export interface ChildBounds {
  /** What the process may hold, give or take what its kind is allowed beyond (sandbox.ts). */
  readonly memoryBytes: number
  readonly threads: number
  readonly tempBytes: number
  readonly tempFolder: string
}

/** The only argument a child is started with, as JSON. */
export interface ChildSetup extends ChildBounds {
  /** What its DuckDB may take of the memory, by its own count. */
  readonly databaseBytes: number
}

/**
 * Query worker → parent. `ready` follows the start and each job: a fresh instance waits for the next one; `rendered`
 * follows `succeeded`, when the first page is there or cannot be.
 */
export type WorkerReply =
  | { readonly kind: 'ready'; readonly rssBytes: number }
  | ({ readonly kind: 'progress'; readonly job: number } & RunProgress)
  | { readonly kind: 'succeeded'; readonly job: number; readonly result: WorkerResult }
  | { readonly kind: 'rendered'; readonly job: number }
  | { readonly kind: 'described'; readonly job: number; readonly columns: readonly ResultColumn[] }
  | { readonly kind: 'failed'; readonly job: number; readonly error: RunError }

export interface WorkerResult {
  readonly columns: readonly ResultColumn[]
  readonly rowCount: number
  readonly bytes: number
  readonly truncated: Truncation | undefined
}

/** Page reader → parent. */
export type PageReply =
  | { readonly kind: 'ready'; readonly rssBytes: number }
  | { readonly kind: 'page'; readonly job: number; readonly json: string; readonly rowCount: number }
  | { readonly kind: 'failed'; readonly job: number; readonly error: RunError }

/** Throws `internal` on anything a worker has no business to say. */
export function parseWorkerReply(message: unknown): WorkerReply {
  const reply = objectOf(message)
  switch (reply['kind']) {
    case 'ready':
      return { kind: 'ready', rssBytes: numberOf(reply['rssBytes']) }
    case 'progress':
      return { kind: 'progress', job: numberOf(reply['job']), ...progressOf(reply) }
    case 'succeeded':
      return { kind: 'succeeded', job: numberOf(reply['job']), result: resultOf(objectOf(reply['result'])) }
    case 'rendered':
      return { kind: 'rendered', job: numberOf(reply['job']) }
    case 'described':
      return { kind: 'described', job: numberOf(reply['job']), columns: columnsOf(reply['columns']) }
    case 'failed':
      return { kind: 'failed', job: numberOf(reply['job']), error: errorOf(objectOf(reply['error'])) }
    default:
      throw unexpected()
  }
}

/** Throws `internal` on anything a page reader has no business to say. */
export function parsePageReply(message: unknown): PageReply {
  const reply = objectOf(message)
  switch (reply['kind']) {
    case 'ready':
      return { kind: 'ready', rssBytes: numberOf(reply['rssBytes']) }
    case 'page':
      return {
        kind: 'page',
        job: numberOf(reply['job']),
        json: textOf(reply['json']),
        rowCount: numberOf(reply['rowCount']),
      }
    case 'failed':
      return { kind: 'failed', job: numberOf(reply['job']), error: errorOf(objectOf(reply['error'])) }
    default:
      throw unexpected()
  }
}

/** Throws `internal` on anything an exporter has no business to say. */
export function parseExportReply(message: unknown): ExportReply {
  const reply = objectOf(message)
  if (reply['kind'] === 'begun') return { kind: 'begun' }
  if (reply['kind'] === 'failed') return { kind: 'failed', error: errorOf(objectOf(reply['error'])) }
  throw unexpected()
}

function progressOf(reply: Record<string, unknown>): RunProgress {
  const phase = reply['phase']
  if (phase !== 'opening' && phase !== 'executing' && phase !== 'writing') throw unexpected()
  const [percent, rowsRead, bytesRead] = ['percent', 'rowsRead', 'bytesRead'].map(name => {
    return reply[name] === undefined ? undefined : numberOf(reply[name])
  })
  return { phase, percent, ...present('rowsRead', rowsRead), ...present('bytesRead', bytesRead) }
}

function present<Name extends string>(name: Name, value: number | undefined): { readonly [Key in Name]?: number } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [Key in Name]?: number })
}

function resultOf(result: Record<string, unknown>): WorkerResult {
  const truncated = result['truncated'] === undefined ? undefined : truncationOf(objectOf(result['truncated']))
  return {
    columns: columnsOf(result['columns']),
    rowCount: numberOf(result['rowCount']),
    bytes: numberOf(result['bytes']),
    truncated,
  }
}

function truncationOf(truncated: Record<string, unknown>): Truncation {
  const reason = truncated['reason']
  if (reason !== 'rowsMax' && reason !== 'bytesMax' && reason !== 'damagedSegment') throw unexpected()
  const [limit, total] = ['limit', 'total'].map(name => {
    return truncated[name] === undefined ? undefined : numberOf(truncated[name])
  })
  return { reason, ...present('limit', limit), ...present('total', total) }
}

function columnsOf(value: unknown): ResultColumn[] {
  if (!Array.isArray(value)) throw unexpected()
  return value.map(entry => {
    const column = objectOf(entry)
    const type = wireTypes.find(word => word === column['type'])
    if (type === undefined) throw unexpected()
    return { name: textOf(column['name']), type }
  })
}

function errorOf(error: Record<string, unknown>): RunError {
  return { code: textOf(error['code']), message: textOf(error['message']) }
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw unexpected()
  return value as Record<string, unknown>
}

function numberOf(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw unexpected()
  return value
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw unexpected()
  return value
}

function unexpected(): AppError {
  return new AppError('internal', 'an engine process sent a message that is none')
}
