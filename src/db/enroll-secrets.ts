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
  /** Labels that hosts get that enrol with it; those that do not exist (any more) are left out. */
  readonly labels: readonly string[]
  /** Id of the environment in the paths of agents that come from another server; undefined: it has none. */
  readonly environment: string | undefined
}

/**
 * Rejects with `conflict` when any tenant already has that secret, or another one that environment: they are what tells
 * tenants apart.
 */
export async function insertEnrollSecret(db: Db, secret: EnrollSecret): Promise<void> {
  if (secret.environment !== undefined) {
    const owner = await findEnvironmentTenant(db, secret.environment)
    if (owner !== undefined && owner !== secret.tenantId) {
      throw new AppError('conflict', 'this environment cannot be used: choose another')
    }
  }
  const inserted = await db
    .insertInto('enroll_secrets')
    .values({
      id: secret.id,
      tenant_id: secret.tenantId,
      secret: secret.secret,
      name: secret.name,
      created_at: secret.createdAt,
      disabled_at: secret.disabledAt ?? null,
      labels_json: JSON.stringify(secret.labels),
      environment: secret.environment ?? null,
    })
    .onConflict(conflict => conflict.column('secret').doNothing())
    .executeTakeFirstOrThrow()
  if (inserted.numInsertedOrUpdatedRows === 0n) {
    throw new AppError('conflict', 'this enroll secret cannot be used: choose another')
  }
}

/**
 * The secret with that text, ended or not, whichever tenant's it is: it is what says which tenant an agent belongs to.
 */
export async function findEnrollSecret(db: Db, secret: string): Promise<EnrollSecret | undefined> {
  const row = await db.selectFrom('enroll_secrets').selectAll().where('secret', '=', secret).executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

/** The tenant whose enroll secrets name that environment: only one can, as `insertEnrollSecret` sees to it. */
export async function findEnvironmentTenant(db: Db, environment: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('enroll_secrets')
    .select('tenant_id')
    .where('environment', '=', environment)
    .executeTakeFirst()
  return row?.tenant_id
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

/** The tenant's enabled secret that was made last: the one to give to further machines. */
export async function findNewestEnrollSecret(db: Db, tenantId: string): Promise<EnrollSecret | undefined> {
  const row = await db
    .selectFrom('enroll_secrets')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('disabled_at', 'is', null)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
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
    labels: JSON.parse(row.labels_json),
    environment: row.environment ?? undefined,
  }
}
