import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { openStore, type Store } from '../../src/db/db.ts'
import { findDeclaredTable } from '../../src/db/declared-tables.ts'
import { openHosts } from '../../src/fleet/hosts.ts'
import { openDeclaredTables } from '../../src/ingest/declared-tables.ts'
import { type Ingest, openIngest } from '../../src/ingest/ingest.ts'
import { readSegment } from '../../src/ingest/segment-reader.ts'
import { type ConvertDeps, convertSegment } from '../../src/lake/data-file-writer.ts'
import { listLiveFiles } from '../../src/lake/data-files.ts'
import { journalName } from '../../src/lake/journal.ts'
import { collect } from '../../src/lake/upkeep/collect.ts'
import { openJanitor } from '../../src/lake/upkeep/janitor.ts'
import { openWriter, type Writer } from '../../src/lake/writer.ts'
import { silentLog } from '../../src/model/log.ts'
import { backup, restore } from '../../src/rescue/backup.ts'
import { fsck } from '../../src/rescue/fsck.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { bodyOf, putTenant, resultLine } from '../support/ingest.ts'

const tenantId = 'b3e0a6f2-51d4-4c7e-9a43-0d6c5b1f8e21'
let folder: string
let writer: Writer

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edr-lake-backup-'))
  writer = openWriter({ memoryBytes: 512 * 2 ** 20, threads: 1, tempFolder: join(folder, 'spill') })
})
afterEach(async () => {
  await writer.close()
  rmSync(folder, { recursive: true })
})

interface Directory {
  readonly root: string
  readonly store: Store
  readonly lake: ConvertDeps
  readonly ingest: Ingest
  close(): Promise<void>
}

const privateFiles = { 'secret-key': 'k'.repeat(32), 'tls-authority.pem': 'authority', 'tls-server.pem': 'server' }

/** A data directory with everything that writes to it, as a server has it. */
async function openDirectory(root: string): Promise<Directory> {
  for (const name of ['private', 'segments', 'lake', 'tmp']) mkdirSync(join(root, name), { recursive: true })
  for (const [name, text] of Object.entries(privateFiles)) {
    if (!existsSync(join(root, 'private', name))) writeFileSync(join(root, 'private', name), text, { mode: 0o600 })
  }
  const store = openStore(join(root, 'private', 'store.sqlite'))
  const storage = await openLocalStorage(join(root, 'lake'))
  const lake: ConvertDeps = { store, storage, writer, tempFolder: join(root, 'tmp'), clock: Date.now }
  const ingest = openIngest({
    ...{ store, clock: Date.now, log: silentLog, hosts: openHosts(store, Date.now), diskReserveBytes: 0 },
    ...{ segmentsFolder: join(root, 'segments'), rejectedFolder: join(root, 'rejected'), segmentBytesMax: 6_000 },
    consume: async (segment, path) => void (await convertSegment(lake, segment, path)),
  })
  return {
    ...{ root, store, lake, ingest },
    async close() {
      await ingest.close()
      await store.destroy()
    },
  }
}

function check(root: string, { store, lake }: Directory) {
  return fsck({ ...lake, store, segmentsFolder: join(root, 'segments') }, { repair: false })
}

/** The `mark` of every row that a query over the directory would see, sorted. */
async function marksIn(root: string, { store, lake }: Directory): Promise<string[]> {
  const marks: string[] = []
  const files = await store.selectFrom('data_files').select('path').where('dropped_version', 'is', null).execute()
  for (const { path } of files.filter(file => file.path.includes('/xdr_data/'))) {
    const local = await lake.storage.locate(path)
    const rows = await writer.use(run => run(`SELECT mark FROM read_parquet('${local}')`))
    marks.push(...rows.map(({ mark }) => String(mark)))
  }
  const segments = await store.selectFrom('segments').selectAll().where('state', '<>', 'consumed').execute()
  for (const { number, file_name, frames, bytes } of segments) {
    const sealed = frames === null || bytes === null ? undefined : { frames, bytes }
    const path = join(root, 'segments', file_name)
    readSegment(existsSync(path) ? readFileSync(path) : Buffer.alloc(0), {
      ...{ number, tenantId, sealed },
      onFrame: ({ b }) => marks.push(...b.map(line => JSON.parse(line).columns.mark)),
    })
  }
  return marks.sort()
}

test('a backup taken while rows come, are converted, merged and collected has every row acknowledged before it', async () => {
  const directory = await openDirectory(join(folder, 'data'))
  const { store, lake, ingest } = directory
  await putTenant(store, tenantId)
  await ingest.recover()
  const janitor = openJanitor({ ...lake, pathOf: segment => ingest.pathOf(segment), log: silentLog })
  const acknowledged: string[] = []
  let isDone = false
  const load = (async () => {
    for (let n = 0; !isDone; n += 1) {
      const marks = Array.from({ length: 20 }, (_, at) => `m${n}-${at}`)
      await ingest.accept(tenantId, bodyOf(...marks.map(mark => resultLine(mark, `host-${n % 3}`))))
      acknowledged.push(...marks)
    }
  })()
  const upkeep = (async () => {
    while (!isDone) {
      await janitor.pass()
      await collect({ ...lake, pathOf: segment => ingest.pathOf(segment) }, Date.now(), 1_000)
      await new Promise(resolve => setImmediate(resolve))
    }
  })()
  while (acknowledged.length < 1_000) await new Promise(resolve => setImmediate(resolve))
  const taken: { to: string; before: readonly string[] }[] = []
  for (const name of ['first', 'second', 'third']) {
    const before = [...acknowledged]
    const to = join(folder, name)
    await backup(directory.root, to, Date.now())
    taken.push({ to, before })
  }
  isDone = true
  await Promise.all([load, upkeep])
  await janitor.close()
  await directory.close()
  for (const { to, before } of taken) {
    const root = `${to}-restored`
    await restore(to, root)
    const restored = await openDirectory(root)
    assert.deepEqual((await check(root, restored)).differences, [])
    const marks = await marksIn(root, restored)
    assert.equal(new Set(marks).size, marks.length, 'no row twice')
    const found = new Set(marks)
    assert.deepEqual(
      before.filter(mark => !found.has(mark)),
      [],
    )
    await restored.ingest.recover()
    await restored.ingest.sealNow()
    assert.deepEqual(await marksIn(root, restored), marks, 'a server goes on from there')
    for (const [name, text] of Object.entries(privateFiles)) {
      assert.equal(readFileSync(join(root, 'private', name), 'utf8'), text)
      assert.equal(statSync(join(root, 'private', name)).mode & 0o777, 0o600)
    }
    await restored.close()
  }
})

test('a backup does not change when its lake goes on', async () => {
  const directory = await openDirectory(join(folder, 'data'))
  await putTenant(directory.store, tenantId)
  await directory.ingest.recover()
  await directory.ingest.accept(tenantId, bodyOf(resultLine('one')))
  const to = join(folder, 'to')
  const report = await backup(directory.root, to, 7)
  assert.deepEqual(report, { dataFiles: 0, segments: 1, bytes: 0 })
  await directory.ingest.accept(tenantId, bodyOf(resultLine('two')))
  await directory.close()
  await restore(to, join(folder, 'restored'))
  const restored = await openDirectory(join(folder, 'restored'))
  assert.deepEqual(await marksIn(restored.root, restored), ['one'])
  await restored.close()
})

test('a declared table and its rows come with a backup, also where the catalog of that is lost', async () => {
  const directory = await openDirectory(join(folder, 'data'))
  const { store, ingest } = directory
  await putTenant(store, tenantId)
  await ingest.recover()
  const journalFile = join(directory.root, 'segments', journalName)
  const tables = openDeclaredTables({ store, clock: Date.now, journalFile, tailTables: async () => new Set() })
  const columns = [{ name: 'size', type: 'bigint' }] as const
  const table = await tables.declare(tenantId, { name: 'proxy', columns })
  await ingest.accept(tenantId, bodyOf('{"size":1}'), { table: 'proxy' })
  await ingest.sealNow()
  await ingest.accept(tenantId, bodyOf('{"size":2}', '{"size":3}'), { table: 'proxy' })
  await directory.close()
  const [to, root] = [join(folder, 'to'), join(folder, 'restored')]
  await backup(directory.root, to, 1)
  await restore(to, root)
  for (const isCatalogLost of [false, true]) {
    if (isCatalogLost)
      for (const end of ['', '-wal', '-shm']) rmSync(join(root, 'private', `store.sqlite${end}`), { force: true })
    const restored = await openDirectory(root)
    const report = await fsck({ ...restored.lake, segmentsFolder: join(root, 'segments') }, { repair: true })
    assert.equal(report.differences.length > 0, isCatalogLost)
    assert.deepEqual(await findDeclaredTable(restored.store, tenantId, 'proxy'), table)
    await restored.ingest.recover()
    await restored.ingest.sealNow()
    const files = await listLiveFiles(restored.store, tenantId, 'proxy')
    assert.deepEqual(files.map(({ rows }) => rows).sort(), [1, 2])
    await restored.close()
  }
})

test('neither writes where something is, nor believes half a backup', async () => {
  const directory = await openDirectory(join(folder, 'data'))
  await putTenant(directory.store, tenantId)
  await directory.close()
  const [to, full, target] = [join(folder, 'to'), join(folder, 'full'), join(folder, 'target')]
  mkdirSync(full)
  writeFileSync(join(full, 'x'), '')
  await assert.rejects(backup(directory.root, full, 1), { code: 'conflict', message: `${full} is not empty` })
  await assert.rejects(backup(full, to, 1), { code: 'not_found', message: /is no data directory/ })
  await assert.rejects(restore(full, target), { code: 'invalid_argument', message: /is no whole backup/ })
  await backup(directory.root, to, 1)
  await assert.rejects(restore(to, full), { code: 'conflict' })
  rmSync(join(to, 'backup.json'))
  await assert.rejects(restore(to, target), { code: 'invalid_argument' })
  assert.deepEqual(
    readdirSync(folder).filter(name => name.includes('restoring')),
    [],
  )
})

test('a catalog that names a file that is not there cannot be backed up, and says so', async () => {
  const directory = await openDirectory(join(folder, 'data'))
  await putTenant(directory.store, tenantId)
  await directory.ingest.recover()
  await directory.ingest.accept(tenantId, bodyOf(resultLine('one')))
  await directory.ingest.sealNow()
  rmSync(join(directory.root, 'lake'), { recursive: true })
  const expected = { code: 'conflict', message: /is in the catalog and not there: `edr-lake fsck`$/ }
  await assert.rejects(backup(directory.root, join(folder, 'to'), 1), expected)
  await directory.close()
})
