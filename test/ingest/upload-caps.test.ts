import assert from 'node:assert/strict'
import { test } from 'node:test'
import { overCapWithin } from '../../src/db/upload-days.ts'
import { AppError } from '../../src/model/errors.ts'
import { dayMs } from '../../src/model/time-range.ts'
import { bodyOf, resultLine, testIngest } from '../support/ingest.ts'

// Bodies of one host: `size` lines, each of a kind of its own.
let made = 0
function lines(host: string, size: number): string[] {
  return Array.from({ length: size }, () => resultLine(`m${String(made++).padStart(6, '0')}`, host))
}
const bytesOf = (texts: readonly string[]) => texts.reduce((sum, text) => sum + text.length + 1, 0)

const ten = bytesOf(lines('host-1', 10))

interface Caps {
  uploadCapHostBytes?: number | undefined
  uploadCapTenantBytes?: number | undefined
}

/** Caps that a test may change. */
async function lakeWith(caps: Caps) {
  const capsOf = () => ({ uploadCapHostBytes: undefined, uploadCapTenantBytes: undefined, ...caps })
  const lake = await testIngest({ capsOf })
  const accept = async (texts: readonly string[], more = {}) => {
    const { accepted, duplicates, overCap = 0 } = await lake.ingest.accept(lake.tenantId, bodyOf(...texts), more)
    return { accepted, duplicates, overCap }
  }
  const dropped = (start: number, end?: number, hostIds?: readonly string[]) =>
    overCapWithin(lake.store, lake.tenantId, { start, end }, hostIds)
  return { lake, accept, dropped }
}

test('over its cap a host is answered and not stored, others are', async () => {
  const { lake, accept, dropped } = await lakeWith({ uploadCapHostBytes: ten })
  const [first, second] = [lines('host-1', 10), lines('host-1', 1)]
  assert.deepEqual(await accept(first), { accepted: 10, duplicates: 0, overCap: 0 })
  assert.deepEqual(await accept([...second, ...lines('host-2', 3)]), { accepted: 4, duplicates: 0, overCap: 1 })
  assert.equal((await lake.lines()).length, 13)
  assert.deepEqual(await dropped(lake.now), { lines: 1, bytes: bytesOf(second), hosts: 1 })
  // What was stored may come again; what was not is counted again.
  assert.deepEqual(await accept(first), { accepted: 0, duplicates: 10, overCap: 0 })
  assert.deepEqual(await accept(second), { accepted: 1, duplicates: 0, overCap: 1 })
  assert.equal((await dropped(lake.now)).lines, 2)
  await lake.close()
})

test('a new day begins with nothing sent, and the days before still say what they dropped', async () => {
  const { lake, accept, dropped } = await lakeWith({ uploadCapHostBytes: ten })
  await accept(lines('host-1', 10))
  await accept(lines('host-1', 5))
  const noon = lake.now
  lake.now += dayMs
  assert.equal((await accept(lines('host-1', 10))).overCap, 0)
  assert.equal((await accept(lines('host-1', 1))).overCap, 1)
  assert.equal((await dropped(noon)).lines, 6)
  assert.equal((await dropped(noon - 5 * dayMs, noon - 2 * dayMs)).lines, 0)
  // An event of the evening may have been received, and dropped, after midnight.
  assert.equal((await dropped(noon - 2 * dayMs, noon - dayMs)).lines, 5)
  assert.equal((await dropped(noon + dayMs)).lines, 1)
  assert.equal((await dropped(noon + 2 * dayMs)).lines, 0)
  const { id } = await lake.store.selectFrom('hosts').select('id').executeTakeFirstOrThrow()
  assert.equal((await dropped(noon, undefined, [id])).lines, 6)
  assert.equal((await dropped(noon, undefined, ['another'])).lines, 0)
  await lake.close()
})

test('a tenant has a cap of its own, over all hosts, tables and imports', async () => {
  const { lake, accept } = await lakeWith({ uploadCapTenantBytes: 2 * ten })
  assert.equal((await accept(lines('host-1', 10))).overCap, 0)
  assert.equal((await accept(lines('host-2', 9))).overCap, 0)
  assert.equal((await accept(lines('host-3', 2))).overCap, 2)
  assert.equal((await accept(lines('host-3', 2), { table: 'xgfw_data' })).overCap, 2)
  const file = lines('host-4', 4)
  assert.deepEqual(await accept(file, { importId: 'f' }), { accepted: 4, duplicates: 0, overCap: 4 })
  // The import went on all the same: an error would make it come for ever.
  assert.deepEqual(await accept(file, { importId: 'f' }), { accepted: 0, duplicates: 4, overCap: 0 })
  assert.equal((await lake.lines()).length, 19)
  await lake.close()
})

test('a crash forgets no dropped line, and what was counted is counted on', async () => {
  const { lake, accept, dropped } = await lakeWith({ uploadCapHostBytes: ten })
  await accept(lines('host-1', 10))
  await accept(lines('host-1', 3))
  await lake.crash()
  assert.equal((await dropped(lake.now)).lines, 3)
  assert.equal((await accept(lines('host-1', 1))).overCap, 1)
  assert.equal((await dropped(lake.now)).lines, 4)
  await lake.close()
})

test('without a cap nothing is counted', async () => {
  const { lake, accept } = await lakeWith({})
  assert.equal((await accept(lines('host-1', 1_000))).overCap, 0)
  await lake.ingest.tick()
  assert.deepEqual(await lake.store.selectFrom('upload_days').selectAll().execute(), [])
  await lake.close()
})

test('a cap that is given, raised or taken away holds from the next body on', async () => {
  const caps: Caps = {}
  const { lake, accept, dropped } = await lakeWith(caps)
  await accept(lines('host-1', 100))
  caps.uploadCapHostBytes = ten
  assert.equal((await accept(lines('host-1', 10))).overCap, 0, 'what came before it was not counted')
  assert.equal((await accept(lines('host-1', 1))).overCap, 1)
  caps.uploadCapHostBytes = 2 * ten
  assert.equal((await accept(lines('host-1', 10))).overCap, 0)
  assert.equal((await accept(lines('host-1', 1))).overCap, 1)
  caps.uploadCapHostBytes = undefined
  assert.equal((await accept(lines('host-1', 50))).overCap, 0)
  assert.equal((await dropped(lake.now)).lines, 2)
  await lake.close()
})

test('a tenant over its disk budget gets an error, loses nothing, and still keeps its audit log', async () => {
  let isFull = true
  const sealed: [string, number][] = []
  const budgets = {
    admit() {
      if (isFull) throw new AppError('unavailable', 'full')
    },
    sealed: (tenantId: string, bytes: number) => void sealed.push([tenantId, bytes]),
  }
  const lake = await testIngest({ budgets })
  const body = bodyOf(...lines('host-1', 3))
  await assert.rejects(lake.ingest.accept(lake.tenantId, body), { code: 'unavailable', message: 'full' })
  assert.deepEqual(await lake.lines(), [])
  assert.equal((await lake.ingest.accept(lake.tenantId, bodyOf('{"action":"x"}'), { table: 'lake_audit' })).accepted, 1)
  isFull = false
  assert.equal((await lake.ingest.accept(lake.tenantId, body)).accepted, 3, 'the same body is no resend')
  await lake.ingest.sealNow()
  const { bytes } = await lake.store.selectFrom('segments').select('bytes').executeTakeFirstOrThrow()
  assert.deepEqual(sealed, [[lake.tenantId, bytes]])
  await lake.close()
})
