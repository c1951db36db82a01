// Twenty agents over TLS against a lake that is killed, whose store is locked, whose disk is full and before which a
// proxy answers nothing: after each of it every line is where it belongs, once. `npm run soak:fleet` is the long one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fastTime } from '../../src/simulator/agent/agent-effects.ts'
import { openFleetRig, type RigCheck, wrongIn } from '../soak/fleet-rig.ts'

/** The agents' time, so that what takes them minutes fits into a test. */
const factor = 10
const spanMs = 60_000

test('a fleet of twenty loses nothing and doubles nothing, whatever happens to its lake', async t => {
  const startedAt = performance.now()
  const from = Date.now() - spanMs * factor
  const clock = (): number => from + (performance.now() - startedAt) * factor
  await using rig = await openFleetRig({
    ...{ seed: 'e2e', hosts: 20, rate: 20, effects: fastTime(clock, factor), diskBytes: 512 * 1024 * 1024 },
    from: from - 86_400_000,
  })
  const { fleet, proxy } = rig
  const right = (check: RigCheck): void => assert.deepEqual(wrongIn(check), [])
  const faults: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['a kill', () => rig.kill()],
    ['a locked store', () => rig.lockStore(3_000)],
    ['a proxy that answers nothing', () => rig.answerNothing(1_000)],
    ...(rig.hasDisk ? [['a full disk', () => rig.fillDisk(3_000)] as const] : []),
    ['another kill', () => rig.kill()],
  ]
  if (!rig.hasDisk) t.diagnostic('no disk could be mounted: it was not filled')
  await fleet.start(1_000 * factor, new AbortController().signal)
  await rig.recovered()
  for (const [at, [name, fault]] of faults.entries()) {
    await rig.askLive(`names ${at}`)
    await delay(500)
    await fault()
    await rig.recovered()
    const check = await rig.check()
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    t.diagnostic(`${seconds} s, after ${name}: ${check.results.present} results, ${check.statuses.present} statuses`)
    right(check)
  }
  fleet.quiet()
  assert.equal(await fleet.drain(300_000, new AbortController().signal), true)
  const counts = fleet.counts()
  assert.deepEqual([counts.enrolled, counts.buffered, counts.waiting, counts.sent], [20, 0, 0, 0])
  const check = await rig.check(true)
  right(check)
  // A quiet agent still says what goes wrong for it: between the two counts a line may come.
  const found = check.results.present + check.statuses.present
  assert.ok(counts.acknowledged <= found && found <= fleet.counts().acknowledged, `${found} found`)
  assert.ok(proxy.answered > 0)
  assert.ok(check.live.some(({ answered }) => answered > 0))
  assert.ok(check.results.present > 500, `${check.results.present} results`)
})
