import assert from 'node:assert/strict'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { listInputFiles } from '../../src/cli/file-arguments.ts'
import { type LogPiece, logPieces } from '../../src/cli/log-lines.ts'
import type { LogNames } from '../../src/cli/log-names.ts'
import type { UnsentLine } from '../../src/cli/whole-lines.ts'
import { sha256Hex } from '../../src/model/ids.ts'
import { temporaryFolder } from './temporary-folder.ts'

const never = new AbortController().signal

async function read(folder: string, name: string, stdin: Readable = Readable.from([]), wantedFrom = 1) {
  const [file] = await listInputFiles([name], folder)
  assert.ok(file)
  const pieces: LogPiece[] = []
  const unsent: UnsentLine[] = []
  let known = 0
  const asked: LogNames[] = []
  const find = async (names: LogNames) => {
    asked.push(names)
    return { wantedFrom }
  }
  for await (const part of logPieces(file, stdin, never, find)) {
    if (part.kind === 'piece') pieces.push(part)
    else if (part.kind === 'known') known += part.lines
    else unsent.push(part)
  }
  assert.ok(asked.length <= 1, 'the place is asked for once')
  return { pieces, unsent, known, names: asked[0] }
}

/** Lines whose text tells their number. */
function lines(from: number, to: number, width = 60): string {
  let text = ''
  for (let number = from; number <= to; number++) text += `{"n":${number},"fill":"${'x'.repeat(width)}"}\n`
  return text
}

test('a small file is one piece named by its content', async t => {
  const text = '{"a":1}\n\n{"b":2}\r\n'
  const { pieces, unsent } = await read(temporaryFolder(t, { 'results.log': text }), 'results.log')
  assert.deepEqual(
    pieces.map(piece => ({ ...piece, body: piece.body.toString() })),
    [{ kind: 'piece', importId: sha256Hex(text), body: text, firstLine: 1, lines: 3, bytesRead: text.length }],
  )
  assert.deepEqual(unsent, [])
})

test('a large file comes in pieces of whole lines that add up to it', async t => {
  const text = lines(1, 150_000)
  const { pieces } = await read(temporaryFolder(t, { 'results.log': text }), 'results.log')
  assert.ok(pieces.length >= 3)
  assert.ok(Buffer.concat(pieces.map(piece => piece.body)).equals(Buffer.from(text)))
  let next = 1
  for (const piece of pieces) {
    assert.equal(piece.firstLine, next)
    assert.equal(JSON.parse(piece.body.toString().split('\n')[0] ?? '').n, next)
    assert.equal(piece.importId, sha256Hex(text.slice(0, 65_536)))
    next += piece.lines
  }
  assert.equal(next, 150_001)
  assert.equal(pieces.at(-1)?.bytesRead, text.length)
})

test('packed, grown or renamed it is the same file', async t => {
  const text = lines(1, 2_000)
  const folder = temporaryFolder(t, {
    ...{ 'a.log': text, 'b.log.gz': gzipSync(text), 'no-ending': gzipSync(text), 'c.log.zst': zstdCompressSync(text) },
  })
  const ids = []
  for (const name of ['a.log', 'b.log.gz', 'no-ending', 'c.log.zst']) {
    const { pieces } = await read(folder, name)
    assert.ok(Buffer.concat(pieces.map(piece => piece.body)).equals(Buffer.from(text)))
    ids.push(pieces[0]?.importId)
  }
  appendFileSync(join(folder, 'a.log'), lines(2_001, 2_100))
  ids.push((await read(folder, 'a.log')).pieces[0]?.importId)
  assert.deepEqual(new Set(ids).size, 1)
})

test('several gzip members after one another are one file', async t => {
  const folder = temporaryFolder(t, { 'x.gz': Buffer.concat([gzipSync('{"a":1}\n'), gzipSync('{"a":2}\n')]) })
  assert.equal((await read(folder, 'x.gz')).pieces[0]?.body.toString(), '{"a":1}\n{"a":2}\n')
})

test('a last line without its end is sent when it is whole', async t => {
  const folder = temporaryFolder(t, { 'whole.log': '{"a":1}\n{"b":2}', 'cut.log': '{"a":1}\n{"b":', 'tiny.log': '{"a' })
  const whole = await read(folder, 'whole.log')
  assert.equal(whole.pieces[0]?.body.toString(), '{"a":1}\n{"b":2}\n')
  assert.equal(whole.pieces[0]?.lines, 2)
  const cut = await read(folder, 'cut.log')
  assert.equal(cut.pieces[0]?.body.toString(), '{"a":1}\n')
  assert.deepEqual(cut.unsent, [{ kind: 'unsent', line: 2, reason: 'cut off before its end: not sent' }])
  const tiny = await read(folder, 'tiny.log')
  assert.deepEqual(tiny, {
    ...{ pieces: [], known: 0, names: undefined },
    unsent: [{ kind: 'unsent', line: 1, reason: 'cut off before its end: not sent' }],
  })
})

test('a piece never begins like an array', async t => {
  const first = lines(1, 60_000, 70)
  const text = `${first}[broken\n\n[also\n${lines(60_004, 60_010)}`
  const folder = temporaryFolder(t, { 'results.log': text })
  const { pieces, unsent } = await read(folder, 'results.log')
  for (const piece of pieces) assert.doesNotMatch(piece.body.toString('latin1', 0, 10), /^\s*\[/)
  const sent = pieces.reduce((sum, piece) => sum + piece.lines, 0)
  const last = pieces.at(-1)
  assert.ok(last)
  assert.equal(last.firstLine + last.lines - 1, 60_010)
  const skipped = unsent.length
  assert.ok(sent + skipped >= 60_009 && sent + skipped <= 60_010)
  for (const line of unsent) assert.equal(line.reason, 'no JSON object')
})

test('an empty file has no pieces', async t => {
  const folder = temporaryFolder(t, { 'empty.log': '', 'empty.gz': gzipSync(''), 'blank.log': '\n \n' })
  for (const name of ['empty.log', 'empty.gz', 'blank.log']) {
    const { pieces, unsent } = await read(folder, name)
    assert.deepEqual({ pieces: pieces.length, unsent }, { pieces: 0, unsent: [] }, name)
  }
})

test('standard input is a file without a name', async t => {
  const { pieces } = await read(temporaryFolder(t), '-', Readable.from(['{"a":', '1}\n{"b":2}\n']))
  assert.equal(pieces[0]?.body.toString(), '{"a":1}\n{"b":2}\n')
})

test('what is no log is refused by name', async t => {
  const folder = temporaryFolder(t, {
    'cut.gz': gzipSync(lines(1, 5_000)).subarray(0, 5_000),
    'cut.zst': zstdCompressSync(lines(1, 5_000)).subarray(0, -5),
    'damaged.zst': Buffer.concat([zstdCompressSync('x').subarray(0, 6), Buffer.alloc(100, 7)]),
    'damaged.gz': Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.alloc(100, 7)]),
    'array.json': '\n [{"a":1}]',
    'utf16.log': Buffer.from('\ufeff{"a":1}\n', 'utf16le'),
    'binary.log': Buffer.alloc(33 * 1024 * 1024, 65),
  })
  const messages: Readonly<Record<string, string>> = {
    'cut.gz': 'cut.gz is cut off: its packed data has no end',
    'damaged.gz': 'damaged.gz is damaged: its packed data cannot be read',
    'cut.zst': 'cut.zst is cut off: its packed data has no end',
    'damaged.zst': 'damaged.zst is damaged: its packed data cannot be read',
    'array.json':
      "array.json is a JSON array, not lines: convert it with `jq -c '.[]'` or post it to /lake/v1/ingest/osquery",
    'utf16.log': 'utf16.log is UTF-16: convert it to UTF-8 first',
    'binary.log': 'binary.log line 1 is longer than 32 MiB: this is no result log',
  }
  for (const [name, message] of Object.entries(messages)) {
    await assert.rejects(read(folder, name), { code: 'invalid_argument', message })
  }
})

test('patterns, doubles, directories and missing names', async t => {
  const folder = temporaryFolder(t, { 'b.log': '', 'a.log': '', 'odd[1].log': '' })
  const names = async (...args: string[]) => (await listInputFiles(args, folder)).map(file => file.name)
  assert.deepEqual(await names('*.log'), ['a.log', 'b.log', 'odd[1].log'])
  assert.deepEqual(await names('b.log', '*.log', './b.log'), ['b.log', 'a.log', 'odd[1].log'])
  assert.deepEqual(await names('odd[1].log', '-'), ['odd[1].log', 'standard input'])
  await assert.rejects(names('*.gz'), { code: 'not_found', message: 'no file matches *.gz' })
  await assert.rejects(names('a.log', 'c.log'), { message: 'cannot read c.log: there is no such file' })
  await assert.rejects(names('.'), { message: ". is a directory: name its files, for instance './*.log'" })
})

test('a short file is named by its whole lines, and says the names of its beginnings', async t => {
  const folder = temporaryFolder(t, { 'a.log': '{"a":1}\n{"b":2}\n{"cut', 'b.log': '{"a":1}\n{"b":2}' })
  const whole = '{"a":1}\n{"b":2}\n'
  const expected = { importId: sha256Hex(whole), beginnings: [{ importId: sha256Hex('{"a":1}\n'), lines: 1 }] }
  assert.deepEqual((await read(folder, 'a.log')).names, expected)
  assert.deepEqual((await read(folder, 'b.log')).names, expected, 'the line end that is missing does not change it')
})

test('a long file is named by its first 64 KiB, and its beginnings by each line that ends in them', async t => {
  const text = lines(1, 3000)
  const head = text.slice(0, 65_536)
  const { names } = await read(temporaryFolder(t, { 'results.log': text }), 'results.log')
  const ends = [...head.matchAll(/\n/g)].map(({ index }) => index + 1)
  const beginnings = ends.map((end, at) => ({ importId: sha256Hex(head.slice(0, end)), lines: at + 1 })).reverse()
  assert.deepEqual(names, { importId: sha256Hex(head), beginnings })
})

test('reading starts at the wanted line, in whichever piece it is', async t => {
  const text = lines(1, 120_000)
  const folder = temporaryFolder(t, { 'results.log': text })
  const all = await read(folder, 'results.log')
  assert.ok(all.pieces.length > 2)
  for (const wantedFrom of [1, 2, 70_000, 120_000, 120_001, 500_000]) {
    const { pieces, known } = await read(folder, 'results.log', undefined, wantedFrom)
    assert.equal(known, Math.min(wantedFrom - 1, 120_000))
    assert.equal(pieces.map(piece => piece.body.toString()).join(''), text.split('\n').slice(known).join('\n'))
    assert.equal(pieces[0]?.firstLine, wantedFrom > 120_000 ? undefined : wantedFrom)
    assert.equal(pieces[0]?.importId ?? all.pieces[0]?.importId, all.pieces[0]?.importId)
  }
})
