import assert from 'node:assert/strict'
import { appendFileSync } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { readTail, type TailPiece } from '../../../src/cli/watch/tail.ts'
import { temporaryFolder } from '../temporary-folder.ts'

async function openLog(t: TestContext, text: string | Buffer): Promise<{ path: string; handle: FileHandle }> {
  const path = join(temporaryFolder(t, { 'x.log': text }), 'x.log')
  const handle = await open(path, 'r')
  t.after(() => handle.close())
  return { path, handle }
}

async function read(handle: FileHandle, from = { offset: 0, line: 1 }, options: object = {}): Promise<TailPiece[]> {
  const { size } = await handle.stat()
  const pieces: TailPiece[] = []
  const all = { bytes: size, wantedFrom: 1, isEnded: false, ...options }
  for await (const piece of readTail(handle, 'x.log', from, all)) pieces.push(piece)
  return pieces
}

const shown = (pieces: readonly TailPiece[]) =>
  pieces.map(({ body, firstLine, lines, known, end }) => [body.toString(), firstLine, lines, known, end])

test('whole lines up to the end; the rest waits', async t => {
  const { path, handle } = await openLog(t, '{"a":1}\n\n{"b":2}\r\n{"c":')
  const [piece] = await read(handle)
  assert.deepEqual(shown([piece!]), [['{"a":1}\n\n{"b":2}\r\n', 1, 3, 0, { offset: 18, line: 4 }]])
  assert.deepEqual(await read(handle, piece!.end), [])
  appendFileSync(path, '3}')
  assert.deepEqual(await read(handle, piece!.end), [], 'its end may be on the way')
  const [ended] = await read(handle, piece!.end, { isEnded: true })
  assert.deepEqual(shown([ended!]), [['{"c":3}\n', 4, 1, 0, { offset: 18, line: 4 }]])
  appendFileSync(path, '\n{"d":4}\n')
  const after = await read(handle, ended!.end, { wantedFrom: 5 })
  assert.deepEqual(shown(after), [['{"d":4}\n', 5, 1, 1, { offset: 34, line: 6 }]])
})

test('what is no whole JSON waits however long it is quiet', async t => {
  const { handle } = await openLog(t, '{"a":1}\n{"b"')
  const [piece] = await read(handle, undefined, { isEnded: true })
  assert.deepEqual(piece?.end, { offset: 8, line: 2 })
  const { handle: open } = await openLog(t, '{"b"')
  assert.deepEqual(await read(open, undefined, { isEnded: true }), [])
  assert.deepEqual(await read((await openLog(t, '')).handle), [])
})

test('only what was there when it was looked at', async t => {
  const { handle } = await openLog(t, '{"a":1}\n{"b":2}\n{"c":3}\n')
  assert.deepEqual(shown(await read(handle, undefined, { bytes: 17 })), [
    ['{"a":1}\n{"b":2}\n', 1, 2, 0, { offset: 16, line: 3 }],
  ])
})

test('known lines are passed over, and lines that would read as an array', async t => {
  const { handle } = await openLog(t, '{"a":1}\n{"b":2}\n[1]\n{"c":3}\n[2]\n')
  const [piece] = await read(handle, undefined, { wantedFrom: 3 })
  assert.deepEqual(shown([piece!]), [['{"c":3}\n[2]\n', 4, 2, 2, { offset: 32, line: 6 }]])
  assert.deepEqual(piece?.unsent, [{ kind: 'unsent', line: 3, reason: 'no JSON object' }])
  const [all] = await read(handle, undefined, { wantedFrom: 99 })
  assert.deepEqual(shown([all!]), [['', 6, 0, 5, { offset: 32, line: 6 }]])
})

test('a large file comes in pieces, a line that no log has is refused', async t => {
  const line = `{"x":"${'y'.repeat(1000)}"}\n`
  const { handle } = await openLog(t, line.repeat(10_000))
  const pieces = await read(handle)
  assert.ok(pieces.length >= 2)
  assert.equal(Buffer.concat(pieces.map(({ body }) => body)).toString(), line.repeat(10_000))
  assert.deepEqual(pieces.at(-1)?.end, { offset: line.length * 10_000, line: 10_001 })
  const { handle: binary } = await openLog(t, Buffer.alloc(33 * 1024 * 1024, 65))
  await assert.rejects(read(binary, { offset: 0, line: 7 }), {
    code: 'invalid_argument',
    message: 'x.log line 7 is longer than 32 MiB: this is no result log',
  })
})

test('however a file grows, its lines come once, in order, with their numbers', async t => {
  const text = fc.array(fc.constantFrom('{"a":1}', '[', '', '{', 'é', '{"b":"\\n"}'), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(30), { maxLength: 6 }), async (lines, cuts) => {
      const whole = Buffer.from(lines.map(each => `${each}\n`).join(''))
      const { path, handle } = await openLog(t, '')
      let [from, at] = [{ offset: 0, line: 1 }, 0]
      const got = new Map<number, string>()
      for (const size of [...cuts, whole.length]) {
        appendFileSync(path, whole.subarray(at, at + size))
        at += size
        for (const piece of await read(handle, from)) {
          const texts = piece.body.toString().split('\n').slice(0, -1)
          for (const [index, each] of texts.entries()) got.set(piece.firstLine + index, each)
          for (const { line } of piece.unsent) got.set(line, '[')
          assert.equal(piece.lines, texts.length)
          from = piece.end
        }
      }
      assert.deepEqual(from, { offset: (await stat(path)).size, line: lines.length + 1 })
      // Blank lines at the start of a piece are not sent.
      for (const [index, each] of lines.entries()) assert.equal(got.get(index + 1) ?? '', each)
    }),
    { numRuns: 60 },
  )
})
