import { rm } from 'node:fs/promises'
import type { Store } from '../db/db.ts'
import { narrowFileRowsMin } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import type { LakeColumn, LakeTable } from '../model/lake-table.ts'
import type { Segment } from '../model/segment.ts'
import { decorationName, isReserved, schemaVersion } from '../row-sql/columns.ts'
import {
  stagedCountsSql,
  stagedDecorationsSql,
  stagedShapesSql,
  stageSql,
  unstageFlatSql,
  unstageSql,
  writeFileSql,
  writeReportsSql,
} from '../row-sql/convert.ts'
import { identityColumns } from '../row-sql/identity.ts'
import { lineCountsSql, type SegmentSource } from '../row-sql/lines.ts'
import { reportTable, resultTable } from '../row-sql/tail.ts'
import type { Storage } from '../storage/storage.ts'
import { commitSegment } from './commit.ts'
import { namesOf, planFiles, type StagedShape } from './file-plan.ts'
import { type PlannedWrite, planFlatFiles } from './flat-tables.ts'
import { columnsOf, growColumns, type SeenQueryName, tablesOf } from './schema.ts'
import type { RunSql, Writer } from './writer.ts'
import { type FileDraft, factsOf, rowsOf, targetsOf, type WrittenFile, writeFile } from './written-file.ts'

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
  const expected = await lineCounts(run, segment, source)
  for (const statement of stageSql([source])) await run(statement)
  const counts = await stagedCounts(run, segment, expected.get(resultTable) ?? 0)
  const shapes = await stagedShapes(run)
  const columns = await grownColumns(deps, run, tenantId, shapes)
  const planned: PlannedWrite[] = planFiles(shapes, columns, narrowFileRowsMin).map(({ only, except, ...file }) => ({
    draft: { table: resultTable, ...file },
    statementOf: sql => writeFileSql({ ...sql, only, except }),
  }))
  expected.set(resultTable, counts.rows).set(reportTable, counts.lines)
  if (counts.lines > 0) {
    const reportColumns = [...identityColumns, ...(await columnsOf(deps.store, tenantId, reportTable))]
    const draft = { table: reportTable, queryNames: undefined, columns: reportColumns }
    planned.push({ draft, statementOf: writeReportsSql })
  }
  const flatTables = [...expected.keys()].filter(table => table !== resultTable && table !== reportTable)
  for (const table of flatTables) planned.push(...(await planFlatFiles(deps, run, tenantId, source, table)))
  const tables = new Map((await tablesOf(deps.store, tenantId)).map(table => [table.name, table]))
  const drafts = planned.map(({ draft }) => ({
    ...draft,
    ...originOf(segment),
    ...factsOf(tables.get(draft.table) as LakeTable),
  }))
  for (const [at, target] of targetsOf(drafts, deps.tempFolder).entries()) {
    const statement = planned[at]?.statementOf(target.sql) as string
    written.push(await writeFile(run, statement, target))
  }
  for (const [table, rows] of expected) expectRows(written, table, rows, segment)
  for (const statement of [...unstageSql, ...flatTables.map(unstageFlatSql)]) await run(statement)
  return { lines: segment.lines ?? 0, rows: counts.rows, queryNames: seenNames(shapes, columns, written) }
}

/** Lines of each table; throws unless every line the segment was sealed with can be read. */
async function lineCounts(run: RunSql, segment: SegmentToConvert, source: SegmentSource): Promise<Map<string, number>> {
  const counts = (await run(lineCountsSql([source]))).map(
    row => [String(row['table'] ?? resultTable), Number(row['lines'])] as const,
  )
  const lines = counts.reduce((total, [, count]) => total + count, 0)
  if (lines === segment.lines) return new Map(counts)
  throw new AppError(
    'internal',
    `segment ${segment.number} has ${lines} readable lines, it was sealed with ${segment.lines}`,
  )
}

/** Result lines of the segment and their rows; throws unless all of them were staged. */
async function stagedCounts(
  run: RunSql,
  { number }: SegmentToConvert,
  expected: number,
): Promise<{ lines: number; rows: number }> {
  const [row] = await run(stagedCountsSql)
  const [lines, rows, staged] = [Number(row?.['lines']), Number(row?.['rows']), Number(row?.['staged'])]
  if (lines !== expected) {
    throw new AppError('internal', `segment ${number} has ${lines} readable lines, its frames say ${expected}`)
  }
  if (staged !== rows)
    throw new AppError('internal', `segment ${number} holds ${rows} rows, of which ${staged} were staged`)
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
