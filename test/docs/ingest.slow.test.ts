// docs/ingest.md, block by block in one shell, as somebody reads it who knows nothing else: every command must succeed, and
// what it prints must be what the page says it is.

import assert from 'node:assert/strict'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readDocsPage, root, runShell } from '../support/docs-page.ts'
import { startServer } from '../support/server.ts'

const page = await readDocsPage('ingest')
const blocks = page.blocks('')

test('every way in, and what the page says comes of it', async t => {
  await using server = await startServer()
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-ingest-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await symlink(join(root, 'edr-lake'), join(folder, 'edr-lake'))
  await symlink(join(root, 'examples'), join(folder, 'examples'))
  assert.ok(blocks.length >= 10)
  const script = blocks.join('echo; echo ==\n').replaceAll('http://127.0.0.1:8480', server.url)
  const { stdout } = await runShell(folder, script, { env: { EDR_LAKE_DATA: server.directory } })
  const parts = stdout.split(/^==$/m).map(part => part.trim())
  const [, plain, wrapped, hec, rows, badBatch, acks, caughtUp, again, imported, revoked] = parts
  const objects = (part: string | undefined) =>
    (part ?? '').split(/(?<=\})\s*(?=\{)/).map(each => JSON.parse(each) as Record<string, unknown>)

  const stored = (accepted: number, duplicates = 0) => ({ accepted, duplicates, rejected: [], rejectedCount: 0 })
  assert.deepEqual(objects(plain), [stored(52), stored(40)])
  assert.ok(page.text.includes(JSON.stringify(stored(52))))
  assert.deepEqual(objects(wrapped), [stored(1), stored(0, 1)])

  const success = { text: 'Success', code: 0 }
  assert.deepEqual(objects(hec), [{ text: 'HEC is healthy', code: 17 }, success, success, success])
  assert.deepEqual(objects(rows), [
    { host_identifier: 'dc-1', user: 'eve', outcome: 'failed', meta_site: 'Cork' },
    { meta_hostname: 'web-03', message: 'Failed password for root from 203.0.113.9 port 22' },
  ])
  const refused = { text: 'Event field cannot be blank', code: 13, 'invalid-event-number': 1 }
  assert.deepEqual(objects(badBatch), [refused, success])
  const [answer] = objects(acks)
  const verdicts = Object.entries(answer?.['acks'] as object)
  assert.deepEqual(
    verdicts.map(([id, isStored]) => [id === '7', isStored]),
    [
      [true, false],
      [false, true],
    ],
  )
  for (const part of [caughtUp, again]) assert.ok(page.text.includes(`\`\`\`\n${part}\n\`\`\``), part)
  assert.match(imported ?? '', /^read 125 lines of 1 file in .*: 125 stored, 0 already there, 0 rejected$/m)
  assert.equal(revoked, 'revoked')
})
