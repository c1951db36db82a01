import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { directoryTools } from '../../src/bin/directory-tools.ts'
import { openStore, type Store } from '../../src/db/db.ts'
import { openHosts } from '../../src/fleet/hosts.ts'
import { type Ingest, openIngest } from '../../src/ingest/ingest.ts'
import { type ConvertDeps, convertSegment } from '../../src/lake/data-file-writer.ts'
import { journalName } from '../../src/lake/journal.ts'
import { openWriter, type Writer } from '../../src/lake/writer.ts'
import { silentLog } from '../../src/model/log.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { bodyOf, putTenant, resultLine } from '../support/ingest.ts'

// A host that was erased stays erased, whatever becomes of the catalog.

const tenantId = 'b3e0a6f2-51d4-4c7e-9a43-0d6c5b1f8e21'
let root: string
let writer: Writer

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'edr-lake-erased-'))
  for (const name of ['private', 'segments', 'lake', 'tmp', 'rejected', 'results']) mkdirSync(join(root, name))
  writer = openWriter({ memoryBytes: 512 * 2 ** 20, threads: 1, tempFolder: join(root, 'tmp', 'spill') })
})
afterEach(async () => {
  await writer.close()
  rmSync(root, { recursive: true })
})

interface OpenLake extends ConvertDeps {
  readonly ingest: Ingest
}

/** Everything that writes to the directory, for as long as `work` takes. */
async function withLake<Result>(work: (lake: OpenLake) => Promise<Result>): Promise<Result> {
  const store: Store = openStore(join(root, 'private', 'store.sqlite'))
  const storage = await openLocalStorage(join(root, 'lake'))
  const lake = { store, storage, writer, tempFolder: join(root, 'tmp'), clock: Date.now }
  const ingest = openIngest({
    ...{ store, clock: Date.now, log: silentLog, hosts: openHosts(store, Date.now), diskReserveBytes: 0, tickMs: 0 },
    ...{ segmentsFolder: join(root, 'segments'), rejectedFolder: join(root, 'rejected') },
    consume: async (segment, path) => void (await convertSegment(lake, segment, path)),
  })
  try {
    return await work({ ...lake, ingest })
  } finally {
    await ingest.close()
    await store.destroy()
  }
}

async function store(...marks: readonly (readonly [mark: string, host: string])[]): Promise<void> {
  await withLake(async ({ ingest }) => {
    await ingest.recover()
    await ingest.accept(tenantId, bodyOf(...marks.map(([mark, host]) => resultLine(mark, host))))
    await ingest.sealNow()
  })
}

const hostIdOf = (name: string) =>
  withLake(async lake => {
    const hosts = lake.store.selectFrom('hosts').select('id').where('host_identifier', '=', name)
    return (await hosts.executeTakeFirstOrThrow()).id
  })

/** What a query would see, in files and in the tail, once everything is converted. */
const marks = () =>
  withLake(async lake => {
    await lake.ingest.recover()
    await lake.ingest.sealNow()
    const files = await lake.store
      .selectFrom('data_files')
      .select('path')
      .where('dropped_version', 'is', null)
      .execute()
    const found: string[] = []
    for (const { path } of files.filter(file => file.path.includes('/xdr_data/'))) {
      const local = await lake.storage.locate(path)
      const rows = await writer.use(run => run(`SELECT mark FROM read_parquet('${local}')`))
      found.push(...rows.map(({ mark }) => String(mark)))
    }
    return found.sort()
  })

const kinds = async (repair: boolean) => {
  const { differences } = await directoryTools.fsck(root, { repair })
  return [...new Set(differences.map(({ kind }) => kind))].sort()
}

async function prepare(): Promise<string> {
  await withLake(({ store: opened }) => putTenant(opened, tenantId))
  await store(['mine 1', 'doomed'], ['yours 1', 'other'])
  // A segment, and files, of nobody else.
  await store(['mine 2', 'doomed'])
  const hostId = await hostIdOf('doomed')
  assert.deepEqual(await directoryTools.eraseHost(root, tenantId, hostId), { rows: 4, files: 4 })
  assert.deepEqual(await marks(), ['yours 1'])
  return hostId
}

test('the catalog is lost while old files and segments are still there: the host stays away, all others come back', async () => {
  const hostId = await prepare()
  await store(['yours 2', 'other'])
  rmSync(join(root, 'private', 'store.sqlite'))
  const expected = ['erasedHost', 'unknownColumn', 'unknownFile', 'unknownSegment', 'unknownTenant', 'wrongNumber']
  assert.deepEqual(await kinds(true), expected)
  assert.deepEqual(await kinds(false), [])
  assert.deepEqual(await marks(), ['yours 1', 'yours 2'])
  assert.deepEqual(await directoryTools.eraseHost(root, tenantId, hostId), { rows: 0, files: 0 })
})

test('rows that the host sends after it was erased are its own again, and survive a lost catalog', async () => {
  await prepare()
  await store(['mine 3', 'doomed'])
  assert.deepEqual(await marks(), ['mine 3', 'yours 1'])
  assert.deepEqual(await kinds(false), [])
  rmSync(join(root, 'private', 'store.sqlite'))
  await kinds(true)
  assert.deepEqual(await marks(), ['mine 3', 'yours 1'])
})

test('a damaged file that an erasure wrote gives way to what it was made of, less the host', async () => {
  await prepare()
  const [path] = await withLake(async lake => {
    const live = lake.store.selectFrom('data_files').select('path').where('dropped_version', 'is', null)
    return (await live.where('table_name', '=', 'xdr_data').execute()).map(file => file.path)
  })
  truncateSync(join(root, 'lake', path ?? ''), 50)
  assert.deepEqual(await kinds(false), ['damagedFile'])
  assert.deepEqual(await kinds(true), ['damagedFile', 'erasedHost'])
  assert.deepEqual(await kinds(false), [])
  assert.deepEqual(await marks(), ['yours 1'])
})

test('an erasure that was begun and not ended is found, and ended', async () => {
  await withLake(({ store: opened }) => putTenant(opened, tenantId))
  await store(['mine', 'doomed'], ['yours', 'other'])
  const hostId = await hostIdOf('doomed')
  const entry = { kind: 'erased', tenantId, hostId, lastSegment: 1, at: 1 }
  writeFileSync(join(root, 'segments', journalName), `${JSON.stringify(entry)}\n`)
  const { differences } = await directoryTools.fsck(root, { repair: false })
  assert.deepEqual(
    differences.map(({ kind, subject, detail }) => [kind, subject, detail]),
    [['erasedHost', hostId, 'the host was erased, and 2 files hold 2 of its rows']],
  )
  assert.deepEqual(await marks(), ['mine', 'yours'], 'a check changes nothing')
  await kinds(true)
  assert.deepEqual(await marks(), ['yours'])
})

test('a host is not erased while a segment cannot be converted: its rows would be left', async () => {
  await withLake(async ({ store: opened, ingest }) => {
    await putTenant(opened, tenantId)
    await ingest.recover()
    await ingest.accept(tenantId, bodyOf(resultLine('mine', 'doomed')))
    await ingest.accept(tenantId, bodyOf('{"a":1}'), { table: 'nowhere' })
    await ingest.sealNow()
  })
  const hostId = await hostIdOf('doomed')
  const refusal = { code: 'unavailable', message: /^1 segments could not be converted/ }
  await assert.rejects(directoryTools.eraseHost(root, tenantId, hostId), refusal)
  await assert.rejects(directoryTools.eraseHost(root, tenantId, hostId), {
    code: 'unavailable',
    message: 'segment 1 could not be converted, so its rows cannot be erased: segment 1 has rows of nowhere, no table',
  })
  assert.throws(() => readFileSync(join(root, 'segments', journalName)), { code: 'ENOENT' })
})
