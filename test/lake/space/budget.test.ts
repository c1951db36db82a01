import assert from 'node:assert/strict'
import { test } from 'node:test'
import { budgetStatus, describeBudget } from '../../../src/lake/space/budget.ts'
import { growthSpanMsMin } from '../../../src/limits.ts'
import type { BudgetLevel } from '../../../src/model/budget-level.ts'
import { dayMs } from '../../../src/model/time-range.ts'

const gib = 2 ** 30
const now = Date.UTC(2026, 10, 20)

test('how full, how fast, how long', () => {
  const grown = { at: now - 2 * dayMs, bytes: 40 * gib }
  assert.deepEqual(budgetStatus(60 * gib, 100 * gib, grown, now), {
    ...{ usedBytes: 60 * gib, budgetBytes: 100 * gib, percent: 60, level: 'calm' },
    ...{ bytesPerDay: 10 * gib, daysLeft: 4 },
  })
  const shrunk = budgetStatus(30 * gib, 100 * gib, grown, now)
  assert.deepEqual([shrunk.bytesPerDay, shrunk.daysLeft], [-5 * gib, undefined])
  const over = budgetStatus(120 * gib, 100 * gib, grown, now)
  assert.deepEqual([over.percent, over.level, over.daysLeft], [120, 'full', 0])
})

test('no rate over too short a time, and no level without a budget', () => {
  const fresh = { at: now - growthSpanMsMin + 1, bytes: 0 }
  assert.equal(budgetStatus(10, 20, fresh, now).bytesPerDay, undefined)
  assert.equal(budgetStatus(10, 20, undefined, now).daysLeft, undefined)
  assert.deepEqual(budgetStatus(10, undefined, { at: now - dayMs, bytes: 4 }, now), {
    ...{ usedBytes: 10, budgetBytes: undefined, percent: undefined, level: 'calm' },
    ...{ bytesPerDay: 6, daysLeft: undefined },
  })
})

test('levels go up at their border and down a little below it', () => {
  const levelAt = (percent: number, before: BudgetLevel) => budgetStatus(percent, 100, undefined, now, before).level
  const cases: readonly (readonly [number, BudgetLevel, BudgetLevel])[] = [
    [79, 'calm', 'calm'],
    [80, 'calm', 'warn'],
    [79, 'warn', 'warn'],
    [78, 'warn', 'warn'],
    [77, 'warn', 'calm'],
    [90, 'warn', 'urgent'],
    [89, 'urgent', 'urgent'],
    [87, 'urgent', 'warn'],
    [100, 'calm', 'full'],
    [98, 'full', 'full'],
    [97, 'full', 'urgent'],
    [10, 'full', 'calm'],
  ]
  for (const [percent, before, level] of cases) {
    assert.equal(levelAt(percent, before), level, `${before} at ${percent} %`)
  }
})

test('in words', () => {
  const grown = { at: now - dayMs, bytes: 80 * gib }
  const words = (used: number, of?: number, from = grown) => describeBudget(budgetStatus(used, of, from, now))
  assert.equal(words(85 * gib, 100 * gib), '85 % of 100 GiB in use, 3 days left')
  assert.equal(words(96 * gib, 100 * gib), '96 % of 100 GiB in use, less than a day left')
  assert.equal(words(70 * gib, 100 * gib), '70 % of 100 GiB in use')
  assert.equal(words(300 * 2 ** 20, 2 ** 29, { at: now - dayMs, bytes: 2 ** 27 }), '58 % of 512 MiB in use, 1 day left')
  assert.equal(words(1), 'no budget')
})
