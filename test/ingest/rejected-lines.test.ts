import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { keepRejectedLines } from '../../src/ingest/rejected-lines.ts'
import { rejectedFileBytesMax } from '../../src/limits.ts'

const noon = Date.UTC(2026, 10, 24, 12)
const line = (number: number, text: string) => ({ line: number, reason: 'not a JSON object', text: Buffer.from(text) })

test('a file a day and tenant, readable by its owner only', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-rejected-'))
  await keepRejectedLines(folder, 'a', [], noon)
  assert.deepEqual(await readdir(folder), [])
  await keepRejectedLines(folder, 'a', [line(1, 'x'), line(2, 'y\u0000"')], noon)
  await keepRejectedLines(folder, 'a', [line(3, 'z')], noon + 1)
  await keepRejectedLines(folder, 'a', [line(4, 'w')], noon + 12 * 3600 * 1000)
  await keepRejectedLines(folder, 'b', [line(5, 'v')], noon)
  assert.deepEqual((await readdir(join(folder, 'a'))).sort(), ['2026-11-24.ndjson', '2026-11-25.ndjson'])
  const path = join(folder, 'a', '2026-11-24.ndjson')
  const entries = (await readFile(path, 'utf8')).trim().split('\n')
  assert.deepEqual(
    entries.map(entry => JSON.parse(entry)),
    [
      { at: '2026-11-24T12:00:00.000Z', line: 1, reason: 'not a JSON object', text: 'x' },
      { at: '2026-11-24T12:00:00.000Z', line: 2, reason: 'not a JSON object', text: 'y\u0000"' },
      { at: '2026-11-24T12:00:00.001Z', line: 3, reason: 'not a JSON object', text: 'z' },
    ],
  )
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  await rm(folder, { recursive: true })
})

test('past its bound a file does not grow', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-rejected-'))
  const path = join(folder, 'a', '2026-11-24.ndjson')
  await mkdir(join(folder, 'a'))
  await writeFile(path, '')
  const one = line(1, 'x')
  const entryBytes = 86
  await truncate(path, rejectedFileBytesMax - 2 * entryBytes)
  await keepRejectedLines(folder, 'a', [one, one, one, one], noon)
  const { size } = await stat(path)
  assert.ok(size <= rejectedFileBytesMax && size > rejectedFileBytesMax - 2 * entryBytes)
  await keepRejectedLines(folder, 'a', [one, one], noon)
  assert.ok((await stat(path)).size <= rejectedFileBytesMax)
  await rm(folder, { recursive: true })
})
