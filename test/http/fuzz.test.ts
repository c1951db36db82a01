// Whatever is sent, the answer is one of the contract's: never a 5xx, always JSON in the form of its path. Seeded: a
// failure prints the seed and the smallest request that shows it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { newId } from '../../src/model/ids.ts'
import { openTestApp } from '../support/test-app.ts'

const oddText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom('', ' ', '0', '-1', '1e9', '%', '%zz', 'null', 'true', "'", '"', '\\', '../..', '__proto__'),
  fc.constantFrom('2026-02-30', 'P1D', '-PT1H', '+P9999Y', '9999-12-31', 'AAAA', '////', '=+=', '\u0000', '\ud800'),
  fc.uuid(),
)

const jsonValue = fc.oneof(fc.jsonValue({ maxDepth: 3 }), oddText, fc.constant(null))

const runBody = fc.record(
  {
    adHocQuery: fc.oneof(jsonValue, fc.record({ template: oddText, name: jsonValue }, { requiredKeys: [] })),
    savedQuery: fc.oneof(jsonValue, fc.record({ queryId: oddText, categoryId: oddText }, { requiredKeys: [] })),
    variables: fc.oneof(jsonValue, fc.array(fc.record({ name: oddText, dataType: oddText, value: jsonValue }))),
    matchEndpoints: fc.oneof(jsonValue, fc.record({ filters: fc.array(fc.record({ ids: fc.array(oddText) })) })),
    from: fc.oneof(jsonValue, oddText),
    to: fc.oneof(jsonValue, oddText),
  },
  { requiredKeys: [] },
)

const payload = fc.oneof(
  oddText.map(text => Buffer.from(text)),
  fc.uint8Array({ maxLength: 60 }).map(bytes => Buffer.from(bytes)),
  jsonValue.map(value => Buffer.from(JSON.stringify(value))),
  runBody.map(value => Buffer.from(JSON.stringify(value))),
)

const parameterNames = [
  'page',
  'pageSize',
  'pageTotal',
  'pageFromKey',
  'fields',
  'search',
  'searchFields',
  'order',
] as const
const moreNames = ['statuses', 'categoryId', 'wait', 'importId', 'firstLine', ''] as const
const query = fc.array(fc.tuple(fc.constantFrom(...parameterNames, ...moreNames), oddText), { maxLength: 4 })

const request = fc.record({
  route: fc.nat(),
  segment: fc.oneof(fc.constant(undefined), oddText),
  query,
  payload,
  headers: fc.dictionary(
    fc.constantFrom(
      'content-type',
      'idempotency-key',
      'x-correlation-id',
      'if-none-match',
      'x-tenant-id',
      'authorization',
    ),
    fc.oneof(
      fc.string({ unit: 'grapheme-ascii', maxLength: 30 }),
      fc.constantFrom('application/json', 'Bearer x', '*'),
    ),
    { maxKeys: 2 },
  ),
})

test('no request makes the server fail, and every answer that is no file is JSON', async t => {
  const lake = await openTestApp(t)
  const tenant = await lake.tenant()
  const partnerId = newId()
  const own = await lake.headersFor(tenant.id)
  const partnerToken = await lake.token(await lake.principal({ accountType: 'partner', accountId: partnerId }))
  await lake.app.ready()
  const routes = lake.app.routeList
    .flatMap(route => route.methods.map(method => ({ ...route, method })))
    .filter(({ method, url }) => method !== 'HEAD' && url !== '/metrics')
  const statuses = new Set<number>()
  await fc.assert(
    fc.asyncProperty(request, async ({ route, segment, query, payload, headers }) => {
      const { method, url, access, schema } = routes[route % routes.length]!
      const known = lake.queries.runs.at(-1)?.id ?? newId()
      const path = url.replaceAll(/:\w+/g, segment === undefined ? known : encodeURIComponent(segment.toWellFormed()))
      // `wait` would only make the test slow.
      const parameters = new URLSearchParams()
      for (const [name, value] of query) if (name !== 'wait') parameters.append(name, value.toWellFormed())
      const account =
        access?.kind === 'partner' ? { authorization: `Bearer ${partnerToken}`, 'x-partner-id': partnerId } : own
      const answer = await lake.app.inject({
        method: method as 'GET',
        url: `${path}?${parameters}`,
        headers: { ...account, ...headers },
        ...(method === 'GET' ? {} : { payload }),
      })
      statuses.add(answer.statusCode)
      assert.ok(answer.statusCode < 500, `${method} ${path}: ${answer.statusCode} ${answer.body}`)
      if (answer.statusCode === 204 || answer.statusCode === 304) return
      // Files and pages are no JSON; their refusals are.
      if (answer.statusCode < 400 && schema?.responseTypes !== undefined) return
      assert.match(String(answer.headers['content-type']), /^application\/(?:problem\+)?json/)
      JSON.parse(answer.body)
    }),
    { numRuns: 1500 },
  )
  for (const status of [200, 201, 400, 401, 404]) assert.ok(statuses.has(status), `never answered ${status}`)
})
