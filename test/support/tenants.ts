import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { registerPrincipal } from '../../src/auth/register.ts'
import { openStore, type Store } from '../../src/db/db.ts'
import { insertTenant, listTenants } from '../../src/db/tenants.ts'
import { systemClock } from '../../src/model/clock.ts'
import { newId } from '../../src/model/ids.ts'
import type { Role } from '../../src/model/role.ts'
import type { TestServer } from './server.ts'
import type { Credentials } from './xdr-client.ts'

/** One more tenant of a server, with a principal of its own. */
export async function addTenant(server: TestServer, role: Role = 'superAdmin'): Promise<Credentials> {
  return withStore(server, async store => {
    // Of this attempt: a later one must not meet what an earlier one left.
    const tenantId = newId()
    await insertTenant(store, {
      id: tenantId,
      name: `tenant-${tenantId}`,
      showAs: 'Second tenant',
      dataGeography: 'IE',
      dataRegion: 'eu01',
      billingType: 'term',
      status: 'active',
      partnerId: undefined,
      organizationId: undefined,
      retentionDays: 90,
      createdAt: systemClock(),
    })
    return addPrincipalIn(store, server, tenantId, role)
  })
}

/** An organization that has the tenant, and a principal of it that may do everything; calls are about that tenant. */
export async function addOrganization(server: TestServer, tenantId: string): Promise<Credentials> {
  const accountId = newId()
  return withStore(server, async store => {
    await store.updateTable('tenants').set({ organization_id: accountId }).where('id', '=', tenantId).execute()
    const secretKey = await readFile(join(server.directory, 'private', 'secret-key'))
    const account = { accountType: 'organization', accountId, role: 'superAdmin', name: 'organization' } as const
    const registered = await registerPrincipal({ store, secretKey, clock: systemClock }, account)
    return { url: server.url, ...registered, tenantId }
  })
}

/** A partner with tenants of these names, and a principal of it that may do everything. */
export async function addPartner(server: TestServer, names: readonly string[]): Promise<Credentials> {
  const partnerId = newId()
  return withStore(server, async store => {
    for (const name of names) {
      await insertTenant(store, {
        ...{ id: newId(), name, showAs: name, dataGeography: 'IE', dataRegion: 'eu01', billingType: 'term' },
        ...{ status: 'active', partnerId, organizationId: undefined, retentionDays: 90, createdAt: systemClock() },
      })
    }
    const secretKey = await readFile(join(server.directory, 'private', 'secret-key'))
    const account = { accountType: 'partner', accountId: partnerId, role: 'superAdmin', name: 'partner' } as const
    const registered = await registerPrincipal({ store, secretKey, clock: systemClock }, account)
    return { url: server.url, ...registered, tenantId: partnerId }
  })
}

/** Ids of a partner's tenants. */
export function tenantIdsOf(server: TestServer, partnerId: string): Promise<readonly string[]> {
  return withStore(server, async store => {
    const tenants = await listTenants(store, { partnerId }, 0, 10_000)
    return tenants.map(({ id }) => id)
  })
}

/** One more principal of an existing tenant. */
export function addPrincipal(server: TestServer, tenantId: string, role: Role): Promise<Credentials> {
  return withStore(server, store => addPrincipalIn(store, server, tenantId, role))
}

async function addPrincipalIn(store: Store, server: TestServer, tenantId: string, role: Role): Promise<Credentials> {
  const secretKey = await readFile(join(server.directory, 'private', 'secret-key'))
  const registrar = { store, secretKey, clock: systemClock }
  const account = { accountType: 'tenant', accountId: tenantId, role, name: `${role} for a test` } as const
  const { clientId, clientSecret } = await registerPrincipal(registrar, account)
  return { url: server.url, clientId, clientSecret, tenantId }
}

const storeAttemptsMax = 50

/** The running server's own store, from beside it; tried again while the server writes, since nothing in it waits. */
async function withStore<Result>(server: TestServer, work: (store: Store) => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    const store = openStore(join(server.directory, 'private', 'store.sqlite'))
    try {
      return await work(store)
    } catch (error) {
      const isBusy = error instanceof Error && /database is locked/.test(error.message)
      if (!isBusy || attempt === storeAttemptsMax) throw error
      await delay(20)
    } finally {
      await store.destroy()
    }
  }
}
