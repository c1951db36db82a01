import type { DeclaredTable } from '../model/declared-table.ts'
import type { NamedColumn } from './catalog-record.ts'
import type { ReadableFile } from './cover.ts'
import type { DiskFile } from './disk-files.ts'
import type { DiskSegment } from './disk-segments.ts'

// What fsck finds where disk and catalog differ, and what makes them one again.

export interface Difference {
  readonly kind: DifferenceKind
  readonly tenantId: string
  /** The object's path, or the segment's number, or a name. */
  readonly subject: string
  readonly detail: string
  /** Rows that are gone for good once it is repaired. */
  readonly rowsLost?: number
}

export type DifferenceKind =
  | 'unknownTenant'
  | 'unknownTable'
  | 'erasedHost'
  | 'unknownFile'
  | 'missingFile'
  | 'damagedFile'
  | 'wrongFacts'
  | 'unknownSegment'
  | 'missingSegment'
  | 'damagedSegment'
  | 'unknownColumn'
  | 'wrongColumn'
  | 'wrongVersion'
  | 'wrongNumber'

/** What makes the catalog true again. */
export type Repair =
  | { readonly kind: 'addTenant'; readonly tenantId: string }
  | { readonly kind: 'addTable'; readonly tenantId: string; readonly table: DeclaredTable }
  /** Files of one commit. */
  | { readonly kind: 'adopt'; readonly tenantId: string; readonly files: readonly ReadableFile[] }
  | { readonly kind: 'drop'; readonly tenantId: string; readonly ids: readonly number[] }
  /** Undoes the commit that made `ids`: what their rows came from counts again. */
  | {
      readonly kind: 'undo'
      readonly tenantId: string
      readonly ids: readonly number[]
      readonly version: number
    }
  | { readonly kind: 'correct'; readonly tenantId: string; readonly id: number; readonly file: ReadableFile }
  | {
      readonly kind: 'addSegment'
      readonly tenantId: string
      readonly segment: DiskSegment
      readonly isConsumed: boolean
    }
  | { readonly kind: 'forgetSegment'; readonly tenantId: string; readonly number: number }
  | { readonly kind: 'addColumn'; readonly tenantId: string; readonly table: string; readonly column: NamedColumn }
  | { readonly kind: 'raiseVersion'; readonly tenantId: string; readonly version: number }
  | { readonly kind: 'raiseNumber'; readonly tenantId: string; readonly number: number }

/** One tenant's share of the disk. */
export interface TenantDisk {
  readonly files: readonly DiskFile[]
  readonly segments: readonly DiskSegment[]
}

export interface Found {
  readonly differences: Difference[]
  readonly repairs: Repair[]
}

export function note(found: Found, difference: Difference): void {
  found.differences.push(difference)
}
