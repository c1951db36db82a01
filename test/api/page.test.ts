import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  formatPageKey,
  keyedPages,
  numberedPages,
  parseFields,
  parseKeyedPage,
  parseNumberedPage,
  parsePageKey,
  pickFields,
} from '../../src/api/page.ts'

const sizes = { sizeDefault: 50, sizeMax: 2000 }

test('a page by number, with totals when asked for', () => {
  const request = parseNumberedPage({ page: '2', pageSize: '20', pageTotal: 'True' }, { sizeDefault: 50, sizeMax: 100 })
  assert.deepEqual(request, { page: 2, pageSize: 20, sizeMax: 100, isTotalWanted: true, offset: 20 })
  assert.deepEqual(numberedPages(request, 121), { current: 2, size: 20, total: 7, items: 121, maxSize: 100 })
  const bare = parseNumberedPage({}, { sizeDefault: 50, sizeMax: 250 })
  assert.deepEqual(numberedPages(bare, 121), { current: 1, size: 50, maxSize: 250 })
})

test('total is the number of pages: 17 items in pages of 2 are 9', () => {
  const request = parseNumberedPage({ pageSize: '2', pageTotal: 'true' }, sizes)
  assert.equal(numberedPages(request, 17).total, 9)
  assert.equal(numberedPages(request, 0).total, 0)
})

test('a size beyond the largest is cut, not refused', () => {
  assert.equal(parseNumberedPage({ pageSize: '500' }, { sizeDefault: 50, sizeMax: 250 }).pageSize, 250)
  assert.equal(parseKeyedPage({ pageSize: '5000' }, sizes).pageSize, 2000)
})

test('sizes and numbers that are none are refused', () => {
  for (const text of ['0', '-1', 'ten', '1.5', '1e3', '9999999999', ' 1']) {
    const message = `pageSize is ${JSON.stringify(text)}: must be a whole number from 1`
    assert.throws(() => parseNumberedPage({ pageSize: text }, sizes), { code: 'invalid_argument', message })
    assert.throws(() => parseKeyedPage({ page: text }, sizes), { code: 'invalid_argument' })
  }
  assert.throws(() => parseNumberedPage({ pageTotal: 'yes' }, sizes), {
    message: 'pageTotal is "yes": must be true or false',
  })
})

test('first, middle, last and only page by key', () => {
  const size = { pageSize: '50' }
  const common = { size: 50, maxSize: 2000, total: 3, items: 121 }
  const first = parseKeyedPage(size, sizes)
  assert.deepEqual(keyedPages(first, 50, 121), { nextKey: 'AAAAMg', ...common })
  const middle = parseKeyedPage({ ...size, pageFromKey: 'AAAAMg' }, sizes)
  assert.deepEqual(keyedPages(middle, 100, 121), { fromKey: 'AAAAMg', nextKey: 'AAAAZA', ...common })
  const last = parseKeyedPage({ ...size, pageFromKey: 'AAAAZA' }, sizes)
  assert.deepEqual(keyedPages(last, undefined, 121), { fromKey: 'AAAAZA', ...common })
  assert.deepEqual(keyedPages(first, undefined, 7), { size: 50, maxSize: 2000, total: 1, items: 7 })
  assert.deepEqual(keyedPages(first, undefined, 0), { size: 50, maxSize: 2000, total: 0, items: 0 })
})

test('a page cut short because its cells are huge points at the row that follows it', () => {
  const request = parseKeyedPage({ pageSize: '50', pageFromKey: 'AAAAMg' }, sizes)
  assert.equal(keyedPages(request, 57, 121).nextKey, formatPageKey(57))
})

test('page=N works on results, and a key wins over it', () => {
  assert.equal(parseKeyedPage({ page: '3', pageSize: '50' }, sizes).offset, 100)
  assert.equal(parseKeyedPage({ page: '3', pageFromKey: formatPageKey(50) }, sizes).offset, 50)
})

test('every key is safe in a URL and comes back through anything a client does to it', () => {
  const offsets = [0, 1, 7, 50, 250, 11_000, 16_000, 62, 63, 999_999, 1_000_000, 0xffff_ffff]
  for (const offset of offsets) {
    const key = formatPageKey(offset)
    assert.match(key, /^[A-Za-z0-9_-]+$/)
    assert.equal(parsePageKey(key), offset)
    assert.equal(parsePageKey(`${key}==`), offset)
    assert.equal(parsePageKey(`${key}%3D%3D`), offset)
    const standard = key.replaceAll('-', '+').replaceAll('_', '/')
    assert.equal(parsePageKey(`${standard}==`), offset)
    assert.equal(parsePageKey(standard.replaceAll('+', ' ')), offset)
    assert.equal(parsePageKey(encodeURIComponent(`${standard}==`)), offset)
  }
})

test('what was never a key is refused', () => {
  for (const text of ['', '=', 'AAAA', 'AAAAB', 'AAAABx', 'AAAABww', '%00', 'AAAA!g', '../..', 'x'.repeat(1000)]) {
    const refusal = { code: 'invalid_argument', message: 'pageFromKey is not a key of a page' }
    assert.throws(() => parsePageKey(text), refusal, text)
  }
})

test('fields: id stays, unknown names are ignored, nothing asked for is everything', () => {
  const item = { id: '1', name: 'a', type: 'b' }
  assert.deepEqual(pickFields(item, parseFields({ fields: 'name,nonsense' })), { id: '1', name: 'a' })
  assert.deepEqual(pickFields(item, parseFields({ fields: ['name', 'type'] })), item)
  assert.deepEqual(pickFields(item, parseFields({ fields: 'nonsense' })), { id: '1' })
  assert.deepEqual(pickFields(item, parseFields({ fields: '' })), item)
  assert.deepEqual(pickFields(item, parseFields({})), item)
})
