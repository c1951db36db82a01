import { sql } from 'kysely'
import type { HostPlatform, HostRecord, HostStatus } from '../model/host.ts'
import type { Db } from './db.ts'
import type { HostRow } from './host-tables.ts'
import { toHost } from './hosts.ts'

// Hosts as those who manage them see them.

/** Which hosts a list is about; `{}` means all. */
export interface HostRecordFilter {
  readonly ids?: readonly string[]
  readonly status?: HostStatus
  readonly platform?: HostPlatform
  readonly label?: string
  readonly isEnrolled?: boolean
  /** Text that an identifier, name, serial number or address contains; letter case of ASCII letters is ignored. */
  readonly search?: string
}

/** What decides a host's status: see `hostStatusBounds`. */
export interface StatusBounds {
  readonly onlineSince: number
  readonly missingBefore: number
}

/** Hosts `[offset, offset + count)` by identifier, and how many match in all. */
export async function listHostRecords(
  db: Db,
  tenantId: string,
  filter: HostRecordFilter,
  bounds: StatusBounds,
  page: { readonly offset: number; readonly count: number },
): Promise<{ readonly hosts: readonly HostRecord[]; readonly total: number }> {
  const matching = matchingHosts(db, tenantId, filter, bounds)
  const rows = await matching
    .selectAll()
    .orderBy('host_identifier')
    .orderBy('id')
    .limit(page.count)
    .offset(page.offset)
    .execute()
  const hosts = rows.map(toHostRecord)
  // A page that is not full is the last one: nothing has to be counted.
  const isLast = hosts.length < page.count && (hosts.length > 0 || page.offset === 0)
  if (isLast) return { hosts, total: page.offset + hosts.length }
  const counted = await matching.select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow()
  return { hosts, total: Number(counted.count) }
}

function matchingHosts(db: Db, tenantId: string, filter: HostRecordFilter, bounds: StatusBounds) {
  const { ids, status, platform, label, isEnrolled, search } = filter
  let query = db.selectFrom('hosts').where('tenant_id', '=', tenantId)
  if (ids !== undefined) query = query.where('id', 'in', ids)
  if (isEnrolled !== undefined) query = query.where('enrolled_at', isEnrolled ? 'is not' : 'is', null)
  if (status === 'online') query = query.where('last_seen_at', '>=', bounds.onlineSince)
  if (status === 'missing') {
    query = query.where(({ eb, fn }) => eb(fn.coalesce('last_seen_at', 'created_at'), '<', bounds.missingBefore))
  }
  if (status === 'offline') {
    query = query
      .where(({ eb, fn }) => eb(fn.coalesce('last_seen_at', 'created_at'), '>=', bounds.missingBefore))
      .where(({ eb, or }) => or([eb('last_seen_at', 'is', null), eb('last_seen_at', '<', bounds.onlineSince)]))
  }
  if (platform === 'windows') query = query.where('platform', '=', 'windows')
  if (platform === 'macOS') query = query.where('platform', '=', 'darwin')
  if (platform === 'linux') query = query.where('platform', 'not in', ['', 'windows', 'darwin', 'freebsd'])
  if (label !== undefined) {
    query = query.where('id', 'in', ({ selectFrom }) =>
      selectFrom('host_labels').select('host_id').where('tenant_id', '=', tenantId).where('label', '=', label),
    )
  }
  if (search === undefined) return query
  const columns = ['host_identifier', 'hostname', 'id', 'public_ip', 'hardware_serial', 'hardware_uuid'] as const
  const pattern = `%${search.replace(/[\\%_]/g, '\\$&')}%`
  return query.where(({ or }) =>
    or(columns.map(column => sql<boolean>`${sql.ref(column)} LIKE ${pattern} ESCAPE '\\'`)),
  )
}

export async function findHostRecord(db: Db, tenantId: string, id: string): Promise<HostRecord | undefined> {
  const row = await db
    .selectFrom('hosts')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row === undefined ? undefined : toHostRecord(row)
}

/** How many hosts of each status the tenant has, and how many of them have enrolled. */
export async function countHosts(
  db: Db,
  tenantId: string,
  bounds: StatusBounds,
): Promise<Readonly<Record<HostStatus | 'enrolled', number>>> {
  const count = async (filter: HostRecordFilter) => {
    const matching = matchingHosts(db, tenantId, filter, bounds)
    return Number((await matching.select(({ fn }) => fn.countAll<number>().as('n')).executeTakeFirstOrThrow()).n)
  }
  const [online, offline, missing] = [{ status: 'online' }, { status: 'offline' }, { status: 'missing' }] as const
  return {
    ...{ online: await count(online), offline: await count(offline), missing: await count(missing) },
    enrolled: await count({ isEnrolled: true }),
  }
}

/**
 * Forgets the host, its keys and its labels; rows it reported stay. Resolves with what it was, undefined where there is
 * none. Part of a transaction.
 */
export async function deleteHost(db: Db, tenantId: string, id: string): Promise<HostRecord | undefined> {
  const host = await findHostRecord(db, tenantId, id)
  if (host === undefined) return undefined
  await db.updateTable('hosts').set({ duplicate_of: null }).where('duplicate_of', '=', id).execute()
  await db.deleteFrom('hosts').where('tenant_id', '=', tenantId).where('id', '=', id).execute()
  return host
}

/** Hosts of any tenant not heard of since `before`, longest first. */
export async function listSilentSince(db: Db, before: number, count: number): Promise<readonly HostRecord[]> {
  const rows = await db
    .selectFrom('hosts')
    .selectAll()
    .where(({ eb, fn }) => eb(fn.coalesce('last_seen_at', 'created_at'), '<', before))
    .orderBy(({ fn }) => fn.coalesce('last_seen_at', 'created_at'))
    .limit(count)
    .execute()
  return rows.map(toHostRecord)
}

export function toHostRecord(row: HostRow): HostRecord {
  return {
    ...toHost(row),
    lastLogAt: row.last_log_at ?? undefined,
    lastConfigAt: row.last_config_at ?? undefined,
    configVersion: row.config_version ?? undefined,
    duplicateOf: row.duplicate_of ?? undefined,
  }
}
