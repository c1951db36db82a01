import type { TestContext } from 'node:test'
import { openAgents } from '../../src/bin/agents.ts'
import { openStore, type Store } from '../../src/db/db.ts'
import { insertEnrollSecret } from '../../src/db/enroll-secrets.ts'
import { insertTenant } from '../../src/db/tenants.ts'
import type { Enrolled } from '../../src/fleet/enrolment.ts'
import { newId } from '../../src/model/ids.ts'
import { silentLog } from '../../src/model/log.ts'
import { parseEnrolRequest } from '../../src/osquery/host-details.ts'
import { newTenant } from './test-app.ts'

// The machines on a store of the test's own, with a clock of its own.

export interface TestFleet {
  readonly store: Store
  readonly tenantId: string
  /** Of the tenant. */
  readonly secret: string
  readonly agents: ReturnType<typeof openAgents>
  now: number
  tenant(): Promise<string>
  enrollSecret(tenantId: string, secret: string, more?: object): Promise<void>
  /** An agent of the tenant enrols; members are those of the wire, over those of one machine. */
  enrol(members?: AgentMembers, from?: { readonly publicIp?: string; readonly tenantId?: string }): Promise<Enrolled>
  /** The process ends without a word and a new one takes over. */
  restart(): void
}

export interface AgentMembers {
  readonly secret?: string | undefined
  readonly identifier?: string | undefined
  readonly uuid?: string | undefined
  readonly hostname?: string | undefined
  readonly instance?: string | undefined
}

/** The body of an enrolment as an agent on Ubuntu sends it; what is undefined is left out. */
export function enrolBody(members: AgentMembers): string {
  const { secret, identifier, uuid, hostname, instance } = members
  return JSON.stringify({
    ...{ enroll_secret: secret, host_identifier: identifier, platform_type: '9' },
    host_details: {
      os_version: { _id: '24.04', name: 'Ubuntu', platform: 'ubuntu', version: '24.04 LTS', major: '24', minor: '4' },
      osquery_info: { version: '5.23.1', instance_id: instance, uuid },
      system_info: { hostname, uuid, cpu_brand: 'Intel(R)\u0000\u0000', hardware_serial: 'S-1' },
      platform_info: {},
    },
  })
}

/** One machine as its agent tells of it. */
export const oneMachine = {
  ...{ identifier: 'web-1', uuid: '4C4C4544-0042-3510-8052-B4C04F4A4B31', hostname: 'web-1', instance: 'database-1' },
} satisfies AgentMembers

export async function openTestFleet(context: TestContext, hostExpiryMs?: number): Promise<TestFleet> {
  const store = openStore(':memory:')
  context.after(() => store.destroy().catch(() => undefined))
  const clock = () => self.now
  const open = () => openAgents({ store, secretKey: Buffer.alloc(32, 7), clock, log: silentLog, hostExpiryMs })
  const secret = 'a secret of the test'
  const self: { -readonly [Key in keyof TestFleet]: TestFleet[Key] } = {
    ...{ store, secret, tenantId: newId(), agents: open(), now: Date.UTC(2026, 10, 24, 12) },
    async tenant() {
      const { id } = newTenant(0)
      await insertTenant(store, newTenant(0, { id }))
      return id
    },
    enrollSecret: (tenantId, text, more = {}) =>
      insertEnrollSecret(store, {
        ...{ id: newId(), tenantId, secret: text, name: 'test', createdAt: 0, disabledAt: undefined },
        ...{ labels: [], environment: undefined, ...more },
      }),
    enrol: (members = {}, { publicIp = '203.0.113.9', tenantId } = {}) =>
      self.agents.enrolment.enrol(parseEnrolRequest(Buffer.from(enrolBody({ secret, ...oneMachine, ...members }))), {
        publicIp,
        tenantId,
      }),
    restart() {
      self.agents = open()
    },
  }
  await insertTenant(store, newTenant(0, { id: self.tenantId }))
  await self.enrollSecret(self.tenantId, secret)
  return self
}
