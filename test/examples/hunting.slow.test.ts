// The hunting queries under examples/ give, on the example logs, the results that stand beside them.
// `node --test --test-update-snapshots test/examples/hunting.slow.test.ts` writes the results anew.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { exampleLogs } from '../../scripts/write-examples.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { connect, type ResultRow, type XdrClient } from '../support/xdr-client.ts'

const folder = fileURLToPath(new URL('../../examples/hunting', import.meta.url))
const codes = readdirSync(folder)
  .filter(name => name.endsWith('.sql'))
  .map(name => name.slice(0, -'.sql'.length))
  .sort()

describe('the hunting examples', () => {
  let server: TestServer
  let client: XdrClient

  before(async () => {
    server = await startServer()
    client = await connect(server.firstRun)
    for (const log of exampleLogs().values()) await client.ingest(log)
  })

  after(() => server?.close())

  test('there are ten', () => {
    assert.equal(codes.length, 10)
  })

  for (const code of codes) {
    test(code, async context => {
      const sql = readFileSync(join(folder, `${code}.sql`), 'utf8')
      const rows = await client.query({ sql, from: '2026-02-02', to: '2026-02-03' })
      assert.ok(rows.length > 0)
      const options = { serializers: [(value: unknown) => String(value)] }
      context.assert.fileSnapshot(page(sql, rows), join(folder, `${code}.md`), options)
    })
  }
})

/** The query's first two comment lines as title and text, and its rows as a table. */
function page(sql: string, rows: readonly ResultRow[]): string {
  const [title, ...text] = sql
    .split('\n')
    .filter(line => line.startsWith('-- '))
    .map(line => line.slice(3))
  const columns = Object.keys(rows[0]!)
  const lines = [columns, columns.map(() => '---'), ...rows.map(row => columns.map(column => cell(row[column])))]
  return `# ${title}\n\n${text.join('\n')}\n\n${lines.map(cells => `| ${cells.join(' | ')} |`).join('\n')}\n`
}

function cell(value: unknown): string {
  return String(value ?? '')
    .replaceAll('|', '\\|')
    .replaceAll('\n', '<br>')
}
