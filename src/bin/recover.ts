import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Registrar, registerPrincipal, rotateSecret } from '../auth/register.ts'
import { isUsable } from '../auth/verify.ts'
import type { RecoverAccess, Recovered, RecoverWish } from '../cli/commands/recover.ts'
import { insertAccountAudit } from '../db/account-audit.ts'
import { openStore } from '../db/db.ts'
import { findPrincipalByClientId, listPrincipals } from '../db/principals.ts'
import { findTenant, listTenants } from '../db/tenants.ts'
import { accountAuditEntriesMax } from '../limits.ts'
import type { AuditEntry } from '../model/audit.ts'
import { systemClock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import { newId, parseUuid } from '../model/ids.ts'
import type { AccountType } from '../model/principal.ts'
import { openDataDirectory } from './data-directory.ts'

/** Takes the directory as a server does, so that no server runs meanwhile, and leaves a trace in the audit log. */
export const recoverAccess: RecoverAccess = async (root, wish) => {
  if (!existsSync(join(root, 'private', 'store.sqlite'))) throw notFound(`${root} is no data directory`)
  const directory = openDataDirectory(root)
  try {
    const store = openStore(directory.storeFile)
    try {
      const registrar = { store, secretKey: directory.secretKey, clock: systemClock }
      const recovered = await recover(registrar, wish)
      await leaveTrace(registrar, recovered)
      return recovered
    } finally {
      await store.destroy()
    }
  } finally {
    directory.release()
  }
}

async function recover(registrar: Registrar, wish: RecoverWish): Promise<Recovered> {
  if (wish.kind === 'principal') return recoverPrincipal(registrar, wish.clientId)
  if (wish.kind === 'account') return makePrincipal(registrar, wish.accountType, newId(), wish.name)
  const { store, clock } = registrar
  const tenantId = wish.tenantId === undefined ? undefined : (parseUuid(wish.tenantId) ?? '')
  const tenant = tenantId === undefined ? (await listTenants(store, {}, 0, 1))[0] : await findTenant(store, tenantId)
  if (tenant === undefined) throw notFound('there is no such tenant')
  const principals = await listPrincipals(store, tenant.id)
  const admin = principals.find(principal => principal.role === 'superAdmin' && isUsable(principal, clock()))
  return admin === undefined
    ? makePrincipal(registrar, 'tenant', tenant.id, 'Recovered')
    : recoverPrincipal(registrar, admin.clientId)
}

/** Its older secrets end at once. */
async function recoverPrincipal(registrar: Registrar, clientId: string): Promise<Recovered> {
  const principal = await findPrincipalByClientId(registrar.store, parseUuid(clientId) ?? clientId)
  if (principal === undefined) throw notFound('there is no such client id')
  if (!isUsable(principal, registrar.clock())) {
    throw new AppError('conflict', 'that principal is disabled or expired: recover its tenant instead')
  }
  const { accountType, accountId } = principal
  const clientSecret = await rotateSecret(registrar, principal.id, 0)
  return { accountType, accountId, clientId: principal.clientId, clientSecret }
}

async function makePrincipal(
  registrar: Registrar,
  accountType: AccountType,
  accountId: string,
  name: string,
): Promise<Recovered> {
  const made = await registerPrincipal(registrar, { accountType, accountId, role: 'superAdmin', name })
  return { accountType, accountId, clientId: made.clientId, clientSecret: made.clientSecret }
}

async function leaveTrace({ store, clock }: Registrar, { accountType, accountId, clientId }: Recovered): Promise<void> {
  const entry: AuditEntry = {
    ...{ at: clock(), action: 'principals.recover', outcome: 'done', actor: undefined, address: '', requestId: '' },
    ...{ tenantId: accountType === 'tenant' ? accountId : undefined, target: clientId },
  }
  await insertAccountAudit(store, accountId, entry, accountAuditEntriesMax)
}

function notFound(message: string): AppError {
  return new AppError('not_found', message)
}
