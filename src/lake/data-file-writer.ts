import { rm } from 'node:fs/promises'
import type { Store } from '../db/db.ts'
import { narrowFileRowsMin } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import type { LakeColumn } from '../model/lake-table.ts'
import type { Segment } from '../model/segment.ts'
import { isReserved, schemaVersion } from '../row-sql/columns.ts'
import {
  type FileSql,
  stagedCountsSql,
  stagedDecorationsSql,
  stagedShapesSql,
  stageSql,
  unstageSql,
  writeFileSql,
  writeReportsSql,
} from '../row-sql/convert.ts'
import { identityColumns } from '../row-sql/identity.ts'
import type { SegmentSource } from '../row-sql/lines.ts'
import { reportTable, resultTable } from '../row-sql/tail.ts'
import type { Storage } from '../storage/storage.ts'
import { commitSegment } from './commit.ts'
import { namesOf, planFiles, type StagedShape } from './file-plan.ts'
import { columnsOf, growColumns, type SeenQueryName } from './schema.ts'
import type { RunSql, Writer } from './writer.ts'
import { type FileDraft, rowsOf, targetsOf, type WrittenFile, writeFile } from './written-file.ts'

// Segment → data files → commit. The writer process does the work on rows; this side decides: which columns there are,
// which files are written, and that not one row is missing before the commit makes them current.

export interface ConvertDeps {
  readonly store: Store
  readonly storage: Storage
  readonly writer: Writer
  /** An existing folder on the storage's file system. */
  readonly tempFolder: string
  readonly clock: () => number
}

export interface Converted {
  /** The manifest version from which on the segment's rows are in data files. */
  readonly version: number
  readonly lines: number
  readonly rows: number
  readonly files: number
  readonly bytes: number
}

/** A segment with what it was sealed with; undefined while it is open. */
export type SegmentToConvert = Segment & { readonly frames: number | undefined; readonly lines: number | undefined }

/** Level of files straight from a segment; compaction makes higher ones. */
const flushLevel = 1

/**
 * Turns a sealed segment into data files and commits them. Bytes are written once; of anything that fails before the
 * commit only garbage is left, and the segment stays sealed for another try. Rejects with `conflict` when it was
 * committed by somebody else.
 */
export async function convertSegment(deps: ConvertDeps, segment: SegmentToConvert, path: string): Promise<Converted> {
  if (segment.frames === undefined) throw new AppError('conflict', `segment ${segment.number} is not sealed`)
  const source = { path, number: segment.number, frames: segment.frames }
  const written: WrittenFile[] = []
  try {
    const staged = await deps.writer.use(run => writeFiles(deps, run, segment, source, written))
    for (const { localPath, file } of written) await deps.storage.put(file.path, localPath)
    const files = written.map(({ file }) => file)
    const version = await commitSegment(deps.store, segment, { files, queryNames: staged.queryNames }, deps.clock())
    const bytes = files.reduce((total, file) => total + file.bytes, 0)
    return { version, lines: staged.lines, rows: staged.rows, files: files.length, bytes }
  } finally {
    for (const { localPath } of written) await rm(localPath, { force: true })
  }
}

/** The part that needs the writer process: stages the segment, writes every planned file, checks the counts. */
async function writeFiles(
  deps: ConvertDeps,
  run: RunSql,
  segment: SegmentToConvert,
  source: SegmentSource,
  written: WrittenFile[],
): Promise<{ lines: number; rows: number; queryNames: readonly SeenQueryName[] }> {
  const { tenantId } = segment
  for (const statement of stageSql([source])) await run(statement)
  const counts = await stagedCounts(run, segment)
  const shapes = await stagedShapes(run)
  const columns = await grownColumns(deps, run, tenantId, shapes)
  const planned: { draft: Pick<FileDraft, 'table' | 'queryNames' | 'columns'>; statementOf: typeof writeFileSql }[] = []
  for (const { only, except, ...file } of planFiles(shapes, columns, narrowFileRowsMin)) {
    const statementOf = (sql: FileSql) => writeFileSql({ ...sql, only, except })
    planned.push({ draft: { table: resultTable, ...file }, statementOf })
  }
  if (counts.lines > 0) {
    const reportColumns = [...identityColumns, ...(await columnsOf(deps.store, tenantId, reportTable))]
    const draft = { table: reportTable, queryNames: undefined, columns: reportColumns }
    planned.push({ draft, statementOf: writeReportsSql })
  }
  const drafts = planned.map(({ draft }) => ({ ...draft, ...originOf(segment) }))
  for (const [at, target] of targetsOf(drafts, deps.tempFolder).entries()) {
    const statement = planned[at]?.statementOf(target.sql) as string
    written.push(await writeFile(run, statement, target))
  }
  expectRows(written, resultTable, counts.rows, segment)
  expectRows(written, reportTable, counts.lines, segment)
  for (const statement of unstageSql) await run(statement)
  return { ...counts, queryNames: seenNames(shapes, columns, written) }
}

/**
 * Lines and rows of the segment; throws unless every line it was sealed with was read, and every row they hold was
 * staged.
 */
async function stagedCounts(run: RunSql, segment: SegmentToConvert): Promise<{ lines: number; rows: number }> {
  const [row] = await run(stagedCountsSql)
  const [lines, rows, staged] = [Number(row?.['lines']), Number(row?.['rows']), Number(row?.['staged'])]
  if (lines !== segment.lines) {
    throw new AppError(
      'internal',
      `segment ${segment.number} has ${lines} readable lines, it was sealed with ${segment.lines}`,
    )
  }
  if (staged !== rows) {
    throw new AppError('internal', `segment ${segment.number} holds ${rows} rows, of which ${staged} were staged`)
  }
  return { lines, rows }
}

async function stagedShapes(run: RunSql): Promise<readonly StagedShape[]> {
  const rows = await run(stagedShapesSql)
  return rows.map(row => ({
    queryName: (row['query_name'] as string | null) ?? undefined,
    keys: row['keys'] as readonly string[],
    rows: Number(row['rows']),
  }))
}

/** The table's columns after those that the staged rows bring have been added. */
async function grownColumns(
  deps: ConvertDeps,
  run: RunSql,
  tenantId: string,
  shapes: readonly StagedShape[],
): Promise<readonly LakeColumn[]> {
  const decorations = (await run(stagedDecorationsSql)).flatMap(row => row['keys'] as readonly string[])
  const names = [
    ...shapes.flatMap(({ keys }) => keys.filter(key => !isReserved(key))),
    ...decorations.map(decorationName),
  ]
  await growColumns(deps.store, tenantId, resultTable, names, deps.clock())
  return columnsOf(deps.store, tenantId, resultTable)
}

function decorationName(key: string): string {
  return key.startsWith('meta_') ? key : `meta_${key}`
}

/**
 * What a file of this segment has in common with its others; the footer lets the catalog be rebuilt from files alone.
 */
function originOf(segment: SegmentToConvert): Pick<FileDraft, 'tenantId' | 'day' | 'origin' | 'level' | 'metadata'> {
  const source = { number: segment.number, frames: [1, segment.frames] }
  return {
    ...{ tenantId: segment.tenantId, day: segment.createdAt, origin: String(segment.number), level: flushLevel },
    metadata: { schemaVersion, segments: JSON.stringify([source]), replaces: '[]' },
  }
}

/** Never a lost row: what the files hold must be what the lines held. */
function expectRows(files: readonly WrittenFile[], table: string, expected: number, segment: SegmentToConvert): void {
  const found = rowsOf(files.filter(({ file }) => file.table === table))
  if (found === expected) return
  throw new AppError('internal', `segment ${segment.number} has ${expected} rows of ${table}, its data files ${found}`)
}

function seenNames(
  shapes: readonly StagedShape[],
  columns: readonly LakeColumn[],
  written: readonly WrittenFile[],
): readonly SeenQueryName[] {
  const known = new Set(columns.map(({ name }) => name))
  const firstSeen = Math.min(...written.map(({ file }) => file.minIngested))
  const lastSeen = Math.max(...written.map(({ file }) => file.maxIngested))
  return namesOf(shapes).map(({ name, rows, keys }) => ({
    name,
    rows,
    columns: keys.filter(key => known.has(key) && !isReserved(key)),
    firstSeen,
    lastSeen,
  }))
}
