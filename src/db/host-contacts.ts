import { CompiledQuery } from 'kysely'
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
 * `hostsPutMax` at once: one statement for all of them, and one for each that told of itself. Hosts that are gone are
 * passed over.
 */
export async function noteContacts(db: Db, contacts: ReadonlyMap<string, HostContact>): Promise<void> {
  const rows = [...contacts].map(([id, { seenAt, logAt, configAt, configVersion, publicIp }]) => [
    ...[id, seenAt, logAt ?? null, configAt ?? null, configVersion ?? null, publicIp ?? null],
  ])
  await db.executeQuery(CompiledQuery.raw(noteSql, [JSON.stringify(rows)]))
  for (const [id, { facts }] of contacts) {
    if (facts === undefined) continue
    await db.updateTable('hosts').set(factColumns(facts)).where('id', '=', id).execute()
  }
}

/** A fleet is noted once a minute: statements of their own for each host would keep a core busy. */
const noteSql = `UPDATE hosts SET
    last_seen_at = max(coalesce(last_seen_at, 0), heard.value ->> 1),
    last_log_at = CASE WHEN heard.value ->> 2 IS NULL THEN last_log_at
      ELSE max(coalesce(last_log_at, 0), heard.value ->> 2) END,
    last_config_at = coalesce(heard.value ->> 3, last_config_at),
    config_version = CASE WHEN heard.value ->> 3 IS NULL THEN config_version ELSE heard.value ->> 4 END,
    public_ip = coalesce(heard.value ->> 5, public_ip)
  FROM json_each(?) AS heard WHERE hosts.id = heard.value ->> 0`

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
