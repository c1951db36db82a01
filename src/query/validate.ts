import type { Engine } from '../engine/engine.ts'
import { describeMsMax, leaseMs, templateCharsMax, validationsPerTenantMax } from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import type { WireType } from '../model/lake-type.ts'
import type { Log } from '../model/log.ts'
import type { QueryVariable, RunWarning } from '../model/query-run.ts'
import type { RunView } from '../model/run-view.ts'
import type { CheckedStatement } from '../sql/check.ts'
import { checkSql } from './check-sql.ts'
import type { LakeAccess } from './lake-access.ts'
import { readsOf, type StatementReads, withBytes } from './reads.ts'
import type { SqlThread } from './sql-thread.ts'
import { readRange, resolveWindow, type WantedWindow } from './window.ts'

// What a run would be told and would read, without running: check the text → pin a view as the run would, count what it
// names, let the engine name the result's types over it → release the view. No row is read and nothing is stored.

export interface ValidateSql {
  readonly template: string
  readonly variables: readonly QueryVariable[]
  readonly hostIds: readonly string[] | undefined
  readonly window: WantedWindow
}

export interface Validation {
  /** Why a run would be refused; none: it would start. */
  readonly error: AppError | undefined
  readonly warnings: readonly RunWarning[]
  /** The result's columns, where they are known without running; types where a worker said them in time. */
  readonly columns: readonly { readonly name: string; readonly type: WireType | undefined }[] | undefined
  /** undefined where the statement would be refused. */
  readonly reads: StatementReads | undefined
}

export interface ValidateDeps {
  readonly lake: LakeAccess
  readonly sqlThread: SqlThread
  readonly engine: Pick<Engine, 'describe'>
  readonly clock: Clock
  readonly log: Log
}

/** The function behind `Queries.validate`, with its count of those under way. */
export function openValidation(
  deps: ValidateDeps,
  limits: { readonly spanMsMax: number | undefined },
): (tenantId: string, request: ValidateSql) => Promise<Validation> {
  const underWay = new Map<string, number>()
  return async (tenantId, request) => {
    const count = underWay.get(tenantId) ?? 0
    if (count >= validationsPerTenantMax) {
      const message = `${count} statements of this tenant are being validated already: try again when one is done`
      throw new AppError('rate_limited', message, { details: { retryAfterSeconds: 1 } })
    }
    underWay.set(tenantId, count + 1)
    try {
      return await validate(deps, limits, tenantId, request)
    } catch (error) {
      // What a run would be refused for is the answer; everything else is an error here too.
      if (!(error instanceof AppError) || error.code !== 'invalid_argument') throw error
      return { error, warnings: [], columns: undefined, reads: undefined }
    } finally {
      const left = (underWay.get(tenantId) ?? 1) - 1
      if (left === 0) underWay.delete(tenantId)
      else underWay.set(tenantId, left)
    }
  }
}

async function validate(
  deps: ValidateDeps,
  limits: { readonly spanMsMax: number | undefined },
  tenantId: string,
  request: ValidateSql,
): Promise<Validation> {
  const { template, variables, hostIds } = request
  if (template.length > templateCharsMax) {
    const message = `the template has ${template.length} characters: at most ${templateCharsMax} are allowed`
    throw new AppError('invalid_argument', message)
  }
  const now = deps.clock()
  const range = readRange(resolveWindow(request.window, now, limits.spanMsMax))
  const statement = await checkSql(deps, tenantId, { template, variables, now })
  const { scope, warnings } = statement
  const { view, leaseId } = await deps.lake.pinView(tenantId, { scope, range, hostIds, now, leaseMs })
  try {
    const columns = await describe(deps, tenantId, statement, view)
    const reads = await readsOf(scope, view)
    return { error: undefined, warnings: withBytes(warnings, reads), columns, reads }
  } finally {
    await deps.lake.releaseLease(leaseId)
  }
}

/** Rejects with `invalid_argument` where the engine would not execute the statement. */
async function describe(
  deps: ValidateDeps,
  tenantId: string,
  { duckdbSql: sql, columnNames }: CheckedStatement,
  view: RunView,
): Promise<Validation['columns']> {
  const patience = AbortSignal.timeout(describeMsMax)
  try {
    return await deps.engine.describe({ tenantId, sql, columnNames, view }, patience)
  } catch (error) {
    if (error instanceof AppError && error.code === 'invalid_argument') throw error
    // Every worker is busy: the answer is still worth having, without types.
    if (!patience.aborted) deps.log.warn({ err: error }, 'result columns not described')
    return columnNames?.map(name => ({ name, type: undefined }))
  }
}
