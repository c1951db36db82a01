import type { Store } from '../db/db.ts'
import { narrowFileRowsMin } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import type { LakeColumn, LakeTable } from '../model/lake-table.ts'
import { decorationName } from '../row-sql/columns.ts'
import {
  type FileSql,
  stagedFlatShapesSql,
  stagedStatusDecorationsSql,
  stageFlatSql,
  stageStatusSql,
  writeFlatSql,
  writeStatusSql,
} from '../row-sql/convert.ts'
import { type DeclaredRows, hasDefault, isAssigned } from '../row-sql/flat.ts'
import { identifierColumns, identityColumns } from '../row-sql/identity.ts'
import type { SegmentSource } from '../row-sql/lines.ts'
import { statusTable } from '../row-sql/status.ts'
import { planFiles, type StagedShape } from './file-plan.ts'
import { columnsOf, growColumns, tablesOf } from './schema.ts'
import type { RunSql } from './writer.ts'
import type { FileDraft } from './written-file.ts'

// Rows of the tables beside osquery's: staged as they came, one file a segment (or one for each query name with many
// rows), with the columns that its rows bring.

/** A file that a conversion is going to write. */
export interface PlannedWrite {
  readonly draft: Pick<FileDraft, 'table' | 'queryNames' | 'columns'>
  readonly statementOf: (sql: FileSql) => string
}

interface GrowDeps {
  readonly store: Store
  readonly clock: () => number
}

/** Stages the table's rows in the segment and plans their files; rows that bring new columns have them added. */
export async function planFlatFiles(
  deps: GrowDeps,
  run: RunSql,
  tenantId: string,
  source: SegmentSource,
  table: string,
): Promise<readonly PlannedWrite[]> {
  if (table === statusTable) return planStatusFile(deps, run, tenantId, source)
  const known = (await tablesOf(deps.store, tenantId)).find(({ name }) => name === table)
  if (known === undefined) throw new AppError('internal', `segment ${source.number} has rows of ${table}, no table`)
  await run(stageFlatSql([source], table))
  const shapes = (await run(stagedFlatShapesSql(table))).map(row => ({
    queryName: (row['query_name'] as string | null) ?? undefined,
    keys: row['keys'] as readonly string[],
    rows: Number(row['rows']),
  }))
  const keys = shapes.flatMap(shape => shape.keys).filter(key => !isAssigned(key))
  await growColumns(deps.store, tenantId, table, keys, deps.clock())
  const columns = await columnsOf(deps.store, tenantId, table)
  if (known.hasQueryNames) {
    return planFiles(shapes, columns, narrowFileRowsMin).map(({ only, except, ...file }) => ({
      draft: { table, ...file },
      statementOf: sql => writeFlatSql(table, { ...sql, only, except }),
    }))
  }
  const declared = declaredRows(known)
  const draft = { table, queryNames: undefined, columns: flatColumns(columns, shapes, declared) }
  return [{ draft, statementOf: sql => writeFlatSql(table, { ...sql, sortedBy: sortOf(known) }, declared) }]
}

/** undefined: the lake ships the table. */
export function declaredRows({ isDeclared, timeColumn }: LakeTable): DeclaredRows | undefined {
  return isDeclared === true ? { timeColumn } : undefined
}

/** What files of the table are sorted by; undefined: as all shipped ones are. */
export function sortOf({ isDeclared, hostColumn, timeColumn }: LakeTable): readonly string[] | undefined {
  if (isDeclared !== true) return undefined
  return hostColumn === undefined ? [timeColumn] : [hostColumn, timeColumn]
}

/** Status lines are one file with all columns of their table; new decorations have columns added. */
async function planStatusFile(
  deps: GrowDeps,
  run: RunSql,
  tenantId: string,
  source: SegmentSource,
): Promise<readonly PlannedWrite[]> {
  await run(stageStatusSql([source]))
  const decorations = (await run(stagedStatusDecorationsSql)).flatMap(row => row['keys'] as readonly string[])
  await growColumns(deps.store, tenantId, statusTable, decorations.map(decorationName), deps.clock())
  const stored = await columnsOf(deps.store, tenantId, statusTable)
  const columns = [...identityColumns, ...stored.filter(({ name }) => !identifierColumns.includes(name))]
  return [{ draft: { table: statusTable, queryNames: undefined, columns }, statementOf: writeStatusSql }]
}

/** The row's identity, what the lake says of every row, and what the rows bring. */
function flatColumns(
  columns: readonly LakeColumn[],
  shapes: readonly StagedShape[],
  declared: DeclaredRows | undefined,
): readonly LakeColumn[] {
  const brought = new Set(shapes.flatMap(({ keys }) => keys))
  const stored = columns.filter(({ name }) => {
    if (identifierColumns.includes(name)) return false
    return isAssigned(name) || hasDefault(name, declared) || brought.has(name)
  })
  return [...identityColumns, ...stored]
}
