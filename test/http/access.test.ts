// Generated: every route the app has × every role × the own tenant, a foreign one, none, and no token. What must come
// out is read from the table of roles and actions; a route that forgot its check fails here without a line being
// written.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { allowedActions } from '../../src/auth/access.ts'
import type { RouteAccess } from '../../src/http/route-access.ts'
import { newId } from '../../src/model/ids.ts'
import type { AccountType } from '../../src/model/principal.ts'
import { roles } from '../../src/model/role.ts'
import { openTestApp } from '../support/test-app.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD'

/** Of the account routes only a partner or organization creates tenants. */
function isManagers(route: { method: string; url: string }, status: number): boolean {
  const isCreation = route.method === 'POST' && route.url === '/lake/v1/tenants'
  return status === 403 && (isCreation || route.url.startsWith('/lake/v1/organizations'))
}

function isForPrincipals({ access }: { readonly access: RouteAccess | undefined }): boolean {
  return access?.kind !== 'public' && access?.kind !== 'agent'
}

async function openRoutes(context: TestContext) {
  const lake = await openTestApp(context)
  await lake.app.ready()
  const routes = lake.app.routeList.flatMap(route => route.methods.map(method => ({ ...route, method })))
  const call = async (route: (typeof routes)[number], headers: Record<string, string>) => {
    const url = route.url.replaceAll(/:\w+/g, newId())
    const payload = route.method === 'POST' ? { payload: 'SELECT 1' } : {}
    const answer = await lake.app.inject({ method: route.method as Method, url, headers, ...payload })
    const error = route.method === 'HEAD' || answer.statusCode < 400 ? undefined : answer.json().error
    return { status: answer.statusCode, error: error as string | undefined }
  }
  return { lake, routes, call }
}

test('there are all the routes of the contract', async t => {
  const { routes } = await openRoutes(t)
  const names = routes.map(route => `${route.method} ${route.url}`).filter(name => !name.startsWith('HEAD'))
  assert.deepEqual(names.sort(), [
    'DELETE /lake/v1/enroll-secrets/:id',
    'DELETE /lake/v1/hosts/:id',
    'DELETE /lake/v1/ingest-tokens/:id',
    'DELETE /lake/v1/labels/:label',
    'DELETE /lake/v1/organizations/:organizationId/tenants/:tenantId',
    'DELETE /lake/v1/query-categories/:id',
    'DELETE /lake/v1/saved-queries/:id',
    'DELETE /lake/v1/tables/:table',
    'DELETE /live-discover/v1/queries/runs/:runId',
    'DELETE /xdr-query/v1/queries/runs/:runId',
    'GET /.well-known/jwks.json',
    'GET /docs',
    'GET /endpoint/v1/endpoints',
    'GET /lake/v1/account/audit',
    'GET /lake/v1/account/principals',
    'GET /lake/v1/agent-files',
    'GET /lake/v1/configurations',
    'GET /lake/v1/configurations/:label',
    'GET /lake/v1/configurations/:label/diff',
    'GET /lake/v1/configurations/:label/versions',
    'GET /lake/v1/enroll-secrets',
    'GET /lake/v1/hosts',
    'GET /lake/v1/hosts/:id',
    'GET /lake/v1/hosts/:id/configuration',
    'GET /lake/v1/ingest-tokens',
    'GET /lake/v1/labels',
    'GET /lake/v1/organizations',
    'GET /lake/v1/principals',
    'GET /lake/v1/queries/runs',
    'GET /lake/v1/queries/runs/:runId',
    'GET /lake/v1/queries/runs/:runId/results',
    'GET /lake/v1/runs/:runId/export',
    'GET /lake/v1/schema',
    'GET /lake/v1/settings',
    'GET /lake/v1/sql/functions',
    'GET /lake/v1/stats',
    'GET /lake/v1/tables',
    'GET /lake/v1/tables/:table',
    'GET /lake/v1/tenants',
    'GET /lake/v1/tenants/:tenantId',
    'GET /lake/v1/tenants/:tenantId/limits',
    'GET /lake/v1/tenants/:tenantId/run-limits',
    'GET /live-discover/v1/queries',
    'GET /live-discover/v1/queries/:queryId',
    'GET /live-discover/v1/queries/categories',
    'GET /live-discover/v1/queries/categories/:categoryId',
    'GET /live-discover/v1/queries/runs',
    'GET /live-discover/v1/queries/runs/:runId',
    'GET /live-discover/v1/queries/runs/:runId/endpoints',
    'GET /live-discover/v1/queries/runs/:runId/results',
    'GET /livez',
    'GET /metrics',
    'GET /openapi.json',
    'GET /organization/v1/tenants',
    'GET /organization/v1/tenants/:tenantId',
    'GET /partner/v1/tenants',
    'GET /partner/v1/tenants/:tenantId',
    'GET /readyz',
    'GET /services/collector/health',
    'GET /services/collector/health/1.0',
    'GET /version',
    'GET /whoami/v1',
    'GET /xdr-query/v1/queries',
    'GET /xdr-query/v1/queries/:queryId',
    'GET /xdr-query/v1/queries/categories',
    'GET /xdr-query/v1/queries/categories/:categoryId',
    'GET /xdr-query/v1/queries/runs',
    'GET /xdr-query/v1/queries/runs/:runId',
    'GET /xdr-query/v1/queries/runs/:runId/results',
    'PATCH /lake/v1/account/principals/:id',
    'PATCH /lake/v1/principals/:id',
    'PATCH /lake/v1/tenants/:tenantId',
    'PATCH /lake/v1/tenants/:tenantId/limits',
    'POST /:environment/config',
    'POST /:environment/enroll',
    'POST /:environment/log',
    'POST /:environment/read',
    'POST /:environment/write',
    'POST /api/osquery/config',
    'POST /api/osquery/distributed/read',
    'POST /api/osquery/distributed/write',
    'POST /api/osquery/enroll',
    'POST /api/osquery/log',
    'POST /api/v1/osquery/config',
    'POST /api/v1/osquery/distributed/read',
    'POST /api/v1/osquery/distributed/write',
    'POST /api/v1/osquery/enroll',
    'POST /api/v1/osquery/log',
    'POST /api/v2/oauth2/token',
    'POST /lake/v1/account/principals',
    'POST /lake/v1/account/principals/:id/disable',
    'POST /lake/v1/account/principals/:id/rotate',
    'POST /lake/v1/configurations/:label/import',
    'POST /lake/v1/configurations/:label/rollback',
    'POST /lake/v1/configurations/:label/validate',
    'POST /lake/v1/configurations/convert',
    'POST /lake/v1/enroll-secrets',
    'POST /lake/v1/ingest-tokens',
    'POST /lake/v1/ingest/imports',
    'POST /lake/v1/ingest/osquery',
    'POST /lake/v1/ingest/tables/:table',
    'POST /lake/v1/labels/:label/hosts',
    'POST /lake/v1/organizations',
    'POST /lake/v1/organizations/:organizationId/principals',
    'POST /lake/v1/principals',
    'POST /lake/v1/principals/:id/disable',
    'POST /lake/v1/principals/:id/rotate',
    'POST /lake/v1/queries/runs',
    'POST /lake/v1/queries/runs/:runId/cancel',
    'POST /lake/v1/sql/validate',
    'POST /lake/v1/tables',
    'POST /lake/v1/tenants',
    'POST /live-discover/v1/queries/runs',
    'POST /live-discover/v1/queries/runs/:runId/cancel',
    'POST /osquery/v1/config',
    'POST /osquery/v1/distributed/read',
    'POST /osquery/v1/distributed/write',
    'POST /osquery/v1/enroll',
    'POST /osquery/v1/log',
    'POST /partner/v1/tenants',
    'POST /services/collector',
    'POST /services/collector/ack',
    'POST /services/collector/event',
    'POST /services/collector/event/1.0',
    'POST /services/collector/raw',
    'POST /services/collector/raw/1.0',
    'POST /xdr-query/v1/queries/runs',
    'POST /xdr-query/v1/queries/runs/:runId/cancel',
    'PUT /lake/v1/configurations/:label',
    'PUT /lake/v1/labels/:label',
    'PUT /lake/v1/organizations/:organizationId/tenants/:tenantId',
    'PUT /lake/v1/query-categories/:id',
    'PUT /lake/v1/runs/:runId/keep',
    'PUT /lake/v1/saved-queries/:id',
    'PUT /lake/v1/tenants/:tenantId/run-limits',
  ])
})

test('public routes are exactly these', async t => {
  const { routes } = await openRoutes(t)
  const urls = new Set(routes.filter(route => route.access?.kind === 'public').map(route => route.url))
  const expected = [
    '/.well-known/jwks.json',
    '/api/v2/oauth2/token',
    '/docs',
    '/livez',
    '/metrics',
    '/openapi.json',
    '/readyz',
    '/services/collector/health',
    '/services/collector/health/1.0',
    '/version',
  ]
  assert.deepEqual([...urls].sort(), expected)
})

test('agents have routes of their own, and no principal is let in there', async t => {
  const { lake, routes, call } = await openRoutes(t)
  const tenant = await lake.tenant()
  const headers = await lake.headersFor(tenant.id)
  const agents = routes.filter(route => route.access?.kind === 'agent')
  assert.equal(agents.length, 20)
  for (const route of agents) {
    const { status, error } = await call(route, headers)
    // The payload is no JSON; an environment of a random id is nothing.
    assert.equal(status, route.url.startsWith('/:') ? 404 : 400, route.url)
    assert.equal(typeof error, 'string', route.url)
  }
})

test('no route is open to a caller without a token, or with one that is none', async t => {
  const { routes, call } = await openRoutes(t)
  const tenantHeaders = { 'x-tenant-id': newId(), 'x-partner-id': newId(), 'x-organization-id': newId() }
  for (const route of routes.filter(isForPrincipals)) {
    const name = `${route.method} ${route.url}`
    assert.equal((await call(route, tenantHeaders)).status, 401, name)
    assert.equal((await call(route, { ...tenantHeaders, authorization: 'Bearer a.b.c' })).status, 401, name)
  }
})

for (const role of roles) {
  test(`tenant routes for ${role}`, async t => {
    const { lake, routes, call } = await openRoutes(t)
    const [own, foreign] = [await lake.tenant(), await lake.tenant()]
    const headers = await lake.headersFor(own.id, role)
    const { authorization = '' } = headers
    let checked = 0
    for (const route of routes) {
      if (route.access?.kind !== 'tenant') continue
      const name = `${role} ${route.method} ${route.url}`
      const isAllowed = allowedActions[role].includes(route.access.action)
      const withOwn = await call(route, headers)
      if (isAllowed) assert.ok([200, 201, 400, 404].includes(withOwn.status), `${name}: ${withOwn.status}`)
      else assert.equal(withOwn.status, 403, name)
      const isXdr = route.method !== 'HEAD' && !/^\/(?:lake|services)\//.test(route.url)
      if (!isAllowed && isXdr) assert.equal(withOwn.error, 'UNAUTHORIZED_ACCESS', name)
      const withForeign = await call(route, { authorization, 'x-tenant-id': foreign.id })
      assert.equal(withForeign.status, 403, name)
      if (isXdr) assert.equal(withForeign.error, 'Forbidden', name)
      assert.equal((await call(route, { authorization, 'x-tenant-id': newId() })).status, 403, name)
      assert.equal((await call(route, { authorization })).status, 401, name)
      assert.equal((await call(route, { authorization, 'x-tenant-id': 'nonsense' })).status, 400, name)
      checked += 1
    }
    assert.ok(checked > 10)
    assert.equal(
      lake.queries.runs.every(run => run.tenantId === own.id),
      true,
    )
    assert.equal(
      lake.ingest.bodies.every(body => body.tenantId === own.id),
      true,
    )
  })

  test(`account routes for ${role}`, async t => {
    const { lake, routes, call } = await openRoutes(t)
    const accountId = newId()
    const managed = { partnerId: accountId, organizationId: accountId }
    const [tenant, suspended] = [await lake.tenant(managed), await lake.tenant({ ...managed, status: 'suspended' })]
    const tokenOf = async (accountType: AccountType, id: string) =>
      `Bearer ${await lake.token(await lake.principal({ accountType, accountId: id, role }))}`
    const callers = [
      await tokenOf('tenant', tenant.id),
      await tokenOf('partner', accountId),
      await tokenOf('organization', accountId),
    ]
    const closed = await tokenOf('tenant', suspended.id)
    let checked = 0
    for (const route of routes) {
      if (route.access?.kind !== 'account') continue
      const isAllowed = allowedActions[role].includes(route.access.action)
      for (const authorization of callers) {
        const { status } = await call(route, { authorization })
        const name = `${role} ${route.method} ${route.url}: ${status}`
        assert.ok(isAllowed ? [200, 201, 400, 404].includes(status) || isManagers(route, status) : status === 403, name)
      }
      assert.equal((await call(route, { authorization: closed })).status, 403, 'a suspended tenant is closed')
      checked += 1
    }
    assert.ok(checked > 10)
  })

  test(`partner and organization routes for ${role}`, async t => {
    const { lake, routes, call } = await openRoutes(t)
    for (const kind of ['partner', 'organization'] as const) {
      const accountId = newId()
      const token = await lake.token(await lake.principal({ accountType: kind, accountId, role }))
      const authorization = `Bearer ${token}`
      for (const route of routes) {
        const { access } = route
        if (access?.kind !== 'partner' && access?.kind !== 'organization') continue
        const name = `${kind} ${role} ${route.method} ${route.url}`
        const headers = { authorization, [`x-${access.kind}-id`]: accountId }
        const { status } = await call(route, headers)
        const isAllowed = access.kind === kind && allowedActions[role].includes(access.action)
        if (isAllowed) assert.ok([200, 400, 404].includes(status), `${name}: ${status}`)
        else assert.equal(status, 403, name)
        assert.equal((await call(route, { authorization, [`x-${access.kind}-id`]: newId() })).status, 403, name)
        assert.equal((await call(route, { authorization })).status, 401, name)
      }
    }
  })

  test(`a ${role} of a partner on its own and on foreign tenants`, async t => {
    const { lake, routes, call } = await openRoutes(t)
    const partnerId = newId()
    const own = await lake.tenant({ partnerId })
    const closed = [
      await lake.tenant(),
      await lake.tenant({ partnerId: newId() }),
      await lake.tenant({ organizationId: partnerId }),
      await lake.tenant({ partnerId, billingType: 'trial' }),
      await lake.tenant({ partnerId, status: 'suspended' }),
    ]
    const token = await lake.token(await lake.principal({ accountType: 'partner', accountId: partnerId, role }))
    const headersFor = (tenantId: string) => ({ authorization: `Bearer ${token}`, 'x-tenant-id': tenantId })
    for (const route of routes) {
      if (route.access?.kind !== 'tenant') continue
      const name = `${role} ${route.method} ${route.url}`
      const isAllowed = allowedActions[role].includes(route.access.action)
      const { status } = await call(route, headersFor(own.id))
      assert.equal(status !== 403, isAllowed, `${name}: ${status}`)
      for (const tenant of closed) assert.equal((await call(route, headersFor(tenant.id))).status, 403, name)
    }
  })
}

test('an ingest token stores rows of its tenant and is good for nothing else', async t => {
  const { lake, routes, call } = await openRoutes(t)
  const [own, foreign] = [await lake.tenant(), await lake.tenant()]
  const headers = await lake.headersFor(own.id)
  const url = '/lake/v1/ingest-tokens'
  const made = await lake.app.inject({ method: 'POST', url, headers, payload: '{"name":"shipper"}' })
  const authorization = `Bearer ${made.json().token}`
  for (const route of routes.filter(isForPrincipals)) {
    const name = `${route.method} ${route.url}`
    const isIngest = route.access?.kind === 'tenant' && route.access.action === 'rows.write'
    const { status } = await call(route, { authorization })
    // The last: there is no table of that name.
    if (isIngest) assert.ok([200, 400, 404].includes(status), `${name}: ${status}`)
    else assert.equal(status, route.access?.kind === 'tenant' ? 403 : 401, name)
    if (isIngest) assert.equal((await call(route, { authorization, 'x-tenant-id': foreign.id })).status, 403, name)
  }
})

test('a route that does not say who may call it stops the start', async t => {
  const { app } = await openTestApp(t)
  assert.throws(
    () => app.get('/forgotten', async () => 'open'),
    /^Error: route \/forgotten does not say who may call it$/,
  )
})
