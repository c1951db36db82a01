import { hasBudgetDrops } from '../db/budget-drops.ts'
import { type Db, inPassingTransaction, type Store } from '../db/db.ts'
import { ingestOffWithin } from '../db/ingest-off-days.ts'
import { overCapWithin } from '../db/upload-days.ts'
import { AppError } from '../model/errors.ts'
import { newId } from '../model/ids.ts'
import type { LakeColumn, LakeSchema, LakeTable } from '../model/lake-table.ts'
import type { Truncation } from '../model/query-run.ts'
import type { RunView, TailPin, ViewRelation } from '../model/run-view.ts'
import type { RelationScope, ScanScope } from '../model/scan-scope.ts'
import type { Frame, Segment } from '../model/segment.ts'
import type { TimeRange } from '../model/time-range.ts'
import { reportTable, resultTable } from '../row-sql/tail.ts'
import type { Storage } from '../storage/storage.ts'
import { findSegment, listUnconsumedSegments, manifestVersion, type StoredSegment } from './catalog.ts'
import { type LiveFile, listLiveFiles, withStats } from './data-files.ts'
import { prune } from './prune.ts'
import { schemaFor } from './schema.ts'
import { storedTableOf } from './tables.ts'

// What one run may see: one manifest version's files, pruned to what the statement needs, and the durable prefixes of
// the segments that were not yet files in that version. Every row acknowledged before the pin is in it exactly once,
// whatever is sealed, converted or compacted afterwards: the lease keeps those files on disk.

/** Where the open tail is: kept by ingest. */
export interface TailSource {
  /** Frames of the segment that are on disk; undefined for a segment this process does not append to. */
  durableFrames(segmentNumber: number): number | undefined
  /** The tables that those frames name, as `tb`; undefined: perhaps any. */
  durableTables(segmentNumber: number): ReadonlySet<Frame['tb']> | undefined
  /** Absolute path of the segment's file. */
  pathOf(segment: Segment): string
}

export interface ViewDeps {
  readonly store: Store
  readonly storage: Storage
  readonly tail: TailSource
}

export interface ViewRequest {
  readonly scope: ScanScope
  /** On each table's time column. */
  readonly range: TimeRange
  /** Only these hosts; undefined: all. A table without a host column cannot be asked for some hosts only. */
  readonly hostIds: readonly string[] | undefined
  readonly now: number
  readonly leaseMs: number
}

export interface PinnedView {
  readonly view: RunView
  readonly leaseId: string
  /** Rows of its time that were never stored. */
  readonly truncated: Truncation | undefined
}

/**
 * Pins the tenant's current version for a run. The caller renews the lease while the run lives, and releases it.
 * Rejects with `invalid_argument` where hosts are asked for of a table that has none.
 */
export async function pinView(deps: ViewDeps, tenantId: string, request: ViewRequest): Promise<PinnedView> {
  // One transaction sees the files of a version and the segments that are not in it; the lease is part of it, so that
  // nothing of them can be unlinked between.
  // A lease means something to runs of this process only, so it need not outlive a power failure.
  const pinned = await inPassingTransaction(deps.store, async transaction => ({
    version: await manifestVersion(transaction, tenantId),
    schema: await schemaFor(
      transaction,
      tenantId,
      request.scope.relations.map(({ relation }) => relation),
    ),
    segments: await listUnconsumedSegments(transaction, tenantId),
    files: await filesOf(transaction, tenantId, request),
    leaseId: await insertLease(transaction, tenantId, request.now, request.leaseMs),
    truncated: await whatIsMissing(transaction, tenantId, request),
  }))
  try {
    // Only now the durable prefixes: what was acknowledged before this call is within them.
    const tail = await pinTail(deps, pinned.segments)
    const relations: ViewRelation[] = []
    for (const scopes of byRelation(request.scope)) {
      relations.push(await relationOf(deps.storage, pinned.schema, pinned.files, tail, scopes, request))
    }
    const view = { tenantId, manifestVersion: pinned.version, relations }
    return { view, leaseId: pinned.leaseId, truncated: pinned.truncated }
  } catch (error) {
    await releaseLease(deps.store, pinned.leaseId)
    throw error
  }
}

/** Why rows of the request's time may never have been stored, or may be gone before their age. */
async function whatIsMissing(
  transaction: Db,
  tenantId: string,
  { scope, range, hostIds }: ViewRequest,
): Promise<Truncation | undefined> {
  const overCap = await overCapWithin(transaction, tenantId, range, hostIds)
  if (overCap.lines > 0) return { reason: 'uploadCap' }
  const ingestOff = await ingestOffWithin(transaction, tenantId, range, hostIds)
  if (ingestOff.lines > 0) return { reason: 'ingestOff' }
  const parts = scope.relations.map(({ table, queryNames }) => ({ table: storedTableOf(table), queryNames }))
  return (await hasBudgetDrops(transaction, tenantId, parts, range)) ? { reason: 'diskBudget' } : undefined
}

/** The files of each stored table that window and query names leave, with statistics where anything else is asked. */
async function filesOf(store: Db, tenantId: string, { scope, range, hostIds }: ViewRequest) {
  const files = new Map<string, readonly LiveFile[]>()
  for (const [table, scopes] of Map.groupBy(scope.relations, relation => storedTableOf(relation.table))) {
    const live = await listLiveFiles(store, tenantId, table, range.start)
    const queryNames = unionOf(scopes.map(relation => relation.queryNames))
    const left = prune(live, { range, queryNames, hosts: undefined, bounds: [] })
    const needsStats = hostIds !== undefined || scopes.some(({ bounds }) => bounds.length > 0)
    files.set(table, needsStats ? await withStats(store, left) : left)
  }
  return files
}

/** The scopes of each relation the statement names: a relation read in two places must serve both. */
function byRelation(scope: ScanScope): readonly (readonly RelationScope[])[] {
  return [...Map.groupBy(scope.relations, ({ relation }) => relation).values()]
}

/** A pinned segment, and the tables its frames name. */
interface PinnedSegment {
  readonly pin: TailPin
  readonly tables: ReadonlySet<Frame['tb']> | undefined
}

async function pinTail(deps: ViewDeps, segments: readonly StoredSegment[]): Promise<readonly PinnedSegment[]> {
  const pins: PinnedSegment[] = []
  for (const segment of segments) {
    const { number, tenantId, fileName } = segment
    // A segment that was sealed meanwhile has its count in the catalog.
    const frames =
      segment.frames ?? deps.tail.durableFrames(number) ?? (await findSegment(deps.store, number))?.frames ?? 0
    if (frames === 0) continue
    const pin: TailPin = { number, tenantId, fileName, frames, path: deps.tail.pathOf(segment) }
    const tables = deps.tail.durableTables(number)
    pins.push({ pin: segment.state === 'quarantined' ? { ...pin, isQuarantined: true } : pin, tables })
  }
  return pins
}

async function relationOf(
  storage: Storage,
  schema: LakeSchema,
  files: ReadonlyMap<string, readonly LiveFile[]>,
  tail: readonly PinnedSegment[],
  scopes: readonly RelationScope[],
  request: ViewRequest,
): Promise<ViewRelation> {
  const { table: tableName, relation: name } = scopes[0] as RelationScope
  const table = schema.tables.find(known => known.name === tableName)
  // It was there when the statement was checked.
  if (table === undefined) throw new AppError('not_found', `there is no table ${tableName} any more`)
  const hosts = hostsOf(table, request.hostIds)
  const live = files.get(storedTableOf(table.name)) ?? []
  const kept = new Set(
    scopes.flatMap(({ queryNames, bounds }) => prune(live, { range: request.range, queryNames, hosts, bounds })),
  )
  const ordered = live.filter(file => kept.has(file)).sort(newestFirst)
  const paths = await Promise.all(ordered.map(file => storage.locate(file.path)))
  return {
    name,
    table: storedTableOf(table.name),
    ...(table.isDeclared === true ? { isDeclared: true } : {}),
    columns: columnsOf(table, schema, name, scopes),
    files: paths,
    filesWithin: paths.filter((_, index) => isWithin(ordered[index]!, request.range)),
    tail: tail.filter(({ tables }) => mayHold(tables, table.name)).map(({ pin }) => pin),
    window: { column: table.timeColumn, range: request.range },
    hosts,
    queryNames: unionOf(scopes.map(({ queryNames }) => queryNames)),
    rows: sum(ordered.map(({ rows }) => rows)),
    bytes: sum(ordered.map(({ bytes }) => bytes)),
  }
}

/** Tables made of osquery's result lines: frames of these name no table, and each row has a time. */
const lineTables: readonly string[] = [resultTable, reportTable]

/**
 * Whether a segment has lines that become rows of the table. A tenant's own audit log alone keeps a segment open while
 * somebody asks, and reading one for nothing costs as much as a small query does.
 */
function mayHold(tables: PinnedSegment['tables'], name: string): boolean {
  const stored = storedTableOf(name)
  return tables === undefined || tables.has(lineTables.includes(stored) ? undefined : stored)
}

/** A row without a time lies in no window, so a file of a table that may have such rows is never known to. */
function isWithin({ table, minTime, maxTime }: LiveFile, { start, end }: TimeRange): boolean {
  if (!lineTables.includes(table) || minTime === undefined || maxTime === undefined) return false
  return minTime >= start && (end === undefined || maxTime < end)
}

/** The order an engine reads them in: once it has the newest rows it wants, older files are left out by their times. */
function newestFirst(left: LiveFile, right: LiveFile): number {
  return (right.maxTime ?? 0) - (left.maxTime ?? 0) || right.id - left.id
}

function hostsOf(table: LakeTable, hostIds: readonly string[] | undefined): ViewRelation['hosts'] {
  if (hostIds === undefined) return undefined
  if (table.hostColumn !== undefined) return { column: table.hostColumn, ids: hostIds }
  throw new AppError(
    'invalid_argument',
    `matchEndpoints cannot be used with ${table.name}: its rows belong to no endpoint`,
  )
}

/**
 * The columns a relation must offer: those the statement names, those its window, hosts and query names are on; all of
 * them for `*`. `raw_values` holds what is no other column, so whoever reads it needs all of the others.
 */
function columnsOf(
  table: LakeTable,
  schema: LakeSchema,
  relation: string,
  scopes: readonly RelationScope[],
): readonly LakeColumn[] {
  const named = unionOf(scopes.map(({ columns }) => columns))
  const all = relation === table.name ? table.columns : viewColumns(table, schema, relation)
  if (named === undefined || named.includes('raw_values')) return all
  const needed = new Set([...named, table.timeColumn])
  if (table.hostColumn !== undefined) needed.add(table.hostColumn)
  if (table.hasQueryNames) needed.add('query_name')
  return table.columns.filter(({ name }) => needed.has(name))
}

/** The columns of a query name's view: the envelope and what its rows carry. */
function viewColumns(table: LakeTable, schema: LakeSchema, relation: string): readonly LakeColumn[] {
  const own = schema.queryNames.filter(({ name }) => name.toLowerCase() === relation).flatMap(({ columns }) => columns)
  const names = new Set([...schema.envelope, ...own])
  return table.columns.filter(({ name }) => names.has(name) || name.startsWith('meta_'))
}

/** All that one of the lists names; undefined (everything) where one of them is. */
function unionOf(lists: readonly (readonly string[] | undefined)[]): readonly string[] | undefined {
  const known = lists.filter(list => list !== undefined)
  return known.length < lists.length ? undefined : [...new Set(known.flat())]
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

async function insertLease(transaction: Db, tenantId: string, now: number, leaseMs: number): Promise<string> {
  const id = newId()
  await transaction
    .insertInto('leases')
    .values({
      id,
      tenant_id: tenantId,
      version: await manifestVersion(transaction, tenantId),
      expires_at: now + leaseMs,
    })
    .execute()
  return id
}

/** Moves the lease's end; false when it had ended already: its files may be gone, the run must stop. */
export async function renewLease(store: Store, leaseId: string, now: number, leaseMs: number): Promise<boolean> {
  const { numUpdatedRows } = await inPassingTransaction(store, transaction =>
    transaction
      .updateTable('leases')
      .set({ expires_at: now + leaseMs })
      .where('id', '=', leaseId)
      .where('expires_at', '>', now)
      .executeTakeFirstOrThrow(),
  )
  return numUpdatedRows === 1n
}

/** Ends the lease. Idempotent. */
export async function releaseLease(store: Store, leaseId: string): Promise<void> {
  await inPassingTransaction(store, transaction => transaction.deleteFrom('leases').where('id', '=', leaseId).execute())
}
