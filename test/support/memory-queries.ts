import { Readable } from 'node:stream'
import type { Store } from '../../src/db/db.ts'
import type { AppDependencies } from '../../src/http/dependencies.ts'
import type { Clock } from '../../src/model/clock.ts'
import { AppError } from '../../src/model/errors.ts'
import { newId } from '../../src/model/ids.ts'
import type { TenantCaller } from '../../src/model/principal.ts'
import { isTerminal, type QueryRun } from '../../src/model/query-run.ts'
import type { ResultFormat } from '../../src/model/result-format.ts'
import { openRunEnds } from '../../src/query/run-ends.ts'
import { checkTenantRunLimits } from '../../src/query/run-limits.ts'
import type { StartRun } from '../../src/query/runs.ts'
import type { ValidateSql, Validation } from '../../src/query/validate.ts'
import { resolveWindow } from '../../src/query/window.ts'
import { functionCatalogue } from '../../src/sql/functions.ts'

/** Runs in memory for tests of the HTTP interface: they end when the test says so. */
export type MemoryQueries = AppDependencies['queries'] & {
  readonly runs: QueryRun[]
  readonly started: { readonly caller: TenantCaller; readonly request: StartRun }[]
  /** Changes a run: `set(id, { state: 'succeeded', finishedAt: 1 })`. */
  set(runId: string, members: Partial<QueryRun>): void
  /** Rows of every result. */
  rows: readonly object[]
  /** What is said of every run under way. */
  progress: ReturnType<AppDependencies['queries']['progressOf']>
  validation: Validation
  /** What an export sends. */
  exportBytes: () => AsyncIterable<Buffer>
  readonly exported: { readonly format: ResultFormat; readonly stream: Readable }[]
  readonly validated: { readonly tenantId: string; readonly request: ValidateSql }[]
  /** Called at every `get`, before it answers. */
  onGet: (() => void) | undefined
}

export function memoryQueries(clock: Clock, store: Store): MemoryQueries {
  const find = (tenantId: string, runId: string): QueryRun => {
    const run = self.runs.find(each => each.id === runId && each.tenantId === tenantId && each.expiresAt > clock())
    if (run === undefined) throw new AppError('not_found', `there is no run ${runId}`)
    return run
  }
  const ends = openRunEnds()
  const self: MemoryQueries = {
    runs: [],
    started: [],
    rows: [],
    progress: undefined,
    validation: { error: undefined, warnings: [], columns: undefined, reads: undefined },
    validated: [],
    exportBytes: async function* () {
      yield Buffer.from('file')
    },
    exported: [],
    onGet: undefined,
    set(runId, members) {
      const index = self.runs.findIndex(run => run.id === runId)
      const run = self.runs[index]
      if (run === undefined) throw new Error(`no run ${runId}`)
      self.runs[index] = { ...run, ...members }
      if (isTerminal(self.runs[index]?.state ?? 'queued')) ends.tell(runId)
    },
    async start(caller, request, withRun) {
      self.started.push({ caller, request })
      const run = newRun(caller, request, clock())
      await withRun?.(store, run)
      self.runs.push(run)
      return run
    },
    async get(tenantId, runId) {
      self.onGet?.()
      return find(tenantId, runId)
    },
    async list(tenantId, { states, order, offset, count }) {
      const runs = self.runs
        .filter(run => run.tenantId === tenantId && (states === undefined || states.includes(run.state)))
        .toSorted((a, b) => (order === 'asc' ? 1 : -1) * (a.createdAt - b.createdAt))
      return { runs: runs.slice(offset, offset + count), total: runs.length }
    },
    onEnd: ends.watch,
    progressOf: () => self.progress,
    validate: async (tenantId, request) => {
      self.validated.push({ tenantId, request })
      return self.validation
    },
    functions: functionCatalogue,
    async exportResult(tenantId, runId, format, signal) {
      find(tenantId, runId)
      const stream = Readable.from(self.exportBytes(), { objectMode: false, signal })
      self.exported.push({ format, stream })
      return { stream, rowCount: self.rows.length }
    },
    async keep(tenantId, runId, until) {
      const run = find(tenantId, runId)
      self.set(run.id, { expiresAt: until, isKept: true })
      return find(tenantId, runId)
    },
    checkTenantRunLimits: limits => checkTenantRunLimits(limits, { ceilings }),
    async cancel(tenantId, runId) {
      if (isTerminal(find(tenantId, runId).state)) return false
      self.set(runId, { state: 'canceled', finishedAt: clock() })
      return true
    },
    async results(tenantId, runId, { firstRow, rowCount }) {
      const run = find(tenantId, runId)
      if (run.state !== 'succeeded') throw new AppError('invalid_argument', `run ${runId} has no results`)
      const rows = self.rows.slice(firstRow, firstRow + rowCount)
      const end = firstRow + rows.length
      return {
        itemsJson: JSON.stringify(rows),
        count: rows.length,
        nextRow: rows.length > 0 && end < self.rows.length ? end : undefined,
        columns: [{ name: 'n', type: 'long' }],
        rowCount: self.rows.length,
        run,
      }
    },
  }
  return self
}

const ceilings = { rows: 1000, bytes: 1_000_000, timeoutMs: 60_000, memoryBytes: 1, tempBytes: 1 }

function newRun(caller: TenantCaller, request: StartRun, now: number): QueryRun {
  return {
    id: newId(),
    tenantId: caller.tenantId,
    state: 'queued',
    name: request.name,
    template: request.template,
    variables: request.variables,
    savedQueryId: request.savedQueryId,
    categoryId: request.categoryId,
    hostIds: request.hostIds,
    ...resolveWindow(request.window, now),
    createdBy: { principalId: caller.principalId, accountId: caller.accountId, accountType: caller.accountType },
    createdAt: now,
    expiresAt: now + 7_200_000,
    finishedAt: undefined,
    attempts: 0,
    error: undefined,
    truncated: undefined,
    window: undefined,
    note: undefined,
    rowCount: undefined,
  }
}
