import { sql } from 'kysely'
import type { HostRecord } from '../model/host.ts'
import type { Db } from './db.ts'
import { factColumns } from './host-contacts.ts'
import { toHostRecord } from './host-records.ts'

// Hosts as an enrolment finds, makes and changes them; each function is part of its transaction.

const duplicateMark = '~'
const duplicateDigits = 8

/**
 * The identifier of a host whose agent spells one that another host has: unique in the tenant, and known by its end.
 */
export function duplicateIdentifier(hostIdentifier: string, id: string): string {
  return `${hostIdentifier}${duplicateMark}${id.slice(0, duplicateDigits)}`
}

/**
 * Hosts that have the identifier (as their own, or as copies of the one that has it) or the hardware UUID, at most
 * `count`, the oldest first.
 */
export async function listIdentityCandidates(
  db: Db,
  tenantId: string,
  hostIdentifier: string,
  hardwareUuid: string | undefined,
  count: number,
): Promise<readonly HostRecord[]> {
  // The range of all texts that begin with the identifier and the mark.
  const first = `${hostIdentifier}${duplicateMark}`
  const behind = `${hostIdentifier}${String.fromCharCode(duplicateMark.charCodeAt(0) + 1)}`
  const rows = await db
    .selectFrom('hosts')
    .selectAll()
    // Each alternative names the tenant: only then the store looks each one up instead of reading all hosts.
    .where(({ eb, or, and }) =>
      or([
        and([eb('tenant_id', '=', tenantId), eb('host_identifier', '=', hostIdentifier)]),
        and([
          eb('tenant_id', '=', tenantId),
          eb('host_identifier', '>=', first),
          eb('host_identifier', '<', behind),
          eb('host_identifier', '=', sql<string>`${first} || substr(id, 1, ${duplicateDigits})`),
        ]),
        ...(hardwareUuid === undefined
          ? []
          : [and([eb('tenant_id', '=', tenantId), eb('hardware_uuid', '=', hardwareUuid)])]),
      ]),
    )
    .orderBy('created_at')
    .orderBy('id')
    .limit(count)
    .execute()
  return rows.map(toHostRecord)
}

/** A host that no other has been before. */
export async function insertEnrolledHost(db: Db, host: HostRecord): Promise<void> {
  await db
    .insertInto('hosts')
    .values({
      ...{ id: host.id, tenant_id: host.tenantId, host_identifier: host.hostIdentifier },
      ...{ hardware_uuid: host.hardwareUuid ?? null, duplicate_of: host.duplicateOf ?? null },
      ...{ created_at: host.createdAt, last_seen_at: host.lastSeenAt ?? null, enrolled_at: host.enrolledAt ?? null },
      ...{ last_log_at: null, last_config_at: null, config_version: null, endpoint_type: null },
      ...{ hostname: null, platform: null, os_name: null, os_version: null, osquery_version: null },
      ...{ hardware_serial: null, public_ip: null, decorations_json: null, instance_id: null },
      ...factColumns(host.facts),
    })
    .execute()
}

/** What an enrolment made of a host that was known. */
export async function updateEnrolledHost(db: Db, host: HostRecord): Promise<void> {
  await db
    .updateTable('hosts')
    .set({
      ...{ host_identifier: host.hostIdentifier, hardware_uuid: host.hardwareUuid ?? null },
      ...{ last_seen_at: host.lastSeenAt ?? null, enrolled_at: host.enrolledAt ?? null },
      ...factColumns(host.facts),
    })
    .where('id', '=', host.id)
    .execute()
}
