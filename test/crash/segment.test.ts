// SIGKILL while bodies are accepted: over and over, at moments drawn from a seed (`SEED=n`), agents send and resend
// what was not answered, cut anew, and an import goes on; at the end every line is there exactly as often as it was
// logged.

import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openStore } from '../../src/db/db.ts'
import { segmentFiles } from '../../src/ingest/segment-files.ts'
import { readSegment } from '../../src/ingest/segment-reader.ts'
import { listConsumedSegments, listUnconsumedSegments } from '../../src/lake/catalog.ts'
import { newId } from '../../src/model/ids.ts'
import { resultLine } from '../support/ingest.ts'
import type { ChildReply, ChildRequest } from './segment-child.ts'

const seed = Number(process.env['SEED'] ?? 1)
const lives = 6

/** mulberry32: the next number below 1. */
function randomFrom(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Life {
  /** Undefined: the process died before it answered. */
  send(request: Omit<ChildRequest, 'id'>): Promise<ChildReply | undefined>
  kill(): Promise<void>
}

async function start(folder: string, tenantId: string): Promise<Life> {
  const child: ChildProcess = fork(new URL('./segment-child.ts', import.meta.url), [folder, tenantId])
  const waiting = new Map<number, (reply: ChildReply | undefined) => void>()
  const exited = once(child, 'exit').then(() => {
    for (const answer of waiting.values()) answer(undefined)
    waiting.clear()
  })
  const [first] = await Promise.race([once(child, 'message'), exited.then(() => ['died'])])
  assert.equal(first, 'ready')
  child.on('message', (reply: ChildReply) => {
    waiting.get(reply.id)?.(reply)
    waiting.delete(reply.id)
  })
  let lastId = 0
  return {
    send(request) {
      if (!child.connected) return Promise.resolve(undefined)
      const id = ++lastId
      const answer = new Promise<ChildReply | undefined>(resolve => waiting.set(id, resolve))
      child.send({ ...request, id } satisfies ChildRequest, () => {})
      return answer
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** One osquery agent: what it logs waits in a queue until a body that holds it is answered. */
function agent(host: string, random: () => number) {
  const logged: string[] = []
  let queue: string[] = []
  /** Of the queue, lines that were in a body without an answer: they are in the next one too. */
  let unanswered = 0
  let counter = 0

  function log(): void {
    counter++
    // Every third line is equal to the one before it: both are rows.
    const fresh = Array.from({ length: 1 + Math.floor(random() * 8) }, (_, at) =>
      resultLine(`${at - (at % 3 === 2 ? 1 : 0)}`, host, { counter }),
    )
    logged.push(...fresh)
    queue.push(...fresh)
  }

  return {
    logged,
    async send(life: Life, isLast: boolean): Promise<boolean> {
      if (!isLast) log()
      const left = Math.floor(random() * 3)
      const isWhole = isLast || queue.length < left + 3
      const lines = isWhole ? queue : queue.slice(0, Math.max(queue.length - left, unanswered))
      if (lines.length === 0) return true
      unanswered = lines.length
      const reply = await life.send({ lines })
      if (reply === undefined) return false
      assert.equal(reply.accepted + reply.duplicates, lines.length)
      queue = queue.slice(lines.length)
      unanswered = 0
      return true
    },
  }
}

/** Sends its lines in pieces, from the first again after each crash. */
async function importAll(life: Life, lines: readonly string[], piece: number): Promise<boolean> {
  for (let at = 0; at < lines.length; at += piece) {
    const reply = await life.send({ lines: lines.slice(at, at + piece), importId: 'file', firstLine: at + 1 })
    if (reply === undefined) return false
  }
  return true
}

async function storedLines(folder: string): Promise<string[]> {
  const store = openStore(join(folder, 'store.sqlite'))
  const lines: string[] = []
  for (const segment of [...(await listConsumedSegments(store)), ...(await listUnconsumedSegments(store))]) {
    const { number, tenantId, fileName, frames, bytes } = segment
    const file = (await segmentFiles.read(join(folder, 'segments', fileName))) ?? Buffer.alloc(0)
    const sealed = frames === undefined || bytes === undefined ? undefined : { frames, bytes }
    const read = readSegment(file, { number, tenantId, sealed, onFrame: ({ b }) => lines.push(...b) })
    assert.equal(read.damagedBytes, 0)
  }
  await store.destroy()
  return lines
}

test(`killed ${lives} times while it accepts: every line exactly as often as it was logged (SEED=${seed})`, async () => {
  const random = randomFrom(seed)
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-crash-'))
  const tenantId = newId()
  const agents = Array.from({ length: 5 }, (_, at) => agent(`agent-${at}`, random))
  const imported = Array.from({ length: 400 }, (_, at) => resultLine(`${at % 100}`, `imported-${at % 3}`))
  try {
    for (let number = 0; number < lives; number++) {
      const life = await start(folder, tenantId)
      const bodiesToKill = 5 + Math.floor(random() * 60)
      let bodies = 0
      const loops = agents.map(async each => {
        while (await each.send(life, false)) if (++bodies === bodiesToKill) void life.kill()
      })
      await Promise.all([...loops, importAll(life, imported, 1 + Math.floor(random() * 40))])
      await life.kill()
    }
    const last = await start(folder, tenantId)
    for (const each of agents) assert.equal(await each.send(last, true), true)
    assert.equal(await importAll(last, imported, 50), true)
    await last.kill()
    const expected = [...agents.flatMap(({ logged }) => logged), ...imported]
    assert.deepEqual((await storedLines(folder)).sort(), expected.sort())
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
