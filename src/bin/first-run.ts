import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { type Credentials, type Registrar, registerPrincipal, rotateSecret } from '../auth/register.ts'
import { inTransaction } from '../db/db.ts'
import { insertEnrollSecret, listEnrollSecrets } from '../db/enroll-secrets.ts'
import { findMeta, putMeta } from '../db/meta.ts'
import { listPrincipals } from '../db/principals.ts'
import { insertTenant, listTenants } from '../db/tenants.ts'
import { retentionDaysDefault } from '../limits.ts'
import { systemErrorCode } from '../model/errors.ts'
import { newId } from '../model/ids.ts'

// What the first start makes: one tenant, a Super Admin principal and an enroll secret. The client secret exists in
// first-run.json only; a start that was cut off before the file was written gives the principal a new one.

/** Contents of first-run.json; the CLI's defaults. */
export interface FirstRun {
  readonly url: string
  readonly tenantId: string
  readonly clientId: string
  readonly clientSecret: string
  readonly enrollSecret: string
}

const stateKey = 'first_run'

/**
 * Makes sure that a tenant, its principal and its enroll secret exist and that first-run.json was written once. Returns
 * what to show on a first start, undefined on later ones; then only the file's `url`, where it still exists, is kept
 * true. Commit point: the store's mark `done`, set after the file is on disk.
 */
export async function ensureFirstRun(registrar: Registrar, file: string, url: string): Promise<FirstRun | undefined> {
  const state = await findMeta(registrar.store, stateKey)
  if (state === 'done') {
    updateUrl(file, url)
    return undefined
  }
  const tenantId = (await listTenants(registrar.store, {}, 0, 1))[0]?.id ?? (await makeTenant(registrar))
  const credentials = await ensurePrincipal(registrar, tenantId)
  const enrollSecret = await ensureEnrollSecret(registrar, tenantId)
  const { clientId, clientSecret } = credentials
  const firstRun = { url, tenantId, clientId, clientSecret, enrollSecret }
  writePrivately(file, firstRun)
  await putMeta(registrar.store, stateKey, 'done')
  return firstRun
}

async function makeTenant({ store, clock }: Registrar): Promise<string> {
  const id = newId()
  await inTransaction(store, transaction =>
    insertTenant(transaction, {
      id,
      name: 'Default',
      showAs: 'Default',
      dataGeography: 'IE',
      dataRegion: 'eu01',
      billingType: 'term',
      status: 'active',
      partnerId: undefined,
      organizationId: undefined,
      retentionDays: retentionDaysDefault,
      createdAt: clock(),
    }),
  )
  return id
}

async function ensurePrincipal(
  registrar: Registrar,
  tenantId: string,
): Promise<Pick<Credentials, 'clientId' | 'clientSecret'>> {
  const existing = (await listPrincipals(registrar.store, tenantId))[0]
  if (existing === undefined) {
    return registerPrincipal(registrar, {
      accountType: 'tenant',
      accountId: tenantId,
      role: 'superAdmin',
      name: 'First run',
    })
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
  })
  return secret
}

/** A restart may listen elsewhere; the CLI reads the address from this file. An operator may have deleted it. */
function updateUrl(file: string, url: string): void {
  let firstRun: FirstRun
  try {
    firstRun = JSON.parse(readFileSync(file, 'utf8')) as FirstRun
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return
    throw error
  }
  if (firstRun.url !== url) writePrivately(file, { ...firstRun, url })
}

function writePrivately(file: string, firstRun: FirstRun): void {
  const fresh = `${file}.new`
  writeFileSync(fresh, `${JSON.stringify(firstRun, undefined, 2)}\n`, { mode: 0o600, flush: true })
  renameSync(fresh, file)
}

/** The block a person sees once on a terminal. */
export function firstRunBlock(firstRun: FirstRun, file: string): string {
  const rows = [
    ['URL', firstRun.url],
    ['tenant id', firstRun.tenantId],
    ['client id', firstRun.clientId],
    ['client secret', firstRun.clientSecret],
    ['enroll secret', firstRun.enrollSecret],
  ].map(([name = '', value]) => `    ${name.padEnd(15)}${value}`)
  return [
    '',
    '  edr-lake is set up. Shown once, and kept in',
    `  ${file} (readable by you only):`,
    '',
    ...rows,
    '',
    '',
  ].join('\n')
}
