// `kill -9` at any moment of an import. After every restart the tenant's rows are counted: each line that was
// acknowledged is there, none is there more often than it was logged, and at the end all are there exactly once.
// The moments are drawn from a seed (`SEED=n node --test …`), as shares of the bytes that the import writes.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { connectionFlags, runCommand } from '../support/command.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { connect, type IngestAnswer, type XdrClient } from '../support/xdr-client.ts'
import { assertMarks, dice, markedLine, readMarks, segmentBytes, segmentsReach } from './import-marks.ts'

const seed = Number(process.env['SEED'] ?? 1)
const kills = 6
/** Small, so that segments are sealed, converted and committed all through the import. */
const serverFlags = ['--segment-bytes', '400k']

/** A server that is killed and started again on one directory. */
interface Lake {
  server: TestServer
  client: XdrClient
}

async function restarted(lake: Lake): Promise<void> {
  lake.server = await lake.server.restart()
  lake.client = await connect(lake.server.firstRun)
}

test(`an import by command that dies with its server, ${kills} times (seed ${seed})`, async () => {
  const draw = dice(seed)
  const now = Math.floor(Date.now() / 1000)
  // About ten requests of the command's: kills fall before, between and inside them.
  const lineCount = 12_000
  const hosts = ['alpha', 'beta', 'gamma']
  // Hosts change from line to line, so that every body holds frames of all three.
  const line = (n: number): string => markedLine(`m${n}`, hosts[Math.floor(draw.unit() * 3)]!, now - lineCount + n)
  const lines = Array.from({ length: lineCount }, (_, n) => line(n))
  const first = markedLine('first', 'alpha', now)
  const sent = new Map(['first', ...lines.map((_, n) => `m${n}`)].map(mark => [mark, 1]))
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-crash-'))
  const file = join(folder, 'osqueryd.results.log')
  await writeFile(file, `${lines.join('\n')}\n`)
  const totalBytes = lines.reduce((sum, each) => sum + each.length, 0)
  const server = await startServer({ flags: serverFlags })
  const lake: Lake = { server, client: await connect(server.firstRun) }
  // The query name exists from now on, whatever the first kill leaves.
  await lake.client.ingest(`${first}\n`)
  try {
    const moments = Array.from({ length: kills }, () => draw.unit() * totalBytes).sort((a, b) => a - b)
    for (const moment of moments) {
      await killDuringImport(lake, file, moment)
      await restarted(lake)
      assertMarks(await readMarks(lake.client), { acknowledged: new Map([['first', 1]]), sent })
    }
    const last = await runCommand(['import', file, ...connectionFlags(lake.server.firstRun)])
    assert.equal(last.exitCode, 0, last.stderr + last.stdout)
    assertMarks(await readMarks(lake.client), { acknowledged: sent, sent })
    // Grown since, as a log that its agent still writes: only what is new is added.
    const added = ['later-1', 'later-2'].map((mark, n) => [mark, markedLine(mark, 'alpha', now + n)] as const)
    await writeFile(file, `${added.map(([, text]) => text).join('\n')}\n`, { flag: 'a' })
    const again = await runCommand(['import', file, ...connectionFlags(lake.server.firstRun)])
    assert.equal(again.exitCode, 0, again.stderr + again.stdout)
    const all = new Map([...sent, ...added.map(([mark]) => [mark, 1] as const)])
    assertMarks(await readMarks(lake.client), { acknowledged: all, sent: all })
    await lake.server.stop('SIGTERM')
    await restarted(lake)
    assertMarks(await readMarks(lake.client), { acknowledged: all, sent: all })
  } catch (error) {
    throw withOutput(error, lake.server)
  } finally {
    await lake.server.close()
    await rm(folder, { recursive: true, force: true })
  }
})

const launcher = fileURLToPath(new URL('../../scripts/edr-lake.mjs', import.meta.url))

/** Starts the import and kills server and command once the segments hold `bytes` bytes (or the import has ended). */
async function killDuringImport(lake: Lake, file: string, bytes: number): Promise<void> {
  const flags = connectionFlags(lake.server.firstRun)
  const command = spawn(process.execPath, [launcher, 'import', file, ...flags], { stdio: 'ignore' })
  const ended = new AbortController()
  command.once('exit', () => ended.abort())
  await segmentsReach(lake.server.directory, bytes, ended.signal)
  await lake.server.stop('SIGKILL')
  await endCommand(command, ended.signal)
}

/** The launcher passes SIGTERM on to the command proper. */
async function endCommand(command: ChildProcess, ended: AbortSignal): Promise<void> {
  if (ended.aborted) return
  command.kill('SIGTERM')
  await once(command, 'exit')
}

test(`agents that resend what was not answered, in other batches, over ${kills} kills (seed ${seed})`, async () => {
  const draw = dice(seed + 1000)
  const server = await startServer({ flags: serverFlags })
  const lake: Lake = { server, client: await connect(server.firstRun) }
  const agents = ['delta', 'epsilon', 'zeta'].map(name => newAgent(name, draw))
  const sum = (marksOf: (agent: Agent) => ReadonlyMap<string, number>): ReadonlyMap<string, number> =>
    new Map(agents.flatMap(agent => [...marksOf(agent)]))
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      const stopAt = (await segmentBytes(lake.server.directory)) + draw.between(20_000, 900_000)
      const stopped = new AbortController()
      const sending = agents.map(agent => sendUntilDead(agent, lake.client, stopped.signal))
      await segmentsReach(lake.server.directory, stopAt, AbortSignal.timeout(60_000))
      await lake.server.stop('SIGKILL')
      stopped.abort()
      await Promise.all(sending)
      await restarted(lake)
      const expected = { acknowledged: sum(agent => agent.acknowledged), sent: sum(agent => agent.sent) }
      assertMarks(await readMarks(lake.client), expected)
    }
    await Promise.all(agents.map(agent => sendRest(agent, lake.client)))
    const all = sum(agent => agent.sent)
    assert.deepEqual(
      all,
      sum(agent => agent.acknowledged),
    )
    assertMarks(await readMarks(lake.client), { acknowledged: all, sent: all })
    assert.ok([...all.values()].includes(2), 'some lines were logged twice in one body')
    await lake.server.stop('SIGTERM')
    await restarted(lake)
    assertMarks(await readMarks(lake.client), { acknowledged: all, sent: all })
  } catch (error) {
    throw withOutput(error, lake.server)
  } finally {
    await lake.server.close()
  }
})

/**
 * An agent's log buffer. It sends its oldest lines, drops them when they were acknowledged, and otherwise sends them
 * again: after a restart with whatever was logged since, so that the borders of its batches move.
 */
interface Agent {
  readonly name: string
  readonly draw: ReturnType<typeof dice>
  /** Not yet acknowledged, oldest first: a mark and how often its line was logged, always in one batch. */
  readonly buffer: { readonly mark: string; readonly count: number; readonly line: string }[]
  readonly sent: Map<string, number>
  readonly acknowledged: Map<string, number>
  logged: number
}

const batchUnitsMax = 1024

function newAgent(name: string, draw: Agent['draw']): Agent {
  return { name, draw, buffer: [], sent: new Map(), acknowledged: new Map(), logged: 0 }
}

function logSome(agent: Agent): void {
  const start = Math.floor(Date.now() / 1000) - 3600
  for (let count = agent.draw.between(1, 120); count > 0; count -= 1) {
    const mark = `${agent.name}-${agent.logged}`
    const line = markedLine(mark, agent.name, start + (agent.logged % 3000))
    agent.buffer.push({ mark, line, count: agent.logged % 10 === 3 ? 2 : 1 })
    agent.logged += 1
  }
}

async function sendBatch(agent: Agent, client: XdrClient, units: number): Promise<void> {
  const batch = agent.buffer.slice(0, units)
  if (batch.length === 0) return
  for (const { mark, count } of batch) agent.sent.set(mark, count)
  const answer: IngestAnswer = await client.ingest(batch.map(({ line, count }) => `${line}\n`.repeat(count)).join(''))
  const lineCount = batch.reduce((total, { count }) => total + count, 0)
  assert.equal(answer.accepted + answer.duplicates, lineCount, 'every line is accepted or known')
  assert.deepEqual(answer.rejected, [])
  for (const { mark, count } of batch) agent.acknowledged.set(mark, count)
  agent.buffer.splice(0, batch.length)
}

/** Logs and sends until the server is gone; what was not answered stays in the buffer. */
async function sendUntilDead(agent: Agent, client: XdrClient, stopped: AbortSignal): Promise<void> {
  try {
    if (agent.draw.unit() < 0.5) await sendBatch(agent, client, Math.ceil(agent.buffer.length / 2))
    for (;;) {
      logSome(agent)
      await sendBatch(agent, client, batchUnitsMax)
    }
  } catch (error) {
    if (error instanceof assert.AssertionError || !isConnectionLoss(error)) throw error
    if (!stopped.aborted) await once(stopped, 'abort')
  }
}

/** The first half of what was never answered in one body, the rest with new lines in the next. */
async function sendRest(agent: Agent, client: XdrClient): Promise<void> {
  await sendBatch(agent, client, Math.ceil(agent.buffer.length / 2))
  logSome(agent)
  while (agent.buffer.length > 0) await sendBatch(agent, client, batchUnitsMax)
}

function isConnectionLoss(error: unknown): boolean {
  return error instanceof TypeError && /fetch failed|terminated/.test(error.message)
}

function withOutput(error: unknown, server: TestServer): Error {
  return new Error(`${(error as Error).message}\nthe server wrote:\n${server.output().slice(-4000)}`, { cause: error })
}
