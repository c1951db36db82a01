import { compactedBytesMin, compactionBytesMax, todayFlushFilesMax } from '../../limits.ts'
import { dayMs } from '../../model/time-range.ts'
import type { Excluded } from '../../row-sql/merge.ts'
import type { LiveFile } from '../data-files.ts'

// Which files to merge next: flush files (level 1) into files of a day (2), those into files of a week (3). A day and a
// week are of ingestion: agents' clocks lie. Pure; planning again after a merge plans no less than what is left, and in
// the end nothing.

export interface Merge {
  readonly table: string
  /** Level of the files it makes. */
  readonly level: number
  readonly files: readonly LiveFile[]
  /** Rows to leave out; undefined: none. */
  readonly excluded?: Excluded
}

const dayLevel = 2
const weekLevel = 3
/** Days after which a week's files are merged: until then most queries want single days. */
const weekAgeDays = 7

/** The merges worth doing among a table's live files, most urgent first; no file is in two of them. */
export function planCompaction(files: readonly LiveFile[], now: number): readonly Merge[] {
  const today = dayOf(now)
  const flushed = files.filter(file => file.level < dayLevel && dayOf(file.minIngested) >= today)
  const days = Map.groupBy(
    files.filter(file => file.level <= dayLevel && dayOf(file.minIngested) < today),
    file => dayOf(file.minIngested),
  )
  const merges: Merge[] = []
  if (flushed.length >= todayFlushFilesMax) merges.push(...mergeOf(flushed, dayLevel))
  const weeks = new Map<number, LiveFile[]>()
  for (const [day, ofDay] of [...days].sort(([a], [b]) => a - b)) {
    const small = ofDay.filter(({ bytes }) => bytes < compactedBytesMin)
    if (isUnmerged(small)) merges.push(...mergeOf(small, dayLevel))
    else weeks.set(weekOf(day), [...(weeks.get(weekOf(day)) ?? []), ...ofDay])
  }
  for (const [week, ofWeek] of weeks) {
    const lastDay = week * 7 - mondayOffset + 6
    if (lastDay > today - weekAgeDays) continue
    for (const group of Map.groupBy(ofWeek, kindOf).values()) merges.push(...mergeOf(group, weekLevel))
  }
  return merges
}

/** 1970-01-01 was a Thursday: day 0 lies three days into its week. */
const mondayOffset = 3

function dayOf(ms: number): number {
  return Math.floor(ms / dayMs)
}

function weekOf(day: number): number {
  return Math.floor((day + mondayOffset) / 7)
}

/** What may be merged within a week: the files of one query name, or those that several share. */
function kindOf(file: LiveFile): string {
  return file.queryNames?.length === 1 ? `one ${file.queryNames[0]}` : 'shared'
}

/** True where a day has flush files beside others, or two files of one kind. */
function isUnmerged(files: readonly LiveFile[]): boolean {
  if (files.length < 2) return false
  return files.some(({ level }) => level < dayLevel) || new Set(files.map(kindOf)).size < files.length
}

/** One merge of as many of the files as fit its bound, the smallest first; none where that is one file only. */
function mergeOf(files: readonly LiveFile[], level: number): readonly Merge[] {
  const chosen: LiveFile[] = []
  let bytes = 0
  for (const file of [...files].sort((a, b) => a.bytes - b.bytes)) {
    bytes += file.bytes
    if (bytes > compactionBytesMax && chosen.length > 0) break
    chosen.push(file)
  }
  const [first] = chosen
  return first === undefined || chosen.length < 2 ? [] : [{ table: first.table, level, files: chosen }]
}
