import type { LakeColumn } from '../model/lake-table.ts'

// A row's identity: the segment it was stored in and its place there. Kept in every data file, through compaction;
// not visible to users, who see a hash of it.

/** Rows one line can hold: a line is at most 1 MiB and a row takes at least two characters. */
export const rowsPerLineMax = 2 ** 20

/** The columns of the identity, in every data file and every tail branch. */
export const identityColumns: readonly LakeColumn[] = [
  { name: 'row_segment', type: 'bigint', fieldId: 1, description: 'Number of the segment the row was stored in' },
  { name: 'row_ordinal', type: 'bigint', fieldId: 2, description: 'Line in the segment · 2^20 + row in the line' },
]

/** SQL of `message_identifier` and `record_identifier`, over the identity columns: 64 hex digits. */
export const rowIdentifierSql = "sha256(row_segment::VARCHAR || ':' || row_ordinal::VARCHAR)"

/** Columns that no file holds: computed from the identity, only where selected. */
export const identifierColumns: readonly string[] = ['message_identifier', 'record_identifier']
