import { resolve } from 'node:path'
import { harmlessText } from '../display.ts'
import { type CliEffects, printLine } from '../effects.ts'
import { exitCodes, UsageError } from '../failure.ts'

// `edr-lake admin recover`: access to a lake whose secrets are lost, for whoever may write its data directory. The
// server must be stopped.

export interface RecoverFlags {
  readonly data?: string
  readonly clientId?: string
  readonly tenant?: string
  readonly newPartner?: string
  readonly newOrganization?: string
}

export type RecoverWish =
  /** A new secret of this principal. */
  | { readonly kind: 'principal'; readonly clientId: string }
  /** A Super Admin principal of this tenant; undefined: of the oldest one. */
  | { readonly kind: 'tenant'; readonly tenantId: string | undefined }
  /** A new partner or organization, with a Super Admin principal. */
  | { readonly kind: 'account'; readonly accountType: 'partner' | 'organization'; readonly name: string }

export interface Recovered {
  readonly accountType: string
  readonly accountId: string
  readonly clientId: string
  /** Shown this once. */
  readonly clientSecret: string
}

/** Rejects with `conflict` while a server runs on the directory, with `not_found` where there is nothing to recover. */
export type RecoverAccess = (directory: string, wish: RecoverWish) => Promise<Recovered>

export async function recoverAccess(effects: CliEffects, recover: RecoverAccess, flags: RecoverFlags): Promise<number> {
  const { environment, workingDirectory, stdout } = effects
  const directory = resolve(workingDirectory, flags.data ?? (environment['EDR_LAKE_DATA'] || 'data'))
  const { accountType, accountId, clientId, clientSecret } = await recover(directory, wishOf(flags))
  const rows = { [`${accountType} id`]: accountId, 'client id': clientId, 'client secret': clientSecret }
  if (!stdout.isTerminal) await printLine(stdout, JSON.stringify({ accountType, accountId, clientId, clientSecret }))
  else
    for (const [name, value] of Object.entries(rows))
      await printLine(stdout, harmlessText(`${name.padEnd(16)}${value}`))
  return exitCodes.done
}

function wishOf({ clientId, tenant, newPartner, newOrganization }: RecoverFlags): RecoverWish {
  if ([clientId, tenant, newPartner, newOrganization].filter(each => each !== undefined).length > 1) {
    throw new UsageError('give one of --client-id, --tenant, --new-partner and --new-organization')
  }
  if (clientId !== undefined) return { kind: 'principal', clientId }
  if (newPartner !== undefined) return { kind: 'account', accountType: 'partner', name: newPartner }
  if (newOrganization !== undefined) return { kind: 'account', accountType: 'organization', name: newOrganization }
  return { kind: 'tenant', tenantId: tenant }
}
