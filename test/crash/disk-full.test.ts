// A disk that is really full, at each thing a lake writes: lines, data files, the store, a result, a backup, the
// journal. Whoever wrote is told, nothing that was acknowledged is lost, nothing is there twice, and when there is room
// again everything goes on by itself.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openStore } from '../../src/db/db.ts'
import { openDuckdbEngine } from '../../src/engine/duckdb/duckdb-engine.ts'
import { openHosts } from '../../src/fleet/hosts.ts'
import { openIngest } from '../../src/ingest/ingest.ts'
import { findSegment } from '../../src/lake/catalog.ts'
import { convertSegment } from '../../src/lake/data-file-writer.ts'
import { appendJournal, journalName, readJournal } from '../../src/lake/journal.ts'
import { openJanitor } from '../../src/lake/upkeep/janitor.ts'
import { openWriter, type Writer } from '../../src/lake/writer.ts'
import { silentLog } from '../../src/model/log.ts'
import { dayMs } from '../../src/model/time-range.ts'
import { backup, restore } from '../../src/rescue/backup.ts'
import { fsck } from '../../src/rescue/fsck.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { viewOf } from '../support/engine-fixtures.ts'
import { bodyOf, putTenant, resultLine } from '../support/ingest.ts'
import { type TinyDisk, tinyDisk } from '../support/tiny-disk.ts'

const tenantId = 'b3e0a6f2-51d4-4c7e-9a43-0d6c5b1f8e21'
const kib = 1024

interface Wraps {
  readonly storage?: (storage: Storage) => Storage
  readonly writer?: (writer: Writer) => Writer
}

async function openLake(context: TestContext, disk: TinyDisk, wraps: Wraps = {}) {
  const root = disk.folder
  for (const name of ['private', 'segments', 'lake', 'tmp', 'rejected'])
    mkdirSync(join(root, name), { recursive: true })
  const store = openStore(join(root, 'private', 'store.sqlite'))
  if ((await store.selectFrom('tenants').select('id').execute()).length === 0) await putTenant(store, tenantId)
  const plainStorage = await openLocalStorage(join(root, 'lake'))
  const storage = wraps.storage?.(plainStorage) ?? plainStorage
  const plainWriter = openWriter({ memoryBytes: 512 * 2 ** 20, threads: 1, tempFolder: join(root, 'tmp', 'spill') })
  const writer = wraps.writer?.(plainWriter) ?? plainWriter
  let now = Date.UTC(2026, 10, 2, 12)
  const clock = () => now
  const lake = { store, storage, writer, tempFolder: join(root, 'tmp'), clock }
  const ingest = openIngest({
    ...{ store, clock, log: silentLog, hosts: openHosts(store, clock), tickMs: 0, diskReserveBytes: 0 },
    ...{ segmentsFolder: join(root, 'segments'), rejectedFolder: join(root, 'rejected') },
    consume: async (segment, path) => void (await convertSegment(lake, segment, path)),
  })
  await ingest.recover()
  let isClosed = false
  const close = async () => {
    if (isClosed) return
    isClosed = true
    await ingest.close().catch(() => undefined)
    await writer.close()
    await store.destroy()
  }
  context.after(close)

  /** The `mark` of every row in data files and, by its frames, in the tail. */
  async function marks(): Promise<string[]> {
    await ingest.sealNow()
    assert.equal(ingest.backlog(), 0, 'everything could be converted')
    const found: string[] = []
    const files = await store.selectFrom('data_files').select('path').where('dropped_version', 'is', null).execute()
    for (const { path } of files.filter(file => file.path.includes('/xdr_data/'))) {
      const local = await storage.locate(path)
      const rows = await writer.use(run => run(`SELECT mark FROM read_parquet('${local}')`))
      found.push(...rows.map(({ mark }) => String(mark)))
    }
    const report = await fsck({ ...lake, segmentsFolder: join(root, 'segments') }, { repair: false })
    assert.deepEqual(report.differences, [])
    return found.sort()
  }

  return {
    ...{ root, lake, ingest, marks, close },
    accept: (...names: readonly string[]) => ingest.accept(tenantId, bodyOf(...names.map(name => resultLine(name)))),
    later: (ms: number) => {
      now += ms
    },
  }
}

/** A test on a real file system of its own; skipped where none can be mounted. */
function onTinyDisk(name: string, bytes: number, work: (context: TestContext, disk: TinyDisk) => Promise<void>): void {
  test(name, async t => {
    const disk = await tinyDisk(t, bytes)
    if (disk === undefined) return t.skip('this system mounts no disk of memory')
    await work(t, disk)
  })
}

onTinyDisk(
  'lines: a body that finds no room is refused whole, and taken when it comes again',
  3_000 * kib,
  async (t, disk) => {
    const { ingest, accept, marks } = await openLake(t, disk)
    await accept('before')
    const filler = disk.fill(40 * kib)
    const large = Array.from({ length: 400 }, (_, at) =>
      resultLine(`large-${at}`, 'host-1', { columns: undefined, snapshot: [{ mark: `l${at}`, pad: 'x'.repeat(300) }] }),
    )
    const body = bodyOf(...large)
    await assert.rejects(ingest.accept(tenantId, body), {
      code: 'unavailable',
      message: 'lines cannot be stored at the moment',
    })
    // Whatever was queued behind it, and what comes while the disk stays full: refused, never half there.
    await assert.rejects(ingest.accept(tenantId, body), { code: 'unavailable' })
    rmSync(filler)
    assert.deepEqual(await ingest.accept(tenantId, body), {
      accepted: 400,
      duplicates: 0,
      rejected: { count: 0, first: [] },
    })
    const found = await marks()
    assert.equal(found.length, 401)
    assert.equal(new Set(found).size, 401)
  },
)

onTinyDisk('a segment’s header: a disk with no byte left begins no segment', 2_000 * kib, async (t, disk) => {
  const { accept, marks } = await openLake(t, disk)
  const filler = disk.fill(0)
  await assert.rejects(accept('first'), { code: 'unavailable' })
  rmSync(filler)
  assert.equal((await accept('first')).accepted, 1)
  assert.deepEqual(await marks(), ['first'])
})

onTinyDisk(
  'data files: a conversion that finds no room is tried until it does, and is no fault of the segment',
  3_000 * kib,
  async (t, disk) => {
    const { lake, ingest, accept, marks } = await openLake(t, disk)
    await accept('one', 'two')
    const filler = disk.fill(4 * kib)
    // More than a segment that fails by itself would get.
    for (let pass = 0; pass < 5; pass++) await ingest.sealNow().catch(() => undefined)
    const held = await findSegment(lake.store, 1)
    assert.ok(held?.state === 'sealed' || held?.state === 'open', held?.state)
    assert.equal(held?.attempts, 0)
    rmSync(filler)
    assert.deepEqual(await marks(), ['one', 'two'])
    const left = readdirSync(join(disk.folder, 'tmp')).filter(name => name.endsWith('.parquet'))
    assert.deepEqual(left, [], 'no half file is left')
  },
)

onTinyDisk('a data file half written is no data file', 3_000 * kib, async (t, disk) => {
  let filler: string | undefined
  let copies = 0
  const { ingest, accept, marks, lake } = await openLake(t, disk, {
    writer: writer => ({
      ...writer,
      use: work =>
        writer.use(run =>
          work(sql => {
            // The second file of the segment finds no room any more, the first is there.
            if (sql.startsWith('COPY')) copies += 1
            if (copies === 2) filler ??= disk.fill(0)
            return run(sql)
          }),
        ),
    }),
  })
  await accept('one', 'two')
  await ingest.sealNow()
  assert.ok(filler)
  const { state, attempts } = (await findSegment(lake.store, 1)) ?? {}
  assert.deepEqual([state, attempts, ingest.backlog()], ['sealed', 0, 1])
  assert.deepEqual(readdirSync(join(disk.folder, 'lake')), [], 'nothing was put')
  rmSync(filler)
  assert.deepEqual(await marks(), ['one', 'two'])
  assert.deepEqual(
    readdirSync(join(disk.folder, 'tmp')).filter(name => name.endsWith('.parquet')),
    [],
  )
})

for (const when of ['before', 'after'] as const) {
  onTinyDisk(`data files: no room for a name, ${when} it is given`, 3_000 * kib, async (t, disk) => {
    let isFull = true
    const full = () => Object.assign(new Error('ENOSPC: no space left on device, link'), { code: 'ENOSPC' })
    const { ingest, accept, marks, lake } = await openLake(t, disk, {
      storage: storage => ({
        ...storage,
        async put(key, localFile) {
          if (isFull && when === 'before') throw full()
          await storage.put(key, localFile)
          // The name is there, and its folder could not be synced.
          if (isFull) throw full()
        },
      }),
    })
    await accept('one', 'two')
    for (let pass = 0; pass < 4; pass++) await ingest.sealNow()
    assert.deepEqual([(await findSegment(lake.store, 1))?.state, ingest.backlog()], ['sealed', 1])
    isFull = false
    assert.deepEqual(await marks(), ['one', 'two'])
  })
}

onTinyDisk(
  'the store: a commit that finds no room changes nothing, and is made later',
  4_000 * kib,
  async (t, disk) => {
    let filler: string | undefined
    let isFull = true
    const { ingest, accept, marks, lake } = await openLake(t, disk, {
      storage: storage => ({
        ...storage,
        async put(key, localFile) {
          await storage.put(key, localFile)
          // From here on only the commit is left to write.
          if (isFull) filler ??= disk.fill(0)
        },
      }),
    })
    await accept('one', 'two')
    await ingest.sealNow().catch(() => undefined)
    assert.ok(filler)
    const { n } = await lake.store
      .selectFrom('data_files')
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
    assert.deepEqual([n, (await findSegment(lake.store, 1))?.state], [0, 'sealed'])
    isFull = false
    rmSync(filler)
    assert.deepEqual(await marks(), ['one', 'two'])
  },
)

onTinyDisk(
  'a merge that finds no room leaves its sources, and is made when there is room',
  4_000 * kib,
  async (t, disk) => {
    const { ingest, accept, marks, later, lake } = await openLake(t, disk)
    for (const mark of ['one', 'two', 'three']) {
      await accept(mark)
      await ingest.sealNow()
    }
    later(2 * dayMs)
    const janitor = openJanitor({ ...lake, pathOf: segment => ingest.pathOf(segment), log: silentLog })
    const filler = disk.fill(0)
    assert.equal((await janitor.pass()).merges, 0)
    rmSync(filler)
    const { merges } = await janitor.pass()
    assert.ok(merges > 0, 'the same process tries again')
    await janitor.close()
    assert.deepEqual(await marks(), ['one', 'three', 'two'])
  },
)

onTinyDisk('a result: the run fails with the reason, and the next one works', 6_000 * kib, async (t, disk) => {
  for (const name of ['tmp', 'results']) mkdirSync(join(disk.folder, name))
  const engine = openDuckdbEngine({ tmpFolder: join(disk.folder, 'tmp'), log: silentLog, limits: { workerCount: 1 } })
  t.after(() => engine.close())
  const run = (resultFolder: string, rows: number) => {
    mkdirSync(resultFolder)
    const limits = { rowsMax: 10_000_000, bytesMax: 2 ** 30, timeoutMs: 60_000 }
    const digits = '(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))'
    const from = [0, 1, 2, 3, 4].map(at => `${digits} AS d${at}(x)`).join(', ')
    const value = [0, 1, 2, 3, 4].map(at => `d${at}.x * ${10 ** at}`).join(' + ')
    const sql = `SELECT md5(CAST(n AS VARCHAR)) AS a FROM (SELECT ${value} AS n FROM ${from}) AS t WHERE n < ${rows}`
    const request = { runId: 'r', tenantId, sql, columnNames: undefined, view: viewOf(), resultFolder, limits }
    return engine.run(request, new AbortController().signal)
  }
  const filler = disk.fill(64 * kib)
  assert.deepEqual(await run(join(disk.folder, 'results', 'a'), 100_000), {
    kind: 'failed',
    error: { code: 'unavailable', message: 'the disk that holds temporary files and results is full' },
  })
  rmSync(filler)
  rmSync(join(disk.folder, 'results', 'a'), { recursive: true })
  const outcome = await run(join(disk.folder, 'results', 'b'), 100)
  assert.equal(outcome.kind === 'succeeded' && outcome.rowCount, 100)
})

onTinyDisk('a backup that finds no room is no backup, and its lake is as it was', 3_000 * kib, async (t, disk) => {
  const target = await tinyDisk(t, 200 * kib)
  assert.ok(target)
  const { accept, ingest, marks, close, root } = await openLake(t, disk)
  await accept('one', 'two')
  await ingest.sealNow()
  const to = join(target.folder, 'backup')
  await assert.rejects(backup(root, to, 1), /full|no space/i)
  assert.equal(existsSync(join(to, 'backup.json')), false)
  await assert.rejects(restore(to, join(target.folder, 'restored')), { code: 'invalid_argument' })
  assert.deepEqual(await marks(), ['one', 'two'])
  await close()
})

onTinyDisk(
  'the journal: an entry that finds no room was not made, and those before it are read',
  300 * kib,
  async (_t, disk) => {
    const file = join(disk.folder, journalName)
    const entry = (hostId: string) => ({ kind: 'erased', tenantId, hostId, lastSegment: 1, at: 1 }) as const
    await appendJournal(file, entry('first'))
    const filler = disk.fill(0)
    await assert.rejects(appendJournal(file, entry('x'.repeat(8_000))), { code: 'ENOSPC' })
    rmSync(filler)
    await appendJournal(file, entry('second'))
    const hosts = (await readJournal(file)).map(each => (each.kind === 'erased' ? each.hostId : ''))
    assert.deepEqual(hosts, ['first', 'second'])
  },
)
