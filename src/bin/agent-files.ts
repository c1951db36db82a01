import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ReadAgentFiles } from '../cli/commands/agent-files.ts'
import { openStore, openStoreForReading, type Store } from '../db/db.ts'
import { findNewestEnrollSecret, insertEnrollSecret } from '../db/enroll-secrets.ts'
import { findTenant, listTenants } from '../db/tenants.ts'
import { systemClock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import { newId } from '../model/ids.ts'
import { formatServerName } from '../model/server-name.ts'
import type { Tenant } from '../model/tenant.ts'
import { doorByName } from '../osquery/agent-files/agent-door.ts'
import { agentFiles } from '../osquery/agent-files/agent-files.ts'
import { findAgentDoorNote } from './agent-door-note.ts'
import { openDataDirectory } from './data-directory.ts'

/** Only reads, also while a server runs; a tenant without an enroll secret gets one, for which it must not. */
export const readAgentFiles: ReadAgentFiles = async (root, { tenantId, tlsName }) => {
  const file = join(root, 'private', 'store.sqlite')
  if (!existsSync(file)) throw new AppError('not_found', `${root} is no data directory`)
  const { door, tenant, secret } = await reading(file, async store => {
    const tenant = await tenantOf(store, tenantId)
    const secret = await findNewestEnrollSecret(store, tenant.id)
    return { door: await findAgentDoorNote(store), tenant, secret: secret?.secret }
  })
  if (door === undefined) {
    throw new AppError(
      'not_found',
      'agents speak TLS only, and this lake has served none: start it once with --tls-port',
    )
  }
  const named = tlsName === undefined ? door : doorByName(door, tlsName)
  const enrollSecret = secret ?? (await makeSecret(root, file, tenant.id))
  const items = agentFiles({ door: named, tenantName: tenant.name, enrollSecret })
  return { tlsHostname: formatServerName(named.host, named.port), items }
}

async function reading<Result>(file: string, work: (store: Store) => Promise<Result>): Promise<Result> {
  const store = openStoreForReading(file)
  try {
    return await work(store)
  } finally {
    await store.destroy()
  }
}

async function tenantOf(store: Store, tenantId: string | undefined): Promise<Tenant> {
  if (tenantId !== undefined) {
    const tenant = await findTenant(store, tenantId.toLowerCase())
    if (tenant === undefined) throw new AppError('not_found', 'there is no such tenant')
    return tenant
  }
  const [only, ...others] = await listTenants(store, {}, 0, 2)
  if (only === undefined) throw new AppError('not_found', 'there is no tenant yet: start the lake once')
  if (others.length === 0) return only
  throw new AppError('invalid_argument', 'there are several tenants: say which with --tenant')
}

/** Rejects with `conflict` while a server runs. */
async function makeSecret(root: string, file: string, tenantId: string): Promise<string> {
  const directory = openDataDirectory(root)
  const store = openStore(file)
  try {
    const secret = randomBytes(24).toString('hex')
    const facts = {
      name: 'Agent files',
      createdAt: systemClock(),
      disabledAt: undefined,
      labels: [],
      environment: undefined,
    }
    const plain = { labels: [], environment: undefined }
    await insertEnrollSecret(store, { id: newId(), tenantId, secret, ...facts, ...plain })
    return secret
  } finally {
    await store.destroy()
    directory.release()
  }
}
