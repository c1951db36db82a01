import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { lineBytesMax, logPieceWeightMax } from '../../src/limits.ts'
import type { Host } from '../../src/model/host.ts'
import { bodyOf, resultLine, type TestIngest, testIngest } from '../support/ingest.ts'

// Bodies of agents that have shown who they are: every line is the host's own, results, status lines and answers to
// live queries each have their own nets, and a log post is taken whatever its size.

async function lakeWithHost() {
  const lake = await testIngest()
  const host: Host = {
    ...{ id: '6a1f0c1e-0000-4000-8000-000000000001', tenantId: lake.tenantId, hostIdentifier: 'own' },
    ...{ hardwareUuid: undefined, createdAt: 0, lastSeenAt: undefined, enrolledAt: 1, facts: {} },
  }
  return { lake, host }
}

const results = ['a', 'b', 'c'].map(mark => resultLine(mark, 'whoever'))
const statuses = ['1', '2'].map(line => JSON.stringify({ hostIdentifier: 'whoever', severity: 0, line, message: 'm' }))
const table = 'osquery_status'

async function framesOf(lake: TestIngest) {
  return (await lake.frames()).map(({ h, hi, tb, ip, qs, n }) => ({ h, hi, tb, ip, qs, n }))
}

test('a frame says whose its lines are, of which table, from where and from what', async () => {
  const { lake, host } = await lakeWithHost()
  const post = (lines: readonly string[], more: object) => lake.ingest.accept(lake.tenantId, bodyOf(...lines), more)
  await post(results, { host, peerIp: '203.0.113.9' })
  await post(statuses, { host, peerIp: '203.0.113.9', table })
  await post(results, { host, source: 'live' })
  const own = { h: host.id, hi: 'own' }
  const expected = [
    { ...own, tb: undefined, ip: '203.0.113.9', qs: undefined, n: 3 },
    { ...own, tb: table, ip: '203.0.113.9', qs: undefined, n: 2 },
    { ...own, tb: undefined, ip: undefined, qs: 'live', n: 3 },
  ]
  assert.deepEqual(await framesOf(lake), expected)
  // What a host tells of itself is nobody else's: no host was made of what the lines say.
  assert.deepEqual(await lake.store.selectFrom('hosts').select('id').execute(), [])
  await lake.close()
})

test('resends are told apart by host and kind of log, before and after a crash', async () => {
  const { lake, host } = await lakeWithHost()
  const post = async (lines: readonly string[], more: object = {}) => {
    const { accepted, duplicates } = await lake.ingest.accept(lake.tenantId, bodyOf(...lines), { host, ...more })
    return [accepted, duplicates]
  }
  assert.deepEqual(await post(results), [3, 0])
  assert.deepEqual(await post(statuses, { table }), [2, 0])
  // The same text under another kind is not what came before.
  assert.deepEqual(await post(results, { source: 'live' }), [3, 0])
  const again = async () => {
    // Cut anew, with a new line behind: only the second net can tell.
    assert.deepEqual(await post([...results, resultLine(`new ${lake.now}`)]), [1, 3])
    assert.deepEqual(await post(statuses, { table }), [0, 2])
    assert.deepEqual(await post(results, { source: 'live' }), [0, 3])
  }
  await again()
  await lake.crash()
  lake.now += 1
  await again()
  await lake.close()
})

test('frames moved from behind damage keep what they say', async () => {
  const { lake, host } = await lakeWithHost()
  await lake.ingest.accept(lake.tenantId, bodyOf(resultLine('spoilt')), { host })
  await lake.ingest.accept(lake.tenantId, bodyOf(...statuses), { host, table, peerIp: '203.0.113.9' })
  await lake.ingest.accept(lake.tenantId, bodyOf(...results), { host, source: 'live' })
  const path = join(lake.folder, 'segments', lake.tenantId, '1.ndjson')
  await writeFile(path, (await readFile(path, 'utf8')).replace('spoilt', 'sp0ilt'))
  await lake.crash()
  assert.equal(lake.recovered.damaged[0]?.framesMoved, 2)
  const own = { h: host.id, hi: 'own' }
  assert.deepEqual(await framesOf(lake), [
    { ...own, tb: table, ip: '203.0.113.9', qs: undefined, n: 2 },
    { ...own, tb: undefined, ip: undefined, qs: 'live', n: 3 },
  ])
  await lake.close()
})

test('a log body is its elements, whichever form they have, and ends as it should', async () => {
  const { lake, host } = await lakeWithHost()
  const accept = (body: string) => lake.ingest.accept(lake.tenantId, Buffer.from(body), { host, isLogBody: true })
  const texts = [
    JSON.stringify(results[0]),
    results[1]!,
    '7',
    '"not a line"',
    '{"name":"nul","columns":{"text":"a\u0000b\tc"}}',
    JSON.stringify('{"name":"q","columns":{"text":"x\u0001y"}}'),
  ]
  const { accepted, rejected } = await accept(`[${texts.join(' , ')}], "more":1}`)
  assert.deepEqual([accepted, rejected.count], [4, 2])
  assert.deepEqual(await lake.lines(), [
    ...results.slice(0, 2),
    '{"name":"nul","columns":{"text":"a\\u0000b\\u0009c"}}',
    '{"name":"q","columns":{"text":"x\\u0001y"}}',
  ])
  const whole = ['[]}', '[ ] }', '[],"node_key":"k"}\n']
  for (const body of whole) assert.equal((await accept(body)).accepted, 0, body)
  const cut = ['[', '[{"a":1}', '[{"a":1}]', '[{"a":1},', `[${results[2]}`, '[{"a":"x"}],"node', '[{"a":1}] trailing']
  for (const body of cut) await assert.rejects(accept(body), { code: 'invalid_argument' }, body)
  assert.equal((await lake.lines()).length, 4)
  await lake.close()
})

test('a line without its closing quote costs itself and what is behind it, not the agent', async () => {
  const { lake, host } = await lakeWithHost()
  const body = `[${results[0]},{"name":"open},${results[1]},{"b":"c"}],"log_type":"result"}`
  // The quotes do not balance: no end of the array is ever found, however often it is sent.
  const { accepted, rejected } = await lake.ingest.accept(lake.tenantId, Buffer.from(`${body}`), {
    ...{ host, isLogBody: true },
  })
  assert.deepEqual([accepted, rejected.count > 0], [1, true])
  await lake.close()
})

test('a log body larger than any other is taken in pieces, and known piece by piece when it comes again', async () => {
  const { lake, host } = await lakeWithHost()
  const wide = (mark: string) => resultLine(mark, 'whoever', { columns: { mark, text: 'x'.repeat(lineBytesMax / 2) } })
  const count = Math.ceil((3 * logPieceWeightMax) / lineBytesMax) + 1
  const lines = Array.from({ length: count }, (_, at) => wide(`m${at}`))
  async function* chunks() {
    yield Buffer.from('[')
    for (const [at, line] of lines.entries()) yield Buffer.from(`${at === 0 ? '' : ','}${line}`)
    yield Buffer.from(']}')
  }
  const accept = () => lake.ingest.accept(lake.tenantId, chunks(), { host, isLogBody: true })
  assert.deepEqual(await accept(), { accepted: count, duplicates: 0, rejected: { count: 0, first: [] } })
  assert.deepEqual(await accept(), { accepted: 0, duplicates: count, rejected: { count: 0, first: [] } })
  assert.deepEqual(await lake.lines(), lines)
  await lake.close()
})

test('a gigabyte that is no line takes nobody’s place in the queue', async () => {
  const { lake, host } = await lakeWithHost()
  const spaces = Buffer.alloc(1 << 20, ' ')
  const letters = Buffer.alloc(1 << 20, 'x')
  async function* chunks(filling: Buffer, count: number) {
    yield Buffer.from(`[${results[0]},`)
    if (filling === letters) yield Buffer.from('"')
    for (let at = 0; at < count; at++) yield filling
    yield Buffer.from(filling === letters ? '"]}' : ' {"name":"last"}]}')
  }
  const accept = (filling: Buffer) => lake.ingest.accept(lake.tenantId, chunks(filling, 200), { host, isLogBody: true })
  const reason = `longer than ${lineBytesMax} bytes`
  const first = await accept(spaces)
  assert.deepEqual([first.accepted, first.duplicates, first.rejected.first[0]?.reason], [1, 0, reason])
  const second = await accept(letters)
  assert.deepEqual([second.accepted, second.duplicates, second.rejected.first[0]?.reason], [0, 1, reason])
  await assert.rejects(lake.ingest.accept(lake.tenantId, chunks(spaces, 2_000), { host, isLogBody: true }), {
    code: 'too_large',
  })
  await lake.close()
})
