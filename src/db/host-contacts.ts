import { sql } from 'kysely'
import type { HostFacts } from '../model/host.ts'
import type { Db } from './db.ts'

/** What was last heard of a host; undefined: nothing new. Times in ms. */
export interface HostContact {
  readonly seenAt: number
  readonly logAt?: number | undefined
  readonly configAt?: number | undefined
  readonly configVersion?: string | undefined
  readonly publicIp?: string | undefined
  readonly facts?: HostFacts | undefined
}

/**
 * Notes what was heard of hosts, by their ids; a time never moves back, and what is undefined stays as it was. At most
 * `hostsPutMax` at once. Hosts that are gone are passed over.
 */
export async function noteContacts(db: Db, contacts: ReadonlyMap<string, HostContact>): Promise<void> {
  for (const [id, { seenAt, logAt, configAt, configVersion, publicIp, facts }] of contacts) {
    await db
      .updateTable('hosts')
      .set({
        last_seen_at: sql<number>`max(coalesce(last_seen_at, 0), ${seenAt})`,
        ...(logAt === undefined ? {} : { last_log_at: sql<number>`max(coalesce(last_log_at, 0), ${logAt})` }),
        ...(configAt === undefined ? {} : { last_config_at: configAt, config_version: configVersion ?? null }),
        ...(publicIp === undefined ? {} : { public_ip: publicIp }),
        ...(facts === undefined ? {} : factColumns(facts)),
      })
      .where('id', '=', id)
      .execute()
  }
}

/** The columns of facts; those that are undefined are left out. */
export function factColumns(facts: HostFacts) {
  const columns = {
    ...{ hostname: facts.hostname, platform: facts.platform, os_name: facts.osName, os_version: facts.osVersion },
    ...{ osquery_version: facts.osqueryVersion, hardware_serial: facts.hardwareSerial, public_ip: facts.publicIp },
    ...{ instance_id: facts.instanceId, endpoint_type: facts.endpointType },
    decorations_json: facts.decorations === undefined ? undefined : JSON.stringify(facts.decorations),
  }
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined)) as Partial<
    Record<keyof typeof columns, string>
  >
}
