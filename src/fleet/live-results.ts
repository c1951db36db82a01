import type { Db } from '../db/db.ts'
import { listLiveAnswersFrom } from '../db/live-answers.ts'
import { findLiveHostnames, type LiveHostFilter, pageLiveHosts } from '../db/live-hosts.ts'
import { sliceBytesMax } from '../limits.ts'
import { hostStateIn, isLiveRunOpen, type LiveHost, type LiveRun, liveHostStates } from '../model/live-run.ts'
import { inflateText } from './deflated-line.ts'
import { rowsOfLine } from './live-lines.ts'

// Reading a live run: rows by their place, which never changes while others arrive, and hosts.

export interface LiveResultPage {
  readonly run: LiveRun
  /** Each with `endpoint_id` and `meta_hostname`, as rows of the lake have them, and every column of the run. */
  readonly items: readonly Readonly<Record<string, string | null>>[]
  /** Of all rows so far, in order. */
  readonly columns: readonly string[]
  /** The row the next page begins with; undefined: there is no more, or not yet. */
  readonly nextRow: number | undefined
}

/** What says whose row it is; a query's own column of such a name is not shown, as it is no column of the lake. */
const ownColumns = ['endpoint_id', 'meta_hostname']

/** Parts read by one statement. */
const partsReadMax = 16

/** Rows `[firstRow, firstRow + rowCount)` of what has come so far; fewer where they are many bytes. */
export async function readLiveResult(
  db: Db,
  run: LiveRun,
  range: { readonly firstRow: number; readonly rowCount: number },
): Promise<LiveResultPage> {
  const end = Math.min(range.firstRow + range.rowCount, run.rowCount)
  const columns = [...ownColumns, ...run.columns.filter(name => !ownColumns.includes(name))]
  const rows: { readonly hostId: string; readonly row: Readonly<Record<string, string | null>> }[] = []
  let bytes = 0
  let at = range.firstRow
  while (at < end && bytes < sliceBytesMax) {
    const parts = await listLiveAnswersFrom(db, run.number, at, partsReadMax)
    const before = at
    for (const part of parts) {
      const begin = Math.max(at, part.firstRow)
      if (begin >= end || bytes >= sliceBytesMax) break
      const line = await inflateText(part.line)
      bytes += line.length
      const wanted = rowsOfLine(line).slice(begin - part.firstRow, end - part.firstRow)
      for (const row of wanted) rows.push({ hostId: part.hostId, row })
      at = Math.max(at, part.firstRow + part.rowCount)
    }
    // What was there has been erased with its host.
    if (at === before) at = end
  }
  const next = Math.min(at, end)
  const names =
    rows.length === 0 ? new Map() : await findLiveHostnames(db, run.number, [...new Set(rows.map(each => each.hostId))])
  const items = rows.map(({ hostId, row }) => toItem(run, hostId, names.get(hostId) ?? null, row))
  return { run, items, columns, nextRow: next < run.rowCount ? next : undefined }
}

function toItem(run: LiveRun, hostId: string, hostname: string | null, row: Readonly<Record<string, string | null>>) {
  const values = run.columns.map(name => [name, Object.hasOwn(row, name) ? row[name]! : null])
  return Object.fromEntries([...values, ['endpoint_id', hostId], ['meta_hostname', hostname]])
}

/** A page of the run's hosts as they are now, and how many match; states of the filter are as they are now, too. */
export async function readLiveHosts(
  db: Db,
  run: LiveRun,
  filter: LiveHostFilter,
): Promise<{ readonly hosts: readonly LiveHost[]; readonly total: number }> {
  const matches = filter.matches?.map(({ states, hasData }) => ({
    states: liveHostStates.filter(stored => states.includes(hostStateIn(run.state, stored))),
    hasData,
  }))
  // Once the run has ended every host is finished, also one that was stored as it last was.
  const sorts = isLiveRunOpen(run.state) ? filter.sorts : filter.sorts.filter(({ by }) => by !== 'status')
  const { hosts, total } = await pageLiveHosts(db, run.number, { ...filter, matches, sorts })
  return { hosts: hosts.map(host => ({ ...host, state: hostStateIn(run.state, host.state) })), total }
}
