import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failSegment } from '../../src/lake/catalog.ts'
import { commitBudgetDrop } from '../../src/lake/commit.ts'
import { convertSegment } from '../../src/lake/data-file-writer.ts'
import { listLiveFiles } from '../../src/lake/data-files.ts'
import { pinView } from '../../src/lake/view.ts'
import { convertAttemptsMax } from '../../src/limits.ts'
import { openTestLake } from '../support/lake.ts'

const second = 1_795_500_000
const tenantId = 'tenant-pressed'

test('a view over the time of rows that went for want of disk says so, any other does not', async () => {
  const lake = await openTestLake()
  try {
    const lines = ['a', 'b'].map(name => JSON.stringify({ name, unixTime: second, columns: { pid: '1' } }))
    const segment = await lake.seal(lines, tenantId)
    await convertSegment(lake, segment, lake.tail.pathOf(segment))
    const missing = async (relation: string, start: number, end?: number) => {
      const queryNames = relation === 'xdr_data' ? undefined : [relation]
      const relations = [{ table: 'xdr_data', relation, queryNames, columns: ['pid'], bounds: [] }]
      const request = { scope: { relations }, range: { start, end }, hostIds: undefined, now: lake.now, leaseMs: 1 }
      return (await pinView(lake, tenantId, request)).truncated
    }
    assert.equal(await missing('a', 0), undefined)
    await commitBudgetDrop(lake.store, tenantId, await listLiveFiles(lake.store, tenantId, 'xdr_data'), lake.now)
    assert.deepEqual(await listLiveFiles(lake.store, tenantId, 'xdr_data'), [])
    for (const relation of ['a', 'b', 'xdr_data']) {
      assert.deepEqual(await missing(relation, second * 1000), { reason: 'diskBudget' }, relation)
    }
    assert.equal(await missing('c', 0), undefined)
    assert.equal(await missing('a', 0, second * 1000), undefined)
    assert.equal(await missing('a', second * 1000 + 1), undefined)
    const [file] = await lake.store.selectFrom('data_files').select('id').where('table_name', '=', 'xdr_data').execute()
    const gone = (await listLiveFiles(lake.store, tenantId, 'lake_reports')).map(live => ({
      ...live,
      id: file?.id ?? 0,
    }))
    await assert.rejects(commitBudgetDrop(lake.store, tenantId, gone, lake.now), { code: 'conflict' })
    assert.equal((await lake.store.selectFrom('budget_drops').selectAll().execute()).length, 1, 'all or nothing')
  } finally {
    await lake.close()
  }
})

test('a quarantined segment is part of the tail, and said to be what it is', async () => {
  const lake = await openTestLake()
  try {
    const line = JSON.stringify({ name: 'a', unixTime: second, columns: { pid: '1' } })
    const [bad] = [await lake.seal([line], tenantId), await lake.seal([line], tenantId)]
    for (let attempt = 0; attempt < convertAttemptsMax; attempt++) await failSegment(lake.store, bad.number, 'odd')
    const relations = [{ table: 'xdr_data', relation: 'a', queryNames: ['a'], columns: ['pid'], bounds: [] }]
    const range = { start: 0, end: undefined }
    const request = { scope: { relations }, range, hostIds: undefined, now: lake.now, leaseMs: 1 }
    const { view, truncated } = await pinView(lake, tenantId, request)
    assert.deepEqual(
      view.relations[0]?.tail.map(({ number, isQuarantined }) => [number, isQuarantined]),
      [
        [bad.number, true],
        [bad.number + 1, undefined],
      ],
    )
    assert.equal(truncated, undefined, 'nothing is missing as long as it can be read')
  } finally {
    await lake.close()
  }
})
