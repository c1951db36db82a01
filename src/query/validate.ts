import { stat } from 'node:fs/promises'
import type { Engine } from '../engine/engine.ts'
import { describeMsMax, leaseMs, templateCharsMax, validationsPerTenantMax } from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import type { WireType } from '../model/lake-type.ts'
import type { Log } from '../model/log.ts'
import type { QueryVariable, RunWarning } from '../model/query-run.ts'
import type { RunView } from '../model/run-view.ts'
import type { ScanScope } from '../model/scan-scope.ts'
import type { CheckedStatement } from '../sql/check.ts'
import { checkSql } from './check-sql.ts'
import type { LakeAccess } from './lake-access.ts'
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
  readonly reads: ValidationReads | undefined
}

export interface ValidationReads {
  readonly tables: readonly string[]
  /** undefined: any. */
  readonly queryNames: readonly string[] | undefined
  /** undefined: all. */
  readonly columns: readonly string[] | undefined
  readonly files: number
  /** Of the data files; those of the tail are not counted before they are read. */
  readonly rows: number
  /** Of data files and tail. */
  readonly bytes: number
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
    return { error: undefined, warnings: warnings.map(warning => withBytes(warning, reads)), columns, reads }
  } finally {
    await deps.lake.releaseLease(leaseId)
  }
}

/** A table read whole is worth its price in the warning itself. */
function withBytes(warning: RunWarning, { bytes }: ValidationReads): RunWarning {
  if (warning.code !== 'no_query_name') return warning
  return { ...warning, message: `${warning.message}, ${bytes} bytes` }
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

async function readsOf(scope: ScanScope, view: RunView): Promise<ValidationReads> {
  const sum = (amountOf: (relation: RunView['relations'][number]) => number) =>
    view.relations.reduce((total, relation) => total + amountOf(relation), 0)
  const tailPaths = new Set(view.relations.flatMap(({ tail }) => tail.map(({ path }) => path)))
  const tailBytes = await Promise.all([...tailPaths].map(sizeOf))
  return {
    tables: [...new Set(scope.relations.map(({ relation }) => relation))],
    queryNames: unionOf(scope.relations.map(({ queryNames }) => queryNames)),
    columns: unionOf(scope.relations.map(({ columns }) => columns)),
    files: sum(({ files }) => files.length),
    rows: sum(({ rows }) => rows),
    bytes: sum(({ bytes }) => bytes) + tailBytes.reduce((total, bytes) => total + bytes, 0),
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch {
    // Unlinked by nobody while the lease is held; an estimate is not worth failing for.
    return 0
  }
}

/** Sorted; undefined (everything) where one of the lists is. */
function unionOf(lists: readonly (readonly string[] | undefined)[]): readonly string[] | undefined {
  const known = lists.filter(list => list !== undefined)
  return known.length < lists.length ? undefined : [...new Set(known.flat())].toSorted()
}
