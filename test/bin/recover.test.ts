import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { isOneOfSecrets } from '../../src/auth/client-secret.ts'
import { registerPrincipal } from '../../src/auth/register.ts'
import { openDataDirectory } from '../../src/bin/data-directory.ts'
import { ensureFirstRun } from '../../src/bin/first-run.ts'
import { recoverAccess } from '../../src/bin/recover.ts'
import { listAccountAudit } from '../../src/db/account-audit.ts'
import { openStore, type Store } from '../../src/db/db.ts'
import { disablePrincipal, findPrincipalByClientId, listPrincipals, listValidSecrets } from '../../src/db/principals.ts'
import { newId } from '../../src/model/ids.ts'

async function openLake(context: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'edr-lake-recover-'))
  context.after(() => rmSync(root, { recursive: true, force: true }))
  const within = async <Result>(work: (store: Store, secretKey: Buffer) => Promise<Result>): Promise<Result> => {
    const directory = openDataDirectory(root)
    const store = openStore(directory.storeFile)
    try {
      return await work(store, directory.secretKey)
    } finally {
      await store.destroy()
      directory.release()
    }
  }
  const clock = () => 1
  const firstRuns = await within((store, secretKey) =>
    ensureFirstRun({ store, secretKey, clock }, join(root, 'first-run.json'), 'http://127.0.0.1:8480'),
  )
  assert.ok(firstRuns)
  const isValid = (clientId: string, secret: string) =>
    within(async (store, secretKey) => {
      const principal = await findPrincipalByClientId(store, clientId)
      const secrets = await listValidSecrets(store, principal?.id ?? '', Date.now())
      return isOneOfSecrets(
        secretKey,
        secret,
        secrets.map(({ hash }) => hash),
      )
    })
  return { root, within, firstRun: firstRuns.tenant, partner: firstRuns.partner, isValid }
}

test('a lost secret is replaced: of the oldest tenant’s Super Admin, of a tenant’s, or of one principal', async t => {
  const { root, firstRun, partner, isValid, within } = await openLake(t)
  const { clientId, tenantId } = firstRun
  const byDefault = await recoverAccess(root, { kind: 'tenant', tenantId: undefined })
  const { clientSecret, ...rest } = byDefault
  assert.deepEqual(rest, { accountType: 'tenant', accountId: tenantId, clientId })
  assert.equal(await isValid(clientId, clientSecret), true)
  assert.equal(await isValid(clientId, firstRun.clientSecret), false, 'the lost secret is no good any more')
  const named = await recoverAccess(root, { kind: 'tenant', tenantId: tenantId.toUpperCase() })
  assert.equal(named.clientId, clientId)
  const one = await recoverAccess(root, { kind: 'principal', clientId: partner.clientId })
  assert.deepEqual([one.accountType, one.accountId], ['partner', partner.id])
  assert.equal(await isValid(partner.clientId, one.clientSecret), true)
  const trace = await within(store => listAccountAudit(store, tenantId, 0, 10))
  assert.deepEqual(
    trace.map(({ action, target }) => [action, target]),
    [
      ['principals.recover', clientId],
      ['principals.recover', clientId],
    ],
  )
})

test('a tenant without a usable Super Admin gets one; a disabled principal stays disabled', async t => {
  const { root, firstRun, within, isValid } = await openLake(t)
  const { tenantId, clientId } = firstRun
  await within(async (store, secretKey) => {
    const [admin] = await listPrincipals(store, tenantId)
    await disablePrincipal(store, tenantId, admin!.id, 1)
    const analyst = { accountType: 'tenant', accountId: tenantId, role: 'forensics', name: 'a' } as const
    await registerPrincipal({ store, secretKey, clock: () => 2 }, analyst)
  })
  await assert.rejects(recoverAccess(root, { kind: 'principal', clientId }), { code: 'conflict' })
  const made = await recoverAccess(root, { kind: 'tenant', tenantId })
  assert.notEqual(made.clientId, clientId)
  assert.equal(await isValid(made.clientId, made.clientSecret), true)
})

test('partners and organizations are made', async t => {
  const { root, isValid, within } = await openLake(t)
  for (const accountType of ['partner', 'organization'] as const) {
    const made = await recoverAccess(root, { kind: 'account', accountType, name: 'MSSP' })
    assert.equal(made.accountType, accountType)
    assert.equal(await isValid(made.clientId, made.clientSecret), true)
    const [principal] = await within(store => listPrincipals(store, made.accountId))
    assert.deepEqual([principal?.role, principal?.name], ['superAdmin', 'MSSP'])
  }
})

test('refused while a server runs, and where there is nothing to recover', async t => {
  const { root } = await openLake(t)
  const directory = openDataDirectory(root)
  await assert.rejects(recoverAccess(root, { kind: 'tenant', tenantId: undefined }), { code: 'conflict' })
  directory.release()
  for (const wish of [
    { kind: 'tenant', tenantId: newId() },
    { kind: 'tenant', tenantId: 'x' },
    { kind: 'principal', clientId: newId() },
  ] as const) {
    await assert.rejects(recoverAccess(root, wish), { code: 'not_found' })
  }
  await assert.rejects(recoverAccess(join(root, 'nothing'), { kind: 'tenant', tenantId: undefined }), {
    code: 'not_found',
  })
})
