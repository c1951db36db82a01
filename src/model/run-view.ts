import type { LakeColumn } from './lake-table.ts'
import type { SegmentPin } from './segment.ts'
import type { TimeRange } from './time-range.ts'

// What one run may see: made by lake/, turned into views by an engine. The engine can open the files named here and
// nothing else, so this value *is* the tenant's isolation.

export interface RunView {
  readonly tenantId: string
  /** The manifest version the run has pinned: its files and segments stay on disk while the run holds its lease. */
  readonly manifestVersion: number
  readonly relations: readonly ViewRelation[]
}

/** A relation the statement may name. All files and pins together hold each of its rows exactly once. */
export interface ViewRelation {
  /** Lower case: `xdr_data`, `listening_ports`. */
  readonly name: string
  /** The lake table it reads: decides how lines of the tail become rows. */
  readonly table: string
  /** The tenant declared it: its window's column is the time of receipt where a row has no time. */
  readonly isDeclared?: true
  /** Columns the statement can name, in the table's order. */
  readonly columns: readonly LakeColumn[]
  /** Absolute paths of the data files, already pruned; narrow files lack columns, which read as NULL. */
  readonly files: readonly string[]
  /** Those of `files` whose every row is known to lie within the window: nobody need look at its time. */
  readonly filesWithin: readonly string[]
  /** The open tail: prefixes of segments not yet consumed. */
  readonly tail: readonly TailPin[]
  /** Rows outside are not part of the relation. */
  readonly window: { readonly column: string; readonly range: TimeRange } | undefined
  /** Only these hosts' rows; undefined: all. */
  readonly hosts: { readonly column: string; readonly ids: readonly string[] } | undefined
  /** Only rows with one of these query names (compared without case); undefined: all. */
  readonly queryNames: readonly string[] | undefined
  /** Rows and bytes of `files`, for estimates and progress. */
  readonly rows: number
  readonly bytes: number
}

export interface TailPin extends SegmentPin {
  /** Absolute path of the segment file. */
  readonly path: string
  /** It could not be converted, so perhaps it cannot be read. */
  readonly isQuarantined?: true
}
