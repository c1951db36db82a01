import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDuckdbEngine } from '../../src/engine/duckdb/duckdb-engine.ts'
import { AppError } from '../../src/model/errors.ts'
import type { LakeSchema } from '../../src/model/lake-table.ts'
import { silentLog } from '../../src/model/log.ts'
import { type CheckedStatement, checkStatement } from '../../src/sql/check.ts'
import { foreignMark, leaksIn } from '../attack/leaks.ts'
import { columns, tenantId, viewOf, writeDataFile } from '../support/engine-fixtures.ts'
import { randomOf } from './random.ts'
import { statementOf } from './statement.ts'

// Statements from a seed, through the gate, the second guard and a real engine whose tenant has a few rows, with
// another tenant's file beside. A statement is refused with `invalid_argument`, or ends, and nothing foreign comes out.
// Anything else is a defect, reported with the seed that makes the statement again.

export interface FuzzOptions {
  readonly seed: number
  readonly seconds: number
}

export interface FuzzReport {
  statements: number
  refused: number
  succeeded: number
  failed: number
  timedOut: number
  readonly defects: { readonly seed: number; readonly what: string; readonly sql: string }[]
}

const schema: LakeSchema = {
  tables: [
    {
      name: 'xdr_data',
      columns: Object.values(columns),
      timeColumn: 'calendar_time',
      hostColumn: 'endpoint_id',
      hasQueryNames: true,
    },
  ],
  queryNames: [{ name: 'processes', columns: ['name', 'size'] }],
  envelope: ['query_name', 'calendar_time', 'endpoint_id'],
}

const timeoutMs = 2_000
const now = Date.UTC(2026, 1, 3, 8)

export async function fuzz({ seed, seconds }: FuzzOptions): Promise<FuzzReport> {
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-fuzz-'))
  const tmpFolder = join(folder, 'tmp')
  await mkdir(tmpFolder)
  const limits = { workerCount: 1, workerMemoryBytes: 512 * 2 ** 20, workerTempBytes: 64 * 2 ** 20 }
  const engine = openDuckdbEngine({ tmpFolder, log: silentLog, limits })
  const report: FuzzReport = { statements: 0, refused: 0, succeeded: 0, failed: 0, timedOut: 0, defects: [] }
  try {
    const own = await writeDataFile(join(folder, 'own.parquet'), rowsOf('n'))
    await writeDataFile(join(folder, 'foreign.parquet'), rowsOf(foreignMark))
    const deadline = performance.now() + seconds * 1000
    for (let index = 0; performance.now() < deadline; index += 1) {
      const sql = statementOf(randomOf(seed + index))
      report.statements += 1
      const what = await tryOne(report, sql, async checked => {
        const resultFolder = join(folder, `result-${index}`)
        await mkdir(resultFolder)
        const names = new Set(checked.scope.relations.map(({ relation }) => relation))
        const outcome = await engine.run(
          {
            ...{ runId: `${index}`, tenantId, sql: checked.duckdbSql, columnNames: checked.columnNames, resultFolder },
            view: viewOf(...[...names].map(name => ({ name, files: [own] }))),
            limits: { rowsMax: 1000, bytesMax: 2 ** 24, timeoutMs },
          },
          new AbortController().signal,
        )
        if (outcome.kind === 'failed') return `failed ${outcome.error.code} ${outcome.error.message}`
        const result = { folder: resultFolder, columns: outcome.columns, rowCount: outcome.rowCount }
        const { json } = await engine.readResult(result, 0, 1000)
        JSON.parse(json)
        await rm(resultFolder, { recursive: true, force: true, maxRetries: 5 })
        return `succeeded ${JSON.stringify(outcome.columns)} ${json}`
      })
      if (what !== undefined) report.defects.push({ seed: seed + index, what, sql })
    }
  } finally {
    await engine.close()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  return report

  /** What is wrong with how the statement ended; undefined: nothing. */
  async function tryOne(
    counts: FuzzReport,
    sql: string,
    execute: (checked: CheckedStatement) => Promise<string>,
  ): Promise<string | undefined> {
    let checked: CheckedStatement
    try {
      checked = checkStatement({ template: sql, variables: [], schema, now })
    } catch (thrown) {
      counts.refused += 1
      const isRefusal = thrown instanceof AppError && thrown.code === 'invalid_argument'
      return isRefusal ? undefined : `the gate threw ${String(thrown)}`
    }
    const answer = await execute(checked).catch((thrown: unknown) => `threw ${codeOf(thrown)} ${String(thrown)}`)
    const leaks = leaksIn(answer, `${sql} ${checked.duckdbSql}`, [folder])
    if (leaks.length > 0) return `shows ${leaks.join(', ')}: ${answer.slice(0, 500)}`
    if (answer.startsWith('succeeded')) counts.succeeded += 1
    else if (answer.startsWith('threw timed_out')) counts.timedOut += 1
    else if (answer.startsWith('failed')) counts.failed += 1
    else return answer
    if (answer.includes('second check')) return `gate and guard disagree: ${answer}`
    return /^failed internal/.test(answer) ? answer : undefined
  }
}

function codeOf(thrown: unknown): string {
  return thrown instanceof AppError ? thrown.code : 'unknown'
}

function rowsOf(mark: string): string {
  return `SELECT 'processes' AS query_name, TIMESTAMP '2026-02-01 10:00:00' + to_minutes(i) AS calendar_time,
    '${mark}h' || i AS endpoint_id, '${mark}' || i AS name, CAST(i AS INTEGER) AS port, i AS size,
    1::BIGINT AS row_segment, i AS row_ordinal FROM range(20) t(i)`
}
