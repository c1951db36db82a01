import assert from 'node:assert/strict'
import { test } from 'node:test'
import { growColumns } from '../../src/lake/schema.ts'
import { openTestApp } from '../support/test-app.ts'

const url = '/lake/v1/schema'

test('tables with their columns, one’s own grown ones and query names, and an ETag', async t => {
  const lake = await openTestApp(t)
  const [tenant, other] = [await lake.tenant(), await lake.tenant()]
  await growColumns(lake.store, tenant.id, 'xdr_data', ['my_column'], lake.now)
  await lake.store
    .insertInto('query_names')
    .values({
      ...{ tenant_id: tenant.id, table_name: 'xdr_data', name: 'Listening_Ports', columns_json: '["port"]' },
      ...{ first_seen: lake.now - 1000, last_seen: lake.now, rows: 7 },
    })
    .execute()
  const headers = await lake.headersFor(tenant.id, 'readOnly')
  const answer = await lake.app.inject({ url, headers })
  assert.equal(answer.statusCode, 200, answer.body)
  const { tables, queryNames, envelope } = answer.json()
  const wide = tables.find((table: { name: string }) => table.name === 'xdr_data')
  assert.deepEqual([wide.timeColumn, wide.hasQueryNames], ['calendar_time', true])
  const column = (name: string) => wide.columns.find((each: { name: string }) => each.name === name)
  assert.equal(column('calendar_time').type, 'timestamp')
  assert.equal('isGrown' in column('calendar_time'), false)
  assert.deepEqual([column('my_column').type, column('my_column').isGrown], ['string', true])
  assert.deepEqual(queryNames, [
    {
      name: 'Listening_Ports',
      table: 'xdr_data',
      columns: ['port'],
      firstSeen: '2026-02-03T08:14:54.628Z',
      lastSeen: '2026-02-03T08:14:55.628Z',
      rows: 7,
    },
  ])
  assert.ok(envelope.includes('meta_hostname'))

  const foreign = (await lake.app.inject({ url, headers: await lake.headersFor(other.id) })).json()
  assert.deepEqual(foreign.queryNames, [])
  assert.equal(JSON.stringify(foreign).includes('my_column'), false)

  const etag = String(answer.headers['etag'])
  for (const value of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const again = await lake.app.inject({ url, headers: { ...headers, 'if-none-match': value } })
    assert.deepEqual([again.statusCode, again.body], [304, ''], value)
  }
  await growColumns(lake.store, tenant.id, 'xdr_data', ['another'], lake.now)
  const changed = await lake.app.inject({ url, headers: { ...headers, 'if-none-match': etag } })
  assert.equal(changed.statusCode, 200)
  assert.notEqual(changed.headers['etag'], etag)
})
