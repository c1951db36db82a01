import type { ColumnStats } from '../model/data-file.ts'
import type { ColumnBound } from '../model/scan-scope.ts'
import type { TimeRange } from '../model/time-range.ts'
import type { LiveFile } from './data-files.ts'

// Which files a statement can skip. Pure, and wrong only towards keeping: a file is left out only where its statistics
// prove that no row of it can be asked for.

/** What the rows asked for have in common. */
export interface Wanted {
  /** On the table's time column; undefined: any time. */
  readonly range: TimeRange | undefined
  /** Compared without case; undefined: any. */
  readonly queryNames: readonly string[] | undefined
  /** The host column and the hosts' ids; undefined: any. */
  readonly hosts: { readonly column: string; readonly ids: readonly string[] } | undefined
  /** All of them hold for every row asked for. */
  readonly bounds: readonly ColumnBound[]
}

/** The files that may hold a row asked for, in the order given. */
export function prune(files: readonly LiveFile[], wanted: Wanted): readonly LiveFile[] {
  const names = wanted.queryNames === undefined ? undefined : new Set(wanted.queryNames.map(lower))
  const hosts = wanted.hosts === undefined ? [] : [{ column: wanted.hosts.column, in: wanted.hosts.ids }]
  const bounds: readonly ColumnBound[] = [...hosts, ...wanted.bounds]
  return files.filter(
    file => timeMightMatch(file, wanted.range) && namesMightMatch(file, names) && boundsMightMatch(file, bounds),
  )
}

function lower(text: string): string {
  return text.toLowerCase()
}

function timeMightMatch(file: LiveFile, range: TimeRange | undefined): boolean {
  if (range === undefined) return true
  // A row whose time is null lies in no window.
  if (file.minTime === undefined || file.maxTime === undefined) return false
  return file.maxTime >= range.start && (range.end === undefined || file.minTime < range.end)
}

function namesMightMatch(file: LiveFile, names: ReadonlySet<string> | undefined): boolean {
  if (names === undefined || file.queryNames === undefined) return true
  return file.queryNames.some(name => names.has(lower(name)))
}

function boundsMightMatch(file: LiveFile, bounds: readonly ColumnBound[]): boolean {
  const { stats } = file
  return stats === undefined || bounds.every(bound => boundMightMatch(stats[bound.column], file.rows, bound))
}

/** True where some value within the column's bounds could satisfy the comparison. */
export function boundMightMatch(stats: ColumnStats | undefined, rows: number, bound: ColumnBound): boolean {
  if (stats === undefined) return true
  // A comparison with null is never true.
  if (stats.nullCount >= rows) return false
  if ('in' in bound) return bound.in.some(value => couldBe(stats, value, value))
  return couldBe(stats, bound.min, bound.max)
}

/** True unless every value of the column lies provably below `min` or above `max`. */
function couldBe(stats: ColumnStats, min: Scalar | undefined, max: Scalar | undefined): boolean {
  return !(isBelow(stats.max, min) || isBelow(max, stats.min))
}

type Scalar = string | number | boolean

/** True where `left < right` is certain; values of different kinds are never compared. */
function isBelow(left: Scalar | undefined, right: Scalar | undefined): boolean {
  if (left === undefined || right === undefined) return false
  if (typeof left === 'string' && typeof right === 'string') {
    // By bytes of UTF-8, as the files' statistics are.
    return Buffer.compare(Buffer.from(left), Buffer.from(right)) < 0
  }
  if (typeof left === 'number' && typeof right === 'number') return left < right
  if (typeof left === 'boolean' && typeof right === 'boolean') return !left && right
  return false
}
