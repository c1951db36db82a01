import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import type { TestContext } from 'node:test'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { readmit } from '../../src/auth/readmit.ts'
import { type Credentials, type NewPrincipal, registerPrincipal } from '../../src/auth/register.ts'
import { openSigningKeys, type SigningKeys } from '../../src/auth/signing-keys.ts'
import { openAgents } from '../../src/bin/agents.ts'
import { openStore, type Store } from '../../src/db/db.ts'
import { insertTenant } from '../../src/db/tenants.ts'
import { type LiveQueries, openLiveQueries } from '../../src/fleet/live-queries.ts'
import { buildApp } from '../../src/http/app.ts'
import type { AppSettings, HealthCheck } from '../../src/http/dependencies.ts'
import type { App } from '../../src/http/instance.ts'
import { planRun } from '../../src/http/run-plan.ts'
import { openDeclaredTables } from '../../src/ingest/declared-tables.ts'
import { type Budgets, openBudgets } from '../../src/lake/space/budgets.ts'
import { type LimitsInForce, openLimitsInForce } from '../../src/lake/space/limits-in-force.ts'
import { openLiveLibrary } from '../../src/library/live-library.ts'
import { newId } from '../../src/model/ids.ts'
import { silentLog } from '../../src/model/log.ts'
import type { Role } from '../../src/model/role.ts'
import type { Tenant } from '../../src/model/tenant.ts'
import type { AgentDoor } from '../../src/osquery/agent-files/agent-door.ts'
import { type ManyRuns, openManyRuns } from '../../src/query/many-runs.ts'
import { type MemoryAudit, memoryAudit } from './memory-audit.ts'
import { type MemoryIngest, memoryIngest } from './memory-ingest.ts'
import { type MemoryQueries, memoryQueries } from './memory-queries.ts'

// The HTTP interface with a real store, real keys and a clock of the test's own; only queries and ingest are small
// ones in memory.

export interface TestApp {
  readonly app: App
  readonly store: Store
  readonly keys: SigningKeys
  readonly secretKey: Uint8Array
  readonly queries: MemoryQueries
  readonly manyRuns: ManyRuns
  readonly ingest: MemoryIngest
  readonly liveQueries: LiveQueries
  readonly audit: MemoryAudit
  readonly limits: LimitsInForce
  /** Sizes are those of the last `refresh`. */
  readonly budgets: Budgets
  readonly logLines: string[]
  /** What `/readyz` reports; a test changes it. */
  readonly health: HealthCheck[]
  readonly agents: ReturnType<typeof openAgents>
  /** Where agents are told to go; a test changes it. */
  agentDoor: AgentDoor | undefined
  now: number
  tenant(members?: Partial<Tenant>): Promise<Tenant>
  principal(members: Partial<NewPrincipal> & Pick<NewPrincipal, 'accountId'>): Promise<Credentials>
  /** A token, fetched over the token route. */
  token(credentials: Credentials): Promise<string>
  /** Headers of a principal of the tenant with that role. */
  headersFor(tenantId: string, role?: Role): Promise<Record<string, string>>
}

export const testSettings: AppSettings = {
  publicUrl: undefined,
  trustProxy: undefined,
  metricsToken: undefined,
  bodyBytesMax: 64 * 1024,
  templateCharsMin: 1,
  querySpanMsMax: undefined,
  liveRunMs: 900_000,
  callLimits: undefined,
}

export async function openTestApp(context: TestContext, settings: Partial<AppSettings> = {}): Promise<TestApp> {
  const store = openStore(':memory:')
  const secretKey = Buffer.alloc(32, 7)
  const logLines: string[] = []
  const health: HealthCheck[] = [{ name: 'store', isOk: true }]
  const sink = new Writable({
    write(chunk, _encoding, done) {
      logLines.push(String(chunk))
      done()
    },
  })
  const clock = () => self.now
  const keys = await openSigningKeys(store, () => Date.UTC(2026, 1, 3, 8, 0, 0))
  const queries = memoryQueries(clock, store)
  const ingest = memoryIngest()
  const audit = memoryAudit()
  const log = pino({ level: 'trace' }, sink)
  const manyRuns = openManyRuns({
    ...{ store, queries, audit, clock, log, stepMs: 0 },
    admit: (principalId, tenantId) => readmit(store, principalId, tenantId, 'runs.write', clock()),
    plan: (tenantId, request, now) =>
      planRun({ store, clock: () => now, settings: { ...testSettings, ...settings } }, tenantId, Buffer.from(request)),
  })
  const none = { uploadCapHostBytes: undefined, uploadCapTenantBytes: undefined, diskBudgetBytes: undefined }
  const limits = openLimitsInForce(store, none)
  const budgets = openBudgets({
    ...{ store, clock, log: silentLog, limitsOf: limits.of, budgetBytes: undefined, reserveBytes: 0 },
    ...{ whenFull: 'refuse', disk: async () => undefined },
    use: { openSegment: () => 0, rejectedLines: () => new Map(), queries: async () => 0, store: () => 0 },
  })
  const journalFile = join(tmpdir(), `edr-lake-journal-${newId()}.ndjson`)
  const tables = openDeclaredTables({
    ...{ store, clock, journalFile },
    tailTables: async tenantId => (await ingest.tailKeys(tenantId)).tables,
  })
  const agents = openAgents({ store, secretKey, clock, log, hostExpiryMs: undefined })
  const liveQueries = openLiveQueries({ store, ingest, clock, log: silentLog })
  const app = buildApp({
    ...{ limits, budgets, tables },
    agents: { ...agents, liveQueries },
    liveLibrary: openLiveLibrary(),
    store,
    signingKeys: keys,
    secretKey,
    queries,
    manyRuns,
    ingest,
    audit,
    clock,
    log,
    metrics: new Registry(),
    disk: async () => ({ freeBytes: 5, totalBytes: 9 }),
    health: async () => health,
    agentDoor: () => self.agentDoor,
    version: '1.2.3',
    settings: { ...testSettings, ...settings },
  })
  context.after(async () => {
    await app.close()
    await store.destroy()
    await rm(journalFile, { force: true })
  })
  const registrar = { store, secretKey, clock }
  const self: TestApp = {
    app,
    store,
    keys,
    secretKey,
    queries,
    manyRuns,
    ingest,
    liveQueries,
    agents,
    audit,
    ...{ limits, budgets },
    logLines,
    health,
    agentDoor: undefined,
    now: Date.UTC(2026, 1, 3, 8, 14, 55, 628),
    async tenant(members = {}) {
      const tenant = newTenant(clock(), members)
      await insertTenant(store, tenant)
      return tenant
    },
    principal: members =>
      registerPrincipal(registrar, { accountType: 'tenant', role: 'superAdmin', name: 'test', ...members }),
    async token({ clientId, clientSecret }) {
      const answer = await app.inject({
        method: 'POST',
        url: '/api/v2/oauth2/token',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        payload: `grant_type=client_credentials&client_id=${clientId}&client_secret=${clientSecret}&scope=token`,
      })
      return answer.json().access_token
    },
    async headersFor(tenantId, role = 'superAdmin') {
      const token = await self.token(await self.principal({ accountId: tenantId, role }))
      return { authorization: `Bearer ${token}`, 'x-tenant-id': tenantId }
    },
  }
  return self
}

export function newTenant(now: number, members: Partial<Tenant> = {}): Tenant {
  return {
    id: newId(),
    name: 'Contoso Ltd',
    showAs: 'Contoso',
    dataGeography: 'IE',
    dataRegion: 'eu01',
    billingType: 'term',
    status: 'active',
    partnerId: undefined,
    organizationId: undefined,
    retentionDays: 90,
    createdAt: now,
    ...members,
  }
}
