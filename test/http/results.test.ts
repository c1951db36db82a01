import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openTestApp } from '../support/test-app.ts'
import { assertXdrError } from './error-bodies.ts'

const runs = '/xdr-query/v1/queries/runs'

async function openResult(context: TestContext, rowCount: number) {
  const lake = await openTestApp(context)
  const headers = await lake.headersFor((await lake.tenant()).id)
  const started = await lake.app.inject({ method: 'POST', url: runs, payload: 'SELECT 1', headers })
  const runId: string = started.json().id
  lake.queries.set(runId, { state: 'succeeded', finishedAt: lake.now })
  lake.queries.rows = Array.from({ length: rowCount }, (_, n) => ({ n }))
  const page = (query = '') => lake.app.inject({ url: `${runs}/${runId}/results${query}`, headers })
  return { lake, runId, page }
}

test('a page whole: items, columns, pages', async t => {
  const { page } = await openResult(t, 2)
  const answer = await page()
  assert.equal(answer.statusCode, 200)
  assert.match(String(answer.headers['content-type']), /^application\/json/)
  assert.deepEqual(answer.json(), {
    items: [{ n: 0 }, { n: 1 }],
    metadata: { columns: [{ name: 'n', type: 'long' }] },
    pages: { size: 50, maxSize: 2000, total: 1, items: 2 },
  })
})

test('an empty result has its columns, total 0 and no next key', async t => {
  const { page } = await openResult(t, 0)
  assert.deepEqual((await page()).json(), {
    items: [],
    metadata: { columns: [{ name: 'n', type: 'long' }] },
    pages: { size: 50, maxSize: 2000, total: 0, items: 0 },
  })
})

test('following nextKey gives every row once, the same at a second reading', async t => {
  const { page } = await openResult(t, 5003)
  const readAll = async (size: number) => {
    const rows: number[] = []
    let key: string | undefined
    let pages = 0
    do {
      const query = key === undefined ? `?pageSize=${size}` : `?pageSize=${size}&pageFromKey=${key}`
      const body = (await page(query)).json()
      assert.equal(body.pages.fromKey, key)
      assert.equal('current' in body.pages, false)
      assert.equal(body.pages.items, 5003)
      assert.equal(body.pages.total, Math.ceil(5003 / size))
      rows.push(...body.items.map((row: { n: number }) => row.n))
      key = body.pages.nextKey
      assert.notEqual(key, null)
      assert.notEqual(key, '')
      pages += 1
    } while (key !== undefined)
    return { rows, pages }
  }
  const first = await readAll(1000)
  assert.deepEqual(
    first.rows,
    Array.from({ length: 5003 }, (_, n) => n),
  )
  assert.equal(first.pages, 6)
  assert.deepEqual(await readAll(1000), first)
  assert.deepEqual((await readAll(250)).rows, first.rows)
})

test('a key that lost its letters on the way still finds its page', async t => {
  const { page } = await openResult(t, 300)
  const { nextKey } = (await page('?pageSize=250')).json().pages
  assert.equal(nextKey, 'AAAA-g')
  for (const key of ['AAAA-g', 'AAAA-g==', 'AAAA+g==', 'AAAA g==', 'AAAA%2Bg%3D%3D', 'AAAA%252Bg%253D%253D']) {
    const body = (await page(`?pageSize=250&pageFromKey=${key}`)).json()
    assert.equal(body.items?.[0]?.n, 250, key)
    assert.equal(body.pages.fromKey, 'AAAA-g')
    assert.equal('nextKey' in body.pages, false)
  }
})

test('page=N, maxSize, pageTotal and nameless parameters', async t => {
  const { page } = await openResult(t, 120)
  const firstOf = async (query: string) => (await page(query)).json().items[0]?.n
  assert.equal(await firstOf('?page=2'), 50)
  assert.equal(await firstOf('?page=3&pageTotal=true'), 100)
  assert.equal((await page('?page=4')).json().items.length, 0)
  assert.equal((await page('?maxSize=1000&')).json().pages.size, 50)
  assert.equal((await page('?&somekey')).json().pages.size, 50)
  assert.equal((await page('?pageSize=99999')).json().pages.size, 2000)
})

test('sizes and keys that are none', async t => {
  const { page } = await openResult(t, 120)
  for (const query of ['?pageSize=0', '?pageSize=-1', '?pageSize=x', '?page=0', '?pageFromKey=nonsense']) {
    assertXdrError(await page(query), 400, 'ValidationException')
  }
  assertXdrError(
    await page('?pageFromKey=AAAAeA'),
    400,
    'ValidationException',
    'pageFromKey is not a key of this result',
  )
})

test('before the end, and after an end without a result: 400', async t => {
  const { lake, runId, page } = await openResult(t, 1)
  for (const state of ['queued', 'running', 'canceled', 'timed_out', 'failed'] as const) {
    lake.queries.set(runId, { state })
    assertXdrError(await page(), 400, 'ValidationException', `run ${runId} has no results`)
  }
})

test('a cut result says so on every page', async t => {
  const { lake, runId, page } = await openResult(t, 120)
  lake.queries.set(runId, { truncated: { reason: 'rowsMax', limit: 120, total: 500 } })
  const expected = { reason: 'rowsMax', limit: 120, total: 500 }
  assert.deepEqual((await page()).json().truncated, expected)
  assert.deepEqual((await page('?page=2')).json().truncated, expected)
})
