import { sql } from 'kysely'
import type { HostFacts, HostRecord } from '../model/host.ts'
import type { Db } from './db.ts'
import { factColumns } from './host-contacts.ts'
import { toHostRecord } from './host-records.ts'

// Hosts as an enrolment finds, makes and changes them; each function is part of its transaction.

const duplicateMark = '~'
const duplicateDigits = 8

/** The identifier of a host whose agent spells one that another host has: unique in the tenant, and known by its end. */
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
  // The range of all texts that begin with the identifier and the mark, so that the index serves it.
  const first = `${hostIdentifier}${duplicateMark}`
  const behind = `${hostIdentifier}${String.fromCharCode(duplicateMark.charCodeAt(0) + 1)}`
  const rows = await db
    .selectFrom('hosts')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where(({ eb, or, and }) =>
      or([
        eb('host_identifier', '=', hostIdentifier),
        and([
          eb('host_identifier', '>=', first),
          eb('host_identifier', '<', behind),
          eb('host_identifier', '=', sql<string>`${first} || substr(id, 1, ${duplicateDigits})`),
        ]),
        ...(hardwareUuid === undefined ? [] : [eb('hardware_uuid', '=', hardwareUuid)]),
      ]),
    )
    .orderBy('created_at')
    .orderBy('id')
    .limit(count)
    .execute()
  return rows.map(toHostRecord)
}

export interface EnrolledHost {
  readonly id: string
  readonly tenantId: string
  readonly hostIdentifier: string
  readonly hardwareUuid: string | undefined
  readonly duplicateOf: string | undefined
  readonly facts: HostFacts
}

export async function insertEnrolledHost(db: Db, host: EnrolledHost, now: number): Promise<void> {
  const { id, tenantId, hostIdentifier, hardwareUuid, duplicateOf, facts } = host
  await db
    .insertInto('hosts')
    .values({
      ...{ id, tenant_id: tenantId, host_identifier: hostIdentifier, hardware_uuid: hardwareUuid ?? null },
      ...{ created_at: now, last_seen_at: now, enrolled_at: now, duplicate_of: duplicateOf ?? null },
      ...{ last_log_at: null, last_config_at: null, config_version: null, endpoint_type: null },
      ...{ hostname: null, platform: null, os_name: null, os_version: null, osquery_version: null },
      ...{ hardware_serial: null, public_ip: null, decorations_json: null, instance_id: null },
      ...factColumns(facts),
    })
    .execute()
}

/** What an enrolment tells of a host that is known; what it does not tell stays. */
export async function updateEnrolledHost(db: Db, host: EnrolledHost, now: number): Promise<void> {
  await db
    .updateTable('hosts')
    .set(({ fn, val }) => ({
      host_identifier: host.hostIdentifier,
      ...(host.hardwareUuid === undefined ? {} : { hardware_uuid: host.hardwareUuid }),
      ...{ last_seen_at: now, enrolled_at: fn.coalesce('enrolled_at', val(now)) },
      ...factColumns(host.facts),
    }))
    .where('id', '=', host.id)
    .execute()
}
