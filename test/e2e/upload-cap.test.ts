import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startServer } from '../support/server.ts'
import { connect } from '../support/xdr-client.ts'

const now = Math.floor(Date.now() / 1000)
const line = (host: string, n: number) =>
  JSON.stringify({ name: 'q', hostIdentifier: host, unixTime: now, columns: { pid: String(n) }, action: 'added' })
const body = (host: string, first: number, count: number) =>
  Array.from({ length: count }, (_, at) => `${line(host, first + at)}\n`).join('')

test('a run over a time in which a cap dropped lines says so, and the lake counts them', async () => {
  await using server = await startServer({ flags: ['--upload-cap-host', '1k'] })
  const client = await connect(server.firstRun)
  const run = async (more: object = {}) => {
    const { id } = await client.start({ sql: 'SELECT pid FROM xdr_data', ...more })
    return client.finish(id)
  }
  assert.equal((await client.ingest(body('alpha', 1, 5))).accepted, 5)
  assert.equal((await run()).truncated, undefined)
  const answer = await client.call('POST', '/lake/v1/ingest/osquery', {
    body: body('alpha', 6, 50) + body('beta', 1, 2),
  })
  assert.deepEqual(answer.json, { accepted: 52, duplicates: 0, rejected: [], rejectedCount: 0, overCap: 50 })
  const { id, truncated, result } = await run()
  assert.deepEqual([result, truncated], ['succeeded', { reason: 'uploadCap' }])
  assert.equal((await client.rows(id)).length, 7)
  const before = { from: '2026-01-01T00:00:00.000Z', to: '2026-01-02T00:00:00.000Z' }
  assert.equal((await run(before)).truncated, undefined)
  const stats = (await client.call('GET', '/lake/v1/stats')).json as { ingest: { overCap: object } }
  assert.deepEqual(stats.ingest.overCap, { lines: 50, bytes: body('alpha', 6, 50).length, hosts: 1 })
})
