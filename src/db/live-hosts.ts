import { sql } from 'kysely'
import type { HostPlatform } from '../model/host.ts'
import type { EndpointType, LiveHost, LiveHostState } from '../model/live-run.ts'
import type { Db } from './db.ts'
import type { LiveHostRow } from './live-tables.ts'

// The hosts of live runs, by run number.

/** Hosts one statement takes: a few milliseconds of the event loop. */
export const liveHostsPutMax = 200

/** Writes down whom a run asks, at most `liveHostsPutMax` of them. */
export async function insertLiveHosts(db: Db, runNumber: number, hosts: readonly LiveHost[]): Promise<void> {
  await db
    .insertInto('live_hosts')
    .values(hosts.map(host => toRow(runNumber, host)))
    .execute()
}

/** Hosts of a run in the order of their ids, `count` of them behind `afterId`. */
export async function listLiveHosts(
  db: Db,
  runNumber: number,
  afterId: string | undefined,
  count: number,
): Promise<LiveHost[]> {
  let query = db.selectFrom('live_hosts').selectAll().where('run_number', '=', runNumber)
  if (afterId !== undefined) query = query.where('host_id', '>', afterId)
  return (await query.orderBy('host_id').limit(count).execute()).map(fromRow)
}

export interface LiveHostSort {
  readonly by: 'hostname' | 'status' | 'finishedAt' | 'resultCount'
  readonly order: 'asc' | 'desc'
}

export interface LiveHostMatch {
  readonly states: readonly LiveHostState[]
  readonly hasData: boolean | undefined
}

export interface LiveHostFilter {
  /** One of them is enough: states as stored, with rows or without (undefined: either). undefined: all hosts. */
  readonly matches: readonly LiveHostMatch[] | undefined
  /** The first counts most; empty: by id, which costs nothing. */
  readonly sorts: readonly LiveHostSort[]
  readonly offset: number
  readonly count: number
  readonly isTotalWanted: boolean
}

/** `status` has a word for all states that are an end, as on the wire. */
const sortColumns = {
  hostname: 'hostname',
  status: sql<string>`CASE WHEN state IN ('pending', 'started') THEN state ELSE 'finished' END`,
  finishedAt: 'finished_at',
  resultCount: 'row_count',
} as const

/** A page of a run's hosts, and how many match in all: 0 where that is not wanted. */
export async function pageLiveHosts(
  db: Db,
  runNumber: number,
  filter: LiveHostFilter,
): Promise<{ hosts: LiveHost[]; total: number }> {
  let matching = db.selectFrom('live_hosts').where('run_number', '=', runNumber)
  const { matches, sorts } = filter
  if (matches !== undefined) {
    matching = matching.where(({ eb, and, or }) =>
      or(
        matches.map(({ states, hasData }) =>
          and([eb('state', 'in', states), ...(hasData === undefined ? [] : [eb('row_count', hasData ? '>' : '=', 0)])]),
        ),
      ),
    )
  }
  const counted = filter.isTotalWanted
    ? await matching.select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow()
    : { count: 0 }
  const sorted = sorts.reduce((query, { by, order }) => query.orderBy(sortColumns[by], order), matching)
  const rows = await sorted.selectAll().orderBy('host_id').limit(filter.count).offset(filter.offset).execute()
  return { hosts: rows.map(fromRow), total: Number(counted.count) }
}

/** What changes on a host while its run lives. */
export type LiveHostChange = Pick<LiveHost, 'state' | 'handOuts'> &
  Partial<Omit<LiveHost, 'hostId' | 'hostname' | 'platform' | 'type' | 'osName' | 'lastSeenAt'>>

/** Writes where a host is now. Members left out stay as they are. */
export async function changeLiveHost(db: Db, runNumber: number, hostId: string, change: LiveHostChange): Promise<void> {
  const members = {
    ...{ state: change.state, hand_outs: change.handOuts, started_at: change.startedAt },
    ...{ finished_at: change.finishedAt, message: change.message, row_count: change.rowCount },
    ...{ dropped_rows: change.droppedRows, wall_time_ms: change.wallTimeMs, user_time_ms: change.userTimeMs },
    ...{ system_time_ms: change.systemTimeMs, memory_bytes: change.memoryBytes },
  }
  const given = Object.entries(members).filter(([, value]) => value !== undefined)
  await db
    .updateTable('live_hosts')
    .set(Object.fromEntries(given))
    .where('run_number', '=', runNumber)
    .where('host_id', '=', hostId)
    .execute()
}

/** Names of hosts of a run by id, as they were when it began. */
export async function findLiveHostnames(
  db: Db,
  runNumber: number,
  hostIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .selectFrom('live_hosts')
    .select(['host_id', 'hostname'])
    .where('run_number', '=', runNumber)
    .where('host_id', 'in', hostIds)
    .execute()
  return new Map(rows.map(row => [row.host_id, row.hostname]))
}

/** Deletes hosts of a run, at most `count`; how many there were. */
export async function deleteLiveHosts(db: Db, runNumber: number, count: number): Promise<number> {
  const result = await db
    .deleteFrom('live_hosts')
    .where('run_number', '=', runNumber)
    .where('host_id', 'in', eb =>
      eb.selectFrom('live_hosts').select('host_id').where('run_number', '=', runNumber).limit(count),
    )
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}

function toRow(runNumber: number, host: LiveHost): LiveHostRow {
  return {
    run_number: runNumber,
    host_id: host.hostId,
    hostname: host.hostname,
    platform: host.platform ?? null,
    type: host.type,
    os_name: host.osName ?? null,
    state: host.state,
    hand_outs: host.handOuts,
    started_at: host.startedAt ?? null,
    finished_at: host.finishedAt ?? null,
    message: host.message ?? null,
    row_count: host.rowCount,
    dropped_rows: host.droppedRows,
    wall_time_ms: host.wallTimeMs ?? null,
    user_time_ms: host.userTimeMs ?? null,
    system_time_ms: host.systemTimeMs ?? null,
    memory_bytes: host.memoryBytes ?? null,
    last_seen_at: host.lastSeenAt ?? null,
  }
}

function fromRow(row: LiveHostRow): LiveHost {
  return {
    hostId: row.host_id,
    hostname: row.hostname,
    platform: (row.platform ?? undefined) as HostPlatform | undefined,
    type: row.type as EndpointType,
    osName: row.os_name ?? undefined,
    state: row.state as LiveHostState,
    handOuts: row.hand_outs,
    startedAt: row.started_at ?? undefined,
    finishedAt: row.finished_at ?? undefined,
    message: row.message ?? undefined,
    rowCount: row.row_count,
    droppedRows: row.dropped_rows,
    wallTimeMs: row.wall_time_ms ?? undefined,
    userTimeMs: row.user_time_ms ?? undefined,
    systemTimeMs: row.system_time_ms ?? undefined,
    memoryBytes: row.memory_bytes ?? undefined,
    lastSeenAt: row.last_seen_at ?? undefined,
  }
}
