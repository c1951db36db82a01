// docs/admin.md, block by block in one shell, as somebody reads it who knows nothing else: every command must succeed,
// and what it prints must be what the page says it is.

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readDocsPage, root, runShell } from '../support/docs-page.ts'
import { startServer } from '../support/server.ts'

const page = await readDocsPage('admin')

test('from a clone to a second tenant, and everything else on the page', async t => {
  await using server = await startServer()
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-admin-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await symlink(join(root, 'edr-lake'), join(folder, 'edr-lake'))
  await symlink(join(root, 'examples'), join(folder, 'examples'))

  const run = async (script: string): Promise<string> =>
    (await runShell(folder, script, { env: { EDR_LAKE_DATA: server.directory } })).stdout
  const open = page.blocks('')
  assert.ok(open.length >= 10)
  const script = open.join('echo; echo ==\n').replaceAll('http://127.0.0.1:8480', server.url)
  const parts = (await run(`${script}\necho; echo ==; echo "$tenant"\n`)).split(/^==$/m)
  const [tenants, stored, counts, enroll, organization, runLimits, access, changed, , many, audit, ...rest] = parts
  const [account, queries, limits, tables, tenantId] = rest
  const lines = (part: string | undefined) => (part ?? '').trim().split('\n')
  const items = (part: string | undefined) => lines(part).map(line => JSON.parse(line))

  assert.deepEqual(
    items(tenants).map(({ name, retentionDays }) => [name, retentionDays]),
    [
      ['Default', 90],
      ['Acme Ltd', 30],
    ],
  )
  const sent = (await readFile(join(root, 'examples/logs/web-03.results.log'), 'utf8')).trim().split('\n').length
  assert.deepEqual(JSON.parse(stored ?? ''), { accepted: sent, duplicates: 0, rejected: [], rejectedCount: 0 })
  assert.ok(items(counts).length > 3)
  assert.ok(items(counts).reduce((sum, { n }) => sum + n, 0) >= sent)
  assert.match(lines(enroll)[0] ?? '', /^[0-9a-f]{48}$/)
  const [credentials, organizationId, taken] = lines(organization)
  assert.match(credentials ?? '', /^[0-9a-f-]{36} [0-9a-f]{64}$/)
  assert.match(organizationId ?? '', /^[0-9a-f-]{36}$/)
  assert.equal(taken, 'Acme Ltd')
  assert.deepEqual(items(runLimits), [{ rows: 100_000, seconds: 300 }, {}])
  assert.match(lines(access)[0] ?? '', /^[0-9a-f]{64}$/)
  assert.ok(JSON.parse(lines(access)[2] ?? '').disabledAt)
  assert.equal(lines(access)[3], 'revoked')
  assert.deepEqual(
    items(changed).map(({ status, name }) => [status, name]),
    [
      ['suspended', 'Acme Ltd'],
      ['active', 'Acme Ltd'],
      ['active', 'Acme Limited'],
    ],
  )
  const [status, results] = (many ?? '')
    .trim()
    .split(/(?<=\})(?=\{"items")/)
    .map(each => JSON.parse(each))
  assert.deepEqual([status.result, status.counts], ['succeeded', { tenants: 2, succeeded: 2 }])
  assert.deepEqual(
    results.items.map((row: { tenant_name: string }) => row.tenant_name),
    ['Default', 'Acme Limited'],
  )
  const actions = items(audit).map(({ action }) => action)
  for (const action of [
    'tenants.create',
    'ingestTokens.create',
    'runs.start',
    'principals.disable',
    'tenants.change',
  ]) {
    assert.ok(actions.includes(action), action)
  }
  assert.ok(items(account).some(({ action }) => action === 'manyRuns.start'))
  assert.deepEqual(lines(queries), [
    '0 saved queries and 0 categories written to queries',
    '1 saved query and 0 categories put from queries',
  ])
  assert.ok(items(limits).some(({ name, value }) => name === 'workers' && value === '2'))

  const [declared, sent2, undeclared] = (tables ?? '').trim().split(/\n|(?<=\})(?=undeclared)/)
  assert.deepEqual([JSON.parse(declared ?? '').name, JSON.parse(sent2 ?? '').accepted], ['proxy', 1])
  assert.equal(undeclared, 'undeclared')

  await server.stop('SIGTERM')
  const recovery = page
    .blocks('stopped')
    .join('')
    .replaceAll('$tenant', (tenantId ?? '').trim())
  const recovered = items(await run(recovery))
  assert.deepEqual(
    recovered.map(({ accountType }) => accountType),
    ['tenant', 'tenant', 'organization'],
  )
  assert.deepEqual(
    recovered.slice(0, 2).map(({ accountId }) => accountId),
    [server.firstRun.tenantId, (tenantId ?? '').trim()],
  )
})
