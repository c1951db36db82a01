import type { Readable } from 'node:stream'
import type { Store } from '../db/db.ts'
import type { Engine } from '../engine/engine.ts'
import { exportsAtOnceMax, exportsPerTenantMax } from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import type { ResultFormat } from '../model/result-format.ts'
import type { QueryDisk } from './query-disk.ts'
import { findResult } from './result-pages.ts'

// Whole results as files. Each is a process while it lasts, so few may be under way at once, and of one tenant fewer.

export interface ResultExport {
  /** The caller reads it to its end or destroys it. */
  readonly stream: Readable
  readonly rowCount: number
}

export interface ExportDeps {
  readonly store: Store
  readonly engine: Pick<Engine, 'exportResult'>
  readonly clock: Clock
  readonly resultsFolder: string
  readonly disk: Pick<QueryDisk, 'hold' | 'resultBytes'>
}

type OpenExport = (tenantId: string, runId: string, format: ResultFormat, signal: AbortSignal) => Promise<ResultExport>

/** The function behind `Queries.exportResult`, with its count of those under way. */
export function openExports(deps: ExportDeps): OpenExport {
  /** A tenant id for each. */
  const underWay: string[] = []
  const leave = (tenantId: string) => {
    underWay.splice(underWay.indexOf(tenantId), 1)
  }
  return async (tenantId, runId, format, signal) => {
    const { result } = await findResult(deps, tenantId, runId, deps.clock())
    const own = underWay.filter(each => each === tenantId).length
    if (own >= exportsPerTenantMax) throw tooMany('rate_limited', own, 'of this tenant')
    if (underWay.length >= exportsAtOnceMax) throw tooMany('unavailable', underWay.length, 'in all')
    underWay.push(tenantId)
    const release = await roomFor(deps, runId, format)
    if (release === undefined) {
      leave(tenantId)
      const message = 'results and temporary files of queries have used up their disk: try again when some have expired'
      throw new AppError('unavailable', message, { details: { retryAfterSeconds: 60 } })
    }
    try {
      const stream = await deps.engine.exportResult(result, format, signal)
      stream.once('close', () => {
        leave(tenantId)
        release()
      })
      return { stream, rowCount: result.rowCount }
    } catch (error) {
      leave(tenantId)
      release()
      throw error
    }
  }
}

/**
 * Parquet is made as a file beside the result before it is sent: as large, give or take; all else is sent as it is
 * made.
 */
async function roomFor({ disk }: ExportDeps, runId: string, format: ResultFormat): Promise<(() => void) | undefined> {
  return format.kind === 'parquet' ? disk.hold(2 * disk.resultBytes(runId)) : () => undefined
}

function tooMany(code: 'rate_limited' | 'unavailable', count: number, whose: string): AppError {
  const message = `${count} exports ${whose} are under way already: try again when one has ended`
  return new AppError(code, message, { details: { retryAfterSeconds: 10 } })
}
