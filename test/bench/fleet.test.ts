import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fleetQueries } from '../../bench/fleet/queries.ts'
import { type FleetLog, openFleet } from '../../bench/fleet.ts'
import { sha256Hex } from '../../src/model/ids.ts'

const start = Date.UTC(2026, 9, 1) / 1000
const end = start + 30 * 86_400

function fleet(seed: number): readonly FleetLog[] {
  return openFleet({ seed, lines: 8000, start, end })
}

const [largest, ...others] = fleet(1)
const text = largest!.text(0, largest!.lineCount)
const lines = text.trimEnd().split('\n')
const parsed = lines.map(line => JSON.parse(line) as Record<string, unknown>)

test('a seed gives the same log on every machine, and another seed another log', () => {
  assert.equal(sha256Hex(text), 'c6d906e5ff0104baa0a9e5608edb68f20123e35da2dce4bb6fe5461188457347')
  const [same] = fleet(1)
  assert.equal(same!.text(0, same!.lineCount), text)
  const [other] = fleet(2)
  assert.notEqual(other!.text(0, other!.lineCount), text)
})

test('a line alone is the line in its place', () => {
  assert.equal(lines.length, largest!.lineCount)
  for (const index of [0, 1, 1234, 3999]) assert.equal(largest!.line(index), lines[index])
  assert.equal(largest!.text(10, 12), `${lines[10]}\n${lines[11]}\n`)
})

test('half of the lines are the largest tenant, a fiftieth or so the smallest', () => {
  const counts = [largest!, ...others].map(log => log.lineCount)
  assert.deepEqual(counts, [4000, 2000, 1200, 560, 240])
})

test('every form and variation of a result line is there', () => {
  const has = (key: string): boolean => parsed.some(line => key in line)
  for (const key of ['columns', 'snapshot', 'diffResults', 'hostIdentifier', 'hostname', 'numerics'])
    assert.ok(has(key), key)
  for (const key of ['logNumericsAsNumbers', 'meta_hostname', 'decorations']) assert.ok(has(key), key)
  const actions = new Set(parsed.map(line => line['action']))
  assert.deepEqual(actions, new Set(['added', 'removed', 'snapshot', undefined]))
  assert.ok(parsed.some(line => typeof line['unixTime'] === 'string'))
  assert.ok(parsed.some(line => 'columns' in line && line['action'] === 'snapshot'))
  assert.ok(parsed.some(line => String(line['name']).startsWith('pack/Global/')))
  assert.ok(
    parsed.some(line => Object.values((line['columns'] as object) ?? {}).some(value => typeof value === 'number')),
  )
})

test('forty query names, some 330 columns of their own, in the order of time', () => {
  const names = new Set(parsed.map(line => String(line['name']).replace('pack/Global/', '')))
  assert.deepEqual(names, new Set(fleetQueries.map(query => query.name)))
  assert.equal(fleetQueries.length, 40)
  assert.equal(new Set(fleetQueries.flatMap(query => query.columns.map(column => column.name))).size, 330)
  const times = parsed.map(line => Number(line['unixTime']))
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
  assert.ok(times[0]! >= start && times.at(-1)! < end)
})
