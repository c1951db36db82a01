import type { TestContext } from 'node:test'
import { inTransaction, type Store } from '../../src/db/db.ts'
import type { LiveHostFilter } from '../../src/db/live-hosts.ts'
import { type LiveQueries, openLiveQueries } from '../../src/fleet/live-queries.ts'
import type { StartLiveRun } from '../../src/fleet/live-start.ts'
import type { AcceptOptions, AcceptResult, BodySource } from '../../src/ingest/intake.ts'
import type { Host } from '../../src/model/host.ts'
import { silentLog } from '../../src/model/log.ts'
import type { TenantCaller } from '../../src/model/principal.ts'
import type { DistributedAnswer } from '../../src/osquery/distributed.ts'
import { parseDistributedWrite } from '../../src/osquery/distributed-reader.ts'
import { type TestIngest, testIngest } from './ingest.ts'
import { liveHostOf } from './live-fixtures.ts'

// Live queries over a real store and the real way into the lake, with a clock of the test's own.

export interface TestLive {
  readonly live: LiveQueries
  readonly store: Store
  readonly lake: TestIngest
  readonly tenantId: string
  readonly caller: TenantCaller
  now: number
  /** Set: the lake refuses with this. */
  refusal: Error | undefined
  /** An enrolled host of the tenant, or of another. */
  host(members?: Partial<Host>): Promise<Host>
  start(members?: Partial<StartLiveRun>): ReturnType<LiveQueries['start']>
  /** What the host brings; by default one row that names it. */
  answer(host: Host, runId: string, answer?: Partial<DistributedAnswer>): Promise<void>
  /** Lines of the lake that hosts answered. */
  lines(): Promise<Record<string, unknown>[]>
  /** The process ends without a word and a new one takes over. */
  crash(): Promise<{ readonly runs: number; readonly due: number }>
}

export const everyHost: LiveHostFilter = {
  ...{ matches: undefined, sorts: [], offset: 0, count: 1_000, isTotalWanted: true },
}

export async function openTestLive(context: TestContext): Promise<TestLive> {
  const lake = await testIngest()
  context.after(() => lake.close())
  const { store, tenantId } = lake
  const accept = (id: string, body: BodySource, options?: AcceptOptions): Promise<AcceptResult> =>
    self.refusal === undefined ? lake.ingest.accept(id, body, options) : Promise.reject(self.refusal)
  const clock = () => self.now
  const open = () => openLiveQueries({ store, ingest: { accept }, clock, log: silentLog })
  const actor = { principalId: 'p', accountType: 'tenant', accountId: tenantId, role: 'forensics' } as const
  const self: { -readonly [Key in keyof TestLive]: TestLive[Key] } = {
    ...{ store, lake, tenantId, live: open(), now: lake.now, refusal: undefined },
    caller: { ...actor, tenantId },
    async host(members = {}) {
      const host = liveHostOf({ tenantId, createdAt: self.now, enrolledAt: self.now, ...members })
      await insertHost(store, host)
      return host
    },
    start: (members = {}) =>
      self.live.start(self.caller, {
        ...{
          template: 'SELECT name FROM processes',
          match: { all: true },
          matchGiven: { all: true },
          durationMs: 900_000,
        },
        ...members,
      }),
    answer(host, runId, answer = {}) {
      const rows = [{ name: `of ${host.hostIdentifier}` }]
      const whole = { status: 0, message: undefined, rows, droppedRows: 0, stats: {}, ...answer }
      return self.live.write(host, new Map([[runId, whole]]))
    },
    async lines() {
      const frames = (await lake.frames()).filter(frame => frame.qs === 'live')
      return frames.flatMap(frame => frame.b.map(line => JSON.parse(line)))
    },
    async crash() {
      await lake.crash()
      self.live = open()
      return self.live.recover()
    },
  }
  return self
}

export async function insertHost(store: Store, host: Host): Promise<void> {
  const { facts } = host
  await inTransaction(store, async transaction => {
    await transaction
      .insertInto('hosts')
      .values({
        ...{ id: host.id, tenant_id: host.tenantId, host_identifier: host.hostIdentifier, hardware_uuid: null },
        ...{ created_at: host.createdAt, last_seen_at: host.lastSeenAt ?? null, enrolled_at: host.enrolledAt ?? null },
        ...{ last_log_at: null, last_config_at: null, config_version: null, hostname: facts.hostname ?? null },
        ...{ platform: facts.platform ?? null, os_name: facts.osName ?? null, os_version: facts.osVersion ?? null },
        ...{ osquery_version: null, hardware_serial: null, public_ip: facts.publicIp ?? null, duplicate_of: null },
        ...{ instance_id: null, endpoint_type: null },
        decorations_json: facts.decorations === undefined ? null : JSON.stringify(facts.decorations),
      })
      .execute()
  })
}

/** A body of distributed/write as the program reads it. */
export function answersOf(body: object) {
  return parseDistributedWrite(Buffer.from(JSON.stringify(body))).answers
}
