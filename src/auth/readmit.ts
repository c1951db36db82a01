import type { Db } from '../db/db.ts'
import { findPrincipal } from '../db/principals.ts'
import { AppError } from '../model/errors.ts'
import type { TenantCaller } from '../model/principal.ts'
import { type Action, requireAction, tenantCaller } from './access.ts'
import { isUsable } from './verify.ts'

/**
 * The principal bound to the tenant, for work done in its name after its request: what it may do is asked again, so one
 * that was disabled, or lost the tenant, is not acted for. Throws `permission_denied`.
 */
export async function readmit(
  db: Db,
  principalId: string,
  tenantId: string,
  action: Action,
  now: number,
): Promise<TenantCaller> {
  const principal = await findPrincipal(db, principalId)
  if (principal === undefined || !isUsable(principal, now)) {
    throw new AppError('permission_denied', 'the principal that asked for this has no access any more')
  }
  const { accountType, accountId, role } = principal
  const caller = await tenantCaller(db, { principalId, accountType, accountId, role }, tenantId)
  requireAction(caller, action)
  return caller
}
