import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import { type DuckdbEngineLimits, openDuckdbEngine } from '../../src/engine/duckdb/duckdb-engine.ts'
import type { Engine, EngineOutcome, RunLimits, RunProgress } from '../../src/engine/engine.ts'
import type { LakeColumn } from '../../src/model/lake-table.ts'
import { silentLog } from '../../src/model/log.ts'
import type { RunView, ViewRelation } from '../../src/model/run-view.ts'

// A real engine over hand-written Parquet files.

export const tenantId = '5f0c7a52-8f5e-4d52-9d2c-1c2b3a4d5e6f'

/** A folder of the test's own, deleted after it. */
export async function testFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-test-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export const column = (name: string, type: LakeColumn['type'], fieldId: number): LakeColumn => ({
  name,
  type,
  fieldId,
})

/** The columns of the relation `xdr_data` as these tests know it. */
export const columns = {
  queryName: column('query_name', 'string', 11),
  calendarTime: column('calendar_time', 'timestamp', 12),
  endpointId: column('endpoint_id', 'string', 13),
  name: column('name', 'string', 14),
  port: column('port', 'integer', 15),
  size: column('size', 'bigint', 16),
  messageIdentifier: column('message_identifier', 'string', 17),
}

/** A view of one relation, by default without rows. */
export function viewOf(...relations: Partial<ViewRelation>[]): RunView {
  return {
    tenantId,
    manifestVersion: 1,
    relations: relations.map(relation => ({
      name: 'xdr_data',
      table: 'xdr_data',
      columns: Object.values(columns),
      files: [],
      filesWithin: [],
      tail: [],
      window: undefined,
      hosts: undefined,
      queryNames: undefined,
      rows: 0,
      bytes: 0,
      ...relation,
    })),
  }
}

/**
 * Writes the rows of a SELECT as a data file; its columns take the field ids of `columns` and of the row's identity.
 */
export async function writeDataFile(path: string, select: string): Promise<string> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const names = (await connection.runAndReadAll(`DESCRIBE ${select}`))
    .getRowObjects()
    .map(row => String(row['column_name']))
  const ids = new Map<string, number>([...Object.values(columns).map(entry => [entry.name, entry.fieldId] as const)])
  ids.set('row_segment', 1)
  ids.set('row_ordinal', 2)
  const fields = names.map(name => `${name}: ${ids.get(name)}`).join(', ')
  await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet, COMPRESSION zstd, FIELD_IDS {${fields}})`)
  connection.closeSync()
  instance.closeSync()
  return path
}

export interface EngineFixture {
  readonly engine: Engine
  readonly folder: string
  run(sql: string, options?: RunOptions): Promise<Ran>
  /** Process ids of the engine's query workers. */
  childPids(): number[]
}

export interface RunOptions {
  readonly view?: RunView
  readonly columnNames?: readonly string[]
  readonly limits?: Partial<RunLimits>
  readonly signal?: AbortSignal
  readonly tenantId?: string
  readonly isOrdered?: boolean
  readonly keepsFewRows?: boolean
  readonly onProgress?: (progress: RunProgress) => void
}

export interface Ran {
  readonly outcome: EngineOutcome
  readonly resultFolder: string
}

/** An engine of the test's own, closed after it. */
export async function engineFixture(
  context: TestContext,
  limits: Partial<DuckdbEngineLimits> = {},
): Promise<EngineFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-test-'))
  const tmpFolder = join(folder, 'tmp')
  await mkdir(tmpFolder)
  const engine = openDuckdbEngine({ tmpFolder, log: silentLog, limits: { workerCount: 1, ...limits } })
  context.after(async () => {
    await engine.close()
    await rm(folder, { recursive: true, force: true })
  })
  let number = 0
  return {
    engine,
    folder,
    childPids: () => childrenOf(process.pid).filter(pid => commandOf(pid).includes(join(tmpFolder, 'worker-'))),
    async run(sql, options = {}) {
      number += 1
      const resultFolder = join(folder, `result-${number}`)
      await mkdir(resultFolder)
      const outcome = await engine.run(
        {
          runId: `run-${number}`,
          tenantId: options.tenantId ?? tenantId,
          sql,
          columnNames: options.columnNames,
          view: options.view ?? viewOf(),
          resultFolder,
          isOrdered: options.isOrdered ?? true,
          keepsFewRows: options.keepsFewRows ?? false,
          ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
          limits: { rowsMax: 1_000_000, bytesMax: 2 ** 30, timeoutMs: 30_000, ...options.limits },
        },
        options.signal ?? new AbortController().signal,
      )
      return { outcome, resultFolder }
    },
  }
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.split(' ').filter(Boolean).map(Number)
}

/** A child is told its folder in its arguments. */
function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
}

/** The rows of a succeeded run, as a client parses them. */
export async function rowsOf(fixture: EngineFixture, ran: Ran, firstRow = 0, rowCount = 2000): Promise<unknown[]> {
  const { outcome, resultFolder } = ran
  if (outcome.kind === 'failed') throw new Error(`the run failed: ${outcome.error.message}`)
  const result = { folder: resultFolder, columns: outcome.columns, rowCount: outcome.rowCount }
  const slice = await fixture.engine.readResult(result, firstRow, rowCount)
  const rows: unknown[] = JSON.parse(slice.json)
  if (rows.length !== slice.rowCount) throw new Error(`a slice of ${slice.rowCount} rows holds ${rows.length}`)
  return rows
}

/** Resolves once the condition holds; rejects when it does not within ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('the condition never held')
    await setTimeout(2)
  }
}
