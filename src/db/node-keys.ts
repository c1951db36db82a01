import { CompiledQuery, sql } from 'kysely'
import type { Host } from '../model/host.ts'
import type { Db } from './db.ts'
import { toHost } from './hosts.ts'

/** A node key of a host; only its hash is known. */
export interface NodeKey {
  readonly host: Host
  /** When its host enrolled again; undefined: it is the host's own now. */
  readonly replacedAt: number | undefined
  /** Its last use that is noted. */
  readonly usedAt: number | undefined
  /** Of its tenant. */
  readonly isTenantActive: boolean
}

/** undefined where it is unknown, or was ended. */
export async function findNodeKey(db: Db, hash: string): Promise<NodeKey | undefined> {
  const row = await db
    .selectFrom('node_keys')
    .innerJoin('hosts', 'hosts.id', 'node_keys.host_id')
    .innerJoin('tenants', 'tenants.id', 'hosts.tenant_id')
    .selectAll('hosts')
    .select(['node_keys.replaced_at', 'node_keys.used_at', 'tenants.status'])
    .where('node_keys.hash', '=', hash)
    .where('node_keys.ended_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined) return undefined
  return {
    ...{ host: toHost(row), replacedAt: row.replaced_at ?? undefined, usedAt: row.used_at ?? undefined },
    isTenantActive: row.status === 'active',
  }
}

export interface KeptKeys {
  /** Keys that were never used: their answers were lost … */
  readonly unused: number
  /** … and keys in all. */
  readonly all: number
  /** Used lately, which is not in the store yet. */
  readonly isUsed: (hash: string) => boolean
}

/**
 * The host's keys are replaced from now on; of them the newest are kept. Part of an enrolment's transaction. A key that
 * is used must not go early: its agent would enrol at once.
 */
export async function replaceNodeKeys(db: Db, hostId: string, now: number, kept: KeptKeys): Promise<void> {
  await db
    .updateTable('node_keys')
    .set({ replaced_at: now })
    .where('host_id', '=', hostId)
    .where('replaced_at', 'is', null)
    .execute()
  const keys = await db
    .selectFrom('node_keys')
    .select(['hash', 'used_at'])
    .where('host_id', '=', hostId)
    .orderBy('created_at', 'desc')
    .orderBy('hash')
    .execute()
  const unused = keys.filter(({ hash, used_at }) => used_at === null && !kept.isUsed(hash))
  const old = [...unused.slice(kept.unused), ...keys.slice(kept.all)].map(({ hash }) => hash)
  for (const hash of new Set(old)) await db.deleteFrom('node_keys').where('hash', '=', hash).execute()
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
    .values({
      hash,
      tenant_id: tenantId,
      host_id: hostId,
      created_at: now,
      replaced_at: null,
      used_at: null,
      ended_at: null,
    })
    .execute()
}

/** Notes when keys were used, by their hashes. */
export async function noteKeyUse(db: Db, used: ReadonlyMap<string, number>): Promise<void> {
  await db.executeQuery(CompiledQuery.raw(noteSql, [JSON.stringify([...used])]))
}

const noteSql = `UPDATE node_keys SET used_at = noted.value ->> 1
  FROM json_each(?) AS noted WHERE node_keys.hash = noted.value ->> 0`

/**
 * Replaced keys that are another agent's than their host's newer one: used `sharedMs` after they were replaced, when a
 * newer one was in use as well. (A machine that was set back to an older state uses an older key, and no newer one.)
 */
const isOtherAgents = (sharedMs: number) => sql<boolean>`
  replaced_at IS NOT NULL AND used_at - replaced_at >= ${sharedMs} AND EXISTS (
    SELECT 1 FROM node_keys AS newer WHERE newer.host_id = node_keys.host_id
    AND newer.created_at >= node_keys.replaced_at AND newer.used_at >= node_keys.used_at - ${sharedMs})`

/** Of these hosts those that two agents used since. */
export async function listSharedHosts(
  db: Db,
  hostIds: readonly string[],
  since: number,
  sharedMs: number,
): Promise<ReadonlySet<string>> {
  if (hostIds.length === 0) return new Set()
  const rows = await db
    .selectFrom('node_keys')
    .select('host_id')
    .distinct()
    .where('host_id', 'in', hostIds)
    .where('used_at', '>=', since)
    .where(isOtherAgents(sharedMs))
    .execute()
  return new Set(rows.map(row => row.host_id))
}

/**
 * Ends keys replaced before `before` that are another agent's, at most `rowsMax` of them; resolves with their hashes.
 * They are known a little longer for what they tell of their hosts.
 */
export async function endSharedKeys(
  db: Db,
  before: number,
  sharedMs: number,
  rowsMax: number,
  now: number,
): Promise<readonly string[]> {
  const due = await db
    .selectFrom('node_keys')
    .select('hash')
    .where('replaced_at', '<', before)
    .where('ended_at', 'is', null)
    .where(isOtherAgents(sharedMs))
    .limit(rowsMax)
    .execute()
  const hashes = due.map(({ hash }) => hash)
  if (hashes.length === 0) return []
  await db.updateTable('node_keys').set({ ended_at: now }).where('hash', 'in', hashes).execute()
  return hashes
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
