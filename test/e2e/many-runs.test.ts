// One run over the tenants of the partner that the first start made, killed in the middle: nobody is asked twice,
// nobody is forgotten, and every tenant's rows come back as its own.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startServer, type TestServer } from '../support/server.ts'
import { connect, type ResultRow } from '../support/xdr-client.ts'

const path = '/lake/v1/queries/runs'
const tenantCount = 40

interface ManyRun {
  readonly id: string
  readonly status: string
  readonly result: string
  readonly counts: Readonly<Record<string, number>>
  readonly tenants: readonly { readonly id: string; readonly name: string; readonly runId?: string }[]
}

/** Calls as the partner. */
async function openPartner(server: TestServer) {
  const partner = JSON.parse(await readFile(join(server.directory, 'first-run-partner.json'), 'utf8'))
  const client = await connect({ ...server.firstRun, ...partner, url: server.url })
  return async <Reply>(method: string, at: string, body?: object): Promise<Reply> => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const answer = await client.call(method, at, { ...sent, headers: { 'x-tenant-id': '' } })
    assert.ok(answer.status < 300, answer.text)
    return answer.json as Reply
  }
}

test('a run over many tenants outlives a kill', async t => {
  let server = await startServer()
  t.after(() => server.close())
  let call = await openPartner(server)
  for (let number = 1; number < tenantCount; number += 1) await call('POST', '/lake/v1/tenants', { name: `t${number}` })
  const lake = await connect(server.firstRun)
  await lake.ingest('{"name":"q","hostIdentifier":"h","unixTime":0,"columns":{"n":"1"},"action":"added"}\n')
  const adHocQuery = { template: 'SELECT count(*) AS rows_there FROM xdr_data' }
  const { id } = await call<ManyRun>('POST', path, { tenants: 'all', adHocQuery, from: '1970-01-01', to: '1970-01-02' })
  let run: ManyRun
  do {
    await delay(20)
    run = await call<ManyRun>('GET', `${path}/${id}`)
  } while ((run.counts['succeeded'] ?? 0) < 5)
  assert.equal(run.status, 'pending')
  const asked = new Map(run.tenants.map(tenant => [tenant.id, tenant.runId]))

  await server.stop('SIGKILL')
  server = await server.restart()
  call = await openPartner(server)
  while (run.status !== 'finished') run = await call<ManyRun>('GET', `${path}/${id}?wait=30`)
  assert.deepEqual([run.result, run.counts], ['succeeded', { tenants: tenantCount, succeeded: tenantCount }])
  for (const tenant of run.tenants) {
    const before = asked.get(tenant.id)
    if (before !== undefined) assert.equal(tenant.runId, before, 'a tenant that was asked is not asked again')
  }
  const { items } = await call<{ items: ResultRow[] }>('GET', `${path}/${id}/results?pageSize=100`)
  assert.deepEqual(
    items,
    run.tenants.map(({ id: tenant_id, name: tenant_name }) => {
      return { tenant_id, tenant_name, rows_there: tenant_id === server.firstRun.tenantId ? 1 : 0 }
    }),
  )
})
