import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../src/model/errors.ts'
import { assertProblem } from '../support/error-bodies.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

const url = '/lake/v1/sql/validate'

async function validate(lake: TestApp, headers: Record<string, string>, payload: unknown) {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const answer = await lake.app.inject({ method: 'POST', url, headers, payload: text })
  return {
    status: answer.statusCode,
    text: answer.body,
    json: answer.json(),
    headers: new Headers({ 'content-type': String(answer.headers['content-type']) }),
  }
}

test('a statement that would run: columns, what it reads, warnings; the frame is passed on', async t => {
  const lake = await openTestApp(t)
  const tenant = await lake.tenant()
  lake.queries.validation = {
    error: undefined,
    warnings: [{ code: 'implicit_alias', message: 'query_name is an alias here', line: 1, column: 15 }],
    columns: [
      { name: 'n', type: 'long' },
      { name: 'later', type: undefined },
    ],
    reads: { tables: ['xdr_data'], queryNames: undefined, columns: ['n'], files: 2, rows: 10, bytes: 300 },
  }
  const variables = [{ name: 'x', dataType: 'text', value: 'y' }]
  const ids = ['5F0C7A52-8F5E-4D52-9D2C-1C2B3A4D5E6F']
  const body = { template: 'SELECT n FROM xdr_data', variables, matchEndpoints: { filters: [{ ids }] }, from: '-PT1H' }
  const answer = await validate(lake, await lake.headersFor(tenant.id, 'readOnly'), body)
  assert.deepEqual(answer.json, {
    ok: true,
    errors: [],
    warnings: [{ code: 'implicit_alias', message: 'query_name is an alias here', line: 1, column: 15 }],
    columns: [{ name: 'n', type: 'long' }, { name: 'later' }],
    reads: { tables: ['xdr_data'], columns: ['n'], files: 2, rows: 10, bytes: 300 },
  })
  assert.deepEqual(lake.queries.validated, [
    {
      tenantId: tenant.id,
      request: {
        template: 'SELECT n FROM xdr_data',
        variables,
        hostIds: ['5f0c7a52-8f5e-4d52-9d2c-1c2b3a4d5e6f'],
        window: { start: lake.now - 3_600_000 },
      },
    },
  ])
})

test('a statement that would be refused is an answer, not an error', async t => {
  const lake = await openTestApp(t)
  const tenant = await lake.tenant()
  const details = { line: 1, column: 8, offset: 7, length: 3, hint: 'did you mean pid?', unknown: { kind: 'column' } }
  lake.queries.validation = {
    error: new AppError('invalid_argument', 'there is no column pie', { details }),
    warnings: [],
    columns: undefined,
    reads: undefined,
  }
  const answer = await validate(lake, await lake.headersFor(tenant.id), { template: 'SELECT pie' })
  assert.equal(answer.status, 200)
  const { unknown: _, ...place } = details
  assert.deepEqual(answer.json, { ok: false, errors: [{ message: 'there is no column pie', ...place }], warnings: [] })
})

test('bodies of another shape, windows that cannot be and roles that may not are refused', async t => {
  const lake = await openTestApp(t)
  const tenant = await lake.tenant()
  const headers = await lake.headersFor(tenant.id)
  const refused: readonly [unknown, RegExp][] = [
    ['', /not valid JSON/],
    ['SELECT 1', /not valid JSON/],
    [{}, /template/],
    [{ template: 7 }, /template/],
    [{ template: 'SELECT 1', variables: [{ name: 'x', dataType: 'date' }] }, /variables\.0\.dataType must be one of/],
    [{ template: 'SELECT 1', matchEndpoints: { filters: [{ ids: ['x'] }] } }, /no UUID/],
    [{ template: 'SELECT 1', from: 'yesterday' }, /'from'/],
  ]
  for (const [body, message] of refused) {
    const answer = await validate(lake, headers, body)
    assertProblem(answer as never, 400)
    assert.match(answer.json.detail, message)
  }
  assertProblem((await validate(lake, await lake.headersFor(tenant.id, 'management'), {})) as never, 403)
  assert.deepEqual(lake.queries.validated, [])
})

test('the catalogue of functions, with an ETag', async t => {
  const lake = await openTestApp(t)
  const headers = await lake.headersFor((await lake.tenant()).id, 'readOnly')
  const answer = await lake.app.inject({ url: '/lake/v1/sql/functions', headers })
  assert.equal(answer.statusCode, 200)
  const { items } = answer.json()
  const named = (name: string) => items.find((each: { name: string }) => each.name === name)
  assert.deepEqual(named('lower').kind, 'scalar')
  assert.ok(named('lower').isSupported)
  assert.ok(named('split_part').signatures.includes('split_part(varchar(x), varchar(y), bigint) → varchar(x)'))
  for (const { name, isSupported, reason } of items) assert.equal(reason === undefined, isSupported, name)
  const etag = String(answer.headers['etag'])
  const again = await lake.app.inject({ url: '/lake/v1/sql/functions', headers: { ...headers, 'if-none-match': etag } })
  assert.deepEqual([again.statusCode, again.body], [304, ''])
})
