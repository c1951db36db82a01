// docs/operations.md, block by block in one shell: with the server running, then with it stopped. And every difference,
// reason and metric that the program knows has its line on the page.

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { tenantMetrics } from '../../src/bin/tenant-metrics.ts'
import { readDocsPage, root, runShell } from '../support/docs-page.ts'
import { startServer } from '../support/server.ts'

const page = await readDocsPage('operations')

test('the commands do what the page says', async t => {
  await using server = await startServer()
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-operations-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await symlink(join(root, 'edr-lake'), join(folder, 'edr-lake'))
  const run = async (script: string): Promise<string> => {
    const { stdout, stderr } = await runShell(folder, script, { env: { EDR_LAKE_DATA: server.directory } })
    return `${stdout}${stderr}`
  }
  const said = await run(page.blocks('').join('\n'))
  assert.match(said, /rows are kept 60 days \(through the server\)\nrows of processes are kept 14 days/)
  assert.match(said, /"diskBudgetBytes":21474836480/)
  assert.match(said, /backed up to \S+backup-1: /)
  await server.stop('SIGTERM')
  const stopped = await run(page.blocks('stopped').join('\n'))
  assert.match(stopped, /restored into \S+restored: /)
  assert.equal(stopped.match(/: no difference$/gm)?.length, 2)
  assert.match(stopped, /0 rows erased from 0 data files/)
})

test('everything that can be said of a run, a directory or a tenant is on the page', async () => {
  const source = async (path: string) => readFile(join(root, path), 'utf8')
  const reasons = /reason:\s*((?:\s*\|?\s*'\w+')+)/.exec(await source('src/model/query-run.ts'))?.[1] ?? assert.fail()
  const kinds = /DifferenceKind =\s*((?:\s*\|\s*'\w+')+)/.exec(await source('src/rescue/difference.ts'))?.[1]
  const words = [...`${reasons}${kinds}`.matchAll(/'(\w+)'/g)].map(([, word = '']) => word)
  assert.ok(words.length > 15)
  const metrics = tenantMetrics.map(({ name }) => name.replace('edr_lake_', ''))
  const shown = metrics.map(name => name.replace(/^budget_dropped_(?=rows|bytes)/, '…_'))
  assert.deepEqual(
    [...words, ...shown].filter(word => !page.text.includes(`\`${word}\``)),
    [],
  )
})
