import type { Host } from '../../src/model/host.ts'
import { newId } from '../../src/model/ids.ts'
import type { LiveRun } from '../../src/model/live-run.ts'

/** A live run under way, with what a test cares about. */
export function liveRunOf(members: Partial<LiveRun> = {}): LiveRun {
  return {
    ...{ id: newId(), number: 1, tenantId: newId(), state: 'pending', name: undefined, template: 'SELECT 1' },
    ...{ variables: undefined, sql: 'SELECT 1', savedQueryId: undefined, categoryId: undefined, match: { all: true } },
    createdBy: { principalId: newId(), accountId: newId(), accountType: 'tenant' },
    ...{ createdAt: 0, deadline: 900_000, finishedAt: undefined, expiresAt: 86_400_000, rowCount: 0, rowBytes: 0 },
    ...{ truncated: undefined, columns: [], counts: undefined },
    performance: { answers: 0, measured: 0, wallTimeMsTotal: 0, wallTimeMsMax: 0, bytesTotal: 0, bytesMax: 0 },
    ...members,
  }
}

/** An enrolled host. */
export function liveHostOf(members: Partial<Host> = {}): Host {
  const id = newId()
  return {
    ...{ id, tenantId: newId(), hostIdentifier: `host-${id}`, hardwareUuid: undefined, createdAt: 0 },
    ...{ lastSeenAt: undefined, enrolledAt: 0, facts: {} },
    ...members,
  }
}
