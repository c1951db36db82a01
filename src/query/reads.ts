import { stat } from 'node:fs/promises'
import { leaseMs } from '../limits.ts'
import type { RunWarning } from '../model/query-run.ts'
import type { RunView } from '../model/run-view.ts'
import type { ScanScope } from '../model/scan-scope.ts'
import { type CheckedStatement, noQueryName } from '../sql/check.ts'
import type { LakeAccess, PinRequest } from './lake-access.ts'

// What a statement would read, before it does: of its view, as the catalog knows it.

/** What a statement would read. */
export interface StatementReads {
  readonly tables: readonly string[]
  /** undefined: any. */
  readonly queryNames: readonly string[] | undefined
  /** undefined: all. */
  readonly columns: readonly string[] | undefined
  readonly files: number
  /** Of the data files; those of the tail are not counted before they are read. */
  readonly rows: number
  /** Of data files and tail. */
  readonly bytes: number
}

/**
 * The statement's warnings; of a table read whole they say its bytes, for which a view is pinned and released. Rejects
 * as `LakeAccess.pinView` does.
 */
export async function weighedWarnings(
  lake: LakeAccess,
  tenantId: string,
  { scope, warnings }: CheckedStatement,
  wanted: Omit<PinRequest, 'scope' | 'leaseMs'>,
): Promise<readonly RunWarning[]> {
  if (!warnings.some(({ code }) => code === noQueryName)) return warnings
  const { view, leaseId } = await lake.pinView(tenantId, { ...wanted, scope, leaseMs })
  try {
    return withBytes(warnings, await readsOf(scope, view))
  } finally {
    await lake.releaseLease(leaseId)
  }
}

/** A table read whole is worth its price in the warning itself. */
export function withBytes(warnings: readonly RunWarning[], { bytes }: StatementReads): readonly RunWarning[] {
  return warnings.map(warning =>
    warning.code === noQueryName ? { ...warning, message: `${warning.message}, ${bytes} bytes` } : warning,
  )
}

export async function readsOf(scope: ScanScope, view: RunView): Promise<StatementReads> {
  const sum = (amountOf: (relation: RunView['relations'][number]) => number) =>
    view.relations.reduce((total, relation) => total + amountOf(relation), 0)
  const tailPaths = new Set(view.relations.flatMap(({ tail }) => tail.map(({ path }) => path)))
  const tailBytes = await Promise.all([...tailPaths].map(sizeOf))
  return {
    tables: [...new Set(scope.relations.map(({ relation }) => relation))],
    queryNames: unionOf(scope.relations.map(({ queryNames }) => queryNames)),
    columns: unionOf(scope.relations.map(({ columns }) => columns)),
    files: sum(({ files }) => files.length),
    rows: sum(({ rows }) => rows),
    bytes: sum(({ bytes }) => bytes) + tailBytes.reduce((total, bytes) => total + bytes, 0),
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch {
    // Unlinked by nobody while the lease is held; an estimate is not worth failing for.
    return 0
  }
}

/** Sorted; undefined (everything) where one of the lists is. */
function unionOf(lists: readonly (readonly string[] | undefined)[]): readonly string[] | undefined {
  const known = lists.filter(list => list !== undefined)
  return known.length < lists.length ? undefined : [...new Set(known.flat())].toSorted()
}
