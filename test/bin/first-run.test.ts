import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { isOneOfSecrets } from '../../src/auth/client-secret.ts'
import type { Registrar } from '../../src/auth/register.ts'
import { ensureFirstRun, type FirstRuns, firstRunBlock } from '../../src/bin/first-run.ts'
import { openStore } from '../../src/db/db.ts'
import { putMeta } from '../../src/db/meta.ts'
import { findPrincipalByClientId, listValidSecrets } from '../../src/db/principals.ts'
import { countTenants } from '../../src/db/tenants.ts'

const now = Date.UTC(2026, 0, 2)

function open(context: TestContext): { registrar: Registrar; file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'edr-lake-first-run-'))
  const store = openStore(':memory:')
  context.after(async () => {
    await store.destroy()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    registrar: { store, secretKey: Buffer.alloc(32, 7), clock: () => now },
    file: join(folder, 'first-run.json'),
  }
}

async function firstStart(registrar: Registrar, file: string): Promise<FirstRuns> {
  const shown = await ensureFirstRun(registrar, file, 'http://127.0.0.1:8480')
  assert.ok(shown)
  return shown
}

const readFile = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'))

async function isSecretValid({ store, secretKey }: Registrar, clientId: string, secret: string): Promise<boolean> {
  const principal = await findPrincipalByClientId(store, clientId)
  assert.ok(principal)
  const secrets = await listValidSecrets(store, principal.id, now + 1)
  return isOneOfSecrets(
    secretKey,
    secret,
    secrets.map(each => each.hash),
  )
}

test('the first start makes a tenant, a principal and an enroll secret, and writes them down once', async context => {
  const { registrar, file } = open(context)
  const { tenant: shown, partner } = await firstStart(registrar, file)
  const partnerFile = file.replace('.json', '-partner.json')
  assert.deepEqual(readFile(file), shown)
  assert.deepEqual(readFile(partnerFile), partner)
  for (const each of [file, partnerFile]) assert.equal(statSync(each).mode & 0o777, 0o600)
  assert.deepEqual(Object.keys(shown), ['url', 'tenantId', 'clientId', 'clientSecret', 'enrollSecret'])
  assert.match(shown.clientSecret, /^[0-9a-f]{64}$/)
  assert.ok(await isSecretValid(registrar, shown.clientId, shown.clientSecret))
  assert.equal(await countTenants(registrar.store, {}), 1)
  assert.ok(await isSecretValid(registrar, partner.clientId, partner.clientSecret))
  assert.equal(await countTenants(registrar.store, { partnerId: partner.id }), 1, 'the tenant is the partner’s')
})

test('a later start shows nothing and only keeps the address true', async context => {
  const { registrar, file } = open(context)
  const { tenant: shown } = await firstStart(registrar, file)
  assert.equal(await ensureFirstRun(registrar, file, 'http://127.0.0.1:9000'), undefined)
  assert.deepEqual(readFile(file), { ...shown, url: 'http://127.0.0.1:9000' })
})

test('a file that the operator deleted is not written again', async context => {
  const { registrar, file } = open(context)
  await ensureFirstRun(registrar, file, 'http://127.0.0.1:8480')
  rmSync(file)
  assert.equal(await ensureFirstRun(registrar, file, 'http://127.0.0.1:8480'), undefined)
  assert.throws(() => readFile(file), { code: 'ENOENT' })
})

test('a start that was cut off before the mark gives the same principal a new secret', async context => {
  const { registrar, file } = open(context)
  const cutOff = await firstStart(registrar, file)
  await putMeta(registrar.store, 'first_run', 'pending')
  const shown = await firstStart(registrar, file)
  for (const who of ['tenant', 'partner'] as const) {
    assert.deepEqual({ ...shown[who], clientSecret: '' }, { ...cutOff[who], clientSecret: '' })
    assert.ok(await isSecretValid(registrar, shown[who].clientId, shown[who].clientSecret))
    assert.equal(await isSecretValid(registrar, cutOff[who].clientId, cutOff[who].clientSecret), false)
  }
})

test('a person is shown everything once, with where agents report to', async context => {
  const { registrar, file } = open(context)
  const runs = await firstStart(registrar, file)
  const block = firstRunBlock(runs, file, 'https://lake.example.com:8443')
  for (const value of [...Object.values(runs.tenant), runs.partner.id, runs.partner.clientSecret, file]) {
    assert.ok(block.includes(value), value)
  }
  assert.match(block, /^ {4}agents {9}https:\/\/lake\.example\.com:8443, set up with `edr-lake agent-files`$/m)
  assert.doesNotMatch(firstRunBlock(runs, file, undefined), /agents/)
})
