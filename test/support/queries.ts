import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { openStore, type Store } from '../../src/db/db.ts'
import { openDuckdbEngine } from '../../src/engine/duckdb/duckdb-engine.ts'
import type { Engine } from '../../src/engine/engine.ts'
import type { Clock } from '../../src/model/clock.ts'
import type { LakeSchema, LakeTable } from '../../src/model/lake-table.ts'
import { silentLog } from '../../src/model/log.ts'
import { isTerminal, type QueryRun } from '../../src/model/query-run.ts'
import type { DataSpan, LakeAccess, PinRequest } from '../../src/query/lake-access.ts'
import { openQueries, type Queries, type QueryLimits } from '../../src/query/runs.ts'
import { openSqlThread, type SqlThread } from '../../src/query/sql-thread.ts'
import { columns, until, viewOf } from './engine-fixtures.ts'
import { now } from './runs.ts'

// Real store, real SQL thread, real engine; the lake is a list of files.

export interface QueriesFixture {
  readonly store: Store
  readonly engine: Engine
  readonly folder: string
  readonly resultsFolder: string
  readonly lake: TestLake
  /** Moved by tests. */
  readonly time: { now: number }
  open(limits?: Partial<QueryLimits>): Queries
  /** The run once it has ended. */
  ended(queries: Queries, tenantId: string, runId: string): Promise<QueryRun>
}

/** A lake whose one table `xdr_data` has the columns of the engine's fixtures. */
export interface TestLake extends LakeAccess {
  files: readonly string[]
  span: DataSpan | undefined
  /** Columns that `refreshSchema` finds. */
  arriving: LakeTable['columns']
  readonly pins: PinRequest[]
  readonly leases: Set<string>
}

export function testLake(): TestLake {
  let tableColumns: LakeTable['columns'] = Object.values(columns)
  let pinned = 0
  const schema = (): LakeSchema => ({
    tables: [
      {
        name: 'xdr_data',
        columns: tableColumns,
        timeColumn: 'calendar_time',
        hostColumn: 'endpoint_id',
        hasQueryNames: true,
      },
    ],
    queryNames: [],
    envelope: ['query_name', 'calendar_time', 'endpoint_id'],
  })
  const lake: TestLake = {
    files: [],
    span: undefined,
    arriving: [],
    pins: [],
    leases: new Set(),
    schemaOf: async () => schema(),
    refreshSchema: async () => {
      if (lake.arriving.length === 0) return false
      tableColumns = [...tableColumns, ...lake.arriving]
      lake.arriving = []
      return true
    },
    pinView: async (tenantId, request) => {
      pinned += 1
      lake.pins.push(request)
      lake.leases.add(`lease-${pinned}`)
      const view = viewOf({
        columns: tableColumns,
        files: lake.files,
        window: { column: 'calendar_time', range: request.range },
        hosts: request.hostIds === undefined ? undefined : { column: 'endpoint_id', ids: request.hostIds },
      })
      return { view: { ...view, tenantId }, leaseId: `lease-${pinned}` }
    },
    renewLease: async leaseId => lake.leases.has(leaseId),
    releaseLease: async leaseId => {
      lake.leases.delete(leaseId)
    },
    dataSpan: async () => lake.span,
  }
  return lake
}

/** The parser takes a second to start: one thread for all tests of a file, closed by its `after`. */
export function sharedSqlThread(): SqlThread {
  return openSqlThread({ log: silentLog, checkMsMax: 5_000 })
}

export async function queriesFixture(context: TestContext, sqlThread: SqlThread): Promise<QueriesFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-test-'))
  const tmpFolder = join(folder, 'tmp')
  const resultsFolder = join(folder, 'results')
  await mkdir(tmpFolder)
  await mkdir(resultsFolder)
  const store = openStore(':memory:')
  const engine = openDuckdbEngine({ tmpFolder, log: silentLog, limits: { workerCount: 1 } })
  const time = { now }
  const clock: Clock = () => time.now
  const lake = testLake()
  const opened: Queries[] = []
  context.after(async () => {
    await Promise.all(opened.map(queries => queries.close()))
    await engine.close()
    await store.destroy()
    await rm(folder, { recursive: true, force: true })
  })
  return {
    store,
    engine,
    folder,
    resultsFolder,
    lake,
    time,
    open(limits = {}) {
      const queries = openQueries({ store, engine, lake, sqlThread, clock, log: silentLog, resultsFolder, limits })
      opened.push(queries)
      return queries
    },
    async ended(queries, tenantId, runId) {
      let run = await queries.get(tenantId, runId)
      await until(async () => {
        run = await queries.get(tenantId, runId)
        return isTerminal(run.state)
      })
      return run
    },
  }
}
