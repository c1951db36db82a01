import { join } from 'node:path'
import { rowGroupRows } from '../limits.ts'
import type { ColumnStats } from '../model/data-file.ts'
import { type DeclaredTable, declarationOf } from '../model/declared-table.ts'
import { newId } from '../model/ids.ts'
import type { LakeColumn, LakeTable } from '../model/lake-table.ts'
import type { FileSql } from '../row-sql/convert.ts'
import { fileFactsSql } from '../row-sql/file-facts.ts'
import type { NewDataFile } from './data-files.ts'
import { type CopyStats, parseCopyStats } from './file-stats.ts'
import type { RunSql } from './writer.ts'
import type { WriterRow } from './writer-protocol.ts'

// One data file on its way: named, written by the writer process into the temporary folder, described by its own
// statistics. Storing and committing it are its maker's.

export interface FileDraft {
  readonly tenantId: string
  readonly table: string
  /** Day (ms) it is filed under: a hint for people, nothing reads it. */
  readonly day: number
  /** First part of its name: what it comes from. */
  readonly origin: string
  readonly level: number
  /** Query names, lower case; undefined for a table without them. */
  readonly queryNames: readonly string[] | undefined
  readonly columns: readonly LakeColumn[]
  /** The table's. */
  readonly timeColumn: string
  /** How the table was declared; undefined: the lake ships it. */
  readonly declaration: DeclaredTable | undefined
  /** Footer entries beside those every file has. */
  readonly metadata: Readonly<Record<string, string>>
}

/** What a draft says of its table. */
export function factsOf(table: LakeTable): Pick<FileDraft, 'table' | 'timeColumn' | 'declaration'> {
  return { table: table.name, timeColumn: table.timeColumn, declaration: declarationOf(table) }
}

/** A draft with its names. */
export interface FileTarget {
  readonly draft: FileDraft
  readonly key: string
  readonly sql: FileSql
}

/** A file the writer process has finished, not yet stored. */
export interface WrittenFile {
  readonly localPath: string
  readonly file: NewDataFile
}

/**
 * Fresh names for files that are committed together: a path is used once. Each footer names the whole batch, so that
 * files alone tell whether all of it reached the disk.
 */
export function targetsOf(drafts: readonly FileDraft[], tempFolder: string): readonly FileTarget[] {
  const named = drafts.map(draft => {
    const id = newId()
    const day = new Date(draft.day).toISOString().slice(0, 10)
    return { draft, id, key: `${draft.tenantId}/${draft.table}/${day}/${draft.origin}-${id}.parquet` }
  })
  const batch = JSON.stringify(named.map(({ key }) => key))
  return named.map(({ draft, id, key }) => {
    const { tenantId, table, level, queryNames, columns } = draft
    const metadata: Record<string, string> = { tenant: tenantId, table, level: String(level), batch, ...draft.metadata }
    if (queryNames !== undefined) metadata['queryNames'] = JSON.stringify(queryNames)
    if (draft.declaration !== undefined) metadata['declared'] = JSON.stringify(draft.declaration)
    const path = join(tempFolder, `${id}.parquet`)
    return { draft, key, sql: { path, tenantId, columns, metadata, rowGroupRows, only: undefined, except: [] } }
  })
}

/** Executes the COPY that writes the target. */
export async function writeFile(run: RunSql, statement: string, { draft, key, sql }: FileTarget): Promise<WrittenFile> {
  const [row] = await run(statement)
  const { rows, bytes, columns } = parseCopyStats(row as WriterRow & CopyStats, draft.columns)
  const [hashed] = await run(fileFactsSql(sql.path).hash)
  const { table, queryNames, level, timeColumn } = draft
  const file = { table, path: key, queryNames, level, rows, bytes, sha256: String(hashed?.['sha256']), stats: columns }
  return { localPath: sql.path, file: { ...file, ...boundsOf(timeColumn, columns) } }
}

/** What the catalog keeps beside a file's statistics: bounds of the table's time column and of the time of receipt. */
export function boundsOf(
  timeColumn: string,
  columns: Readonly<Record<string, ColumnStats>>,
): Pick<NewDataFile, 'minTime' | 'maxTime' | 'minIngested' | 'maxIngested'> {
  const ingested = columns['ingestion_timestamp']
  return {
    minTime: columns[timeColumn]?.min as number | undefined,
    maxTime: columns[timeColumn]?.max as number | undefined,
    minIngested: Number(ingested?.min ?? 0),
    maxIngested: Number(ingested?.max ?? 0),
  }
}

export function rowsOf(files: readonly WrittenFile[]): number {
  return files.reduce((total, { file }) => total + file.rows, 0)
}
