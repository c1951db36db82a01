// docs/quickstart.md as a stranger follows it: `npm start` on a directory of its own, then block by block in one shell.
// Only what cannot be the same twice is changed: the port, and where the data directory lies.

import assert from 'node:assert/strict'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readDocsPage, root, runShell } from '../support/docs-page.ts'
import { startServer } from '../support/server.ts'

const page = await readDocsPage('quickstart')

test('from a clone to the first query of a second tenant', async t => {
  assert.deepEqual(page.blocks('start'), ['npm start\n'])
  await using server = await startServer({ through: 'npmScript' })
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-quickstart-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await symlink(join(root, 'edr-lake'), join(folder, 'edr-lake'))
  await symlink(join(root, 'examples'), join(folder, 'examples'))
  await symlink(server.directory, join(folder, 'data'))
  const commands = page.blocks('')
  assert.equal(commands.length, 6)
  const script = commands.join('\necho; echo ==\n').replaceAll('http://127.0.0.1:8480', server.url)
  const [stored, counts, , asked, , second] = (await runShell(folder, script)).stdout.split(/^==$/m)
  assert.match(stored ?? '', /450 /, stored)
  const shown = (counts ?? '')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { query_name: string; n: number })
  assert.equal(shown.length, 3)
  assert.ok(shown[0]!.n >= shown[1]!.n && shown[1]!.n >= shown[2]!.n)
  const [poll, results] = (asked ?? '')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.deepEqual([poll.status, poll.result, poll.limits], ['finished', 'succeeded', { rows: 100 }])
  const hosts = ['DEV-WS-02', 'FIN-WS-01', 'MAC-04', 'db-05', 'web-03']
  assert.deepEqual(
    results.items.map((item: { meta_hostname: string }) => item.meta_hostname),
    hosts,
  )
  const own = (second ?? '')
    .trim()
    .split('\n')
    .filter(line => line.startsWith('{'))
  assert.deepEqual(
    own.map(line => JSON.parse(line)),
    [{ meta_hostname: 'web-03' }],
  )
})
