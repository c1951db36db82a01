import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { openStore } from '../../src/db/db.ts'
import { openHosts } from '../../src/fleet/hosts.ts'
import { openIntake } from '../../src/ingest/intake.ts'
import { openIngestMemory } from '../../src/ingest/memory.ts'
import { openResends } from '../../src/ingest/resends.ts'
import { bodyBytesMax, hostIdentifierCharsMax } from '../../src/limits.ts'
import { newId } from '../../src/model/ids.ts'
import { bodyOf, putTenant, resultLine, testIngest } from '../support/ingest.ts'
import { losingDisk } from '../support/losing-disk.ts'

const nothingRejected = { count: 0, first: [] }

test('lines of one body by host: frames with the hosts’ ids, in order, one time of receipt', async () => {
  const it = await testIngest()
  const lines = [resultLine('a'), resultLine('b', 'host-2'), resultLine('c')]
  const body = Readable.from([bodyOf(lines[0]!), bodyOf(lines[1]!), Buffer.from(lines[2]!)])
  assert.deepEqual(await it.ingest.accept(it.tenantId, body), { accepted: 3, duplicates: 0, rejected: nothingRejected })
  const hosts = await it.store.selectFrom('hosts').selectAll().orderBy('host_identifier').execute()
  const frames = await it.frames()
  assert.deepEqual(
    frames.map(({ q, o, t, h, hi, n, m, b }) => ({ q, o, t, h, hi, n, m, b })),
    [
      { q: 1, o: 0, t: it.now, h: hosts[0]!.id, hi: 'host-1', n: 2, m: true, b: [lines[0], lines[2]] },
      { q: 2, o: 2, t: it.now, h: hosts[1]!.id, hi: 'host-2', n: 1, m: undefined, b: [lines[1]] },
    ],
  )
  assert.match(hosts[0]!.id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(it.ingest.durableFrames(1), 2)
  assert.deepEqual(it.ingest.durableTables(1), new Set([undefined]))
  assert.deepEqual(it.ingest.counts().get(it.tenantId), {
    accepted: 3,
    duplicates: 0,
    rejected: 0,
    overCap: 0,
    ingestOff: 0,
    acceptedAt: it.now,
  })
  assert.equal(it.ingest.openSize(it.tenantId).lines, 3)
  assert.ok(it.ingest.openSize(it.tenantId).bytes > lines.join('').length)
  assert.deepEqual(it.ingest.openSize('another'), { lines: 0, bytes: 0 })
  await it.close()
})

test('rejected lines are counted, shown up to a bound, and kept', async () => {
  const it = await testIngest()
  const long = 'h'.repeat(hostIdentifierCharsMax + 1)
  const bad = ['oops', '{"name":"q"}', '{"hostIdentifier":""}', `{"hostIdentifier":"${long}"}`]
  const many = Array.from({ length: 30 }, () => '[]')
  const result = await it.ingest.accept(it.tenantId, bodyOf(resultLine('a'), '', ...bad, ...many))
  assert.equal(result.accepted, 1)
  assert.equal(result.rejected.count, 34)
  assert.equal(result.rejected.first.length, 20)
  assert.deepEqual(result.rejected.first.slice(0, 5), [
    { line: 3, reason: 'not a JSON object' },
    { line: 4, reason: 'no hostIdentifier' },
    { line: 5, reason: 'no hostIdentifier' },
    { line: 6, reason: 'hostIdentifier longer than 512 characters' },
    { line: 7, reason: 'not a JSON object' },
  ])
  const kept = await readFile(join(it.folder, 'rejected', it.tenantId, '2026-11-24.ndjson'), 'utf8')
  const entries = kept.trim().split('\n')
  assert.equal(entries.length, 34)
  assert.deepEqual(JSON.parse(entries[0]!), {
    ...{ at: '2026-11-24T12:00:00.000Z', line: 3, reason: 'not a JSON object', text: 'oops' },
  })
  assert.deepEqual(await it.ingest.accept(it.tenantId, bodyOf('x')), {
    ...{ accepted: 0, duplicates: 0, rejected: { count: 1, first: [{ line: 1, reason: 'not a JSON object' }] } },
  })
  await it.close()
})

test('an empty body is accepted and makes no segment', async () => {
  const it = await testIngest()
  const nothing = { accepted: 0, duplicates: 0, rejected: nothingRejected }
  assert.deepEqual(await it.ingest.accept(it.tenantId, Buffer.alloc(0)), nothing)
  assert.deepEqual(await it.ingest.accept(it.tenantId, Readable.from([])), nothing)
  assert.deepEqual(await it.store.selectFrom('segments').selectAll().execute(), [])
  await it.close()
})

test('resends: unchanged, re-batched, with equal rows; across a crash and a clean restart', async () => {
  const it = await testIngest()
  const [bash, sh, cat, ls] = ['bash', 'sh', 'cat', 'ls'].map(mark => resultLine(mark)) as [
    string,
    string,
    string,
    string,
  ]
  const send = async (...lines: string[]) => {
    const { accepted, duplicates } = await it.ingest.accept(it.tenantId, bodyOf(...lines))
    return { accepted, duplicates }
  }
  assert.deepEqual(await send(bash, bash, sh), { accepted: 3, duplicates: 0 })
  assert.deepEqual(await send(bash, bash, sh), { accepted: 0, duplicates: 3 })
  assert.deepEqual(await send(bash), { accepted: 0, duplicates: 1 })
  assert.deepEqual(await send(bash, sh, cat), { accepted: 1, duplicates: 2 })
  await it.crash()
  assert.deepEqual(await send(bash, bash, sh, cat), { accepted: 0, duplicates: 4 })
  assert.deepEqual(await send(bash, bash, sh, cat, bash, ls), { accepted: 2, duplicates: 4 })
  await it.ingest.sealNow()
  await it.crash()
  assert.deepEqual(it.recovered.segments, 0)
  assert.deepEqual(await send(bash, bash, sh, cat, bash, ls), { accepted: 0, duplicates: 6 })
  assert.deepEqual(await send(bash, ls), { accepted: 0, duplicates: 2 })
  assert.deepEqual((await it.lines()).sort(), [bash, bash, bash, cat, ls, sh].sort())
  await it.close()
})

test('an old body comes again unchanged within seven days: known; later or from another host: new', async () => {
  const it = await testIngest()
  const send = async (...lines: string[]) => (await it.ingest.accept(it.tenantId, bodyOf(...lines))).accepted
  const day = 24 * 3600 * 1000
  assert.equal(await send(resultLine('a'), resultLine('b')), 2)
  for (const mark of ['c', 'd', 'e']) assert.equal(await send(resultLine(mark)), 1)
  await it.ingest.sealNow()
  it.now += 6 * day
  await it.crash()
  assert.equal(await send(resultLine('a'), resultLine('b')), 0)
  assert.equal(await send(resultLine('a', 'host-2'), resultLine('b', 'host-2')), 2)
  it.now += 1.1 * day
  assert.equal(await send(resultLine('a'), resultLine('b')), 2)
  await it.close()
})

test('an import is told by its position: sent twice, resumed within a piece, grown, and its equal lines kept', async () => {
  const it = await testIngest()
  const lines = ['a', 'b', 'b', 'c', 'd', 'e'].map((mark, at) => resultLine(mark, `host-${at % 2}`))
  const send = (firstLine: number, ...piece: string[]) =>
    it.ingest.accept(it.tenantId, bodyOf(...piece), { importId: 'file', firstLine })
  const numbers = async (result: ReturnType<typeof send>) => {
    const { accepted, duplicates } = await result
    return [accepted, duplicates]
  }
  assert.deepEqual(await numbers(send(1, lines[0]!, '', lines[1]!)), [2, 0])
  assert.deepEqual(await numbers(send(1, lines[0]!, '', lines[1]!)), [0, 2])
  assert.deepEqual(await numbers(send(3, lines[1]!, lines[2]!, lines[3]!)), [2, 1])
  await it.crash()
  assert.deepEqual(await numbers(send(1, lines[0]!, '', lines[1]!, lines[2]!, lines[3]!, lines[4]!)), [1, 4])
  await it.ingest.sealNow()
  await it.crash()
  assert.deepEqual(await numbers(send(5, lines[3]!, lines[4]!, lines[5]!)), [1, 2])
  // A client may leave lines out, and another file is another file.
  assert.deepEqual(await numbers(send(20, lines[0]!)), [1, 0])
  assert.equal((await it.ingest.accept(it.tenantId, bodyOf(lines[0]!), { importId: 'other' })).accepted, 1)
  assert.deepEqual((await it.lines()).sort(), [...lines, lines[0], lines[0]].sort())
  await it.close()
})

test('the next line of an import is said with each answer, and for many files at once, also after a crash', async () => {
  const it = await testIngest()
  const send = (importId: string, firstLine: number, ...lines: string[]) =>
    it.ingest.accept(it.tenantId, bodyOf(...lines), { importId, firstLine })
  const ask = async (...ids: string[]) => Object.fromEntries(await it.ingest.importPositions(it.tenantId, ids))
  assert.equal((await it.ingest.accept(it.tenantId, bodyOf(resultLine('x')))).nextLine, undefined)
  assert.equal((await send('a', 1, resultLine('a'), '', resultLine('b'))).nextLine, 4)
  assert.equal((await send('a', 1, resultLine('a'))).nextLine, 4, 'what is behind the place does not move it')
  assert.equal((await send('b', 1, resultLine('a'))).nextLine, 2)
  assert.deepEqual(await ask('a', 'b', 'c'), { a: 4, b: 2 })
  assert.deepEqual(await ask(), {})
  assert.deepEqual(Object.fromEntries(await it.ingest.importPositions('another tenant', ['a'])), {})
  await it.crash()
  assert.deepEqual(await ask('a', 'b', 'c'), { a: 4, b: 2 })
  assert.equal((await send('a', 4, resultLine('c'))).nextLine, 5)
  await it.ingest.sealNow()
  await it.crash()
  assert.deepEqual(await ask('b', 'a'), { a: 5, b: 2 })
  await it.close()
})

test('an import of lines that are all rejected moves on, and names them by their place in the body', async () => {
  const it = await testIngest()
  const send = (firstLine: number, body: Buffer) => it.ingest.accept(it.tenantId, body, { importId: 'file', firstLine })
  assert.deepEqual((await send(1, bodyOf('x', 'y'))).rejected.count, 2)
  const again = await send(1, bodyOf('x', 'y', 'z'))
  assert.deepEqual(again.rejected, { count: 1, first: [{ line: 3, reason: 'not a JSON object' }] })
  await it.close()
})

test('race: equal bodies at once are stored once, and none is answered before the lines are durable', async () => {
  const it = await testIngest()
  const body = bodyOf(resultLine('a'), resultLine('a'), resultLine('b', 'host-2'))
  const results = await Promise.all(Array.from({ length: 8 }, () => it.ingest.accept(it.tenantId, body)))
  assert.deepEqual(results.map(({ accepted }) => accepted).sort(), [0, 0, 0, 0, 0, 0, 0, 3])
  assert.equal((await it.lines()).length, 3)
  assert.equal((await it.store.selectFrom('hosts').selectAll().execute()).length, 2)
  await it.close()
})

test('race: pieces of one import at once', async () => {
  const it = await testIngest()
  const lines = Array.from({ length: 40 }, (_, at) => resultLine(`${at}`))
  const pieces = [1, 1, 11, 21, 11, 21, 31, 1]
  await Promise.all(
    pieces.map(firstLine => {
      const body = bodyOf(...lines.slice(firstLine - 1, firstLine + 9))
      return it.ingest.accept(it.tenantId, body, { importId: 'file', firstLine })
    }),
  )
  assert.deepEqual(await it.lines(), lines)
  await it.close()
})

test('race: a body equal to one that the disk refuses is refused too, and can be sent again', async () => {
  const disk = losingDisk('/')
  const it = await testIngest({ files: disk })
  const body = bodyOf(resultLine('a'), resultLine('b'))
  disk.onFault = step => (step === 'sync' ? { error: new Error('EIO') } : undefined)
  const results = await Promise.allSettled([1, 2, 3].map(() => it.ingest.accept(it.tenantId, body)))
  assert.deepEqual(
    results.map(result => result.status === 'rejected' && result.reason.code),
    ['unavailable', 'unavailable', 'unavailable'],
  )
  disk.onFault = () => undefined
  assert.equal((await it.ingest.accept(it.tenantId, body)).accepted, 2)
  assert.equal((await it.ingest.accept(it.tenantId, body)).duplicates, 2)
  assert.equal((await it.lines()).length, 2)
  await it.close()
})

test('tenants have hosts and lines of their own', async () => {
  const it = await testIngest()
  const other = newId()
  await putTenant(it.store, other)
  const body = bodyOf(resultLine('a'))
  assert.equal((await it.ingest.accept(it.tenantId, body)).accepted, 1)
  assert.equal((await it.ingest.accept(other, body)).accepted, 1)
  const hosts = await it.store.selectFrom('hosts').selectAll().execute()
  assert.equal(new Set(hosts.map(({ id }) => id)).size, 2)
  const segments = await it.store.selectFrom('segments').select('file_name').orderBy('number').execute()
  assert.deepEqual(
    segments.map(row => row.file_name),
    [`${it.tenantId}/1.ndjson`, `${other}/2.ndjson`],
  )
  await it.close()
})

test('a body of an agent that has shown who it is belongs to it, whatever its lines say', async () => {
  const it = await testIngest()
  const host = (await openHosts(it.store, () => 0).atSight(it.tenantId, ['agent'])).get('agent')!
  await it.ingest.accept(it.tenantId, bodyOf(resultLine('a', 'other'), '{"name":"q"}'), { host })
  const [frame] = await it.frames()
  assert.deepEqual([frame!.h, frame!.hi, frame!.n], [host.id, 'agent', 2])
  await it.close()
})

test('a big body is cut into frames at the same lines every time', async () => {
  const it = await testIngest()
  const lines = Array.from({ length: 60 }, (_, at) => resultLine(`${at} ${'x'.repeat(100_000)}`))
  const body = bodyOf(...lines)
  assert.equal((await it.ingest.accept(it.tenantId, body)).accepted, 60)
  const frames = await it.frames()
  assert.deepEqual(
    frames.map(({ m }) => m),
    [true, true, undefined],
  )
  for (const { b } of frames) assert.ok(JSON.stringify(b).length <= 4 * 1024 * 1024)
  const chunks = Array.from({ length: Math.ceil(body.length / 50_000) }, (_, at) =>
    body.subarray(at * 50_000, (at + 1) * 50_000),
  )
  assert.equal((await it.ingest.accept(it.tenantId, Readable.from(chunks))).duplicates, 60)
  // Read back, its frames are one body again, and a piece of the first is known.
  await it.crash()
  assert.equal((await it.ingest.accept(it.tenantId, bodyOf(...lines.slice(0, 10)))).duplicates, 10)
  await it.close()
})

test('too large a body, and too many waiting, are refused with nothing written', async () => {
  const it = await testIngest()
  async function* endless() {
    for (;;) yield Buffer.alloc(1024 * 1024, '\n')
  }
  await assert.rejects(it.ingest.accept(it.tenantId, endless()), {
    code: 'too_large',
    message: `a body has at most ${bodyBytesMax} bytes`,
  })
  const store = openStore(':memory:')
  const clock = () => 0
  const intake = openIntake({
    ...{ hosts: openHosts(store, clock), memory: openIngestMemory(store, clock), resends: openResends(), clock },
    ...{ rejectedFolder: it.folder, onRejectedLost: assert.fail, queueBytesMax: 10 },
    logOf: () => assert.fail('nothing may be written'),
  })
  await assert.rejects(intake.accept(it.tenantId, Buffer.alloc(11)), {
    code: 'unavailable',
    message: 'too many bodies are waiting for the disk',
  })
  // The refused one takes no room any more.
  await intake.accept(it.tenantId, Buffer.alloc(10, '\n'))
  await store.destroy()
  await it.close()
})

test('a body that breaks off leaves nothing', async () => {
  const it = await testIngest()
  async function* broken() {
    yield bodyOf(resultLine('a'))
    throw new Error('the connection was reset')
  }
  await assert.rejects(it.ingest.accept(it.tenantId, broken()), { message: 'the connection was reset' })
  assert.deepEqual(await it.lines(), [])
  assert.equal((await it.ingest.accept(it.tenantId, bodyOf(resultLine('a')))).accepted, 1)
  await it.close()
})

test('after close nothing is accepted', async () => {
  const it = await testIngest()
  await it.ingest.close()
  await assert.rejects(it.ingest.accept(it.tenantId, bodyOf(resultLine('a'))), { code: 'unavailable' })
  await it.close()
})

test('rows of a table are kept under its name, need no host, and meet the same nets', async () => {
  const lake = await testIngest()
  const rows = ['{"src_ip":"10.0.0.1"}', '{"src_ip":"10.0.0.2","hostIdentifier":"mine"}', '{"src_ip":"10.0.0.1"}']
  const accept = (lines: readonly string[], more = {}) =>
    lake.ingest.accept(lake.tenantId, bodyOf(...lines), { table: 'xgfw_data', ...more })
  assert.equal((await accept([...rows, 'no row'])).accepted, 3)
  const [frame] = await lake.frames()
  const { h, hi, tb, n, b } = frame!
  assert.deepEqual({ h, hi, tb, n, b }, { h: 'table/xgfw_data', hi: 'xgfw_data', tb: 'xgfw_data', n: 3, b: rows })
  assert.deepEqual(await lake.store.selectFrom('hosts').selectAll().execute(), [])
  assert.deepEqual(lake.ingest.durableTables(1), new Set(['xgfw_data']))

  assert.deepEqual(await counted(accept(rows)), [0, 3])
  // The same lines as another table's rows, or as osquery's, are others.
  assert.deepEqual(await counted(accept(rows, { table: 'mdr_ioc_all' })), [3, 0])
  const position = { importId: 'file', firstLine: 1 }
  assert.deepEqual(await counted(accept(rows, position)), [3, 0])
  assert.deepEqual(await counted(accept(rows, position)), [0, 3])
  assert.deepEqual(await counted(accept(rows, { ...position, table: 'mdr_ioc_all' })), [3, 0])
  await lake.crash()
  assert.deepEqual(await counted(accept(rows)), [0, 3])
  assert.deepEqual(await counted(accept([...rows, '{"src_ip":"new"}'])), [1, 3])
  assert.deepEqual(lake.ingest.durableTables(1), undefined)
  const tables = (await lake.frames()).map(each => each.tb)
  assert.deepEqual(tables, ['xgfw_data', 'mdr_ioc_all', 'xgfw_data', 'mdr_ioc_all', 'xgfw_data'])
  assert.deepEqual((await lake.ingest.tailKeys(lake.tenantId)).queryNames, [])
  await lake.close()
})

async function counted(answer: Promise<{ accepted: number; duplicates: number }>): Promise<[number, number]> {
  const { accepted, duplicates } = await answer
  return [accepted, duplicates]
}
