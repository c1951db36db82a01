import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Run } from '../../src/api/query-runs.ts'
import { openClient } from '../../src/client/client.ts'
import { type ScriptedAnswer, type SeenRequest, scriptedServer, tokenAnswer, tokenPath } from './scripted-server.ts'

const tenantId = '7b0e6f5e-5a57-4d0f-9a1d-5d7d3f1c2b40'
const runId = 'c9a0a1de-6f5b-4a36-8b8e-2f6e2d0a7a41'
const runsPath = '/xdr-query/v1/queries/runs'

/** A lake that answers its own routes by `answer` and knows the principal of `tenantId`. */
function lake(answer: (request: SeenRequest) => ScriptedAnswer, idType = 'tenant') {
  return scriptedServer(request => {
    if (request.path === tokenPath) return tokenAnswer()
    if (request.path === '/whoami/v1') return { body: { id: tenantId, idType, apiHosts: { global: 'http://lake' } } }
    return answer(request)
  })
}

function client(url: string, more: { tenantId?: string; waits?: number[] } = {}) {
  const effects = { random: () => 1, wait: async (ms: number) => void more.waits?.push(ms) }
  return openClient({ url, clientId: 'id', clientSecret: 'secret', tenantId: more.tenantId, effects })
}

function run(members: Partial<Run>): ScriptedAnswer {
  return {
    body: { id: runId, status: 'pending', result: 'notAvailable', createdAt: 'c', from: 'f', to: 't', ...members },
  }
}

test('starts a run for the own tenant, asked once', async () => {
  await using server = await lake(() => ({ ...run({}), status: 201 }))
  const lakeClient = client(server.url)
  const started = await lakeClient.startRun({ template: 'SELECT 1', from: '2026-01-01', hostIds: [tenantId] })
  await lakeClient.startRun({ template: 'SELECT 2' })
  assert.equal(started.id, runId)
  const posts = server.seen.filter(request => request.path === runsPath)
  assert.deepEqual(
    posts.map(request => JSON.parse(request.body.toString())),
    [
      {
        adHocQuery: { template: 'SELECT 1' },
        from: '2026-01-01',
        matchEndpoints: { filters: [{ ids: [tenantId] }] },
      },
      { adHocQuery: { template: 'SELECT 2' } },
    ],
  )
  assert.equal(posts[0]?.headers['x-tenant-id'], tenantId)
  assert.equal(server.seen.filter(request => request.path === '/whoami/v1').length, 1)
})

test('a given tenant is used without asking who we are', async () => {
  const other = '1d3f7c0a-3b56-4c3b-8a52-0a5f8a9e7d11'
  await using server = await lake(() => run({}))
  await client(server.url, { tenantId: other }).getRun(runId)
  assert.deepEqual(
    server.seen.map(request => [request.path, request.headers['x-tenant-id']]),
    [
      [tokenPath, undefined],
      [`${runsPath}/${runId}`, other],
    ],
  )
})

test('a partner has to name a tenant', async () => {
  await using server = await lake(() => run({}), 'partner')
  await assert.rejects(client(server.url).getRun(runId), {
    code: 'invalid_argument',
    message: "this partner's credentials manage several tenants: name one",
  })
})

test('waits for a run by long polls, ever slower where the lake does not hold answers back, and shows each state', async () => {
  let count = 0
  await using server = await lake(() =>
    ++count < 4
      ? run({})
      : run({ status: 'finished', result: 'failed', error: { code: 'x', message: 'division by zero' } }),
  )
  const waits: number[] = []
  const states: string[] = []
  const finished = await client(server.url, { waits }).awaitRun(runId, { onPoll: each => states.push(each.result) })
  assert.deepEqual(states, ['notAvailable', 'notAvailable', 'notAvailable', 'failed'])
  assert.deepEqual(waits, [50, 75, 112.5])
  assert.deepEqual(finished.error, { code: 'x', message: 'division by zero' })
  const polls = server.seen.filter(({ path }) => path === `${runsPath}/${runId}`)
  assert.deepEqual(new Set(polls.map(({ query }) => query['wait'])), new Set(['2']))
})

test('a lake that holds answers back is asked again at once', async () => {
  let now = 0
  let asked = 0
  await using server = await lake(() => {
    asked += 1
    now += 2_000
    return asked < 3 ? run({}) : run({ status: 'finished', result: 'succeeded' })
  })
  const wait = async () => assert.fail('no pause')
  const effects = { wait, clock: () => now }
  await openClient({ url: server.url, clientId: 'id', clientSecret: 'secret', tenantId, effects }).awaitRun(runId)
  assert.equal(asked, 3)
})

test('an abort ends the poll that the lake is holding back', { timeout: 10_000 }, async () => {
  const stop = new AbortController()
  await using server = await lake(() => {
    setImmediate(() => stop.abort())
    return { body: 'held' }
  })
  const waiting = client(server.url).awaitRun(runId, { signal: stop.signal })
  await assert.rejects(waiting, { code: 'canceled' })
})

test('cancels with the documented route', async () => {
  await using server = await lake(() => ({ body: { canceled: false } }))
  assert.equal(await client(server.url).cancelRun(runId), false)
  const last = server.seen.at(-1)
  assert.deepEqual([last?.method, last?.path, last?.body.toString()], ['POST', `${runsPath}/${runId}/cancel`, '{}'])
})

test('follows the keys of result pages to the end and no further than asked', async () => {
  const columns = [{ name: 'n', type: 'long' }]
  const page = (items: unknown[], nextKey?: string) => ({
    body: { items, metadata: { columns }, pages: { size: 2, maxSize: 2000, total: 2, items: 3, nextKey } },
  })
  await using server = await lake(({ query }) =>
    query['pageFromKey'] === undefined ? page([{ n: 1 }, { n: 2 }], 'AAAA_g') : page([{ n: 3 }]),
  )
  const pages = []
  for await (const each of client(server.url).resultPages(runId, { pageSize: 2 })) pages.push(each)
  assert.deepEqual(pages, [
    { items: [{ n: 1 }, { n: 2 }], columns, rowCount: 3 },
    { items: [{ n: 3 }], columns, rowCount: 3 },
  ])
  const queries = server.seen.filter(({ path }) => path.endsWith('/results')).map(({ query }) => query)
  assert.deepEqual(queries, [{ pageSize: '2' }, { pageSize: '2', pageFromKey: 'AAAA_g' }])
  for await (const _ of client(server.url).resultPages(runId)) break
  assert.equal(server.seen.filter(({ path }) => path.endsWith('/results')).length, 3)
})

test('sends lines with their place in the file and repeats them when the answer is lost', async () => {
  let posts = 0
  await using server = await lake(() => {
    posts += 1
    return posts === 1
      ? { body: 'cut' }
      : { body: { accepted: 1, duplicates: 0, rejected: [{ line: 2, reason: 'no' }], rejectedCount: 1 } }
  })
  const answer = await client(server.url).ingest(Buffer.from('{}\nx\n'), { importId: 'ab', firstLine: 7, isGzip: true })
  assert.deepEqual(answer, {
    accepted: 1,
    duplicates: 0,
    rejected: [{ line: 2, reason: 'no' }],
    rejectedCount: 1,
  })
  assert.equal(posts, 2)
  const last = server.seen.at(-1)
  assert.deepEqual(last?.query, { importId: 'ab', firstLine: '7' })
  assert.equal(last?.headers['content-encoding'], 'gzip')
  assert.equal(last?.body.toString(), '{}\nx\n')
})

test('lines without an import id are never sent twice', async () => {
  await using server = await lake(() => ({ body: 'cut' }))
  await assert.rejects(client(server.url).ingest(Buffer.from('{}\n')), { code: 'unavailable' })
  assert.equal(server.seen.filter(({ path }) => path.startsWith('/lake')).length, 1)
})

test('lists the tenants of a partner page by page', async () => {
  await using server = await lake(
    ({ query }) => ({ body: { items: [{ id: query['page'] }], pages: { current: 1, total: 2 } } }),
    'partner',
  )
  const ids = []
  for await (const tenant of client(server.url).tenants()) ids.push(tenant.id)
  assert.deepEqual(ids, ['1', '2'])
  assert.equal(server.seen.at(-1)?.headers['x-partner-id'], tenantId)
  assert.equal(server.seen.at(-1)?.path, '/partner/v1/tenants')
})
