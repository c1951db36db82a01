// The three ways to a first query, as the getting-started guides walk them: tenant, organization, partner. Each client
// uses only what the step before told it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '../../src/model/ids.ts'
import type { AccountType } from '../../src/model/principal.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

const template = "SELECT meta_hostname FROM xdr_data WHERE query_name = 'listening_ports'"

async function walk(lake: TestApp, accountType: AccountType, accountId: string): Promise<readonly string[]> {
  const { clientId, clientSecret } = await lake.principal({ accountType, accountId })
  const call = async (url: string, init: RequestInit = {}) => {
    const response = await fetch(url, init)
    assert.ok(response.ok, `${url}: ${response.status}`)
    return JSON.parse(await response.text())
  }
  const fields = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret, scope: 'token' }
  const token = await call(`${lake.app.listeningOrigin}/api/v2/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams(fields),
  })
  const authorization = `${token.token_type.replace('b', 'B')} ${token.access_token}`
  const { id, idType, apiHosts } = await call(`${lake.app.listeningOrigin}/whoami/v1`, { headers: { authorization } })
  const tenants: { id: string; apiHost: string }[] = []
  if (idType === 'tenant') tenants.push({ id, apiHost: apiHosts.dataRegion })
  else {
    const headers = { authorization, [`X-${idType[0].toUpperCase()}${idType.slice(1)}-ID`]: id }
    const list = `${apiHosts.global}/${idType}/v1/tenants`
    const first = await call(`${list}?pageTotal=true`, { headers })
    for (let page = 1; page <= first.pages.total; page += 1) {
      tenants.push(...(await call(`${list}?page=${page}`, { headers })).items)
    }
  }
  for (const tenant of tenants) {
    const headers = { authorization, 'X-Tenant-ID': tenant.id }
    const base = `${tenant.apiHost}/xdr-query/v1/queries/runs`
    const run = await call(base, { method: 'POST', headers, body: JSON.stringify({ adHocQuery: { template } }) })
    assert.deepEqual([run.status, run.createdBy.accountType], ['pending', accountType])
    lake.queries.set(run.id, { state: 'succeeded', finishedAt: lake.now })
    lake.queries.rows = [{ n: 1 }]
    assert.equal((await call(`${base}/${run.id}`, { headers })).result, 'succeeded')
    assert.deepEqual((await call(`${base}/${run.id}/results?pageSize=1000`, { headers })).items, [{ n: 1 }])
  }
  return tenants.map(tenant => tenant.id)
}

test('a tenant', async t => {
  const lake = await openTestApp(t)
  await lake.app.listen({ host: '127.0.0.1', port: 0 })
  const tenant = await lake.tenant()
  await lake.tenant()
  assert.deepEqual(await walk(lake, 'tenant', tenant.id), [tenant.id])
})

for (const accountType of ['organization', 'partner'] as const) {
  test(`an ${accountType} with more tenants than a page`, async t => {
    const lake = await openTestApp(t)
    await lake.app.listen({ host: '127.0.0.1', port: 0 })
    const accountId = newId()
    const manager = accountType === 'partner' ? { partnerId: accountId } : { organizationId: accountId }
    const own: string[] = []
    for (let count = 0; count < 60; count += 1) own.push((await lake.tenant(manager)).id)
    await lake.tenant()
    assert.deepEqual((await walk(lake, accountType, accountId)).toSorted(), own.toSorted())
  })
}
