import assert from 'node:assert/strict'
import { readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type FrameDraft, hashLines, parseFrame, renderFrame } from '../../src/ingest/frame.ts'
import { readSegment } from '../../src/ingest/segment-reader.ts'
import { commitSegment } from '../../src/lake/commit.ts'
import type { Frame } from '../../src/model/segment.ts'
import { bodyOf, resultLine, type TestIngest, testIngest } from '../support/ingest.ts'

const tenantId = 'tenant'
const header = Buffer.from('{"format":1,"segment":7,"tenant":"tenant","createdAt":1}\n')

function draft(mark: string, more: Partial<FrameDraft> = {}): FrameDraft {
  const lines = [`{"mark":"${mark}"}`, '{"é":"\\n"}']
  return { t: 1, h: `host ${mark}`, hi: 'hi', n: 2, s: hashLines(lines), ...more, b: lines }
}

/** A segment of these frames, and where each ends. */
function segmentOf(...drafts: readonly FrameDraft[]): { file: Buffer; ends: number[] } {
  const parts = [header, ...drafts.map((each, at) => renderFrame(each, at + 1, at * 2))]
  const ends = parts.map((_, at) => parts.slice(0, at + 1).reduce((sum, { length }) => sum + length, 0))
  return { file: Buffer.concat(parts), ends: ends.slice(1) }
}

function read(file: Buffer, frames?: number, bytes = file.length) {
  const seen: number[] = []
  const sealed = frames === undefined ? undefined : { frames, bytes }
  const result = readSegment(file, { number: 7, tenantId, sealed, onFrame: ({ q }: Frame) => seen.push(q) })
  assert.deepEqual(
    seen,
    Array.from({ length: result.frames }, (_, at) => at + 1),
  )
  assert.equal(result.lines, 2 * result.frames)
  return { ...result, stranded: result.stranded.map(({ q }) => q) }
}

test('a frame is read as it was written, and not otherwise', () => {
  const frame = draft('a', { m: true, d: 3, i: { id: 'x', next: 4 } })
  const line = renderFrame(frame, 3, 9)
  assert.deepEqual(parseFrame(line), { q: 3, o: 9, ...frame })
  for (const text of ['', 'null', '7', '[]', '{}', header.toString(), line.toString().replace('"n":2', '"n":3')]) {
    assert.equal(parseFrame(Buffer.from(text)), undefined, text)
  }
  assert.equal(parseFrame(Buffer.from(line.toString().replace('mark', 'mask'))), undefined)
})

test('an open segment cut anywhere: whole bodies count, the rest is torn', () => {
  const { file, ends } = segmentOf(draft('a'), draft('b', { m: true }), draft('c'), draft('d'))
  for (let length = 0; length <= file.length; length++) {
    for (const cut of [file.subarray(0, length), Buffer.concat([file.subarray(0, length)], file.length + 9)]) {
      const result = read(cut)
      const whole = ends.filter(end => end <= length).length
      const frames = whole === 2 ? 1 : whole
      const bytes = frames > 0 ? ends[frames - 1]! : length >= header.length ? header.length : 0
      assert.deepEqual(
        [result.frames, result.bytes, result.tornBytes, result.damagedBytes, result.stranded],
        [frames, bytes, cut.length - bytes, 0, []],
        `cut at ${length}`,
      )
    }
  }
})

test('a sealed segment cut before its end is damaged, and what is whole counts', () => {
  const { file, ends } = segmentOf(draft('a'), draft('b', { m: true }), draft('c'))
  for (let length = 0; length < file.length; length++) {
    const result = read(file.subarray(0, length), 3)
    assert.equal(result.frames, ends.filter(end => end <= length).length, `cut at ${length}`)
    assert.ok(result.damagedBytes > 0)
    assert.equal(result.tornBytes, 0)
  }
  const longer = Buffer.concat([file, Buffer.from('{"q":4, torn')])
  assert.deepEqual(read(longer, 3, file.length), {
    ...{ frames: 3, lines: 6, bytes: file.length, hasHeader: true, tornBytes: 0, damagedBytes: 0, stranded: [] },
  })
  assert.equal(read(longer, 2, ends[1]).frames, 2)
})

test('a bit flipped anywhere: the frames before it count, those behind it are found, it is damage', () => {
  const { file, ends } = segmentOf(draft('a'), draft('b'), draft('c'))
  let harmless = 0
  for (let at = 0; at < file.length - 1; at++) {
    for (const bit of [1, 4, 32, 128]) {
      const flipped = Buffer.from(file)
      flipped[at]! ^= bit
      for (const frames of [undefined, 3]) {
        const result = read(flipped, frames)
        const hit = at < header.length ? -1 : ends.findIndex(end => at < end)
        if (result.damagedBytes === 0) {
          // Times, hosts and keys nobody asks for are outside the hash; so is white space of the header.
          assert.equal(result.frames, 3)
          harmless++
        } else if (hit === -1 && result.frames === 3) assert.equal(result.hasHeader, false)
        else {
          const lost = at === header.length - 1 ? 0 : hit
          assert.equal(result.frames, lost === -1 ? 0 : lost, `bit ${bit} of byte ${at}`)
          const behind = [1, 2, 3].filter(q => q > result.frames + 1)
          // A lost line end costs the frame behind it as well; a frame whose number alone is wrong is found.
          const found = behind.length === 0 ? [] : result.stranded.slice(-behind.length)
          assert.deepEqual(found, ends.includes(at + 1) ? behind.slice(1) : behind)
        }
      }
    }
  }
  assert.ok(harmless < file.length)
})

async function damage(it: TestIngest, fileName: string, change: (file: Buffer) => Buffer): Promise<void> {
  const path = join(it.folder, 'segments', fileName)
  await writeFile(path, change(await readFile(path)))
}

const lineOf = (mark: string) => resultLine(mark)

test('after a crash open segments are sealed at what was acknowledged, and converted', async () => {
  const it = await testIngest()
  await it.ingest.accept(it.tenantId, bodyOf(lineOf('a'), lineOf('b')))
  await damage(it, `${it.tenantId}/1.ndjson`, file => Buffer.concat([file, Buffer.from('{"q":2,"o":2,"t"')]))
  await it.crash()
  assert.deepEqual(
    { ...it.recovered, sealed: it.recovered.sealed.map(({ number, frames, lines }) => ({ number, frames, lines })) },
    {
      ...{ segments: 1, frames: 1, lines: 2, tornBytes: 16, damaged: [] },
      sealed: [{ number: 1, frames: 1, lines: 2 }],
    },
  )
  await it.ingest.sealNow()
  const [row] = await it.store.selectFrom('segments').select(['number', 'state', 'frames']).execute()
  assert.deepEqual({ ...row }, { number: 1, state: 'consumed', frames: 1 })
  assert.equal(it.ingest.durableFrames(1), 1)
  await it.close()
})

test('an open segment whose file was never made, or has no whole header, is empty', async () => {
  for (const change of [(path: string) => rm(path), (path: string) => truncate(path, 10)]) {
    const it = await testIngest()
    await it.ingest.accept(it.tenantId, bodyOf(lineOf('a')))
    await change(join(it.folder, 'segments', it.tenantId, '1.ndjson'))
    await it.crash()
    assert.deepEqual(it.recovered.damaged, [])
    await it.ingest.sealNow()
    assert.deepEqual(await it.lines(), [])
    assert.equal((await it.ingest.accept(it.tenantId, bodyOf(lineOf('b')))).accepted, 1)
    assert.equal((await stat(join(it.folder, 'segments', it.tenantId, '2.ndjson'))).isFile(), true)
    await it.close()
  }
})

/** Three bodies in segment 1, the second's text spoilt. */
async function spoilt(isSealed: boolean, consume = async () => {}): Promise<TestIngest> {
  const it = await testIngest({ consume })
  for (const mark of ['a', 'b', 'c']) await it.ingest.accept(it.tenantId, bodyOf(lineOf(mark)))
  if (isSealed) await it.ingest.sealNow()
  await damage(it, `${it.tenantId}/1.ndjson`, file => {
    return Buffer.from(file.toString('utf8').replace('\\"mark\\":\\"b\\"', '\\"mark\\":\\"!\\"'))
  })
  await it.crash()
  return it
}

test('frames behind damage move to a new segment, and nothing is silent', async () => {
  for (const isSealed of [false, true]) {
    const it = await spoilt(isSealed)
    const [damaged] = it.recovered.damaged
    assert.deepEqual(
      { ...damaged, damagedBytes: damaged!.damagedBytes > 0 },
      {
        ...{ number: 1, tenantId: it.tenantId, framesKept: 1, framesMoved: 1, damagedBytes: true },
        framesLost: isSealed ? 1 : undefined,
      },
    )
    assert.deepEqual(await it.lines(), [lineOf('a'), lineOf('c')])
    // What moved is known to the nets.
    assert.equal((await it.ingest.accept(it.tenantId, bodyOf(lineOf('c')))).duplicates, 1)
    // Once a segment is sealed its hashes are in the store: what is lost of it stays known for a week.
    assert.equal((await it.ingest.accept(it.tenantId, bodyOf(lineOf('b')))).accepted, isSealed ? 0 : 1)
    await it.crash()
    assert.deepEqual(it.recovered.damaged, [])
    assert.deepEqual(await it.lines(), [lineOf('a'), lineOf('c'), ...(isSealed ? [] : [lineOf('b')])])
    await it.close()
  }
})

test('a recovery that was interrupted behind the move does not move again', async () => {
  const it = await spoilt(false)
  const row = { state: 'open', frames: null, lines: null, bytes: null, sealed_at: null }
  await it.store.updateTable('segments').set(row).where('number', '=', 1).execute()
  await it.crash()
  assert.equal(it.recovered.damaged[0]?.framesMoved, 0)
  assert.deepEqual(await it.lines(), [lineOf('a'), lineOf('c')])
  await it.close()
})

test('a header that is damaged costs no frame', async () => {
  const it = await testIngest()
  await it.ingest.accept(it.tenantId, bodyOf(lineOf('a')))
  await damage(it, `${it.tenantId}/1.ndjson`, file => Buffer.concat([Buffer.from('X'), file.subarray(1)]))
  await it.crash()
  assert.equal(it.recovered.damaged[0]?.framesKept, 1)
  assert.deepEqual(await it.lines(), [lineOf('a')])
  await it.close()
})

test('a body that was only half on the disk is gone as a whole, and its import goes on before it', async () => {
  const it = await testIngest()
  const first = bodyOf(resultLine('a', 'h1'), resultLine('b', 'h2'))
  const second = bodyOf(resultLine('c', 'h1'), resultLine('d', 'h2'), resultLine('e', 'h3'))
  await it.ingest.accept(it.tenantId, first, { importId: 'file', firstLine: 1 })
  await it.ingest.accept(it.tenantId, second, { importId: 'file', firstLine: 3 })
  await damage(it, `${it.tenantId}/1.ndjson`, file => {
    const ends = [...file.entries()].filter(([, byte]) => byte === 0x0a).map(([at]) => at)
    // Behind the header, both frames of the first and two of the second body.
    return file.subarray(0, ends[4]! + 20)
  })
  await it.crash()
  assert.equal(it.recovered.lines, 2)
  const again = await it.ingest.accept(it.tenantId, Buffer.concat([first, second]), { importId: 'file', firstLine: 1 })
  assert.deepEqual([again.accepted, again.duplicates], [3, 2])
  assert.equal((await it.lines()).length, 5)
  await it.close()
})

test('a segment left behind by later ones brings no old position and no old bodies back', async () => {
  const it = await testIngest({
    consume: async segment => {
      if (segment.number === 1) throw new Error('poison')
      await commitSegment(it.store, segment, { files: [], queryNames: [] }, it.now)
    },
  })
  const piece = (firstLine: number) =>
    it.ingest.accept(it.tenantId, bodyOf(lineOf(`${firstLine}`)), { importId: 'file', firstLine })
  await piece(1)
  for (const mark of ['a', 'b']) await it.ingest.accept(it.tenantId, bodyOf(lineOf(mark)))
  for (let at = 0; at < 3; at++) await it.ingest.sealNow()
  await piece(2)
  for (const mark of ['c', 'd']) await it.ingest.accept(it.tenantId, bodyOf(lineOf(mark), lineOf(`${mark}2`)))
  await it.ingest.sealNow()
  await it.crash()
  assert.equal((await piece(2)).duplicates, 1)
  for (const mark of ['c', 'd']) {
    const again = bodyOf(lineOf(mark), lineOf(`${mark}2`), lineOf(`${mark}3`))
    assert.deepEqual((await it.ingest.accept(it.tenantId, again)).accepted, 1)
  }
  await it.close()
})
