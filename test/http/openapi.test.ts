import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { referenceFile, referenceText } from '../../scripts/write-openapi.ts'
import { openTestApp } from '../support/test-app.ts'

test('the reference has every route with its parameters, bodies, answers and errors', async t => {
  const { app } = await openTestApp(t)
  const answer = await app.inject({ url: '/openapi.json' })
  assert.equal(answer.statusCode, 200)
  const document = answer.json()
  assert.equal(document.openapi, '3.1.0')
  assert.deepEqual(Object.keys(document.components.schemas), [
    ...['XdrError', 'TokenError', 'Problem', 'HecError', 'AgentError'],
  ])
  const operations = Object.entries<Record<string, object>>(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
  )
  const routes = app.routeList.flatMap(route =>
    route.methods
      .filter(method => method !== 'HEAD')
      .map(method => `${method} ${route.url.replaceAll(/:(\w+)/g, '{$1}')}`),
  )
  assert.deepEqual(operations.toSorted(), routes.toSorted())

  const start = document.paths['/xdr-query/v1/queries/runs'].post
  assert.deepEqual(start.security, [{ bearer: [] }])
  const [tenantId, idempotencyKey, ...others] = start.parameters
  assert.deepEqual(tenantId, {
    ...{ name: 'X-Tenant-ID', in: 'header', required: true },
    schema: { type: 'string', format: 'uuid' },
  })
  assert.deepEqual(
    [idempotencyKey.name, idempotencyKey.in, idempotencyKey.required, idempotencyKey.schema.maxLength, others],
    ['Idempotency-Key', 'header', false, 255, []],
  )
  const body = start.requestBody.content['application/json'].schema
  assert.deepEqual(Object.keys(body.properties), [
    'adHocQuery',
    'savedQuery',
    'variables',
    'matchEndpoints',
    'from',
    'to',
    'limits',
    'keepUntil',
  ])
  assert.equal('required' in body, false)
  assert.deepEqual(body.properties.adHocQuery.required, ['template'])
  assert.deepEqual(Object.keys(start.responses), ['201', '4XX', '5XX'])
  const [, runId, ...query] = document.paths['/xdr-query/v1/queries/runs/{runId}/results'].get.parameters
  assert.deepEqual([runId.name, runId.in], ['runId', 'path'])
  assert.deepEqual(
    query.map((each: { name: string }) => each.name),
    ['pageFromKey', 'pageSize'],
  )
  const events = document.paths['/services/collector/event'].post
  assert.deepEqual(events.security, [{ hec: [] }, { bearer: [] }])
  assert.equal(events.parameters[0].required, false, 'an ingest token says whose it is')
  assert.equal(events.responses['4XX'].content['application/json'].schema.$ref, '#/components/schemas/HecError')
  const token = document.paths['/api/v2/oauth2/token'].post
  assert.equal('security' in token, false)
  assert.equal(token.responses['4XX'].content['application/json'].schema.$ref, '#/components/schemas/TokenError')
})

test('every route has a summary, every operation an id of its own', async t => {
  const { app } = await openTestApp(t)
  const { paths } = (await app.inject({ url: '/openapi.json' })).json()
  const silent = app.routeList.filter(route => (route.schema?.summary ?? '') === '')
  assert.deepEqual(
    silent.map(route => route.url),
    [],
  )
  const operations = Object.values<Record<string, { operationId: string }>>(paths).flatMap(methods =>
    Object.values(methods),
  )
  assert.equal(new Set(operations.map(operation => operation.operationId)).size, operations.length)
})

test('docs/openapi.json is what the routes say: node scripts/write-openapi.ts', async () => {
  assert.equal(readFileSync(referenceFile, 'utf8'), await referenceText())
})

test('the page shows every operation, and can load and run nothing', async t => {
  const { app } = await openTestApp(t)
  const { paths } = (await app.inject({ url: '/openapi.json' })).json()
  const answer = await app.inject({ url: '/docs' })
  assert.equal(answer.statusCode, 200)
  assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8')
  for (const [path, methods] of Object.entries<Record<string, { operationId: string; summary: string }>>(paths)) {
    assert.ok(answer.body.includes(`<code>${path}</code>`), path)
    for (const { operationId } of Object.values(methods)) {
      assert.equal(answer.body.split(`id="${operationId}"`).length, 2, operationId)
      assert.ok(answer.body.includes(`href="#${operationId}"`), operationId)
    }
  }
  const policy = String(answer.headers['content-security-policy'])
  assert.match(policy, /^default-src 'none'; .*style-src 'sha256-[A-Za-z0-9+/]+='$/)
  const style = /<style>([\s\S]*?)<\/style>/.exec(answer.body)?.[1] ?? assert.fail()
  assert.ok(policy.includes(createHash('sha256').update(style).digest('base64')))
  assert.doesNotMatch(answer.body, /<script|<link|<img|\sstyle=|\son[a-z]+=|https?:\/\//)
})
