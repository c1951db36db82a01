import assert from 'node:assert/strict'
import { test } from 'node:test'
import { enrol } from '../../../src/simulator/agent/enrolment.ts'
import { type AgentFlags, osqueryFlags } from '../../../src/simulator/agent/flags.ts'

/** Enrols against these answers, the last of them for ever; an Error is no answer. */
async function enrolAgainst(answers: readonly (string | Error)[], changed: Partial<AgentFlags> = {}, stopAfter = 1e9) {
  const waits: number[] = []
  const reasons: string[] = []
  let posts = 0
  const key = await enrol({
    flags: () => ({ ...osqueryFlags, ...changed }),
    async post() {
      const answer = answers[Math.min(posts, answers.length - 1)]!
      posts += 1
      if (answer instanceof Error) throw answer
      return Buffer.from(answer)
    },
    wait: async seconds => void waits.push(seconds),
    isStopped: () => posts >= stopAfter,
    onFailure: reason => reasons.push(reason),
  })
  return { key, posts, waits, reasons }
}

test('a key at the first answer', async () => {
  assert.deepEqual(await enrolAgainst(['{"node_key":"k1"}']), { key: 'k1', posts: 1, waits: [], reasons: [] })
})

test('the key may be called id, and counts whatever else the answer has', async () => {
  assert.equal((await enrolAgainst(['{"id":"k2"}'])).key, 'k2')
  assert.equal((await enrolAgainst(['{"error":"x","node_invalid":true,"node_key":"k3"}'])).key, 'k3')
})

test('twelve attempts, each waiting n squared seconds', async () => {
  const { key, posts, waits, reasons } = await enrolAgainst(['{"node_invalid":true}'])
  assert.deepEqual([key, posts], ['', 12])
  assert.deepEqual(waits, [1, 4, 9, 16, 25, 36, 49, 64, 81, 100, 121])
  assert.deepEqual(new Set(reasons), new Set(['no node key returned']))
})

test('what is no key: errors, no JSON, nothing, a number, an empty text, no connection', async () => {
  const answers = ['{"error":"x"}', '<html>', '', '{"node_key":7}', '{"node_key":""}', '[]', 'null', new Error('gone')]
  const { key, posts, waits, reasons } = await enrolAgainst([...answers, '{"node_key":"k4"}'])
  assert.deepEqual([key, posts, waits.length], ['k4', 9, 8])
  assert.equal(reasons.at(-1), 'gone')
})

test('without a bound of attempts the wait is capped', async () => {
  const { key, posts, waits } = await enrolAgainst([...Array<string>(30).fill('{}'), '{"node_key":"k5"}'], {
    tls_enroll_max_attempts: 0,
    tls_enroll_max_interval: 100,
  })
  assert.deepEqual([key, posts], ['k5', 31])
  assert.deepEqual(waits.slice(7, 12), [64, 81, 100, 100, 100])
})

test('an agent that is stopped asks no further', async () => {
  assert.deepEqual(await enrolAgainst(['{}'], {}, 2), {
    ...{ key: '', posts: 2, waits: [1] },
    reasons: ['no node key returned'],
  })
})
