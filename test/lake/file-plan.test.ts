import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planFiles, type StagedShape } from '../../src/lake/file-plan.ts'
import { wideColumns } from '../../src/lake/shipped-columns.ts'
import { queryNamesPerFileMax } from '../../src/limits.ts'

const narrowRowsMin = 100

const shape = (queryName: string | undefined, rows: number, keys: readonly string[]): StagedShape => ({
  ...{ queryName, rows, keys },
})

/** A plan without the columns every file has. */
function plan(shapes: readonly StagedShape[]) {
  const every = new Set(planFiles([shape('x', 1, [])], wideColumns, narrowRowsMin)[0]?.columns.map(({ name }) => name))
  return planFiles(shapes, wideColumns, narrowRowsMin).map(({ columns, ...file }) => ({
    ...file,
    columns: columns.map(({ name }) => name).filter(name => !every.has(name)),
  }))
}

test('small query names share one file with the columns of all of them', () => {
  assert.deepEqual(plan([shape('b', 1, ['pid', 'unknown']), shape('A', 99, ['port'])]), [
    { queryNames: ['a', 'b'], only: undefined, except: [], columns: ['pid', 'port'] },
  ])
})

test('a big query name has a file of its own, in whichever letters its rows spell it', () => {
  assert.deepEqual(plan([shape('Big', 50, ['pid']), shape('BIG', 50, ['path']), shape('small', 1, ['port'])]), [
    { queryNames: ['big'], only: ['Big', 'BIG'], except: [], columns: ['path', 'pid'] },
    { queryNames: ['small'], only: undefined, except: ['Big', 'BIG'], columns: ['port'] },
  ])
})

test('only big query names leave no shared file', () => {
  assert.equal(plan([shape('big', narrowRowsMin, [])]).length, 1)
})

test('rows without a query name go to the shared file, however many', () => {
  assert.deepEqual(plan([shape(undefined, narrowRowsMin, []), shape('big', narrowRowsMin, [])]), [
    { queryNames: ['big'], only: ['big'], except: [], columns: [] },
    { queryNames: [], only: undefined, except: ['big'], columns: [] },
  ])
})

test('no rows, no file', () => assert.deepEqual(planFiles([], wideColumns, narrowRowsMin), []))

test('every file has the identity, the envelope and the decorations, but no column that is computed', () => {
  const columns = planFiles([shape('x', 1, [])], wideColumns, narrowRowsMin)[0]?.columns.map(({ name }) => name) ?? []
  assert.deepEqual(columns.slice(0, 3), ['row_segment', 'row_ordinal', 'query_name'])
  for (const name of ['endpoint_id', 'calendar_time', 'raw_values', 'meta_hostname']) assert.ok(columns.includes(name))
  for (const name of ['message_identifier', 'record_identifier', 'pid']) assert.ok(!columns.includes(name), name)
})

test('a file of very many query names does not list them', () => {
  const shapes = Array.from({ length: queryNamesPerFileMax + 1 }, (_, index) => shape(`q${index}`, 1, []))
  assert.equal(planFiles(shapes, wideColumns, narrowRowsMin)[0]?.queryNames, undefined)
  assert.equal(planFiles(shapes.slice(1), wideColumns, narrowRowsMin)[0]?.queryNames?.length, queryNamesPerFileMax)
})
