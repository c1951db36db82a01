import { narrowFileRowsMin } from '../limits.ts'
import type { LakeColumn } from '../model/lake-table.ts'
import { isDecoration, isReserved } from '../row-sql/columns.ts'
import { identifierColumns, identityColumns } from '../row-sql/identity.ts'

// Which data files a staged segment becomes, and with which columns. Pure.

/** Rows of one query name that bring one set of keys. */
export interface StagedShape {
  readonly queryName: string | undefined
  /** Keys of the rows' columns, most of them lower case. */
  readonly keys: readonly string[]
  readonly rows: number
}

export interface PlannedFile {
  /** Its query names, lower case; `only` and `except` are for the statement that writes it. */
  readonly queryNames: readonly string[]
  readonly only: readonly string[] | undefined
  readonly except: readonly string[]
  readonly columns: readonly LakeColumn[]
}

/** A query name, found without regard to case, with what all its rows bring. */
export interface StagedName {
  readonly name: string
  readonly rows: number
  readonly keys: readonly string[]
}

/** The shapes by query name; rows without one have no name to be found by and are left out. */
export function namesOf(shapes: readonly StagedShape[]): readonly StagedName[] {
  const named = shapes.filter(({ queryName }) => queryName !== undefined)
  return [...Map.groupBy(named, ({ queryName }) => (queryName as string).toLowerCase()).values()].map(group => ({
    name: group[0]?.queryName as string,
    rows: group.reduce((total, { rows }) => total + rows, 0),
    keys: [...new Set(group.flatMap(({ keys }) => keys))],
  }))
}

/**
 * A file of its own for every query name with at least `narrowFileRowsMin` rows, and one for all the others together.
 * `columns` are the table's; a file has those that every row has and those its rows bring.
 */
export function planFlush(shapes: readonly StagedShape[], columns: readonly LakeColumn[]): readonly PlannedFile[] {
  const names = namesOf(shapes)
  const big = names.filter(({ rows }) => rows >= narrowFileRowsMin)
  const small = names.filter(({ rows }) => rows < narrowFileRowsMin)
  const nameless = shapes.filter(({ queryName }) => queryName === undefined)
  const files: PlannedFile[] = big.map(({ name, keys }) => ({
    queryNames: [name.toLowerCase()],
    only: [name],
    except: [],
    columns: fileColumns(columns, keys),
  }))
  if (small.length > 0 || nameless.length > 0) {
    files.push({
      queryNames: small.map(({ name }) => name.toLowerCase()).sort(),
      only: undefined,
      except: big.map(({ name }) => name),
      columns: fileColumns(
        columns,
        [...small, ...nameless].flatMap(({ keys }) => keys),
      ),
    })
  }
  return files
}

/**
 * What a file stores of the table's columns: the row's identity, the envelope and decorations, and the keys its rows
 * have.
 */
export function fileColumns(columns: readonly LakeColumn[], keys: readonly string[]): readonly LakeColumn[] {
  const brought = new Set(keys)
  const stored = columns.filter(({ name }) => {
    if (identifierColumns.includes(name)) return false
    return isDecoration(name) || isReserved(name) || brought.has(name)
  })
  return [...identityColumns, ...stored]
}
