// The admin commands against the real HTTP interface: each command line, what it prints, what is true afterwards.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readAgentFiles } from '../../src/bin/agent-files.ts'
import { directoryTools } from '../../src/bin/directory-tools.ts'
import { holdLockFile } from '../../src/bin/lock-file.ts'
import { recoverAccess } from '../../src/bin/recover.ts'
import { openSimulation } from '../../src/bin/simulation.ts'
import { runCli } from '../../src/cli/program.ts'
import { putCategory, putSavedQuery } from '../../src/db/saved-queries.ts'
import { newId } from '../../src/model/ids.ts'
import { openTestApp } from '../support/test-app.ts'
import { recordedEffects } from './recorded-effects.ts'
import { temporaryFolder } from './temporary-folder.ts'

async function openAdmin(context: TestContext, folder?: string) {
  const lake = await openTestApp(context)
  const url = await lake.app.listen({ host: '127.0.0.1', port: 0 })
  const partnerId = newId()
  const tenant = await lake.tenant({ partnerId })
  const principal = await lake.principal({ accountType: 'partner', accountId: partnerId })
  const environment = {
    EDR_LAKE_URL: url,
    EDR_LAKE_CLIENT_ID: principal.clientId,
    EDR_LAKE_CLIENT_SECRET: principal.clientSecret,
  }
  const parts = {
    version: '1',
    settings: [],
    serve: async () => 0,
    directory: directoryTools,
    readAgentFiles,
    recover: recoverAccess,
    holdLock: holdLockFile,
    openSimulation,
  }
  const runOn = async (isTerminal: boolean, args: readonly string[]) => {
    const place = folder === undefined ? {} : { workingDirectory: folder }
    const effects = recordedEffects({ environment, isTerminal, columns: 200, now: lake.now, ...place })
    const exitCode = await runCli(['admin', ...args], effects, parts)
    return { exitCode, stdout: effects.stdout.text, stderr: effects.stderr.text }
  }
  const run = (...args: string[]) => runOn(false, args)
  const items = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await run(...args)
    assert.equal(exitCode, 0, stderr)
    return stdout.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line)]))
  }
  return { lake, tenant, partnerId, run, items, show: (...args: string[]) => runOn(true, args) }
}

test('tenants: created, listed over all pages, changed, suspended and resumed', async t => {
  const { lake, tenant, partnerId, items, run, show } = await openAdmin(t)
  const [made] = await items('tenants', 'create', 'Acme', '--retention-days', '30')
  assert.deepEqual([made.name, made.retentionDays, made.partnerId], ['Acme', 30, partnerId])
  for (let number = 0; number < 120; number += 1) await lake.tenant({ partnerId, createdAt: lake.now + number })
  const ids = (await items('tenants', 'list')).map(({ id }) => id)
  assert.equal(new Set(ids).size, 122)
  assert.ok(ids.includes(tenant.id))
  const [changed] = await items('tenants', 'change', made.id, '--name', 'ACME', '--retention-days', '7')
  assert.deepEqual([changed.name, changed.retentionDays], ['ACME', 7])
  assert.equal((await items('tenants', 'suspend', made.id))[0].status, 'suspended')
  assert.equal((await items('tenants', 'resume', made.id))[0].status, 'active')
  const shown = await show('tenants', 'change', made.id)
  assert.match(shown.stdout, /^id {13}[0-9a-f-]{36}\nname {11}ACME\n/)
  const foreign = await run('tenants', 'suspend', (await lake.tenant()).id)
  assert.deepEqual(foreign, { exitCode: 1, stdout: '', stderr: 'edr-lake: there is no such tenant\n' })
  for (const args of [
    ['tenants', 'suspend', '../x'],
    ['tenants', 'create', 'x', '--retention-days', '0'],
    ['tenants', 'create'],
  ]) {
    assert.equal((await run(...args)).exitCode, 2)
  }
})

test('principals of a tenant and of the account, ingest tokens, enroll secrets, settings', async t => {
  const { lake, tenant, items, run } = await openAdmin(t)
  const ofTenant = ['--tenant', tenant.id]
  const [made] = await items('principals', 'create', 'soc', '--role', 'forensics', ...ofTenant)
  assert.ok(await lake.token(made))
  const [rotated] = await items('principals', 'rotate', made.id, '--overlap', '60', ...ofTenant)
  assert.notEqual(rotated.clientSecret, made.clientSecret)
  const [ending] = await items('principals', 'expire', made.id, '--expires', '2027-01-01T00:00:00Z', ...ofTenant)
  assert.equal(ending.expiresAt, '2027-01-01T00:00:00.000Z')
  assert.equal('expiresAt' in (await items('principals', 'expire', made.id, ...ofTenant))[0], false)
  assert.ok((await items('principals', 'disable', made.id, ...ofTenant))[0].disabledAt)
  assert.equal((await items('principals', 'list', ...ofTenant)).length, 1)
  const [own] = await items('principals', 'create', 'analyst', '--account')
  assert.equal(own.role, 'readOnly')
  assert.equal((await items('principals', 'list', '--account')).length, 2)
  const [token] = await items('ingest-tokens', 'create', 'shipper', ...ofTenant)
  assert.match(token.token, /^edr-ingest-/)
  const revoked = await run('ingest-tokens', 'revoke', token.id, ...ofTenant)
  assert.deepEqual(revoked, { exitCode: 0, stdout: 'revoked\n', stderr: '' })
  assert.ok((await items('ingest-tokens', 'list', ...ofTenant))[0].revokedAt)
  const [secret] = await items('enroll-secrets', 'create', 'laptops', ...ofTenant)
  assert.equal((await run('enroll-secrets', 'end', secret.id, ...ofTenant)).stdout, 'ended\n')
  assert.equal((await items('enroll-secrets', 'list', ...ofTenant))[0].name, 'laptops')
  assert.deepEqual(await items('settings'), [])
  assert.deepEqual(await items('audit'), [])
  const several = await run('ingest-tokens', 'list')
  assert.equal(several.exitCode, 1)
  assert.match(several.stderr, /^edr-lake: this partner's credentials manage several tenants: name one\n$/)
})

test('enroll secrets that agents have already are read from a file, with the environment in their paths', async t => {
  const folder = temporaryFolder(t, { fleet: ' from-another-server \n', short: 'abc' })
  const { tenant, items, run } = await openAdmin(t, folder)
  const ofTenant = ['--tenant', tenant.id]
  const create = ['enroll-secrets', 'create', 'fleet', ...ofTenant, '--secret-file']
  const [made] = await items(...create, 'fleet', '--environment', 'production')
  assert.deepEqual([made.secret, made.environment], ['from-another-server', 'production'])
  assert.equal((await run(...create, 'short')).stderr, 'edr-lake: secret must not have fewer than 8 characters\n')
  assert.equal((await run(...create, 'gone')).stderr, 'edr-lake: cannot read gone: there is no such file\n')
  assert.deepEqual((await run('ingest-tokens', 'create', 'x', '--environment', 'y')).exitCode, 2)
})

test('saved queries go to a folder and from it, also to another tenant, and come back the same', async t => {
  const folder = temporaryFolder(t, {})
  const { lake, tenant, items, run } = await openAdmin(t, folder)
  const other = await lake.tenant({ partnerId: tenant.partnerId })
  const facts = { type: 'custom', tenantId: tenant.id, createdAt: 1, updatedAt: 1 } as const
  const category = { ...facts, id: newId(), name: 'Ours', code: undefined, description: '', icon: '' }
  await putCategory(lake.store, category)
  const query = {
    ...{ ...facts, id: newId(), name: 'Who listens?', code: 'listens', description: 'ports' },
    template: "SELECT port FROM listening_ports\nWHERE port LIKE '$$port$$'\n",
    variables: [{ name: 'port', dataType: 'text', value: '44%' }] as const,
    categoryIds: [category.id],
  }
  await putSavedQuery(lake.store, query)
  await putSavedQuery(lake.store, { ...query, id: newId(), name: 'who listens', code: undefined, categoryIds: [] })
  const exported = await run('queries', 'export', 'queries', '--tenant', tenant.id)
  assert.deepEqual(exported, { exitCode: 0, stdout: '2 saved queries and 1 category written to queries\n', stderr: '' })
  const files = readdirSync(join(folder, 'queries')).toSorted()
  assert.equal(files.length, 5)
  const read = () => Object.fromEntries(files.map(name => [name, readFileSync(join(folder, 'queries', name), 'utf8')]))
  const before = read()
  assert.ok(Object.values(before).includes(query.template))
  await run('queries', 'export', 'queries', '--tenant', tenant.id)
  assert.deepEqual(read(), before, 'nothing differs where nothing changed')

  const taken = await run('queries', 'import', 'queries', '--tenant', other.id)
  assert.equal(taken.exitCode, 1, 'an id is one query, of one tenant')
  const sqlFile = files.find(name => before[name] === query.template)!
  writeFileSync(join(folder, 'queries', sqlFile), 'SELECT 2 AS two\n')
  const put = await run('queries', 'import', 'queries', '--tenant', tenant.id)
  assert.deepEqual(put, { exitCode: 0, stdout: '2 saved queries and 1 category put from queries\n', stderr: '' })
  const list = await lake.app.inject({
    url: '/xdr-query/v1/queries',
    headers: await lake.headersFor(tenant.id),
  })
  const templates = list.json().items.map((item: { template: string }) => item.template)
  assert.deepEqual(templates.toSorted(), [query.template, 'SELECT 2 AS two\n'].toSorted())
  for (const [name, text, words] of [
    ['broken.json', '{', /broken\.json is not valid JSON/],
    ['broken.json', '{"name":"x"}', /broken\.json has no id: a new query takes any, for instance [0-9a-f-]{36}/],
    ['broken.json', `{"id":"${newId()}","name":"x"}`, /cannot read broken\.sql: there is no such file/],
  ] as const) {
    writeFileSync(join(folder, 'queries', name), text)
    const refused = await run('queries', 'import', 'queries', '--tenant', tenant.id)
    assert.equal(refused.exitCode, 1)
    assert.match(refused.stderr, words)
  }
  assert.equal((await items('tenants', 'list')).length, 2)
})
