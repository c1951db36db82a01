import assert from 'node:assert/strict'
import test from 'node:test'
import { differentFrom, equalTo, parseFilter } from '../../../web/src/results/row-filter.ts'

const values = ['cmd.exe', 'CMD.EXE /c', '', null, 5, 40, true, { a: 1 }, '2026-01-31T08:00:00.000Z']

function kept(filter: string): unknown[] {
  const passes = parseFilter(filter)
  return passes === undefined ? ['everything'] : values.filter(passes)
}

test('each form of a filter', () => {
  const cases: Readonly<Record<string, unknown[]>> = {
    cmd: ['cmd.exe', 'CMD.EXE /c'],
    '!cmd': ['', null, 5, 40, true, { a: 1 }, '2026-01-31T08:00:00.000Z'],
    '=cmd.exe': ['cmd.exe'],
    '!=cmd.exe': values.slice(1),
    '>5': [40],
    '>=5': [5, 40],
    '<40': [5],
    '5..40': [5],
    null: [null],
    '!null': values.filter(value => value !== null),
    '2026-01-31..2026-02-01': ['2026-01-31T08:00:00.000Z'],
    '"a"': [{ a: 1 }],
  }
  for (const [filter, wanted] of Object.entries(cases)) assert.deepEqual(kept(filter), wanted, filter)
})

test('a filter that says nothing keeps everything', () => {
  for (const filter of ['', '  ', '=', '!', '>']) assert.deepEqual(kept(filter), ['everything'], JSON.stringify(filter))
})

test('the filters made from a value find it, and only it', () => {
  for (const value of values.filter(each => each !== '')) {
    assert.deepEqual(kept(equalTo(value)), [value])
    assert.equal(kept(differentFrom(value)).includes(value), false)
  }
})
