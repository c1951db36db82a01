import { inTransaction, type Store } from '../db/db.ts'
import { expireOtherSecrets, insertPrincipal, insertSecret } from '../db/principals.ts'
import type { Clock } from '../model/clock.ts'
import { newId } from '../model/ids.ts'
import type { Principal } from '../model/principal.ts'
import { hashClientSecret, newClientSecret } from './client-secret.ts'

// Making principals and giving them new secrets. The secret is returned once and kept nowhere.

export interface Registrar {
  readonly store: Store
  readonly secretKey: Uint8Array
  readonly clock: Clock
}

/** A principal to make; ids are random version-4 UUIDs. `expiresAt`: undefined means never. */
export type NewPrincipal = Pick<Principal, 'accountType' | 'accountId' | 'role' | 'name'> & {
  readonly expiresAt?: number
}

export interface Credentials {
  readonly principalId: string
  readonly clientId: string
  /** Shown to its owner once. */
  readonly clientSecret: string
}

export async function registerPrincipal(registrar: Registrar, wanted: NewPrincipal): Promise<Credentials> {
  const now = registrar.clock()
  const principal: Principal = {
    id: newId(),
    clientId: newId(),
    accountType: wanted.accountType,
    accountId: wanted.accountId,
    role: wanted.role,
    name: wanted.name,
    createdAt: now,
    expiresAt: wanted.expiresAt,
    disabledAt: undefined,
  }
  const clientSecret = newClientSecret()
  await inTransaction(registrar.store, async transaction => {
    await insertPrincipal(transaction, principal)
    await insertSecret(transaction, {
      id: newId(),
      principalId: principal.id,
      hash: hashClientSecret(registrar.secretKey, clientSecret),
      createdAt: now,
      expiresAt: undefined,
    })
  })
  return { principalId: principal.id, clientId: principal.clientId, clientSecret }
}

/** A new secret for the principal; its older ones stay valid for `overlapMs` more, 0 ends them at once. */
export async function rotateSecret(registrar: Registrar, principalId: string, overlapMs: number): Promise<string> {
  const now = registrar.clock()
  const id = newId()
  const clientSecret = newClientSecret()
  await inTransaction(registrar.store, async transaction => {
    await insertSecret(transaction, {
      id,
      principalId,
      hash: hashClientSecret(registrar.secretKey, clientSecret),
      createdAt: now,
      expiresAt: undefined,
    })
    await expireOtherSecrets(transaction, principalId, id, now + overlapMs)
  })
  return clientSecret
}
