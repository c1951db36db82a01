import { join } from 'node:path'
import { rowGroupRows } from '../limits.ts'
import { newId } from '../model/ids.ts'
import type { LakeColumn } from '../model/lake-table.ts'
import type { FileSql } from '../row-sql/convert.ts'
import type { NewDataFile } from './data-files.ts'
import { type CopyStats, parseCopyStats } from './file-stats.ts'
import { shippedTables } from './tables.ts'
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
  /** Footer entries beside those every file has. */
  readonly metadata: Readonly<Record<string, string>>
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

/** Fresh names for a draft: a path is used once. */
export function targetOf(draft: FileDraft, tempFolder: string): FileTarget {
  const id = newId()
  const { tenantId, table, level, queryNames, columns } = draft
  const day = new Date(draft.day).toISOString().slice(0, 10)
  const metadata: Record<string, string> = { tenant: tenantId, table, level: String(level), ...draft.metadata }
  if (queryNames !== undefined) metadata['queryNames'] = JSON.stringify(queryNames)
  return {
    draft,
    key: `${tenantId}/${table}/${day}/${draft.origin}-${id}.parquet`,
    sql: {
      ...{ path: join(tempFolder, `${id}.parquet`), tenantId, columns, metadata, rowGroupRows },
      ...{ only: undefined, except: [] },
    },
  }
}

/** Executes the COPY that writes the target. */
export async function writeFile(run: RunSql, statement: string, { draft, key, sql }: FileTarget): Promise<WrittenFile> {
  const [row] = await run(statement)
  const { rows, bytes, columns } = parseCopyStats(row as WriterRow & CopyStats, draft.columns)
  const timeColumn = shippedTables.find(({ name }) => name === draft.table)?.timeColumn ?? 'ingestion_timestamp'
  const ingested = columns['ingestion_timestamp']
  return {
    localPath: sql.path,
    file: {
      ...{ table: draft.table, path: key, queryNames: draft.queryNames, level: draft.level, rows, bytes },
      minTime: columns[timeColumn]?.min as number | undefined,
      maxTime: columns[timeColumn]?.max as number | undefined,
      minIngested: Number(ingested?.min ?? 0),
      maxIngested: Number(ingested?.max ?? 0),
      stats: columns,
    },
  }
}

export function rowsOf(files: readonly WrittenFile[]): number {
  return files.reduce((total, { file }) => total + file.rows, 0)
}
