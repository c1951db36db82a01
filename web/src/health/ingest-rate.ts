import type { LakeStats } from '../../../src/api/lake-stats.ts'

/** Lines a second between two readings; undefined for the first one, and after a restart of the server. */
export function linesPerSecond(before: LakeStats | undefined, now: LakeStats): number | undefined {
  if (before === undefined) return undefined
  const seconds = (Date.parse(now.asOf) - Date.parse(before.asOf)) / 1000
  const lines = now.ingest.acceptedLines - before.ingest.acceptedLines
  return seconds > 0 && lines >= 0 ? lines / seconds : undefined
}
