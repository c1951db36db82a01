import assert from 'node:assert/strict'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { mix, unit } from '../../bench/fleet/draw.ts'
import type { XdrClient } from '../support/xdr-client.ts'

// Lines that carry a mark of their own, and the count of marks in the lake: whether every line is there exactly once.

export const marksQueryName = 'crash_marks'

/** One result line of some 1.5 KB; its mark is unique. `time` in seconds. */
export function markedLine(mark: string, hostIdentifier: string, time: number): string {
  return JSON.stringify({
    name: marksQueryName,
    hostIdentifier,
    calendarTime: new Date(time * 1000).toUTCString(),
    unixTime: time,
    epoch: 0,
    counter: 1,
    numerics: false,
    decorations: { meta_hostname: hostIdentifier },
    columns: { mark, path: `/usr/bin/${mark}`, cmdline: `${mark} `.padEnd(1100, mark) },
    action: 'added',
  })
}

/** How often each mark stands in the tenant's lake, by two ways of reading that must agree. */
export async function readMarks(client: XdrClient): Promise<ReadonlyMap<string, number>> {
  const from = '-P2D'
  const grouped = await client.query({ sql: `SELECT mark, count(*) AS n FROM ${marksQueryName} GROUP BY mark`, from })
  const marks = new Map(grouped.map(row => [String(row['mark']), Number(row['n'])]))
  const sql = `SELECT count(*) AS n FROM xdr_data WHERE query_name = '${marksQueryName}'`
  const [total] = await client.query({ sql, from })
  const sum = [...marks.values()].reduce((all, count) => all + count, 0)
  assert.equal(total!['n'], sum, 'a count over the table and a grouping of the view see the same rows')
  return marks
}

/** Compares with what must be there and what may be: mark → how often it was logged. */
export function assertMarks(
  marks: ReadonlyMap<string, number>,
  expected: { readonly acknowledged: ReadonlyMap<string, number>; readonly sent: ReadonlyMap<string, number> },
): void {
  const lost = [...expected.acknowledged].filter(([mark, count]) => (marks.get(mark) ?? 0) < count)
  const doubled = [...marks].filter(([mark, count]) => count > (expected.sent.get(mark) ?? 0))
  const first = <Entry>(entries: readonly Entry[]): readonly Entry[] => entries.slice(0, 5)
  const counts = { lost: lost.length, doubled: doubled.length, firstLost: first(lost), firstDoubled: first(doubled) }
  assert.deepEqual(counts, { lost: 0, doubled: 0, firstLost: [], firstDoubled: [] })
}

/** Seeded choices, one after another. */
export interface Dice {
  /** Evenly in `[0, 1)`. */
  unit(): number
  /** Evenly among the integers, both ends included. */
  between(low: number, high: number): number
}

export function dice(seed: number): Dice {
  let count = 0
  const next = (): number => {
    count += 1
    return unit(mix(seed, count), 5)
  }
  return { unit: next, between: (low, high) => low + Math.floor(next() * (high - low + 1)) }
}

/** Resolves when the segments have grown to `bytes`, at the first look after it; looks every millisecond. */
export async function segmentsReach(directory: string, bytes: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await segmentBytes(directory)) < bytes) await delay(1)
}

export async function segmentBytes(directory: string): Promise<number> {
  const entries = await readdir(join(directory, 'segments'), { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  const sizes = await Promise.all(files.map(file => stat(file).then(({ size }) => size, gone)))
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** A segment may be unlinked between the listing and the look. */
function gone(): number {
  return 0
}
