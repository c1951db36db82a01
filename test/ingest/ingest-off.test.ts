import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ingestOffWithin } from '../../src/db/ingest-off-days.ts'
import { auditTable } from '../../src/lake/tables.ts'
import { dayMs } from '../../src/model/time-range.ts'
import { bodyOf, resultLine, testIngest } from '../support/ingest.ts'

async function lakeWithOff(off: Set<string>) {
  const lake = await testIngest({ isIngestOff: (_tenantId, hostId) => off.has(hostId) })
  const counted = (start: number, end?: number, hostIds?: readonly string[]) =>
    ingestOffWithin(lake.store, lake.tenantId, { start, end }, hostIds)
  return { lake, counted }
}

const bytesOf = (...lines: readonly string[]) => lines.reduce((sum, line) => sum + line.length + 1, 0)

test('lines of a host that are not wanted are acknowledged and counted, others are stored', async () => {
  const off = new Set<string>()
  const { lake, counted } = await lakeWithOff(off)
  const accept = (...lines: readonly string[]) => lake.ingest.accept(lake.tenantId, bodyOf(...lines))
  const rejected = { count: 0, first: [] }
  const [a, b, c] = [resultLine('a'), resultLine('b'), resultLine('c', 'host-2')]
  await accept(a)
  const { id } = await lake.store.selectFrom('hosts').select('id').executeTakeFirstOrThrow()
  off.add(id)
  assert.deepEqual(await accept(b, c), { accepted: 2, duplicates: 0, ingestOff: 1, rejected })
  assert.deepEqual(await lake.lines(), [a, c])
  assert.deepEqual(await counted(lake.now), { lines: 1, bytes: bytesOf(b), hosts: 1 }, 'before the answer')
  // What was stored before is known; what was not is counted again, and stored once it is wanted.
  assert.deepEqual(await accept(a), { accepted: 0, duplicates: 1, rejected })
  assert.deepEqual(await accept(b), { accepted: 1, duplicates: 0, ingestOff: 1, rejected })
  off.delete(id)
  assert.deepEqual(await accept(b), { accepted: 1, duplicates: 0, rejected })
  await lake.ingest.tick()
  assert.deepEqual(await counted(lake.now), { lines: 2, bytes: 2 * bytesOf(b), hosts: 1 })
  assert.deepEqual(await counted(lake.now, undefined, ['another']), { lines: 0, bytes: 0, hosts: 0 })
  await lake.close()
})

test('counts grow over restarts and days', async () => {
  const off = new Set<string>()
  const { lake, counted } = await lakeWithOff(off)
  await lake.ingest.accept(lake.tenantId, bodyOf(resultLine('a')))
  const { id } = await lake.store.selectFrom('hosts').select('id').executeTakeFirstOrThrow()
  off.add(id)
  const noon = lake.now
  for (let at = 0; at < 3; at++) await lake.ingest.accept(lake.tenantId, bodyOf(resultLine(`${at}`)))
  await lake.ingest.tick()
  await lake.crash()
  await lake.ingest.accept(lake.tenantId, bodyOf(resultLine('after')))
  lake.now += 3 * dayMs
  await lake.ingest.accept(lake.tenantId, bodyOf(resultLine('later')))
  assert.equal((await counted(noon)).lines, 5)
  assert.equal((await counted(noon, noon + dayMs)).lines, 4)
  assert.equal((await counted(lake.now)).lines, 1)
  await lake.close()
})

test('of an import, and never of what the lake says of itself', async () => {
  const off = new Set(['table/lake_audit'])
  const { lake } = await lakeWithOff(off)
  await lake.ingest.accept(lake.tenantId, bodyOf(resultLine('a')))
  off.add((await lake.store.selectFrom('hosts').select('id').executeTakeFirstOrThrow()).id)
  const result = await lake.ingest.accept(lake.tenantId, bodyOf(resultLine('b')), { importId: 'file' })
  assert.deepEqual([result.accepted, result.ingestOff, result.nextLine], [1, 1, 2])
  const audit = await lake.ingest.accept(lake.tenantId, Buffer.from('{"action":"x"}\n'), { table: auditTable })
  assert.equal(audit.ingestOff, undefined)
  assert.equal((await lake.lines()).length, 2)
  await lake.close()
})
