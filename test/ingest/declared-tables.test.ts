import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openStore } from '../../src/db/db.ts'
import { findDeclaredTable } from '../../src/db/declared-tables.ts'
import { openDeclaredTables } from '../../src/ingest/declared-tables.ts'
import { readJournal } from '../../src/lake/journal.ts'
import { declaredTablesMax } from '../../src/limits.ts'
import type { TableDraft } from '../../src/model/declared-table.ts'
import { putFile } from '../support/catalog-rows.ts'
import { putTenant } from '../support/ingest.ts'

const tenantId = 'b3e0a6f2-51d4-4c7e-9a43-0d6c5b1f8e21'
const other = '0f0f5f8e-3c29-4d3c-9a44-2f6f6c8a2a10'

async function open(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'edr-lake-tables-'))
  const store = openStore(':memory:')
  context.after(async () => {
    await store.destroy()
    rmSync(folder, { recursive: true })
  })
  for (const id of [tenantId, other]) await putTenant(store, id)
  const inTail = new Set<string>()
  const journalFile = join(folder, 'journal.ndjson')
  const tables = openDeclaredTables({ store, clock: () => 42, journalFile, tailTables: async () => inTail })
  return { store, tables, inTail, journal: () => readJournal(journalFile) }
}

const draft = (name = 'proxy'): TableDraft => ({ name, columns: [{ name: 'size', type: 'bigint' }] })

test('a tenant declares a table, which no other tenant has', async t => {
  const { tables, journal } = await open(t)
  const table = await tables.declare(tenantId, draft('Proxy'))
  assert.equal(table.name, 'proxy')
  assert.deepEqual(await tables.list(tenantId), [table])
  assert.deepEqual(await tables.get(tenantId, 'PROXY'), table)
  assert.deepEqual(await tables.list(other), [])
  await assert.rejects(tables.get(other, 'proxy'), { code: 'not_found', message: 'no table "proxy" is declared' })
  assert.deepEqual(await journal(), [{ kind: 'declared', tenantId, table: { ...table } }].map(withoutUndefined))
  assert.equal(await tables.into(tenantId, 'Proxy', async name => name), 'proxy')
  assert.equal(await tables.into(tenantId, 'XGFW_data', async name => name), 'xgfw_data')
})

const withoutUndefined = (value: unknown) => JSON.parse(JSON.stringify(value))

test('a name that is taken is refused, and so are rows for a table that is none', async t => {
  const { store, tables } = await open(t)
  await tables.declare(tenantId, draft())
  const query = { tenant_id: tenantId, table_name: 'xdr_data', name: 'Ports', columns_json: '[]', rows: 1 }
  await store
    .insertInto('query_names')
    .values({ ...query, first_seen: 0, last_seen: 0 })
    .execute()
  const conflicts: readonly (readonly [string, string])[] = [
    ['PROXY', 'proxy: it is declared already'],
    ['ports', 'ports is the name of a query that has rows: the table would hide them'],
  ]
  for (const [name, message] of conflicts) {
    await assert.rejects(tables.declare(tenantId, draft(name)), { code: 'conflict', message })
  }
  await tables.declare(other, draft('ports'))
  await assert.rejects(tables.declare(tenantId, draft('xdr_data')), { code: 'invalid_argument' })
  const rows = tables.into(tenantId, 'nowhere', async () => assert.fail())
  const message =
    'rows go into xdr_ioc_view, xdr_ti_data, mdr_ioc_all, xgfw_data, proxy; there is no table nowhere of that kind'
  await assert.rejects(rows, { code: 'not_found', message })
  for (const name of ['lake_audit', 'xdr_data', 'osquery_status']) {
    await assert.rejects(
      tables.into(tenantId, name, async () => assert.fail()),
      { code: 'not_found' },
    )
  }
})

test('so many tables and no more', async t => {
  const { tables } = await open(t)
  for (let n = 0; n < declaredTablesMax; n++) await tables.declare(tenantId, draft(`t${n}`))
  await assert.rejects(tables.declare(tenantId, draft('more')), {
    code: 'conflict',
    message: `a tenant has at most ${declaredTablesMax} tables of its own`,
  })
})

test('a table with rows, in files or in the tail, goes only where its rows may', async t => {
  const { store, tables, inTail, journal } = await open(t)
  await tables.declare(tenantId, draft())
  const refused = {
    code: 'conflict',
    message: 'proxy has rows: they go with it only where that is asked for (dropRows)',
  }
  inTail.add('proxy')
  await assert.rejects(tables.undeclare(tenantId, 'proxy', false), refused)
  inTail.clear()
  const id = await putFile(store, tenantId, { table_name: 'proxy' })
  await assert.rejects(tables.undeclare(tenantId, 'proxy', false), refused)
  assert.equal(await tables.into(tenantId, 'proxy', async name => name), 'proxy', 'it is as it was')
  await tables.undeclare(tenantId, 'Proxy', true)
  assert.deepEqual(await tables.list(tenantId), [])
  assert.equal((await findDeclaredTable(store, tenantId, 'proxy'))?.undeclaredAt, 42)
  assert.deepEqual((await journal()).at(-1), { kind: 'undeclared', tenantId, name: 'proxy', at: 42 })
  await assert.rejects(tables.undeclare(tenantId, 'proxy', true), { code: 'not_found' })
  await assert.rejects(
    tables.into(tenantId, 'proxy', async () => assert.fail()),
    { code: 'not_found' },
  )
  await assert.rejects(tables.declare(tenantId, draft()), {
    code: 'conflict',
    message: 'proxy: its rows are still being dropped: its name is free in some hours',
  })
  await store.deleteFrom('data_files').where('id', '=', id).execute()
})

test('bodies on their way are waited for, new ones are refused meanwhile', async t => {
  const { tables, inTail } = await open(t)
  await tables.declare(tenantId, draft())
  const body = Promise.withResolvers<void>()
  const stored = tables.into(tenantId, 'proxy', async () => {
    await body.promise
    inTail.add('proxy')
  })
  const undeclared = tables.undeclare(tenantId, 'proxy', false)
  let isSettled = false
  undeclared.catch(() => {
    isSettled = true
  })
  await new Promise(resolve => setImmediate(resolve))
  await assert.rejects(
    tables.into(tenantId, 'proxy', async () => assert.fail()),
    { code: 'not_found' },
  )
  await assert.rejects(tables.undeclare(tenantId, 'proxy', true), { code: 'conflict' })
  assert.equal(isSettled, false)
  body.resolve()
  await stored
  // The row that came last is found: nothing that was acknowledged is dropped unasked.
  await assert.rejects(undeclared, { code: 'conflict', message: /^proxy has rows/ })
  assert.equal(await tables.into(tenantId, 'proxy', async name => name), 'proxy')
})
