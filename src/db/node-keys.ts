import type { Host } from '../model/host.ts'
import type { Db } from './db.ts'
import { toHost } from './hosts.ts'

/** A node key of a host; only its hash is known. */
export interface NodeKey {
  readonly host: Host
  /** When its host enrolled again; undefined: it is the host's own now. */
  readonly replacedAt: number | undefined
  /** Of its tenant. */
  readonly isTenantActive: boolean
}

export async function findNodeKey(db: Db, hash: string): Promise<NodeKey | undefined> {
  const row = await db
    .selectFrom('node_keys')
    .innerJoin('hosts', 'hosts.id', 'node_keys.host_id')
    .innerJoin('tenants', 'tenants.id', 'hosts.tenant_id')
    .selectAll('hosts')
    .select(['node_keys.replaced_at', 'tenants.status'])
    .where('node_keys.hash', '=', hash)
    .executeTakeFirst()
  if (row === undefined) return undefined
  return { host: toHost(row), replacedAt: row.replaced_at ?? undefined, isTenantActive: row.status === 'active' }
}

/** The host's keys are replaced from now on, and of them the newest `kept` stay. Part of an enrolment's transaction. */
export async function replaceNodeKeys(db: Db, hostId: string, now: number, kept: number): Promise<void> {
  await db
    .updateTable('node_keys')
    .set({ replaced_at: now })
    .where('host_id', '=', hostId)
    .where('replaced_at', 'is', null)
    .execute()
  const old = await db
    .selectFrom('node_keys')
    .select('hash')
    .where('host_id', '=', hostId)
    .orderBy('created_at', 'desc')
    .orderBy('hash')
    .limit(-1)
    .offset(kept)
    .execute()
  if (old.length === 0) return
  const hashes = old.map(row => row.hash)
  await db.deleteFrom('node_keys').where('hash', 'in', hashes).execute()
}

/** Gives the host a key. Part of an enrolment's transaction, after `replaceNodeKeys`. */
export async function insertNodeKey(
  db: Db,
  { id: hostId, tenantId }: Pick<Host, 'id' | 'tenantId'>,
  hash: string,
  now: number,
): Promise<void> {
  await db
    .insertInto('node_keys')
    .values({ hash, tenant_id: tenantId, host_id: hostId, created_at: now, replaced_at: null, used_at: null })
    .execute()
}

/** Notes when replaced keys were used; a key in force is not looked at. */
export async function noteReplacedKeyUse(db: Db, used: ReadonlyMap<string, number>): Promise<void> {
  for (const [hash, at] of used) {
    await db
      .updateTable('node_keys')
      .set({ used_at: at })
      .where('hash', '=', hash)
      .where('replaced_at', 'is not', null)
      .execute()
  }
}

/** Of these hosts those one of whose replaced keys was used since, and longer after it was replaced than `afterMs`. */
export async function listSharedHosts(
  db: Db,
  hostIds: readonly string[],
  since: number,
  afterMs: number,
): Promise<ReadonlySet<string>> {
  if (hostIds.length === 0) return new Set()
  const rows = await db
    .selectFrom('node_keys')
    .select('host_id')
    .distinct()
    .where('host_id', 'in', hostIds)
    .where('used_at', '>=', since)
    .where(({ eb, ref }) => eb(eb('used_at', '-', ref('replaced_at')), '>=', afterMs))
    .execute()
  return new Set(rows.map(row => row.host_id))
}

/** Deletes keys replaced before `before`, at most `rowsMax` of them; resolves with how many. */
export async function deleteReplacedKeys(db: Db, before: number, rowsMax: number): Promise<number> {
  const due = db
    .selectFrom('node_keys')
    .select('hash')
    .where('replaced_at', '<', before)
    .orderBy('replaced_at')
    .limit(rowsMax)
  const result = await db.deleteFrom('node_keys').where('hash', 'in', due).executeTakeFirst()
  return Number(result.numDeletedRows)
}
