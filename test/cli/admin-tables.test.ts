import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { directoryTools } from '../../src/bin/directory-tools.ts'
import type { ProgramParts } from '../../src/cli/program.ts'
import { runCli } from '../../src/cli/program.ts'
import { putCategory, putSavedQuery } from '../../src/db/saved-queries.ts'
import { newId } from '../../src/model/ids.ts'
import { openTestApp } from '../support/test-app.ts'
import { recordedEffects } from './recorded-effects.ts'

// `admin tables` and `admin tenants limits` against the real HTTP interface.

async function openAdmin(context: TestContext) {
  const lake = await openTestApp(context)
  const url = await lake.app.listen({ host: '127.0.0.1', port: 0 })
  const partnerId = newId()
  const tenant = await lake.tenant({ partnerId })
  const { clientId, clientSecret } = await lake.principal({ accountType: 'partner', accountId: partnerId })
  const credentials = { EDR_LAKE_CLIENT_ID: clientId, EDR_LAKE_CLIENT_SECRET: clientSecret }
  const environment = { EDR_LAKE_URL: url, ...credentials, EDR_LAKE_TENANT: tenant.id }
  // No command here reads more of the program around it.
  const parts = { version: '1', settings: [], directory: directoryTools } as unknown as ProgramParts
  const runAll = async (args: readonly string[]) => {
    const effects = recordedEffects({ environment, isTerminal: false, columns: 200, now: lake.now })
    const exitCode = await runCli(args, effects, parts)
    return { exitCode, stdout: effects.stdout.text, stderr: effects.stderr.text }
  }
  const run = (...args: string[]) => runAll(['admin', ...args])
  const item = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await run(...args)
    assert.equal(exitCode, 0, stderr)
    return JSON.parse(stdout.trim() === '' ? 'null' : stdout)
  }
  return { lake, tenant, run, item, runAll }
}

test('tables are declared, listed, shown and undeclared', async t => {
  const { lake, run, item } = await openAdmin(t)
  const times = ['--time-column', 'at', '--host-column', 'machine', '--description', 'The proxy']
  const made = await item('tables', 'declare', 'Proxy', 'at:timestamp', 'machine:string', 'bytes:bigint', ...times)
  assert.deepEqual(made, {
    ...{ name: 'proxy', description: 'The proxy', timeColumn: 'at', hostColumn: 'machine' },
    columns: [
      { name: 'at', type: 'timestamp' },
      { name: 'machine', type: 'string' },
      { name: 'bytes', type: 'bigint' },
    ],
    createdAt: '2026-02-03T08:14:55.628Z',
  })
  assert.deepEqual(await item('tables', 'list'), made)
  assert.deepEqual(await item('tables', 'show', 'proxy'), made)
  lake.ingest.tables.add('proxy')
  const kept = await run('tables', 'undeclare', 'proxy')
  assert.equal(kept.exitCode, 1)
  assert.equal(kept.stderr, 'edr-lake: proxy has rows: they go with it only where that is asked for (dropRows)\n')
  assert.equal((await run('tables', 'undeclare', 'proxy', '--drop-rows')).stdout, 'undeclared\n')
  assert.equal(await item('tables', 'list'), null)
  for (const args of [
    ['declare', 'x'],
    ['declare', 'x', 'a'],
    ['declare', 'x', 'a:text'],
    ['declare', 'x', 'a:string:b'],
    ['show', 'a/b'],
  ]) {
    assert.equal((await run('tables', ...args)).exitCode, 2, args.join(' '))
  }
})

test('limits of a tenant are printed, changed and given back', async t => {
  const { tenant, run, item } = await openAdmin(t)
  const limits = (...args: string[]) => item('tenants', 'limits', tenant.id, ...args)
  assert.deepEqual((await limits()).inForce, {})
  const changed = await limits('--retention-days', '30', '--disk-budget', '10G', '--upload-cap-host', '1.5m')
  assert.deepEqual(changed, {
    ...{ retentionDays: 30, queryRetentionDays: {}, uploadCapHostBytes: 1_572_864, diskBudgetBytes: 10 * 2 ** 30 },
    inForce: { uploadCapHostBytes: 1_572_864, diskBudgetBytes: 10 * 2 ** 30 },
    use: { bytes: 0, percent: 0, level: 'calm' },
  })
  const back = await limits('--disk-budget', 'none', '--upload-cap-tenant', '2T')
  assert.deepEqual(back.inForce, { uploadCapHostBytes: 1_572_864, uploadCapTenantBytes: 2 * 2 ** 40 })
  for (const args of [
    ['--disk-budget', 'much'],
    ['--retention-days', '0'],
    ['--upload-cap-host', '0'],
  ]) {
    assert.equal((await run('tenants', 'limits', tenant.id, ...args)).exitCode, 2, args.join(' '))
  }
})

test('what runs of a tenant get is printed, set as a whole and given back', async t => {
  const { lake, tenant, run, item } = await openAdmin(t)
  const limits = (...args: string[]) => item('tenants', 'run-limits', tenant.id, ...args)
  assert.deepEqual(await limits(), {})
  assert.deepEqual(await limits('--rows', '500', '--bytes', '512K'), { rows: 500, bytes: 524_288 })
  assert.deepEqual(await limits('--seconds', '60'), { seconds: 60 })
  assert.deepEqual(await limits(), { seconds: 60 })
  assert.deepEqual(await limits('--seconds', 'none'), {})
  for (const args of [
    ['--rows', '0'],
    ['--rows', '1.5'],
    ['--bytes', 'much'],
    ['--seconds', 'x'],
  ]) {
    assert.equal((await run('tenants', 'run-limits', tenant.id, ...args)).exitCode, 2, args.join(' '))
  }
  const foreign = await run('tenants', 'run-limits', (await lake.tenant()).id, '--rows', '1')
  assert.deepEqual([foreign.exitCode, foreign.stderr], [1, 'edr-lake: there is no such tenant\n'])
})

test('organizations are made and listed, get a principal and tenants, and lose them', async t => {
  const { lake, tenant, run, item } = await openAdmin(t)
  const made = await item('organizations', 'create', 'Holding')
  assert.deepEqual({ ...made, id: '' }, { id: '', name: 'Holding', createdAt: '2026-02-03T08:14:55.628Z' })
  assert.deepEqual(await item('organizations', 'list'), made)
  const principal = await item('organizations', 'create-principal', made.id, 'Ops', '--expires', '2027-01-01T00:00:00Z')
  assert.deepEqual([principal.role, principal.expiresAt], ['superAdmin', '2027-01-01T00:00:00.000Z'])
  assert.ok(await lake.token(principal))
  const reader = await item('organizations', 'create-principal', made.id, 'Desk', '--role', 'readOnly')
  assert.equal(reader.role, 'readOnly')
  assert.equal((await item('organizations', 'add-tenant', made.id, tenant.id)).organizationId, made.id)
  assert.equal((await item('organizations', 'remove-tenant', made.id, tenant.id)).organizationId, undefined)
  const again = await run('organizations', 'remove-tenant', made.id, tenant.id)
  assert.deepEqual([again.exitCode, again.stderr], [1, 'edr-lake: there is no such tenant\n'])
  const foreign = await run('organizations', 'add-tenant', made.id, (await lake.tenant()).id)
  assert.deepEqual([foreign.exitCode, foreign.stderr], [1, 'edr-lake: there is no such tenant\n'])
  const unknown = await run('organizations', 'create-principal', newId(), 'x')
  assert.deepEqual([unknown.exitCode, unknown.stderr], [1, 'edr-lake: there is no such organization\n'])
  for (const args of [
    ['create'],
    ['create-principal', made.id],
    ['create-principal', made.id, 'x', '--role', 'root'],
    ['add-tenant', made.id],
    ['add-tenant', made.id, '../x'],
  ]) {
    assert.equal((await run('organizations', ...args)).exitCode, 2, args.join(' '))
  }
})

test('saved queries and categories are listed and deleted', async t => {
  const { lake, tenant, run, runAll, item } = await openAdmin(t)
  const [queryId, categoryId] = [newId(), newId()]
  const written = { tenantId: tenant.id, createdAt: lake.now, updatedAt: lake.now }
  const words = {
    type: 'custom',
    code: undefined,
    description: '',
    createdBy: undefined,
    updatedBy: undefined,
  } as const
  await putCategory(lake.store, { id: categoryId, name: 'Ours', ...words, icon: '', ...written })
  const query = { id: queryId, name: 'Logons', ...words, template: 'SELECT 1', variables: [], categoryIds: [] }
  await putSavedQuery(lake.store, { ...query, ...written })
  assert.equal((await item('queries', 'list')).name, 'Logons')
  assert.equal((await item('categories', 'list')).name, 'Ours')
  for (const [kind, id] of [
    ['queries', queryId],
    ['categories', categoryId],
  ] as const) {
    assert.deepEqual(await run(kind, 'delete', id), { exitCode: 0, stdout: 'deleted\n', stderr: '' })
    assert.equal((await run(kind, 'delete', id)).exitCode, 1)
    assert.equal((await run(kind, 'delete', '../x')).exitCode, 2)
    assert.equal(await item(kind, 'list'), null)
  }
  assert.equal((await runAll(['admin', 'queries', 'delete'])).exitCode, 2)
})

test('retention of a lake that is named by its address changes there, for the tenant named', async t => {
  const { lake, tenant, runAll } = await openAdmin(t)
  const done = await runAll(['retention', 'set', '--days', '12'])
  assert.deepEqual(done, { exitCode: 0, stdout: 'rows are kept 12 days (through the server)\n', stderr: '' })
  const named = await runAll(['retention', 'set', '--query-name', 'a/b', '--days', '1'])
  assert.equal(named.stdout, 'rows of a/b are kept 1 day (through the server)\n')
  const rows = await lake.store.selectFrom('query_retentions').selectAll().execute()
  assert.deepEqual(
    rows.map(row => ({ ...row })),
    [{ tenant_id: tenant.id, query_name: 'a/b', days: 1 }],
  )
  const { retention_days: days } = await lake.store
    .selectFrom('tenants')
    .select('retention_days')
    .where('id', '=', tenant.id)
    .executeTakeFirstOrThrow()
  assert.equal(days, 12)
  for (const args of [[], ['--days', '5', '--reset'], ['--reset'], ['--days', '0']]) {
    assert.equal((await runAll(['retention', 'set', ...args])).exitCode, 2, args.join(' '))
  }
  const foreign = await runAll(['retention', 'set', '--days', '5', '--tenant', newId()])
  assert.deepEqual([foreign.exitCode, foreign.stderr], [1, 'edr-lake: there is no such tenant\n'])
})
