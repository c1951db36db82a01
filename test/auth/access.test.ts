import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Action, actions, requireAccount, requireAction, tenantCaller } from '../../src/auth/access.ts'
import { openStore } from '../../src/db/db.ts'
import { insertTenant, setTenantStatus } from '../../src/db/tenants.ts'
import { newId } from '../../src/model/ids.ts'
import type { AccountType, Caller } from '../../src/model/principal.ts'
import { type Role, roles } from '../../src/model/role.ts'
import { newTenant } from '../support/test-app.ts'

const caller = (accountType: AccountType, accountId: string, role: Role = 'superAdmin'): Caller => ({
  principalId: 'p',
  accountType,
  accountId,
  role,
})

const foreign = { code: 'permission_denied', details: { refused: 'tenant' } }

test('every role and every action', () => {
  const expected: Readonly<Record<Role, string>> = {
    superAdmin: '1111111111111111',
    management: '0000011010010000',
    forensics: '1111010010110000',
    readOnly: '1010010010110000',
    ingest: '0000100000000000',
  }
  const order: readonly Action[] = actions
  assert.deepEqual(order, [
    'queries.read',
    'queries.write',
    'runs.read',
    'runs.write',
    'rows.write',
    'hosts.read',
    'hosts.write',
    'tables.write',
    'configurations.read',
    'configurations.write',
    'lake.read',
    'tenants.read',
    'tenants.write',
    'access.manage',
    'settings.read',
    'audit.read',
  ])
  for (const role of roles) {
    const allowed = actions.map(action => {
      try {
        requireAction(caller('tenant', 't', role), action)
        return 1
      } catch (error) {
        assert.deepEqual((error as { details: unknown }).details, { refused: 'role' })
        return 0
      }
    })
    assert.equal(allowed.join(''), expected[role], role)
  }
})

async function openTenants(context: TestContext) {
  const store = openStore(':memory:')
  context.after(() => store.destroy())
  const [partnerId, organizationId] = [newId(), newId()]
  const own = newTenant(1, { partnerId, organizationId })
  const other = newTenant(1)
  const trial = newTenant(1, { partnerId, organizationId, billingType: 'trial' })
  for (const tenant of [own, other, trial]) await insertTenant(store, tenant)
  return { store, partnerId, organizationId, own, other, trial }
}

test('a tenant principal has its own tenant, in any spelling of the id', async t => {
  const { store, own, other, trial } = await openTenants(t)
  const me = caller('tenant', own.id)
  for (const header of [own.id, own.id.toUpperCase(), `urn:uuid:${own.id}`, ` ${own.id} `]) {
    assert.deepEqual(await tenantCaller(store, me, header), { ...me, tenantId: own.id })
  }
  await assert.rejects(tenantCaller(store, me, other.id), foreign)
  await assert.rejects(tenantCaller(store, me, newId()), foreign)
  assert.ok(await tenantCaller(store, caller('tenant', trial.id), trial.id), 'a trial is no bar to its own')
})

test('the header is required and must be a UUID', async t => {
  const { store, own } = await openTenants(t)
  const me = caller('tenant', own.id)
  for (const header of [undefined, '']) {
    await assert.rejects(tenantCaller(store, me, header), {
      code: 'unauthenticated',
      message: 'header X-Tenant-ID is required',
    })
  }
  for (const header of ['all', `${own.id}x`, [own.id], `${own.id}, ${own.id}`]) {
    await assert.rejects(tenantCaller(store, me, header), {
      code: 'invalid_argument',
      message: `header X-Tenant-ID must be a UUID, it is ${JSON.stringify(String(header))}`,
    })
  }
})

test('partners and organizations have the tenants they manage, but no trial', async t => {
  const { store, own, other, trial, partnerId, organizationId } = await openTenants(t)
  for (const me of [caller('partner', partnerId), caller('organization', organizationId)]) {
    assert.equal((await tenantCaller(store, me, own.id)).tenantId, own.id)
    await assert.rejects(tenantCaller(store, me, other.id), foreign)
    await assert.rejects(tenantCaller(store, me, trial.id), foreign)
    await assert.rejects(tenantCaller(store, me, newId()), foreign)
  }
  await assert.rejects(tenantCaller(store, caller('organization', partnerId), own.id), foreign)
  await assert.rejects(tenantCaller(store, caller('partner', newId()), other.id), foreign)
})

test('a suspended tenant is closed to everybody', async t => {
  const { store, own, partnerId } = await openTenants(t)
  await setTenantStatus(store, own.id, 'suspended')
  await assert.rejects(tenantCaller(store, caller('tenant', own.id), own.id), foreign)
  await assert.rejects(tenantCaller(store, caller('partner', partnerId), own.id), foreign)
})

test('partner and organization headers name the caller itself', () => {
  const id = newId()
  const check = (me: Caller, header: unknown) => () => requireAccount(me, 'partner', 'X-Partner-ID', header)
  assert.doesNotThrow(check(caller('partner', id), id.toUpperCase()))
  assert.throws(check(caller('partner', id), newId()), foreign)
  assert.throws(check(caller('organization', id), id), foreign)
  assert.throws(check(caller('tenant', id), id), foreign)
  assert.throws(check(caller('partner', id), undefined), { message: 'header X-Partner-ID is required' })
  assert.throws(check(caller('partner', id), 'x'), { message: 'header X-Partner-ID must be a UUID, it is "x"' })
})
