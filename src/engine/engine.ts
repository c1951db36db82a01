import type { Readable } from 'node:stream'
import type { ResultColumn } from '../model/lake-type.ts'
import type { RunError, Truncation } from '../model/query-run.ts'
import type { ResultFormat } from '../model/result-format.ts'
import type { RunView } from '../model/run-view.ts'

// The contract of an SQL engine, free of any vendor's types. An engine sees what the run's view names and nothing
// else; what it can and cannot do is a flag, never a type check.

export interface Engine {
  readonly capabilities: EngineCapabilities

  /**
   * Executes one gated statement over one view and leaves its result in `resultFolder`. Resolves with the outcome also
   * when the statement fails; rejects only with `canceled` (the signal), `timed_out` (the deadline) or `unavailable`
   * (no engine process could be had; nothing was written). A cancelled statement has stopped when the promise settles,
   * and can never be another run's. The caller deletes the folder.
   */
  run(request: EngineRun, signal: AbortSignal): Promise<EngineOutcome>

  /** The result columns of a statement without executing it. Rejects with `invalid_argument` and the position. */
  describe(request: EngineDescribe, signal: AbortSignal): Promise<readonly ResultColumn[]>

  /**
   * Rows from `firstRow` on, at most `rowCount`: fewer at the end, or where more would exceed `sliceBytesMax`. The same
   * call gives the same bytes. Rejects with `unavailable` (no reader could be had) or `internal` (an unreadable file).
   */
  readResult(result: ResultFile, firstRow: number, rowCount: number): Promise<ResultSlice>

  /**
   * A result as one file, as it is made: nothing of it is held here. Resolves when the first bytes are on their way.
   * Reading is what drives it; destroying the stream, or the signal, ends the work. It fails where the file cannot be
   * made whole, so an end without an error is the whole file. Rejects with `internal` (an unreadable result).
   */
  exportResult(result: ResultFile, format: ResultFormat, signal: AbortSignal): Promise<Readable>

  /** False while no engine process can be had: runs would be told `unavailable`. */
  isAvailable(): boolean

  /** Ends every process the engine started. Runs under way reject with `canceled`. */
  close(): Promise<void>
}

export interface EngineCapabilities {
  readonly name: 'duckdb' | 'trino'
  /** Progress in percent is known while a run executes. */
  readonly hasProgress: boolean
}

export interface EngineRun {
  readonly runId: string
  readonly tenantId: string
  /** Text in the engine's own dialect, already gated. */
  readonly sql: string
  /** Names of the result columns as the statement's author typed them, where the front end knows them all. */
  readonly columnNames: readonly string[] | undefined
  /** The statement sorts all it reads and keeps few rows: worth finding them before their other columns are read. */
  readonly keepsFewRows?: boolean
  /** The statement says in which order its rows come; undefined: perhaps. */
  readonly isOrdered?: boolean
  readonly view: RunView
  /** An existing empty folder of this run's own. */
  readonly resultFolder: string
  readonly limits: RunLimits
  readonly onProgress?: (progress: RunProgress) => void
}

export interface EngineDescribe {
  readonly tenantId: string
  readonly sql: string
  readonly columnNames: readonly string[] | undefined
  readonly view: RunView
}

export interface RunLimits {
  /** Rows kept; the true total is counted where that is cheap. */
  readonly rowsMax: number
  readonly bytesMax: number
  /** Disk it may spill to; undefined: as much as every run may. */
  readonly tempBytesMax?: number
  /** Less memory than every run may hold; undefined: as much. */
  readonly memoryBytesMax?: number
  /** Wall-clock time of execution, ms. */
  readonly timeoutMs: number
}

export interface RunProgress {
  readonly phase: 'opening' | 'executing' | 'writing'
  /** 0–100, undefined where the engine does not know. */
  readonly percent: number | undefined
  /** So far; undefined where the engine does not know. */
  readonly rowsRead?: number | undefined
  readonly bytesRead?: number | undefined
}

/** A run's result at rest. */
export interface ResultFile {
  readonly folder: string
  readonly columns: readonly ResultColumn[]
  readonly rowCount: number
}

/** Consecutive rows of a result. */
export interface ResultSlice {
  /** Text of a JSON array of flat objects, keys in SELECT order, null columns kept. */
  readonly json: string
  readonly rowCount: number
}

export type EngineOutcome =
  | {
      readonly kind: 'succeeded'
      readonly columns: readonly ResultColumn[]
      readonly rowCount: number
      readonly bytes: number
      readonly truncated: Truncation | undefined
    }
  | { readonly kind: 'failed'; readonly error: RunError }
