import { open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection, DuckDBType } from '@duckdb/node-api'
import { firstPageBytesMax, firstPageRowsMax, resultNestingMax, totalCountMsMax } from '../../limits.ts'
import { AppError } from '../../model/errors.ts'
import type { ResultColumn } from '../../model/lake-type.ts'
import type { Truncation } from '../../model/query-run.ts'
import type { RunView } from '../../model/run-view.ts'
import { quoteText } from '../../row-sql/quote.ts'
import { macroStatementsFor } from '../../sql/macros.ts'
import type { RunProgress } from '../engine.ts'
import { guardStatement, lockDatabase, runAll } from './locked-database.ts'
import { distinctNames, nestingOf, storedExpression, wireTypeOf } from './projection.ts'
import type { RunJob, StatementJob, WorkerResult } from './protocol.ts'
import { emptyColumnsFileName, firstPageFileName, resultFileName } from './result-files.ts'
import { readRows } from './result-rows.ts'
import { bytesReadNow, countRows, progressOf } from './run-progress.ts'
import { isTailDamaged } from './tail-check.ts'
import { emptyViewStatements, viewPaths, withRelations } from './view-sql.ts'

// One statement on one fresh database, inside a query worker:
// 1 lock it on the view's files and the result's path; 2 guard the text by DuckDB's own parse tree; 3 bind it over the
// same relations without rows, which names and types its columns (binding twice over 1,000 files would cost twice);
// 4 copy the rows it has over the real ones to Parquet. The file is durable when `executeRun` resolves.

const rowGroupRows = 4096
const watchMs = 100

/** Fewer rows are read by one thread anyhow, and people like to see them come the same way twice. */
const reorderedRowsMin = 100_000

/** Rows weighed where a result is too large, and how full the second try fills the cap: later rows may weigh more. */
const sampleRows = 4096
const fillFactor = 0.8

interface BoundStatement {
  readonly columns: readonly ResultColumn[]
  readonly types: readonly DuckDBType[]
}

/** The statement's columns; nothing is read. */
export async function describeStatement(
  connection: DuckDBConnection,
  job: StatementJob,
): Promise<readonly ResultColumn[]> {
  await lockDatabase(connection, [])
  const { columns } = await bindStatement(connection, job)
  return columns
}

/** Leaves the statement's rows, at most `rowsMax`, in the result folder. */
export async function executeRun(
  connection: DuckDBConnection,
  job: RunJob,
  onProgress: (progress: RunProgress) => void,
): Promise<WorkerResult> {
  onProgress({ phase: 'opening', percent: undefined })
  const resultPath = join(job.resultFolder, resultFileName)
  const isReordered = !job.isOrdered && rowsOf(job.view) >= reorderedRowsMin
  await lockDatabase(connection, [...viewPaths(job.view), resultPath], { ...job, isReordered })
  const { columns, types } = await bindStatement(connection, job)
  // While DuckDB works; the file is read twice, from the page cache.
  const isDamaged = isTailDamaged(job.view.relations.flatMap(relation => relation.tail))
  isDamaged.catch(() => undefined)
  const bytesBefore = bytesReadNow()
  const report = () => onProgress(progressOf(connection, bytesBefore))
  const copy = (rowsMax: number) => copyRows(connection, job, types, report, rowsMax)
  const { rowCount, truncated: cut } = await copyResult(copy, job, resultPath)
  const total = cut === undefined ? undefined : await countRows(connection, job, totalCountMsMax)
  const truncated = cut === undefined || total === undefined ? cut : { ...cut, total: Math.max(total, rowCount) }
  onProgress({ phase: 'writing', percent: undefined })
  const [{ size }] = await Promise.all([stat(resultPath), syncFile(resultPath), syncFile(job.resultFolder)])
  // Rows that are gone weigh more than rows that were not asked for.
  const damage: Truncation | undefined = (await isDamaged) ? { reason: 'damagedSegment' } : undefined
  return { columns, rowCount, bytes: size, truncated: damage ?? truncated }
}

/** Renders the first rows ahead, one JSON object a line. Best effort: without the file a page reader renders them. */
export async function renderFirstPage(
  connection: DuckDBConnection,
  resultFolder: string,
  result: WorkerResult,
): Promise<void> {
  const names = result.columns.map(column => column.name)
  const rowCount = Math.min(result.rowCount, firstPageRowsMax)
  const range = { firstRow: 0, rowCount, bytesMax: firstPageBytesMax }
  const rows = await readRows(connection, join(resultFolder, resultFileName), names, range)
  const path = join(resultFolder, firstPageFileName)
  await writeFile(`${path}.new`, rows.map(row => `${row}\n`).join(''))
  await rename(`${path}.new`, path)
}

async function bindStatement(connection: DuckDBConnection, job: StatementJob): Promise<BoundStatement> {
  await guardStatement(connection, job.sql, relationNames(job.view))
  // The macros the statement can call are of our own making, so a locked database is as good.
  await runAll(connection, [...macroStatementsFor(job.sql), ...emptyViewStatements(job.view)])
  const prepared = await connection.prepare(job.sql)
  if (prepared.parameterCount > 0) throw new AppError('invalid_argument', 'the statement has an unbound parameter')
  const indexes = Array.from({ length: prepared.columnCount }, (_, index) => index)
  const typed = indexes.map(index => job.columnNames?.[index] ?? prepared.columnName(index))
  const types = indexes.map(index => prepared.columnType(index))
  prepared.destroySync()
  const names = distinctNames(typed)
  for (const [index, type] of types.entries()) checkNesting(names[index] ?? '', type)
  return { types, columns: types.map((type, index) => ({ name: names[index] ?? '', type: wireTypeOf(type) })) }
}

function checkNesting(name: string, type: DuckDBType): void {
  const nesting = nestingOf(type)
  if (nesting <= resultNestingMax) return
  const what = `column '${name}' nests ${nesting} arrays, maps or rows in one another`
  const fix = 'return it as text with json_format(CAST(… AS json))'
  throw new AppError('invalid_argument', `${what}, a result at most ${resultNestingMax}: ${fix}`)
}

function rowsOf(view: RunView): number {
  return view.relations.reduce((sum, { rows }) => sum + rows, 0)
}

function relationNames(view: RunView): ReadonlySet<string> {
  return new Set(view.relations.map(relation => relation.name))
}

interface Copied {
  readonly rowCount: number
  readonly truncated: Truncation | undefined
}

/**
 * Writes the statement's rows, as many as both caps allow. One row more than `rowsMax` is asked for and says that there
 * are more. Where the file grows past `bytesMax`, the statement runs again for the rows that fit, by the weight of the
 * first ones: a file cut in the middle of its writing would have no footer.
 */
async function copyResult(
  copy: (rowsMax: number) => Promise<number | undefined>,
  job: RunJob,
  path: string,
): Promise<Copied> {
  const { rowsMax, bytesMax } = job
  const copied = await copy(rowsMax + 1)
  if (copied !== undefined) {
    const isCut = copied > rowsMax
    const truncated: Truncation | undefined = isCut ? { reason: 'rowsMax', limit: rowsMax } : undefined
    return { rowCount: Math.min(copied, rowsMax), truncated }
  }
  const sampled = await copy(Math.min(sampleRows, rowsMax))
  const rowBytes = (await sizeOf(path)) / Math.max(sampled ?? 0, 1)
  const fitting = Math.floor((bytesMax * fillFactor) / rowBytes)
  const kept = sampled === undefined || fitting < 1 ? undefined : await copy(Math.min(fitting, rowsMax))
  if (kept !== undefined) return { rowCount: kept, truncated: { reason: 'bytesMax', limit: bytesMax } }
  throw new AppError('too_large', `the result is larger than ${bytesMax} bytes: select fewer columns, or add a LIMIT`)
}

/** The rows written, at most `rowsMax`; undefined where the file grew past `bytesMax`. */
async function copyRows(
  connection: DuckDBConnection,
  job: RunJob,
  types: readonly DuckDBType[],
  report: () => void,
  rowsMax: number,
): Promise<number | undefined> {
  const path = join(job.resultFolder, resultFileName)
  const names = types.map((_, index) => `c${index}`)
  const stored = types.map((type, index) => `${storedExpression(`c${index}`, type)} AS c${index}`)
  const source = `(\n${job.sql}\n) AS "result"(${names.join(', ')})`
  const rows = `${withRelations(job.view, job.keepsFewRows)}SELECT ${stored.join(', ')} FROM ${source} LIMIT ${rowsMax}`
  // Without a temporary file beside it, which would be a second path to allow.
  const options = `FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows}, USE_TMP_FILE false, RETURN_STATS`
  await rm(path, { force: true })
  let isTooLarge = false
  const watch = setInterval(async () => {
    report()
    isTooLarge ||= (await sizeOf(path)) > job.bytesMax
    if (isTooLarge) connection.interrupt()
  }, watchMs)
  try {
    const reader = await connection.runAndReadAll(`COPY (${rows}) TO ${quoteText(path)} (${options})`)
    if ((await sizeOf(path)) > job.bytesMax) return undefined
    const written = reader.getRowObjectsJS()[0] as unknown as WrittenResult
    await writeEmptyColumns(job.resultFolder, written)
    return Number(written.count)
  } catch (error) {
    if (isTooLarge) return undefined
    throw error
  } finally {
    clearInterval(watch)
  }
}

/** What COPY … RETURN_STATS says of the file. */
interface WrittenResult {
  readonly count: bigint
  readonly column_statistics: readonly {
    readonly key: string
    readonly value: readonly { key: string; value: string }[]
  }[]
}

/** Best effort: it only spares pages the reading of columns that hold nothing. */
async function writeEmptyColumns(folder: string, { count, column_statistics: columns }: WrittenResult): Promise<void> {
  const empty = columns.flatMap(({ key, value }) => {
    const nulls = value.find(fact => fact.key === 'null_count')?.value
    const index = Number(/^"?c(\d+)"?$/.exec(key)?.[1])
    return nulls === String(count) && Number.isInteger(index) ? [index] : []
  })
  await writeFile(join(folder, emptyColumnsFileName), JSON.stringify(empty)).catch(() => undefined)
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch {
    // Not yet created.
    return 0
  }
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
