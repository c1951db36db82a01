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
import { connect, type XdrClient } from '../support/xdr-client.ts'
import { type Agent, newAgent, sendRest, sendUntilDead } from './import-agents.ts'
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
  const agents = ['delta', 'epsilon', 'zeta', 'eta'].map((name, n) => newAgent(name, seed + 2000 + n))
  const sum = (marksOf: (agent: Agent) => ReadonlyMap<string, number>): ReadonlyMap<string, number> =>
    new Map(agents.flatMap(agent => [...marksOf(agent)]))
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      const stopAt = (await segmentBytes(lake.server.directory)) + draw.between(20_000, 900_000)
      const closing = new AbortController()
      const send = (agent: Agent, lastAnswer: 'lost' | 'neverCame'): Promise<void> =>
        sendUntilDead(agent, lake.client, closing.signal, lastAnswer)
      const [stored, dying] = [
        agents.slice(0, 2).map(agent => send(agent, 'lost')),
        agents.slice(2).map(agent => send(agent, 'neverCame')),
      ]
      await segmentsReach(lake.server.directory, stopAt, AbortSignal.timeout(60_000))
      closing.abort()
      await Promise.all(stored)
      await lake.server.stop('SIGKILL')
      await Promise.all(dying)
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

function withOutput(error: unknown, server: TestServer): Error {
  return new Error(`${(error as Error).message}\nthe server wrote:\n${server.output().slice(-4000)}`, { cause: error })
}
