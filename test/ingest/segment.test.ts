import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { type FrameDraft, hashLines } from '../../src/ingest/frame.ts'
import { openSegmentLog, type SealedSegment, type SegmentCounts, type Unit } from '../../src/ingest/segment.ts'
import { readSegment } from '../../src/ingest/segment-reader.ts'
import { AppError } from '../../src/model/errors.ts'
import type { Frame, Segment } from '../../src/model/segment.ts'
import { type DiskStep, type LosingDisk, losingDisk } from '../support/losing-disk.ts'

const root = '/segments'
const tenantId = 'tenant'

function frame(lines: readonly string[], more: Partial<FrameDraft> = {}): FrameDraft {
  return { t: 1, h: 'host', hi: 'identifier "é"', n: lines.length, s: hashLines(lines), ...more, b: lines }
}

function unit(...frames: FrameDraft[]): Unit {
  return { frames, bytes: JSON.stringify(frames).length }
}

/** A log over a disk that can lose power, and a catalog that cannot. */
function openLog(disk: LosingDisk, bounds: { segmentBytesMax?: number; diskReserveBytes?: number } = {}) {
  const rows = new Map<number, { segment: Segment; counts: SegmentCounts | undefined }>()
  const durable = new Map<number, number>()
  const sealed: SealedSegment[] = []
  const state = { now: 1000, isCatalogDown: false, failures: 0 }
  const log = openSegmentLog(
    {
      catalog: {
        async openSegment(tenant, now) {
          if (state.isCatalogDown) throw new Error('the store is busy')
          const number = rows.size + 1
          const segment = { number, tenantId: tenant, fileName: `${tenant}/${number}.ndjson`, createdAt: now }
          rows.set(number, { segment: { ...segment, state: 'open' }, counts: undefined })
          return { ...segment, state: 'open' }
        },
        async sealSegment(number, counts) {
          if (state.isCatalogDown) throw new Error('the store is busy')
          rows.get(number)!.counts = counts
        },
      },
      ...{ files: disk, folder: root, clock: () => state.now, ...bounds },
      onDurable: (segment, frames) => durable.set(segment.number, frames),
      onSealed: segment => sealed.push(segment),
      onFailed: () => {
        state.failures++
      },
    },
    tenantId,
  )

  /** Every line that a reader of this disk would believe in, in order. */
  async function linesOn(other: LosingDisk): Promise<string[]> {
    const frames: Frame[] = []
    for (const { segment, counts } of rows.values()) {
      const file = (await other.read(join(root, segment.fileName))) ?? Buffer.alloc(0)
      const onFrame = (each: Frame) => frames.push(each)
      const read = readSegment(file, { number: segment.number, tenantId, sealed: counts, onFrame })
      assert.equal(read.damagedBytes, 0)
    }
    return frames.flatMap(({ b }) => b)
  }

  return { log, rows, durable, sealed, state, linesOn }
}

test('a segment holds its header and the frames in order, numbered from 1, lines from 0', async () => {
  const disk = losingDisk(root)
  const { log, durable, sealed, rows } = openLog(disk)
  await log.append(unit(frame(['{"a":1}', '{"b":"\\n"}'], { m: true }), frame(['{"c":"é"}'])))
  await log.append(unit(frame(['{"d":1}'], { i: { id: 'file', next: 9 }, d: 2 })))
  assert.equal(log.openSince(), 1000)
  await log.seal()
  const bytes = (await disk.read('/segments/tenant/1.ndjson'))!
  const head = { t: 1, h: 'host', hi: 'identifier "é"' }
  assert.deepEqual(
    bytes
      .toString('utf8')
      .split('\n')
      .map(line => (line === '' ? '' : JSON.parse(line))),
    [
      { format: 1, segment: 1, tenant: 'tenant', createdAt: 1000 },
      { q: 1, o: 0, ...head, n: 2, s: hashLines(['{"a":1}', '{"b":"\\n"}']), m: true, b: ['{"a":1}', '{"b":"\\n"}'] },
      { q: 2, o: 2, ...head, n: 1, s: hashLines(['{"c":"é"}']), b: ['{"c":"é"}'] },
      { q: 3, o: 3, ...head, n: 1, s: hashLines(['{"d":1}']), i: { id: 'file', next: 9 }, d: 2, b: ['{"d":1}'] },
      '',
    ],
  )
  const counts = { frames: 3, lines: 4, bytes: bytes.length }
  assert.deepEqual(rows.get(1)!.counts, counts)
  assert.deepEqual(sealed, [{ ...rows.get(1)!.segment, state: 'sealed', ...counts }])
  assert.equal(durable.get(1), 3)
  assert.equal(log.openSince(), undefined)
})

test('sealing nothing makes nothing', async () => {
  const { log, rows } = openLog(losingDisk(root))
  await log.seal()
  await log.append({ frames: [], bytes: 0 })
  assert.equal(rows.size, 0)
})

test('bodies that come while the disk works share the next sync', async () => {
  const disk = losingDisk(root)
  const steps: DiskStep[] = []
  disk.onStep = step => steps.push(step)
  const { log, linesOn } = openLog(disk)
  const lines = Array.from({ length: 50 }, (_, at) => `{"n":${at}}`)
  await Promise.all(lines.map(line => log.append(unit(frame([line])))))
  assert.deepEqual(await linesOn(disk.afterCut(0, false)), lines)
  assert.deepEqual(
    steps.filter(step => step === 'write' || step === 'sync'),
    ['write', 'sync', 'write', 'sync'],
  )
})

test('a full segment is sealed and the next one begun, a body is never cut in two', async () => {
  const disk = losingDisk(root)
  const { log, rows, linesOn } = openLog(disk, { segmentBytesMax: 600 })
  const lines = Array.from({ length: 12 }, (_, at) => `{"n":${at}}`)
  for (let at = 0; at < lines.length; at += 2) {
    await log.append(unit(frame([lines[at]!], { m: true }), frame([lines[at + 1]!])))
  }
  await log.seal()
  assert.deepEqual(
    [...rows.values()].map(({ counts }) => counts?.frames),
    [4, 4, 4],
  )
  assert.deepEqual(await linesOn(disk), lines)
})

/**
 * Appends bodies, also two at a time, and cuts the power after every step of the disk, with every torn length. Resolves
 * with the acknowledged lines that some cut loses; a line that is there twice is an error at once.
 */
async function cutEverywhere(isMissing: LosingDisk['isMissing']): Promise<Set<string>> {
  const disk = losingDisk(root)
  disk.isMissing = isMissing
  const opened = openLog(disk, { segmentBytesMax: 700 })
  const acknowledged = new Set<string>()
  const lost = new Set<string>()
  let checks: Promise<void> = Promise.resolve()
  disk.onStep = () => {
    const expected = [...acknowledged]
    for (let torn = 0; torn <= disk.unsafeBytes(); torn++) {
      for (const hasZeros of [false, true]) {
        const left = disk.afterCut(torn, hasZeros)
        // The rows as they are now: the check runs at once up to its first wait, on copies of the files.
        const counts = [...opened.rows].map(([number, row]) => [number, { ...row }] as const)
        checks = checks.then(async () => {
          const found = await linesIn(left, new Map(counts))
          assert.equal(new Set(found).size, found.length, 'a line is there twice')
          for (const line of expected) if (!found.includes(line)) lost.add(line)
        })
      }
    }
  }
  const send = async (...lines: string[]) => {
    const drafts = lines.map((line, at) => frame([line], at < lines.length - 1 ? { m: true } : {}))
    await opened.log.append(unit(...drafts))
    for (const line of lines) acknowledged.add(line)
  }
  await send('{"first":1}')
  await Promise.all([send('{"a":1}', '{"a":2}'), send('{"b":1}')])
  await Promise.all([send('{"c":1}'), send('{"d":1}', '{"d":2}', '{"d":3}')])
  await send('{"last":1}')
  await checks
  assert.ok(opened.rows.size >= 2)
  return lost
}

async function linesIn(
  disk: LosingDisk,
  rows: ReadonlyMap<number, { segment: Segment; counts: SegmentCounts | undefined }>,
): Promise<string[]> {
  const lines: string[] = []
  for (const [number, { segment, counts }] of rows) {
    const file = (await disk.read(join(root, segment.fileName))) ?? Buffer.alloc(0)
    const onFrame = ({ b }: Frame) => lines.push(...b)
    readSegment(file, { number, tenantId, sealed: counts, onFrame })
  }
  return lines
}

test('no power cut loses or doubles an acknowledged line', async () => {
  assert.deepEqual(await cutEverywhere(() => false), new Set())
})

test('each sync is needed: without any one of them some power cut loses an acknowledged line', async () => {
  const missing: [string, LosingDisk['isMissing']][] = [
    ['of the file', step => step === 'sync'],
    ["of the tenant's folder", (step, path) => step === 'syncFolder' && path === join(root, tenantId)],
    ['of the segments folder', (step, path) => step === 'syncFolder' && path === root],
  ]
  for (const [name, isMissing] of missing) assert.notEqual((await cutEverywhere(isMissing)).size, 0, name)
})

test('a write that fails is refused with all that waits, its segment is given up, the next body gets a new one', async () => {
  const noSpace = Object.assign(new Error('no space left'), { code: 'ENOSPC' })
  for (const step of ['create', 'write', 'sync', 'syncFolder'] as const) {
    for (const written of [0, 1, 40, 10_000]) {
      const disk = losingDisk(root)
      const opened = openLog(disk)
      const { log, rows, state } = opened
      if (step === 'write' || step === 'sync') await log.append(unit(frame(['{"before":1}'])))
      disk.onFault = kind => (kind === step ? { error: noSpace, written } : undefined)
      const order: string[] = []
      const failing = ['{"x":1}', '{"y":1}', '{"z":1}'].map(line =>
        log.append({ ...unit(frame([line])), refused: () => order.push('refused'), durable: () => order.push('bad') }),
      )
      const results = await Promise.allSettled(failing)
      for (const result of results) {
        assert.equal(result.status, 'rejected')
        assert.ok(result.reason instanceof AppError)
        assert.equal(result.reason.code, 'unavailable')
        assert.equal(result.reason.message, 'lines cannot be stored at the moment')
        assert.equal(result.reason.cause, noSpace)
      }
      assert.deepEqual(order, ['refused', 'refused', 'refused'])
      assert.equal(state.failures, 1)
      disk.onFault = () => undefined
      await log.append(unit(frame(['{"after":1}'])))
      const expected = step === 'write' || step === 'sync' ? ['{"before":1}', '{"after":1}'] : ['{"after":1}']
      assert.deepEqual(await opened.linesOn(disk.afterCut(0, false)), expected)
      assert.deepEqual(await opened.linesOn(disk), expected)
      assert.equal(rows.size, 2)
    }
  }
})

test('the failed segment is sealed in the catalog before the next is opened', async () => {
  const disk = losingDisk(root)
  const { log, rows, state } = openLog(disk)
  await log.append(unit(frame(['{"a":1}'])))
  disk.onFault = step => {
    if (step !== 'sync') return undefined
    state.isCatalogDown = true
    return { error: new Error('EIO') }
  }
  await assert.rejects(log.append(unit(frame(['{"b":1}']))), { code: 'unavailable' })
  disk.onFault = () => undefined
  await assert.rejects(log.append(unit(frame(['{"c":1}']))), { code: 'unavailable' })
  assert.equal(rows.size, 1)
  state.isCatalogDown = false
  await log.append(unit(frame(['{"d":1}'])))
  assert.deepEqual(
    [...rows.values()].map(({ counts }) => counts?.frames),
    [1, undefined],
  )
})

test('a nearly full disk is refused before anything is written', async () => {
  const disk = losingDisk(root)
  const { log, rows, state } = openLog(disk, { diskReserveBytes: 5000 })
  disk.free = 4999
  await assert.rejects(log.append(unit(frame(['{"a":1}']))), {
    code: 'unavailable',
    message: 'only 4999 bytes of disk are free, 5000 are kept in reserve',
  })
  assert.equal(rows.size, 0)
  disk.free = 5000
  await log.append(unit(frame(['{"b":1}'])))
  disk.free = 0
  state.now += 1000
  await assert.rejects(log.append(unit(frame(['{"c":1}']))), { code: 'unavailable' })
  disk.free = 5000
  await log.append(unit(frame(['{"d":1}'])))
  // The reserve is no fault of the segment: it goes on.
  assert.equal(rows.size, 1)
})

test('what may use the reserve is kept while others are refused, down to half of it', async () => {
  const disk = losingDisk(root)
  const { log, linesOn } = openLog(disk, { diskReserveBytes: 5000 })
  disk.free = 2500
  const keep = (line: string) => log.append({ ...unit(frame([line])), mayUseReserve: true })
  // Asked for at once: who must wait for whom is no reason to share a fate.
  const [first, refused, second, refusedToo] = await Promise.allSettled([
    keep('{"a":1}'),
    log.append(unit(frame(['{"b":1}']))),
    keep('{"c":1}'),
    log.append(unit(frame(['{"d":1}']))),
  ])
  assert.deepEqual(
    [first, refused, second, refusedToo].map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected'],
  )
  assert.deepEqual(await linesOn(disk), ['{"a":1}', '{"c":1}'])
  disk.free = 2499
  await assert.rejects(keep('{"e":1}'), { code: 'unavailable', details: { retryAfterSeconds: 60 } })
})

test('a name that is taken is not appended to', async () => {
  const disk = losingDisk(root, new Map([[join(root, tenantId, '1.ndjson'), Buffer.from('older\n')]]))
  const { log, linesOn } = openLog(disk)
  await assert.rejects(log.append(unit(frame(['{"a":1}']))), { code: 'unavailable' })
  assert.equal((await disk.read(join(root, tenantId, '1.ndjson')))?.toString(), 'older\n')
  await log.append(unit(frame(['{"b":1}'])))
  assert.deepEqual(await linesOn(disk), ['{"b":1}'])
})
