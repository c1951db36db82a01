import { rm } from 'node:fs/promises'
import { bloomFilterRowsMin, compactedFileRowsMin } from '../../limits.ts'
import { AppError } from '../../model/errors.ts'
import type { LakeColumn, LakeTable } from '../../model/lake-table.ts'
import { isReserved, schemaVersion } from '../../row-sql/columns.ts'
import { identityColumns } from '../../row-sql/identity.ts'
import { type Excluded, excludedCountSql, mergeFileSql, mergeShapesSql, mergeSourcesSql } from '../../row-sql/merge.ts'
import { commitReplacement } from '../commit.ts'
import type { ConvertDeps } from '../data-file-writer.ts'
import { withStats } from '../data-files.ts'
import { type PlannedFile, planFiles, type StagedShape } from '../file-plan.ts'
import { sortOf } from '../flat-tables.ts'
import { tableOf } from '../schema.ts'
import type { RunSql } from '../writer.ts'
import { type FileDraft, factsOf, rowsOf, targetsOf, type WrittenFile, writeFile } from '../written-file.ts'
import type { Merge } from './compaction-plan.ts'

// Compaction: the rows of several files into fewer, larger, narrower ones. One attempt: when a source is no longer live
// at the commit, what was written is garbage and the next pass plans anew. Rows that are appended meanwhile are in
// other files and are not touched; runs that pinned the sources keep them by their lease.

export interface Compacted {
  readonly version: number
  readonly rows: number
  readonly before: { readonly files: number; readonly bytes: number }
  readonly after: { readonly files: number; readonly bytes: number }
}

/**
 * Does one merge of the tenant's files, or a rewrite that leaves rows out. Rejects with `conflict` when a source was
 * replaced meanwhile; nothing changed then.
 */
export async function compact(deps: ConvertDeps, tenantId: string, merge: Merge): Promise<Compacted> {
  const written: WrittenFile[] = []
  try {
    await deps.writer.use(run => writeMerge(deps, run, tenantId, merge, written))
    for (const { localPath, file } of written) await deps.storage.put(file.path, localPath)
    const added = written.map(({ file }) => file)
    const dropped = merge.files.map(({ id }) => id)
    const version = await commitReplacement(deps.store, tenantId, dropped, added, deps.clock())
    return { version, rows: rowsOf(written), before: sizeOf(merge.files), after: sizeOf(added) }
  } finally {
    for (const { localPath } of written) await rm(localPath, { force: true })
  }
}

function sizeOf(files: readonly { readonly bytes: number }[]): { files: number; bytes: number } {
  return { files: files.length, bytes: files.reduce((total, { bytes }) => total + bytes, 0) }
}

async function writeMerge(
  deps: ConvertDeps,
  run: RunSql,
  tenantId: string,
  merge: Merge,
  written: WrittenFile[],
): Promise<void> {
  const paths = await Promise.all(merge.files.map(({ path }) => deps.storage.locate(path)))
  const table = await tableOf(deps.store, tenantId, merge.table)
  const columns = await sourceColumns(deps, table, merge)
  const excluded = excludedIn(columns, merge.excluded ?? {})
  const shapes = await shapesOf(run, paths, columns, excluded)
  const [left] = merge.excluded === undefined ? [] : await run(excludedCountSql(paths, columns, excluded))
  const expected = merge.files.reduce((total, { rows }) => total + rows, 0) - Number(left?.['rows'] ?? 0)
  expectRows(
    'hold',
    shapes.reduce((total, { rows }) => total + rows, 0),
    expected,
  )
  const sources = await sourcesOf(run, paths)
  const planned = expected === 0 ? [] : plannedFiles(table, shapes, columns)
  const drafts = planned.map(
    ({ queryNames, columns }): FileDraft => ({
      ...{ ...factsOf(table), tenantId, level: merge.level, queryNames, columns },
      ...{ day: Math.min(...merge.files.map(({ minIngested }) => minIngested)), origin: `merged-${merge.level}` },
      metadata: { schemaVersion, segments: sources, replaces: JSON.stringify(merge.files.map(({ path }) => path)) },
    }),
  )
  for (const [at, target] of targetsOf(drafts, deps.tempFolder).entries()) {
    const { only, except } = planned[at] as PlannedFile
    const rows = shapes.filter(({ queryName }) => only?.includes(queryName ?? '') ?? true)
    const isLarge = rows.reduce((total, shape) => total + shape.rows, 0) >= bloomFilterRowsMin
    const hasLargeDictionaries = only !== undefined && isLarge
    const file = { ...target.sql, only, except, hasLargeDictionaries, sortedBy: sortOf(table) }
    const statement = mergeFileSql(paths, file, excluded)
    written.push(await writeFile(run, statement, target))
  }
  expectRows('were merged into files that hold', rowsOf(written), expected)
}

/** The table's columns that at least one of the files has. */
async function sourceColumns(deps: ConvertDeps, table: LakeTable, merge: Merge): Promise<readonly LakeColumn[]> {
  const files = await withStats(deps.store, merge.files)
  const stored = new Set(files.flatMap(({ stats }) => Object.keys(stats ?? {})))
  return table.columns.filter(({ name }) => stored.has(name))
}

/** No row of files without the column can be a host's. */
function excludedIn(columns: readonly LakeColumn[], { hosts, queryNames }: Excluded): Excluded {
  const isThere = columns.some(({ name }) => name === hosts?.column)
  return { ...(hosts !== undefined && isThere ? { hosts } : {}), ...(queryNames === undefined ? {} : { queryNames }) }
}

/** How many rows each query name has, and which columns have values in them. */
async function shapesOf(
  run: RunSql,
  paths: readonly string[],
  columns: readonly LakeColumn[],
  excluded: Excluded,
): Promise<readonly StagedShape[]> {
  const counted = columns.filter(({ name }) => !isReserved(name))
  const rows = await run(mergeShapesSql(paths, columns, counted, excluded))
  return rows.map(row => {
    const counts = row['counts'] as readonly unknown[]
    const keys = counted.flatMap(({ name }, index) => (Number(counts[index]) > 0 ? [name] : []))
    return { queryName: (row['query_name'] as string | null) ?? undefined, rows: Number(row['rows']), keys }
  })
}

function plannedFiles(
  table: LakeTable,
  shapes: readonly StagedShape[],
  columns: readonly LakeColumn[],
): readonly PlannedFile[] {
  if (table.hasQueryNames) return planFiles(shapes, columns, compactedFileRowsMin)
  return [{ queryNames: undefined, only: undefined, except: [], columns: [...identityColumns, ...columns] }]
}

/** The segments of all sources, each with its frames, as the footer says it. */
async function sourcesOf(run: RunSql, paths: readonly string[]): Promise<string> {
  const rows = await run(mergeSourcesSql(paths))
  const segments = rows.flatMap(row => JSON.parse(String(row['segments'])) as { number: number; frames: number[] }[])
  const distinct = new Map(segments.map(segment => [segment.number, segment]))
  return JSON.stringify([...distinct.values()].sort((a, b) => a.number - b.number))
}

function expectRows(what: string, found: number, expected: number): void {
  if (found === expected) return
  throw new AppError('internal', `data files with ${expected} rows ${what} ${found}`)
}
