import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { type Credentials, type Registrar, registerPrincipal, rotateSecret } from '../auth/register.ts'
import { insertEnrollSecret, listEnrollSecrets } from '../db/enroll-secrets.ts'
import { findMeta, putMeta } from '../db/meta.ts'
import { listPrincipals } from '../db/principals.ts'
import { insertTenant, listTenants } from '../db/tenants.ts'
import { retentionDaysDefault } from '../limits.ts'
import { systemErrorCode } from '../model/errors.ts'
import { newId } from '../model/ids.ts'
import type { AccountType } from '../model/principal.ts'
import type { Tenant } from '../model/tenant.ts'

// What the first start makes: a partner and one tenant of it, a Super Admin principal of each and an enroll secret. The
// partner's makes further tenants. Client secrets exist in first-run.json and first-run-partner.json only; a start that
// was cut off before both were written gives the principals new ones.

/** Contents of first-run.json; the CLI's defaults. */
export interface FirstRun {
  readonly url: string
  readonly tenantId: string
  readonly clientId: string
  readonly clientSecret: string
  readonly enrollSecret: string
}

/** Contents of first-run-partner.json, beside it: who manages tenants. */
export interface PartnerFirstRun {
  readonly url: string
  readonly id: string
  readonly clientId: string
  readonly clientSecret: string
}

export interface FirstRuns {
  readonly tenant: FirstRun
  readonly partner: PartnerFirstRun
}

const stateKey = 'first_run'

/**
 * Makes sure that a tenant, its principal and its enroll secret exist and that first-run.json was written once. Returns
 * what to show on a first start, undefined on later ones; then only the file's `url`, where it still exists, is kept
 * true. Commit point: the store's mark `done`, set after the file is on disk.
 */
export async function ensureFirstRun(registrar: Registrar, file: string, url: string): Promise<FirstRuns | undefined> {
  const state = await findMeta(registrar.store, stateKey)
  if (state === 'done') {
    updateUrl(file, url)
    updateUrl(partnerFileOf(file), url)
    return undefined
  }
  const { id: tenantId, partnerId } = (await listTenants(registrar.store, {}, 0, 1))[0] ?? (await makeTenant(registrar))
  const credentials = await ensurePrincipal(registrar, 'tenant', tenantId)
  const accountId = partnerId ?? newId()
  const partner = { url, id: accountId, ...(await ensurePrincipal(registrar, 'partner', accountId)) }
  const enrollSecret = await ensureEnrollSecret(registrar, tenantId)
  const { clientId, clientSecret } = credentials
  const tenant = { url, tenantId, clientId, clientSecret, enrollSecret }
  writePrivately(partnerFileOf(file), partner)
  writePrivately(file, tenant)
  await putMeta(registrar.store, stateKey, 'done')
  return { tenant, partner }
}

function partnerFileOf(file: string): string {
  return file.replace(/\.json$/, '-partner.json')
}

async function makeTenant({ store, clock }: Registrar): Promise<Tenant> {
  const tenant: Tenant = {
    id: newId(),
    name: 'Default',
    showAs: 'Default',
    dataGeography: 'IE',
    dataRegion: 'eu01',
    billingType: 'term',
    status: 'active',
    partnerId: newId(),
    organizationId: undefined,
    retentionDays: retentionDaysDefault,
    createdAt: clock(),
  }
  await insertTenant(store, tenant)
  return tenant
}

async function ensurePrincipal(
  registrar: Registrar,
  accountType: AccountType,
  accountId: string,
): Promise<Pick<Credentials, 'clientId' | 'clientSecret'>> {
  const existing = (await listPrincipals(registrar.store, accountId))[0]
  if (existing === undefined) {
    const wanted = { accountType, accountId, role: 'superAdmin', name: 'First run' } as const
    const { clientId, clientSecret } = await registerPrincipal(registrar, wanted)
    return { clientId, clientSecret }
  }
  return { clientId: existing.clientId, clientSecret: await rotateSecret(registrar, existing.id, 0) }
}

async function ensureEnrollSecret({ store, clock }: Registrar, tenantId: string): Promise<string> {
  const existing = (await listEnrollSecrets(store, tenantId))[0]
  if (existing !== undefined) return existing.secret
  const secret = randomBytes(24).toString('hex')
  await insertEnrollSecret(store, {
    id: newId(),
    tenantId,
    secret,
    name: 'First run',
    createdAt: clock(),
    disabledAt: undefined,
    labels: [],
    environment: undefined,
  })
  return secret
}

/** A restart may listen elsewhere; the CLI reads the address from this file. An operator may have deleted it. */
function updateUrl(file: string, url: string): void {
  let firstRun: { readonly url: string }
  try {
    firstRun = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return
    throw error
  }
  if (firstRun.url !== url) writePrivately(file, { ...firstRun, url })
}

function writePrivately(file: string, firstRun: object): void {
  const fresh = `${file}.new`
  writeFileSync(fresh, `${JSON.stringify(firstRun, undefined, 2)}\n`, { mode: 0o600, flush: true })
  renameSync(fresh, file)
}

/** The block a person sees once on a terminal. `tlsUrl`: where agents report to; undefined: they cannot. */
export function firstRunBlock({ tenant, partner }: FirstRuns, file: string, tlsUrl: string | undefined): string {
  const rows = [
    ['URL', tenant.url],
    ['tenant id', tenant.tenantId],
    ['client id', tenant.clientId],
    ['client secret', tenant.clientSecret],
    ['enroll secret', tenant.enrollSecret],
    ...(tlsUrl === undefined ? [] : [['agents', `${tlsUrl}, set up with \`edr-lake agent-files\``]]),
    ['partner id', partner.id],
    ['its client id', partner.clientId],
    ['its secret', partner.clientSecret],
  ].map(([name = '', value]) => `    ${name.padEnd(15)}${value}`)
  return [
    '',
    '  edr-lake is set up. Shown once, and kept in',
    `  ${file} and, the partner's,`,
    `  ${partnerFileOf(file)} (readable by you only):`,
    '',
    ...rows,
    '',
    '',
  ].join('\n')
}
