import assert from 'node:assert/strict'
import type { XdrClient } from '../support/xdr-client.ts'
import { type Dice, dice, markedLine } from './import-marks.ts'

// Agents as osquery's are: each sends its oldest lines, drops them when an answer says that they arrived, and otherwise
// sends them again, with whatever was logged since behind them, so that the borders of its batches move.

export interface Agent {
  readonly name: string
  readonly draw: Dice
  /** Not yet known to have arrived, oldest first: a mark and how often its line was logged, always in one batch. */
  readonly buffer: { readonly mark: string; readonly count: number; readonly line: string }[]
  /** Mark → how often its line was logged, for all that was ever sent. */
  readonly sent: Map<string, number>
  /** The same for what the server has answered for, whether or not the answer reached the agent. */
  readonly acknowledged: Map<string, number>
  logged: number
}

/** Lines that osquery sends at once at most. */
const batchUnitsMax = 1024
const answersLostShare = 0.2

export function newAgent(name: string, seed: number): Agent {
  return { name, draw: dice(seed), buffer: [], sent: new Map(), acknowledged: new Map(), logged: 0 }
}

/** Every tenth line twice, as osquery's differences keep equal rows: both are rows of their own. */
function logSome(agent: Agent): void {
  const start = Math.floor(Date.now() / 1000) - 3600
  for (let count = agent.draw.between(1, 120); count > 0; count -= 1) {
    const mark = `${agent.name}-${agent.logged}`
    const line = markedLine(mark, agent.name, start + (agent.logged % 3000))
    agent.buffer.push({ mark, line, count: agent.logged % 10 === 3 ? 2 : 1 })
    agent.logged += 1
  }
}

/** One request. When its answer is lost the agent learns nothing, although the lines are durable. */
async function sendBatch(agent: Agent, client: XdrClient, units: number, isAnswerLost: boolean): Promise<void> {
  const batch = agent.buffer.slice(0, units)
  if (batch.length === 0) return
  for (const { mark, count } of batch) agent.sent.set(mark, count)
  const answer = await client.ingest(batch.map(({ line, count }) => `${line}\n`.repeat(count)).join(''))
  const lineCount = batch.reduce((total, { count }) => total + count, 0)
  assert.equal(answer.accepted + answer.duplicates, lineCount, 'every line is accepted or known')
  assert.deepEqual(answer.rejected, [])
  for (const { mark, count } of batch) agent.acknowledged.set(mark, count)
  if (!isAnswerLost) agent.buffer.splice(0, batch.length)
}

/**
 * Logs and sends until the server is gone; about a fifth of the answers is lost. With `lastAnswer` the agent stops when
 * `closing` says so, after one more request whose answer is lost; otherwise it dies with the server.
 */
export async function sendUntilDead(
  agent: Agent,
  client: XdrClient,
  closing: AbortSignal,
  lastAnswer: 'lost' | 'neverCame',
): Promise<void> {
  const sendFirst = agent.draw.unit() < 0.5 ? Math.ceil(agent.buffer.length / 2) : batchUnitsMax
  try {
    await sendBatch(agent, client, sendFirst, false)
    while (lastAnswer === 'neverCame' || !closing.aborted) {
      logSome(agent)
      await sendBatch(agent, client, batchUnitsMax, agent.draw.unit() < answersLostShare)
    }
    logSome(agent)
    await sendBatch(agent, client, batchUnitsMax, true)
  } catch (error) {
    if (!isConnectionLoss(error)) throw error
  }
}

/** The first half of what was never answered in one request, the rest with new lines in the next. */
export async function sendRest(agent: Agent, client: XdrClient): Promise<void> {
  await sendBatch(agent, client, Math.ceil(agent.buffer.length / 2), false)
  logSome(agent)
  while (agent.buffer.length > 0) await sendBatch(agent, client, batchUnitsMax, false)
}

function isConnectionLoss(error: unknown): boolean {
  return error instanceof TypeError && /fetch failed|terminated/.test(error.message)
}
