import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { type EngineFixture, engineFixture, rowsOf } from '../../support/engine-fixtures.ts'

// Statements that have to be stopped, and what is left after them. Times are bounds of the contract (a cancel has
// stopped the statement within 1.2 s whatever it does), not measurements.

/** 10^15 rows: DuckDB notices an interrupt. */
const endless = `WITH d(x) AS (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))
  SELECT count(a.x + b.x * c.x) AS n FROM ${'abcdefghijklmno'
    .split('')
    .map(name => `d AS ${name}`)
    .join(', ')}`

/** One expression that runs for minutes, evaluated while planning: DuckDB does not notice an interrupt. */
const deaf = `SELECT trino_levenshtein(lpad('a', 400000, 'a'), lpad('b', 400000, 'b')) AS n`

/** Children of the engine: each has a folder of its own. */
function workersOf(fixture: EngineFixture): number[] {
  return readdirSync(join(fixture.folder, 'tmp'))
    .filter(name => name.startsWith('worker-'))
    .map(name => Number(name.split('-').at(-1)))
    .sort((a, b) => a - b)
}

/** A stop takes 1.2 s at most where the machine does nothing else; with other work on it, some times that. */
const stopMsMax = 5_000

async function answersNext(fixture: EngineFixture): Promise<void> {
  assert.deepEqual(await rowsOf(fixture, await fixture.run('SELECT 40 + 2 AS n')), [{ n: 42 }])
}

suite('stopping a statement', () => {
  for (const [name, sql] of Object.entries({ endless, deaf })) {
    test(`a cancel stops one that is ${name}, and the next run works`, async context => {
      const fixture = await engineFixture(context)
      const abort = new AbortController()
      const { promise: started, resolve } = Promise.withResolvers<void>()
      const run = fixture.run(sql, { signal: abort.signal, onProgress: () => resolve() })
      await started
      const before = performance.now()
      abort.abort()
      await assert.rejects(run, { code: 'canceled', message: 'the run was canceled' })
      assert.ok(performance.now() - before < stopMsMax)
      await answersNext(fixture)
    })

    test(`the deadline stops one that is ${name}, and the next run works`, async context => {
      const fixture = await engineFixture(context)
      await answersNext(fixture)
      const before = performance.now()
      const run = fixture.run(sql, { limits: { timeoutMs: 150 } })
      await assert.rejects(run, { code: 'timed_out', message: 'the statement ran longer than its time limit' })
      assert.ok(performance.now() - before < 150 + stopMsMax)
      await answersNext(fixture)
    })
  }

  test('a run that waits is canceled at once and never starts', async context => {
    const fixture = await engineFixture(context)
    const first = new AbortController()
    const second = new AbortController()
    const { promise: started, resolve } = Promise.withResolvers<void>()
    const running = fixture.run(endless, { signal: first.signal, onProgress: () => resolve() })
    await started
    const waiting = fixture.run(endless, { signal: second.signal })
    second.abort()
    await assert.rejects(waiting, { code: 'canceled' })
    first.abort()
    await assert.rejects(running, { code: 'canceled' })
    await assert.rejects(fixture.run('SELECT 1 AS one', { signal: first.signal }), { code: 'canceled' })
    await answersNext(fixture)
  })

  test('a cancel stops its own run and no other', async context => {
    const fixture = await engineFixture(context, { workerCount: 2 })
    for (let round = 0; round < 5; round += 1) {
      const abort = new AbortController()
      const doomed = fixture.run(endless, { signal: abort.signal })
      const others = [1, 2, 3].map(n => fixture.run(`SELECT ${n} AS n`, { tenantId: `t${n}` }))
      const first = await Promise.race(others)
      assert.equal(first.outcome.kind, 'succeeded')
      abort.abort()
      await assert.rejects(doomed, { code: 'canceled' })
      const outcomes = await Promise.all(others)
      assert.deepEqual(
        outcomes.map(({ outcome }) => outcome.kind),
        ['succeeded', 'succeeded', 'succeeded'],
      )
    }
  })

  test('a cancel after the end means nothing', async context => {
    const fixture = await engineFixture(context)
    const abort = new AbortController()
    const ran = await fixture.run('SELECT 1 AS one', { signal: abort.signal })
    abort.abort()
    assert.deepEqual(await rowsOf(fixture, ran), [{ one: 1 }])
    await answersNext(fixture)
  })

  test('a killed worker fails its run in one sentence, and is replaced', async context => {
    const fixture = await engineFixture(context)
    await answersNext(fixture)
    const { promise: started, resolve } = Promise.withResolvers<void>()
    const run = fixture.run(endless, { onProgress: () => resolve() })
    await started
    const before = workersOf(fixture)
    const victims = fixture.childPids()
    for (const pid of victims) process.kill(pid, 'SIGKILL')
    const { outcome } = await run
    assert.deepEqual(outcome, {
      kind: 'failed',
      error: {
        code: 'internal',
        message: 'the statement ended its engine process, most likely for want of memory: ask for less at once',
      },
    })
    await answersNext(fixture)
    assert.ok(workersOf(fixture).every(number => !before.includes(number)))
  })

  test('closing stops what runs and what waits', async context => {
    const fixture = await engineFixture(context)
    const { promise: started, resolve } = Promise.withResolvers<void>()
    const running = fixture.run(endless, { onProgress: () => resolve() })
    await started
    const settled = Promise.allSettled([running, fixture.run(endless)])
    await fixture.engine.close()
    const codes = (await settled).map(run => run.status === 'rejected' && run.reason.code)
    assert.deepEqual(codes, ['canceled', 'canceled'])
    await assert.rejects(fixture.run('SELECT 1 AS one'), { code: 'canceled' })
    assert.deepEqual(readdirSync(join(fixture.folder, 'tmp')), [])
  })

  test('a hundred short runs share few processes, each run on its own database', async context => {
    const fixture = await engineFixture(context, { workerRunsMax: 40 })
    for (let index = 0; index < 100; index += 1) {
      const { outcome } = await fixture.run(`SELECT ${index} AS n`)
      assert.equal(outcome.kind, 'succeeded')
    }
    // Two at the start, one more after each 40 runs of one of them.
    assert.ok(Math.max(...workersOf(fixture)) <= 5)
  })
})
