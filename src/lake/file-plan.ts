import { queryNamesPerFileMax } from '../limits.ts'
import type { LakeColumn } from '../model/lake-table.ts'
import { isDecoration, isReserved } from '../row-sql/columns.ts'
import { identifierColumns, identityColumns } from '../row-sql/identity.ts'

// Which data files a set of rows becomes, and with which columns: of a staged segment, and of files that are merged.
// Pure.

/** Rows of one query name that bring one set of keys. */
export interface StagedShape {
  readonly queryName: string | undefined
  /** Keys of the rows' columns, most of them lower case. */
  readonly keys: readonly string[]
  readonly rows: number
}

export interface PlannedFile {
  /** Its query names, lower case; undefined where there are too many to say. */
  readonly queryNames: readonly string[] | undefined
  /** For the statement that writes it: every spelling of the names whose rows it holds, or does not hold. */
  readonly only: readonly string[] | undefined
  readonly except: readonly string[]
  readonly columns: readonly LakeColumn[]
}

/** A query name, found without regard to case, with what all its rows bring. */
export interface StagedName {
  /** As its first row spells it. */
  readonly name: string
  readonly spellings: readonly string[]
  readonly rows: number
  readonly keys: readonly string[]
}

/** The shapes by query name; rows without one have no name to be found by and are left out. */
export function namesOf(shapes: readonly StagedShape[]): readonly StagedName[] {
  const named = shapes.filter(({ queryName }) => queryName !== undefined)
  return [...Map.groupBy(named, ({ queryName }) => (queryName as string).toLowerCase()).values()].map(group => ({
    name: group[0]?.queryName as string,
    spellings: [...new Set(group.map(({ queryName }) => queryName as string))],
    rows: group.reduce((total, { rows }) => total + rows, 0),
    keys: [...new Set(group.flatMap(({ keys }) => keys))],
  }))
}

/**
 * A file of its own for every query name with at least `narrowRowsMin` rows, and one for all the others together.
 * `columns` are the table's; a file has those that every row has and those its rows bring.
 */
export function planFiles(
  shapes: readonly StagedShape[],
  columns: readonly LakeColumn[],
  narrowRowsMin: number,
): readonly PlannedFile[] {
  const names = namesOf(shapes)
  const big = names.filter(({ rows }) => rows >= narrowRowsMin)
  const small = names.filter(({ rows }) => rows < narrowRowsMin)
  const nameless = shapes.filter(({ queryName }) => queryName === undefined)
  const files: PlannedFile[] = big.map(({ name, spellings, keys }) => ({
    queryNames: [name.toLowerCase()],
    only: spellings,
    except: [],
    columns: fileColumns(columns, keys),
  }))
  if (small.length > 0 || nameless.length > 0) {
    const isCountable = small.length <= queryNamesPerFileMax
    files.push({
      queryNames: isCountable ? small.map(({ name }) => name.toLowerCase()).sort() : undefined,
      only: undefined,
      except: big.flatMap(({ spellings }) => spellings),
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
