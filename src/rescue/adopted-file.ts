import type { NewDataFile } from '../lake/data-files.ts'
import { fileStatsOf } from '../lake/file-stats.ts'
import type { SeenQueryName } from '../lake/schema.ts'
import type { RunSql } from '../lake/writer.ts'
import { boundsOf } from '../lake/written-file.ts'
import type { LakeColumn, LakeTable } from '../model/lake-table.ts'
import { isReserved } from '../row-sql/columns.ts'
import { fileStatsSql } from '../row-sql/file-facts.ts'
import { identityColumns } from '../row-sql/identity.ts'
import { mergeShapesSql } from '../row-sql/merge.ts'
import type { ReadableFile } from './cover.ts'

// A file's row for the catalog made anew from the file: every value is decoded once.

/** `table`: as the tenant has it. Rejects where a value cannot be decoded. */
export async function describeFile(
  run: RunSql,
  local: string,
  { path, bytes, sha256, footer }: ReadableFile,
  { columns, timeColumn }: LakeTable,
): Promise<NewDataFile> {
  const stored = storedColumns(footer.columns, [...identityColumns, ...columns])
  const [row] = await run(fileStatsSql(local, stored))
  const stats = fileStatsOf(row ?? {}, stored)
  const { table, queryNames, level, rows } = footer
  return { table, path, queryNames, level, rows, bytes, sha256: sha256 ?? '', stats, ...boundsOf(timeColumn, stats) }
}

/** What the file's rows add to what is known of query names; none for a table without them. */
export async function namesInFile(
  run: RunSql,
  local: string,
  { footer }: ReadableFile,
  file: NewDataFile,
  { columns }: LakeTable,
): Promise<readonly SeenQueryName[]> {
  const stored = storedColumns(footer.columns, [...identityColumns, ...columns])
  if (!stored.some(({ name }) => name === 'query_name')) return []
  const counted = stored.filter(({ name }) => !isReserved(name))
  const rows = await run(mergeShapesSql([local], stored, counted))
  return rows.flatMap(row => {
    if (typeof row['query_name'] !== 'string') return []
    const counts = row['counts'] as readonly unknown[]
    return [
      {
        name: row['query_name'],
        rows: Number(row['rows']),
        columns: counted.flatMap(({ name }, at) => (Number(counts[at]) > 0 ? [name] : [])),
        ...{ firstSeen: file.minIngested, lastSeen: file.maxIngested },
      },
    ]
  })
}

/** The table's columns that the file has. */
function storedColumns(
  inFile: readonly { readonly name: string }[],
  columns: readonly LakeColumn[],
): readonly LakeColumn[] {
  const names = new Set(inFile.map(({ name }) => name))
  return columns.filter(({ name }) => names.has(name))
}
