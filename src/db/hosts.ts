import type { Host } from '../model/host.ts'
import { newId } from '../model/ids.ts'
import type { Db } from './db.ts'
import type { HostRow } from './host-tables.ts'

/**
 * The hosts with these identifiers, at most `hostsPutMax` of them, in no order; new ones are made, with random ids. One
 * transaction of the caller's, or one statement each. Two callers at once get the same hosts.
 */
export async function putHosts(
  db: Db,
  tenantId: string,
  hostIdentifiers: readonly string[],
  now: number,
): Promise<Host[]> {
  const find = () =>
    db
      .selectFrom('hosts')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('host_identifier', 'in', hostIdentifiers)
      .execute()
  const found = await find()
  const known = new Set(found.map(row => row.host_identifier))
  const rows = hostIdentifiers
    .filter(hostIdentifier => !known.has(hostIdentifier))
    .map(hostIdentifier => ({
      id: newId(),
      tenant_id: tenantId,
      host_identifier: hostIdentifier,
      hardware_uuid: null,
      created_at: now,
      last_seen_at: null,
      ...untold,
    }))
  if (rows.length === 0) return found.map(toHost)
  await db
    .insertInto('hosts')
    .values(rows)
    .onConflict(conflict => conflict.columns(['tenant_id', 'host_identifier']).doNothing())
    .execute()
  // Read again: another caller's rows may have been first.
  return (await find()).map(toHost)
}

/** The columns of a host that has told nothing of itself. */
const untold = {
  ...{ enrolled_at: null, last_log_at: null, last_config_at: null, config_version: null, hostname: null },
  ...{ platform: null, os_name: null, os_version: null, osquery_version: null, hardware_serial: null },
  ...{ public_ip: null, decorations_json: null, duplicate_of: null, instance_id: null, endpoint_type: null },
}

/** Hosts one call of `putHosts` takes: a few milliseconds of the event loop. */
export const hostsPutMax = 200

export async function findHostByIdentifier(
  db: Db,
  tenantId: string,
  hostIdentifier: string,
): Promise<Host | undefined> {
  const row = await db
    .selectFrom('hosts')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('host_identifier', '=', hostIdentifier)
    .executeTakeFirst()
  return row === undefined ? undefined : toHost(row)
}

export async function findHost(db: Db, tenantId: string, id: string): Promise<Host | undefined> {
  const row = await db
    .selectFrom('hosts')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row === undefined ? undefined : toHost(row)
}

/** Which of a tenant's hosts a list is about; `{}` means all. */
export interface HostFilter {
  readonly ids?: readonly string[]
  /** Text that the host identifier or the host name contains; letter case of ASCII letters is ignored. */
  readonly search?: string
}

/** Hosts `[offset, offset + count)` by identifier, and how many match in all. */
export async function listHosts(
  db: Db,
  tenantId: string,
  filter: HostFilter,
  offset: number,
  count: number,
): Promise<{ readonly hosts: readonly Host[]; readonly total: number }> {
  let matching = db.selectFrom('hosts').where('tenant_id', '=', tenantId)
  const { ids, search } = filter
  if (ids !== undefined) matching = matching.where('id', 'in', ids)
  if (search !== undefined) {
    const sought = search.replace(/[A-Z]/g, letter => letter.toLowerCase())
    matching = matching.where(({ eb, fn, val, or }) =>
      or(
        (['host_identifier', 'hostname'] as const).map(column =>
          eb(fn<number>('instr', [fn('lower', [column]), val(sought)]), '>', 0),
        ),
      ),
    )
  }
  const counted = await matching.select(({ fn }) => fn.countAll<number>().as('count')).executeTakeFirstOrThrow()
  const rows = await matching.selectAll().orderBy('host_identifier').limit(count).offset(offset).execute()
  return { hosts: rows.map(toHost), total: Number(counted.count) }
}

export interface SilentHosts {
  readonly total: number
  readonly silent: number
  /** The silent ones, longest first; a host never heard of counts from when it was made. */
  readonly first: readonly Host[]
}

/** How many hosts the tenant has, and those not heard of since `before`. */
export async function silentHosts(db: Db, tenantId: string, before: number, count: number): Promise<SilentHosts> {
  const all = db.selectFrom('hosts').where('tenant_id', '=', tenantId)
  const { total } = await all.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  const silent = all.where(({ eb, fn }) => eb(fn.coalesce('last_seen_at', 'created_at'), '<', before))
  const counted = await silent.select(({ fn }) => fn.countAll<number>().as('silent')).executeTakeFirstOrThrow()
  const rows = await silent
    .selectAll()
    .orderBy(({ fn }) => fn.coalesce('last_seen_at', 'created_at'))
    .orderBy('id')
    .limit(count)
    .execute()
  return { total: Number(total), silent: Number(counted.silent), first: rows.map(toHost) }
}

export function toHost(row: HostRow): Host {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    hostIdentifier: row.host_identifier,
    hardwareUuid: row.hardware_uuid ?? undefined,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at ?? undefined,
    enrolledAt: row.enrolled_at ?? undefined,
    facts: {
      hostname: row.hostname ?? undefined,
      platform: row.platform ?? undefined,
      osName: row.os_name ?? undefined,
      osVersion: row.os_version ?? undefined,
      osqueryVersion: row.osquery_version ?? undefined,
      hardwareSerial: row.hardware_serial ?? undefined,
      publicIp: row.public_ip ?? undefined,
      decorations: row.decorations_json === null ? undefined : JSON.parse(row.decorations_json),
      ...(row.instance_id === null ? {} : { instanceId: row.instance_id }),
      ...(row.endpoint_type === null ? {} : { endpointType: row.endpoint_type as 'computer' | 'server' }),
    },
  }
}
