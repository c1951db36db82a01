import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { fastTime } from '../../src/simulator/agent/agent-effects.ts'
import { openRunningFleet, type RunningFleetOptions } from '../../src/simulator/running-fleet.ts'
import { startReferenceServer } from '../support/reference-server.ts'
import { testCertificates } from '../support/test-certificates.ts'

/** A hundred times as fast as real time, from a fixed instant. */
function quickly() {
  const startedAt = performance.now()
  return fastTime(() => 1_770_019_200_000 + (performance.now() - startedAt) * 100, 100)
}

const never = new AbortController().signal

async function fleet(t: TestContext, changed: Partial<RunningFleetOptions> = {}) {
  const effects = changed.effects ?? quickly()
  const certificates = await testCertificates()
  const server = await startReferenceServer(certificates.pem)
  const running = openRunningFleet({
    ...{ seed: 'fleet', hostCount: 12, origin: server.url, enrollSecret: 'let-me-in', trust: certificates.trust },
    ...{ linesPerMinute: 30, run: 'r', effects },
    ...changed,
  })
  t.after(async () => {
    await running.stop()
    await server.close()
  })
  return { server, running, pass: (ms: number) => effects.wait(ms, never) }
}

test('a fleet over TLS, through failures of every kind: each line is stored, and counted as it is', async t => {
  const { server, running, pass } = await fleet(t)
  server.fail('log', { body: '{"error":"x"}' }, { status: 502 }, { silence: 'closed' }, { body: '<html>' })
  await running.start(1_000, never)
  while (running.counts().logged < 1_000) await pass(1_000)
  running.quiet()
  assert.equal(await running.drain(600_000, never), true)
  const counts = running.counts()
  assert.deepEqual([counts.enrolled, counts.buffered, counts.waiting + counts.sent], [12, 0, 0])
  assert.ok(counts.acknowledgedByNothing > 0)
  assert.equal(counts.acknowledged + counts.acknowledgedByNothing, counts.logged)
  const stored = [...server.stored.result, ...server.stored.status].map(line => {
    const { decorations, message } = JSON.parse(line)
    return message?.split('#')[1] ?? `${decorations.simulator_agent}/${decorations.simulator_line}`
  })
  assert.equal(new Set(stored).size, stored.length)
  assert.equal(stored.length, counts.acknowledged)
  assert.deepEqual(Object.keys(running.figures.of('log').outcomes).sort(), ['empty', 'refused', 'success'])
})

test('clones: two agents with the identity of one host', async t => {
  const { server, running, pass } = await fleet(t, { hostCount: 6, clones: 2 })
  await running.start(0, never)
  while (server.requestsOf('enroll').length < 6) await pass(100)
  const identifiers = running.agents.map(({ host }) => host.identifier)
  assert.equal(new Set(identifiers).size, 4)
  assert.deepEqual(identifiers.slice(4), identifiers.slice(0, 2))
})

test('a start that is broken off starts no further agents', async t => {
  const { running } = await fleet(t)
  const signal = AbortSignal.abort()
  await running.start(60_000, signal)
  assert.equal(running.counts().logged, 0)
  assert.equal(await running.drain(1_000, signal), true)
})
