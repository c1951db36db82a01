import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { fastify } from 'fastify'
import type { App } from '../../src/http/instance.ts'
import { consoleRoutes } from '../../src/http/plugins/console.ts'

const page = '<!doctype html><title>console</title>'
const script = 'export const text = "hello"'

describe('the console is served', () => {
  let folder: string
  let app: App

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'edr-lake-console-'))
    mkdirSync(join(folder, 'dist', 'assets'), { recursive: true })
    const write = (path: string, content: string | Uint8Array): void => writeFileSync(join(folder, path), content)
    write('secret.js', 'not for anybody')
    write('dist/index.html', page)
    write('dist/icon.svg', '<svg/>')
    write('dist/.sources', 'a stamp')
    write('dist/notes.txt', 'no media type of the console')
    write('dist/assets/index-1a2b.js', script)
    write('dist/assets/index-1a2b.js.gz', gzipSync(script))
    app = fastify() as unknown as App
    consoleRoutes(app, join(folder, 'dist'))
  })

  after(async () => {
    await app.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('the page comes with its policy and is asked for again each time', async () => {
    const { statusCode, headers, body } = await app.inject('/')
    assert.deepEqual([statusCode, body], [200, page])
    assert.equal(headers['content-type'], 'text/html; charset=utf-8')
    assert.equal(headers['cache-control'], 'no-cache')
    assert.equal(
      headers['content-security-policy'],
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal(headers['referrer-policy'], 'no-referrer')
  })

  test('a known ETag is answered without a body', async () => {
    const { headers } = await app.inject('/')
    const again = await app.inject({ url: '/', headers: { 'if-none-match': String(headers.etag) } })
    assert.deepEqual([again.statusCode, again.body], [304, ''])
    const other = await app.inject({ url: '/', headers: { 'if-none-match': '"other"' } })
    assert.equal(other.statusCode, 200)
  })

  test('files named by their content are kept for good, packed for those who unpack', async () => {
    const plain = await app.inject('/assets/index-1a2b.js')
    assert.equal(plain.body, script)
    assert.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable')
    assert.equal(plain.headers['content-encoding'], undefined)
    const packed = await app.inject({ url: '/assets/index-1a2b.js', headers: { 'accept-encoding': 'br, gzip' } })
    assert.equal(packed.headers['content-encoding'], 'gzip')
    assert.equal(packed.headers.vary, 'accept-encoding')
    assert.equal(gunzipSync(packed.rawPayload).toString(), script)
  })

  test('nothing else of the folder, and nothing beside it', async () => {
    for (const url of [
      '/.sources',
      '/notes.txt',
      '/assets/../../secret.js',
      '/assets/..%2f..%2fsecret.js',
      '/secret.js',
    ]) {
      assert.equal((await app.inject(url)).statusCode === 200, false, url)
    }
    assert.equal((await app.inject({ url: '/', method: 'POST' })).statusCode, 404)
  })
})

test('a console that is not built says how to build it', async () => {
  const app = fastify() as unknown as App
  consoleRoutes(app, join(tmpdir(), 'edr-lake-no-such-folder'))
  const { statusCode, body, headers } = await app.inject('/')
  assert.equal(statusCode, 503)
  assert.match(body, /^The console is not built\. `npm start` builds it/)
  assert.match(String(headers['content-security-policy']), /default-src 'none'/)
  await app.close()
})
