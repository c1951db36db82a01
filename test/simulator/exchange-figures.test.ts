import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openExchangeFigures } from '../../src/simulator/exchange-figures.ts'

test('quantiles are within two percent, and nothing that had no answer is among them', () => {
  const figures = openExchangeFigures()
  for (let ms = 1; ms <= 1_000; ms += 1) {
    figures.add({ route: 'log', ms, status: 200, outcome: 'success', reason: '' })
  }
  figures.add({ route: 'log', ms: 16_000, status: undefined, outcome: 'late', reason: 'no answer in time' })
  figures.add({ route: 'log', ms: 2, status: 503, outcome: 'refused', reason: 'x' })
  const { requests, outcomes, p50, p99, max } = figures.of('log')
  assert.deepEqual([requests, outcomes, max], [1_002, { success: 1_000, late: 1, refused: 1 }, 1_000])
  assert.ok(p50 >= 499 && p50 <= 512, String(p50))
  assert.ok(p99 >= 989 && p99 <= 1_012, String(p99))
  assert.deepEqual(figures.reasons(), [
    ['log: no answer in time', 1],
    ['log: x', 1],
  ])
})

test('a route without requests', () => {
  assert.deepEqual(openExchangeFigures().of('read'), { requests: 0, outcomes: {}, p50: 0, p99: 0, max: 0 })
})

test('a request that took an hour, and one that took nothing', () => {
  const figures = openExchangeFigures()
  figures.add({ route: 'read', ms: 0, status: 200, outcome: 'success', reason: '' })
  figures.add({ route: 'write', ms: 3_600_000, status: 200, outcome: 'success', reason: '' })
  assert.ok(figures.of('read').p99 < 0.02)
  assert.ok(Math.abs(figures.of('write').p50 / 3_600_000 - 1) < 0.03)
})
