import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '../../src/db/db.ts'
import { noteContacts } from '../../src/db/host-contacts.ts'
import { putHosts } from '../../src/db/hosts.ts'
import { insertTenant } from '../../src/db/tenants.ts'
import { newTenant } from '../support/test-app.ts'

test('what was heard of hosts: times never move back, and what is not told stays', async t => {
  const store = openStore(':memory:')
  t.after(() => store.destroy())
  await insertTenant(store, newTenant(0, { id: 't' }))
  const hosts = await putHosts(store, 't', ['a', 'b', 'c'], 1)
  const [a, b] = ['a', 'b'].map(name => hosts.find(({ hostIdentifier }) => hostIdentifier === name)!.id) as [
    string,
    string,
  ]
  const row = async (id: string) => {
    const columns = ['last_seen_at', 'last_log_at', 'last_config_at', 'config_version', 'public_ip', 'os_name'] as const
    return Object.values(await store.selectFrom('hosts').select(columns).where('id', '=', id).executeTakeFirstOrThrow())
  }
  await noteContacts(
    store,
    new Map([
      [a, { seenAt: 50, logAt: 40, publicIp: "1.2.3.4'" }],
      [b, { seenAt: 60, configAt: 60, configVersion: 'v1', facts: { osName: 'Ubuntu' } }],
      ['gone', { seenAt: 70 }],
    ]),
  )
  assert.deepEqual(await row(a), [50, 40, null, null, "1.2.3.4'", null])
  assert.deepEqual(await row(b), [60, null, 60, 'v1', null, 'Ubuntu'])
  await noteContacts(store, new Map([[a, { seenAt: 30, logAt: 45, configAt: 30 }]]))
  await noteContacts(store, new Map([[b, { seenAt: 90, logAt: 1, facts: { osVersion: '24.04', decorations: {} } }]]))
  assert.deepEqual(await row(a), [50, 45, 30, null, "1.2.3.4'", null])
  assert.deepEqual(await row(b), [90, 1, 60, 'v1', null, 'Ubuntu'])
  const unheard = await store.selectFrom('hosts').select('host_identifier').where('last_seen_at', 'is', null).execute()
  assert.deepEqual(
    unheard.map(({ host_identifier }) => host_identifier),
    ['c'],
  )
  await noteContacts(store, new Map())
})
