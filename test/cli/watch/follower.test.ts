import assert from 'node:assert/strict'
import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { openCheckpoints } from '../../../src/cli/watch/checkpoints.ts'
import { openFollower } from '../../../src/cli/watch/follower.ts'
import { findFiles } from '../../../src/cli/watch/found-files.ts'
import type { Shipper } from '../../../src/cli/watch/shipper.ts'
import { temporaryFolder } from '../temporary-folder.ts'

// What happens between two looks and in the middle of one; the lake is a map of names and positions.

const lines = (from: number, to: number, width = 1000) =>
  Array.from({ length: to - from + 1 }, (_, at) => `{"n":${from + at},"fill":"${'x'.repeat(width)}"}\n`).join('')
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at)

async function openFollowed(t: TestContext, quietMs = 10_000) {
  const folder = temporaryFolder(t)
  const state = join(temporaryFolder(t), 'state.json')
  const positions = new Map<string, number>()
  const stored: number[] = []
  let now = 1_770_000_000_000
  const hooks = { onFind: () => {}, onSend: () => {} }
  const shipper: Shipper = {
    async find({ importId, beginnings }) {
      hooks.onFind()
      const all = [{ importId, lines: Number.POSITIVE_INFINITY }, ...beginnings]
      const found = all.map(({ importId: id, lines: count }) => Math.min(positions.get(id) ?? 1, count + 1))
      return { wantedFrom: Math.max(...found) }
    },
    async send({ body, importId, firstLine }) {
      const texts = body.toString().split('\n').slice(0, -1)
      const next = positions.get(importId) ?? 1
      const fresh = texts.filter((_, at) => firstLine + at >= next)
      for (const text of fresh) stored.push(JSON.parse(text).n)
      positions.set(importId, Math.max(next, firstLine + texts.length))
      hooks.onSend()
      const counts = { accepted: fresh.length, duplicates: texts.length - fresh.length }
      return { ...counts, rejected: [], rejectedCount: 0, nextLine: positions.get(importId)! }
    },
  }
  const start = async () => {
    const checkpoints = await openCheckpoints(state, 'lake')
    const follower = openFollower({
      ...{ shipper, checkpoints, quietMs, clock: () => now, signal: new AbortController().signal },
      ...{ onReply: () => {}, onKnown: () => {}, onUnsent: () => {} },
    })
    return async () => {
      const { files } = await findFiles(['.'], folder, () => false)
      for (const file of files) await follower.follow(file)
      follower.forgetOthers(new Set(files.map(({ id }) => id)))
    }
  }
  const path = (name: string) => join(folder, name)
  return { start, hooks, stored, path, wait: (ms: number) => (now += ms), write: writeFileSync }
}

for (const count of [5, 200]) {
  test(`truncated and written anew while the lake was asked or sent to: nothing is taken for the old file’s (${count})`, async t => {
    for (const moment of ['onFind', 'onSend'] as const) {
      const { start, hooks, stored, path } = await openFollowed(t)
      writeFileSync(path('x.log'), lines(1, count))
      let isFirst = true
      hooks[moment] = () => {
        if (!isFirst) return
        isFirst = false
        writeFileSync(path('x.log.1'), lines(1, count))
        truncateSync(path('x.log'))
        appendFileSync(path('x.log'), lines(1001, 1000 + 2 * count))
      }
      const look = await start()
      for (let looks = 0; looks < 3; looks++) await look()
      assert.deepEqual(
        stored.sort((a, b) => a - b),
        [...range(1, count), ...range(1001, 1000 + 2 * count)],
        moment,
      )
    }
  })
}

test('a place that was learnt of a file’s old content is forgotten with it', async t => {
  const { start, stored, path } = await openFollowed(t)
  writeFileSync(path('x.log'), lines(1, 100))
  await (await start())()
  const look = await start()
  // Known to the last line: there is nothing to send, and nothing to keep.
  await look()
  truncateSync(path('x.log'))
  appendFileSync(path('x.log'), lines(201, 300))
  await look()
  assert.deepEqual(stored, [...range(1, 100), ...range(201, 300)])
})

test('an unfinished last line is read when its file has been quiet, a packed file then too', async t => {
  const { start, stored, path, wait } = await openFollowed(t)
  writeFileSync(path('x.log'), `${lines(1, 2)}{"n":3}`)
  writeFileSync(path('y.log.gz'), gzipSync(lines(11, 12)).subarray(0, 20))
  const look = await start()
  await look()
  assert.deepEqual(stored, [1, 2])
  wait(9_999)
  writeFileSync(path('y.log.gz'), gzipSync(lines(11, 12)))
  await look()
  assert.deepEqual(stored, [1, 2])
  wait(1)
  await look()
  assert.deepEqual(stored, [1, 2, 3])
  wait(9_999)
  await look()
  assert.deepEqual(stored, [1, 2, 3, 11, 12])
  appendFileSync(path('x.log'), '\r\n{"n":4}\r\n')
  await look()
  renameSync(path('x.log'), path('x.log.1'))
  await look()
  await (await start())()
  assert.deepEqual(stored, [1, 2, 3, 11, 12, 4])
})

test('what cannot be read is said again only when it has changed', async t => {
  const { start, stored, path } = await openFollowed(t)
  writeFileSync(path('x.json'), '[1]\n')
  const look = await start()
  await assert.rejects(look(), { code: 'invalid_argument' })
  await look()
  writeFileSync(path('x.json'), lines(1, 1))
  await look()
  assert.deepEqual(stored, [1])
})
