import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Store } from '../db/db.ts'
import { findRun, findRunColumns } from '../db/runs.ts'
import type { Engine, ResultFile } from '../engine/engine.ts'
import { AppError } from '../model/errors.ts'
import type { ResultColumn } from '../model/lake-type.ts'
import type { QueryRun } from '../model/query-run.ts'

// Pages of a finished run: a range of rows of one immutable file, so any page can be read any number of times, in any
// order, and no page touches the lake again.

export interface ResultPage {
  /** Text of a JSON array of row objects: passed through, never parsed. */
  readonly itemsJson: string
  /** Rows in `itemsJson`. */
  readonly count: number
  /** Row to begin the next page with; undefined: this is the last. */
  readonly nextRow: number | undefined
  readonly columns: readonly ResultColumn[]
  /** Rows in the whole result. */
  readonly rowCount: number
  readonly run: QueryRun
}

/** A run's result folder; the id is a UUID of our own making. */
export function resultFolderOf(resultsFolder: string, runId: string): string {
  return join(resultsFolder, runId)
}

/** Deletes a run's result. Idempotent; a worker may still be rendering its first page there, so it tries again. */
export async function deleteResult(resultsFolder: string, runId: string): Promise<void> {
  await rm(resultFolderOf(resultsFolder, runId), { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
}

/**
 * Rows from `firstRow` on, at most `rowCount`; fewer where cells are huge. Rejects with `not_found` for a run that is
 * unknown, expired or another tenant's, and with `invalid_argument` for one that has no result (yet).
 */
export async function readResultPage(
  deps: { readonly store: Store; readonly engine: Engine; readonly resultsFolder: string },
  tenantId: string,
  runId: string,
  range: { readonly firstRow: number; readonly rowCount: number },
  now: number,
): Promise<ResultPage> {
  const { run, result } = await findResult(deps, tenantId, runId, now)
  const { columns, rowCount: total } = result
  const slice = await deps.engine.readResult(result, range.firstRow, range.rowCount)
  const end = range.firstRow + slice.rowCount
  const nextRow = slice.rowCount > 0 && end < total ? end : undefined
  return { itemsJson: slice.json, count: slice.rowCount, nextRow, columns, rowCount: total, run }
}

/** A succeeded run and its result at rest. Rejects like `readResultPage`. */
export async function findResult(
  deps: { readonly store: Store; readonly resultsFolder: string },
  tenantId: string,
  runId: string,
  now: number,
): Promise<{ readonly run: QueryRun; readonly result: ResultFile }> {
  const run = await findRun(deps.store, tenantId, runId, now)
  if (run === undefined) throw new AppError('not_found', `there is no run ${runId}`)
  if (run.state !== 'succeeded') throw new AppError('invalid_argument', withoutResult(run))
  const columns: ResultColumn[] = JSON.parse((await findRunColumns(deps.store, tenantId, runId)) ?? '[]')
  return { run, result: { folder: resultFolderOf(deps.resultsFolder, runId), columns, rowCount: run.rowCount ?? 0 } }
}

function withoutResult(run: QueryRun): string {
  switch (run.state) {
    case 'queued':
    case 'running':
      return `run ${run.id} has not finished: ask again later`
    case 'canceled':
      return `run ${run.id} was canceled: it has no results`
    case 'timed_out':
      return `run ${run.id} timed out: it has no results`
    default:
      return `run ${run.id} failed: ${run.error?.message ?? 'it has no results'}`
  }
}
