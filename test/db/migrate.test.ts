import assert from 'node:assert/strict'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type OpenOptions, openStore } from '../../src/db/db.ts'
import { formatOf, migrate, storeVersion } from '../../src/db/migrate.ts'
import { collectStoreCopies } from '../../src/db/store-copies.ts'
import { tinyDisk } from '../support/tiny-disk.ts'

const fixtures = fileURLToPath(new URL('../fixtures/data-directories', import.meta.url))

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'edr-lake-migrate-'))
  context.after(() => rmSync(folder, { recursive: true }))
  return folder
}

/** A store that an older program wrote. */
function olderStore(folder: string, format: number): string {
  const path = join(folder, 'store.sqlite')
  copyFileSync(join(fixtures, `format-${format}`, 'private', 'store.sqlite'), path)
  return path
}

async function openAndClose(path: string, options: OpenOptions): Promise<void> {
  const store = openStore(path, options)
  // A store that was never asked anything has nothing to close, and stays open.
  await store.selectFrom('meta').select('key').execute()
  await store.destroy()
}

function read<Row>(path: string, sql: string): Row[] {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    return database.prepare(sql).all() as Row[]
  } finally {
    database.close()
  }
}

const formatIn = (path: string) => read<{ user_version: number }>(path, 'PRAGMA user_version')[0]?.user_version
const tenantsIn = (path: string) => read<{ id: string }>(path, 'SELECT id FROM tenants').length

/** Tables with their columns, indexes with their columns, triggers: what does not depend on how it came to be. */
function shapeOf(path: string): unknown {
  const names = read<{ type: string; name: string; tbl_name: string }>(
    path,
    "SELECT type, name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name",
  )
  return names.map(({ type, name, tbl_name }) => {
    const columns = read<object>(path, type === 'index' ? `PRAGMA index_xinfo(${name})` : `PRAGMA table_info(${name})`)
    const facts = columns.map(row => ({ ...row, cid: undefined, seqno: undefined }))
    return { type, name, tbl_name, columns: facts.map(fact => JSON.stringify(fact)).sort() }
  })
}

test('a store of every earlier format becomes what a new one is, and is copied before', async t => {
  const folder = temporaryFolder(t)
  const fresh = join(folder, 'fresh.sqlite')
  const database = new DatabaseSync(fresh)
  migrate(database)
  database.close()
  for (const format of [1, 2]) {
    const path = olderStore(folder, format)
    const upgrades: unknown[] = []
    await openAndClose(path, { onUpgraded: upgrade => upgrades.push(upgrade) })
    const copy = `${path}.format-${format}`
    assert.deepEqual(upgrades, [{ from: format, to: storeVersion, copy }])
    assert.equal(formatIn(path), storeVersion)
    assert.deepEqual(shapeOf(path), shapeOf(fresh), `format ${format}`)
    assert.deepEqual([formatIn(copy), tenantsIn(copy)], [format, 1])
    await openAndClose(path, { onUpgraded: () => assert.fail('once is enough') })
    rmSync(path)
  }
  assert.deepEqual(
    readdirSync(folder).filter(name => name.includes('format')),
    ['store.sqlite.format-1', 'store.sqlite.format-2'],
  )
})

test('sizes that are kept from now on begin with what is there', async t => {
  const path = olderStore(temporaryFolder(t), 2)
  const store = openStore(path)
  const [sizes] = await store.selectFrom('tenant_sizes').selectAll().execute()
  await store.destroy()
  const files = read<{ rows: number; bytes: number }>(path, 'SELECT rows, bytes FROM data_files')
  const segments = read<{ bytes: number | null }>(path, "SELECT bytes FROM segments WHERE state = 'consumed'")
  assert.equal(sizes?.files, files.length)
  assert.equal(
    sizes?.rows,
    files.reduce((sum, { rows }) => sum + rows, 0),
  )
  assert.equal(
    sizes?.bytes,
    files.reduce((sum, { bytes }) => sum + bytes, 0),
  )
  assert.deepEqual([sizes?.segments, sizes?.consumed_segments, sizes?.consumed_bytes], [1, 1, segments[0]?.bytes])
})

const broken = (statements: readonly string[]) => [
  ...[1, 2].map(version => ({ version, name: `${version}`, statements: [] })),
  { version: 3, name: 'broken', statements },
]

test('a migration that fails leaves the store to the older program, and the next start copies it anew', t => {
  const path = olderStore(temporaryFolder(t), 2)
  const migrations = broken(['CREATE TABLE half (a)', 'ALTER TABLE tenants RENAME TO others', 'no sql'])
  const expected = {
    code: 'unavailable',
    message: /^the store could not be brought from format 2 to 3, and is as it was: near "no": syntax error$/,
  }
  for (const copies of [1, 2]) {
    assert.throws(() => openStore(path, { migrations }), expected)
    assert.deepEqual([formatIn(path), tenantsIn(path)], [2, 1])
    assert.deepEqual(read(path, "SELECT name FROM sqlite_master WHERE name = 'half'"), [])
    const copy = `${path}.format-2${copies === 1 ? '' : '-2'}`
    assert.deepEqual([formatIn(copy), tenantsIn(copy)], [2, 1])
  }
})

test('a store of a newer program is left alone', t => {
  const path = olderStore(temporaryFolder(t), 2)
  const before = readFileSync(path)
  assert.throws(() => openStore(path, { migrations: broken([]).slice(0, 1) }), {
    code: 'conflict',
    message: 'the data directory has format 2, this program knows up to 1: use the newer program',
  })
  assert.deepEqual(readFileSync(path), before)
  assert.equal(existsSync(`${path}.format-2`), false)
})

test('a new store is copied by nobody', async t => {
  const folder = temporaryFolder(t)
  await openAndClose(join(folder, 'store.sqlite'), { onUpgraded: () => assert.fail() })
  assert.deepEqual(readdirSync(folder), ['store.sqlite'])
})

test('copies go when they are old, and nothing else does', t => {
  const folder = temporaryFolder(t)
  const path = olderStore(folder, 2)
  for (const _ of [1, 2]) assert.throws(() => openStore(path, { migrations: broken(['no']) }))
  utimesSync(`${path}.format-2`, 1_000, 1_000)
  utimesSync(path, 1_000, 1_000)
  assert.deepEqual(collectStoreCopies(path, 1_000_001), ['store.sqlite.format-2'])
  assert.deepEqual(collectStoreCopies(path, 1_000_001), [])
  assert.ok(existsSync(path) && existsSync(`${path}.format-2-2`))
})

test('a disk without room for the copy, or for the migration, leaves the store as it was', async t => {
  const disk = await tinyDisk(t, 1024 * 1024)
  if (disk === undefined) return t.skip('this system mounts no disk of memory')
  const path = olderStore(disk.folder, 2)
  const filler = disk.fill(100 * 1024)
  assert.throws(() => openStore(path), {
    code: 'unavailable',
    message:
      /^the store's format 2 is older .* no copy of it could be made first \(.*full.*\): the store is as it was;/,
  })
  assert.deepEqual([formatIn(path), tenantsIn(path)], [2, 1])
  assert.deepEqual(
    readdirSync(disk.folder).filter(name => name.includes('format')),
    [],
  )
  rmSync(filler)
  // Room for the copy, and not for what the migration writes.
  const large = broken(['CREATE TABLE large AS SELECT zeroblob(1000000) AS b'])
  assert.throws(() => openStore(path, { migrations: large }), { code: 'unavailable', message: /as it was: .*full/ })
  assert.deepEqual([formatIn(path), tenantsIn(path)], [2, 1])
  const database = new DatabaseSync(`${path}.format-2`, { readOnly: true })
  assert.equal(formatOf(database), 2)
  database.close()
})
