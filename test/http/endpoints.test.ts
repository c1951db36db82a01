import assert from 'node:assert/strict'
import { test } from 'node:test'
import { putHosts } from '../../src/db/hosts.ts'
import { openTestApp } from '../support/test-app.ts'
import { assertXdrError } from './error-bodies.ts'

const url = '/endpoint/v1/endpoints'

test('hosts by name, page by page, found by text and by id; only the tenant’s own', async t => {
  const lake = await openTestApp(t)
  const [tenant, other] = [await lake.tenant(), await lake.tenant()]
  const names = ['web-2', 'DB-1', 'web-1', 'mail']
  const hosts = await putHosts(lake.store, tenant.id, names, lake.now)
  await putHosts(lake.store, other.id, ['web-9'], lake.now)
  const idOf = (name: string) => hosts.find(host => host.hostIdentifier === name)?.id ?? ''
  const headers = await lake.headersFor(tenant.id, 'management')
  const get = (query = '') => lake.app.inject({ url: url + query, headers })
  const namesOf = async (query: string) =>
    (await get(query)).json().items.map((item: { hostname: string }) => item.hostname)

  const first = (await get('?pageSize=3')).json()
  assert.deepEqual(first.items[0], { id: idOf('DB-1'), hostname: 'DB-1', tenant: { id: tenant.id } })
  assert.deepEqual(first.pages, { nextKey: 'AAAAAw', size: 3, maxSize: 500, total: 2, items: 4 })
  const second = (await get('?pageSize=3&pageFromKey=AAAAAw')).json()
  assert.deepEqual(
    [...first.items, ...second.items].map(item => item.hostname),
    ['DB-1', 'mail', 'web-1', 'web-2'],
  )
  assert.equal('nextKey' in second.pages, false)

  assert.deepEqual(await namesOf('?search=WEB'), ['web-1', 'web-2'])
  assert.deepEqual(await namesOf('?search=web-9'), [])
  assert.deepEqual(await namesOf(`?ids=${idOf('mail')},${idOf('DB-1').toUpperCase()}`), ['DB-1', 'mail'])
  assert.deepEqual(await namesOf(`?ids=${idOf('mail')}&search=web`), [])
  assert.deepEqual((await get(`?ids=${idOf('mail')}&fields=hostname`)).json().items, [
    { id: idOf('mail'), hostname: 'mail' },
  ])
  assertXdrError(await get('?ids=mail'), 400, 'ValidationException', 'ids has "mail": no UUID')
})
