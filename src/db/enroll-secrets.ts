import { AppError } from '../model/errors.ts'
import type { Db } from './db.ts'
import type { EnrollSecretRow } from './tables.ts'

/** An osquery enroll secret of a tenant. Kept readable: it is written into every agent's secret file. */
export interface EnrollSecret {
  readonly id: string
  readonly tenantId: string
  readonly secret: string
  readonly name: string
  readonly createdAt: number
  readonly disabledAt: number | undefined
}

/** Rejects with `conflict` when any tenant already has that secret: it is what tells tenants apart. */
export async function insertEnrollSecret(db: Db, secret: EnrollSecret): Promise<void> {
  const inserted = await db
    .insertInto('enroll_secrets')
    .values({
      id: secret.id,
      tenant_id: secret.tenantId,
      secret: secret.secret,
      name: secret.name,
      created_at: secret.createdAt,
      disabled_at: secret.disabledAt ?? null,
    })
    .onConflict(conflict => conflict.column('secret').doNothing())
    .executeTakeFirstOrThrow()
  if (inserted.numInsertedOrUpdatedRows === 0n) {
    throw new AppError('conflict', 'this enroll secret cannot be used: choose another')
  }
}

/** The enabled secret with that text, whichever tenant's it is: it is what says which tenant an agent belongs to. */
export async function findEnrollSecret(db: Db, secret: string): Promise<EnrollSecret | undefined> {
  const row = await db
    .selectFrom('enroll_secrets')
    .selectAll()
    .where('secret', '=', secret)
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

export async function listEnrollSecrets(db: Db, tenantId: string): Promise<EnrollSecret[]> {
  const rows = await db
    .selectFrom('enroll_secrets')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map(fromRow)
}

/** Idempotent. False when the tenant has no such secret. */
export async function disableEnrollSecret(db: Db, tenantId: string, id: string, at: number): Promise<boolean> {
  const result = await db
    .updateTable('enroll_secrets')
    .set(({ fn, val }) => ({ disabled_at: fn.coalesce('disabled_at', val(at)) }))
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

function fromRow(row: EnrollSecretRow): EnrollSecret {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    secret: row.secret,
    name: row.name,
    createdAt: row.created_at,
    disabledAt: row.disabled_at ?? undefined,
  }
}
