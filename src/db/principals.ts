import type { AccountType, Principal } from '../model/principal.ts'
import type { Role } from '../model/role.ts'
import type { Db } from './db.ts'
import type { ClientSecretRow, PrincipalRow } from './tables.ts'

// Service principals and the keyed hashes of their secrets. A principal has one secret, or two while one is rotated
// out.

/** A secret as stored: the keyed hash, never the secret. */
export interface StoredSecret {
  readonly id: string
  readonly principalId: string
  /** HMAC-SHA-256, hex. */
  readonly hash: string
  readonly createdAt: number
  readonly expiresAt: number | undefined
}

export async function insertPrincipal(db: Db, principal: Principal): Promise<void> {
  await db
    .insertInto('principals')
    .values({
      id: principal.id,
      client_id: principal.clientId,
      account_type: principal.accountType,
      account_id: principal.accountId,
      role: principal.role,
      name: principal.name,
      created_at: principal.createdAt,
      expires_at: principal.expiresAt ?? null,
      disabled_at: principal.disabledAt ?? null,
    })
    .execute()
}

export async function findPrincipal(db: Db, principalId: string): Promise<Principal | undefined> {
  const row = await db.selectFrom('principals').selectAll().where('id', '=', principalId).executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

export async function findPrincipalByClientId(db: Db, clientId: string): Promise<Principal | undefined> {
  const row = await db.selectFrom('principals').selectAll().where('client_id', '=', clientId).executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

/** All principals of a tenant, organization or partner, oldest first. */
export async function listPrincipals(db: Db, accountId: string): Promise<Principal[]> {
  const rows = await db
    .selectFrom('principals')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map(fromRow)
}

/**
 * Takes away all access, for good. Idempotent: the first moment stays. False when the account has no such principal.
 */
export async function disablePrincipal(db: Db, accountId: string, principalId: string, at: number): Promise<boolean> {
  const result = await db
    .updateTable('principals')
    .set(({ fn, val }) => ({ disabled_at: fn.coalesce('disabled_at', val(at)) }))
    .where('id', '=', principalId)
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** `expiresAt`: undefined means never. False when the account has no such principal. */
export async function setPrincipalExpiry(
  db: Db,
  accountId: string,
  principalId: string,
  expiresAt: number | undefined,
): Promise<boolean> {
  const result = await db
    .updateTable('principals')
    .set({ expires_at: expiresAt ?? null })
    .where('id', '=', principalId)
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

export async function insertSecret(db: Db, secret: StoredSecret): Promise<void> {
  await db
    .insertInto('client_secrets')
    .values({
      id: secret.id,
      principal_id: secret.principalId,
      hash: secret.hash,
      created_at: secret.createdAt,
      expires_at: secret.expiresAt ?? null,
    })
    .execute()
}

/** The secrets of a principal that are valid at `now`, newest first. */
export async function listValidSecrets(db: Db, principalId: string, now: number): Promise<StoredSecret[]> {
  const rows = await db
    .selectFrom('client_secrets')
    .selectAll()
    .where('principal_id', '=', principalId)
    .where(({ eb, or }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .orderBy('created_at', 'desc')
    .execute()
  return rows.map(secretFromRow)
}

/** Brings the end of every secret of the principal but one forward to `expiresAt`; earlier ends stay. */
export async function expireOtherSecrets(
  db: Db,
  principalId: string,
  keptId: string,
  expiresAt: number,
): Promise<void> {
  await db
    .updateTable('client_secrets')
    .set({ expires_at: expiresAt })
    .where('principal_id', '=', principalId)
    .where('id', '!=', keptId)
    .where(({ eb, or }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', expiresAt)]))
    .execute()
}

function fromRow(row: PrincipalRow): Principal {
  return {
    id: row.id,
    clientId: row.client_id,
    accountType: row.account_type as AccountType,
    accountId: row.account_id,
    role: row.role as Role,
    name: row.name,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    disabledAt: row.disabled_at ?? undefined,
  }
}

function secretFromRow(row: ClientSecretRow): StoredSecret {
  return {
    id: row.id,
    principalId: row.principal_id,
    hash: row.hash,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
  }
}
