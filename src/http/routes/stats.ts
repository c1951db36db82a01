import { LakeStats, type StatsBudget } from '../../api/lake-stats.ts'
import { present } from '../../api/query-runs.ts'
import { allowedActions } from '../../auth/access.ts'
import { budgetDropsOf } from '../../db/budget-drops.ts'
import { countHosts } from '../../db/host-records.ts'
import { silentHosts } from '../../db/hosts.ts'
import { ingestOffWithin } from '../../db/ingest-off-days.ts'
import { listQueryNames } from '../../db/query-names.ts'
import { overCapWithin } from '../../db/upload-days.ts'
import { hostStatusBounds } from '../../fleet/host-status.ts'
import { dataSpan } from '../../lake/span.ts'
import { tableStats, tailStats } from '../../lake/stats.ts'
import { hostSilentAfterMs, silentHostsShownMax } from '../../limits.ts'
import type { Host } from '../../model/host.ts'
import type { TenantCaller } from '../../model/principal.ts'
import { dayMs, formatInstant } from '../../model/time-range.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import type { RouteAccess } from '../route-access.ts'

// How much of one tenant is where and how fresh it is. From the catalog and from what the process knows: no file is
// opened but the tail, whose event times are read once.

const config = { access: { kind: 'tenant', action: 'lake.read' } satisfies RouteAccess }

export function statsRoutes(app: App, deps: AppDependencies): void {
  app.get(
    '/lake/v1/stats',
    { config, schema: { summary: 'How much of the lake is where', response: { 200: LakeStats } } },
    request => lakeStats(deps, tenantCallerOf(request)),
  )
}

async function lakeStats(deps: AppDependencies, { tenantId, role }: TenantCaller): Promise<LakeStats> {
  const { store, ingest, clock } = deps
  const now = clock()
  const tables = await tableStats(store, tenantId)
  const span = await dataSpan(store, tenantId, await ingest.tailKeys(tenantId))
  const lately = { start: now - dayMs, end: undefined }
  const overCap = await overCapWithin(store, tenantId, lately)
  const ingestOff = await ingestOffWithin(store, tenantId, lately)
  const sum = (amountOf: (table: (typeof tables)[number]) => number) =>
    tables.reduce((total, table) => total + amountOf(table), 0)
  return {
    asOf: formatInstant(now),
    rows: sum(({ rows }) => rows),
    bytes: sum(({ bytes }) => bytes),
    files: sum(({ files }) => files),
    ...present({ oldest: instant(span?.oldest), newest: instant(span?.newest) }),
    tail: await tailOf(deps, tenantId),
    ingest: {
      ...ingestOf(ingest.counts().get(tenantId), now),
      ...present({
        overCap: overCap.lines > 0 ? overCap : undefined,
        ingestOff: ingestOff.lines > 0 ? ingestOff : undefined,
      }),
    },
    // The machine is not the tenant's: who may see the settings in force may see how much room it has.
    ...present({ disk: allowedActions[role].includes('settings.read') ? await diskOf(deps) : undefined }),
    budget: await budgetOf(deps, tenantId),
    hosts: await hostsOf(deps, tenantId, now),
    tables: tables.map(({ name, rows, bytes, files, oldest, newest }) => ({
      ...{ name, rows, bytes, files },
      ...present({ oldest: instant(oldest), newest: instant(newest) }),
    })),
    queryNames: (await listQueryNames(store, tenantId)).map(({ name, rows, firstSeen, lastSeen }) => ({
      ...{ name, rows, firstSeen: formatInstant(firstSeen), lastSeen: formatInstant(lastSeen) },
    })),
  }
}

async function diskOf({ disk, budgets }: AppDependencies): Promise<LakeStats['disk']> {
  const { percent, daysLeft } = budgets.total()
  const found = await disk()
  return found && { ...found, ...present({ percent, daysLeft }) }
}

async function budgetOf({ store, budgets }: AppDependencies, tenantId: string): Promise<StatsBudget> {
  const { use, usedBytes, level, budgetBytes, percent, bytesPerDay, daysLeft } = budgets.statusOf(tenantId)
  const dropped = await budgetDropsOf(store, tenantId)
  return {
    ...{ usedBytes, dataFileBytes: use.dataFiles + use.droppedFiles, segmentBytes: use.segments },
    ...{ rejectedBytes: use.rejectedLines, level, whenFull: budgets.whenFull },
    ...present({
      ...{ budgetBytes, percent, daysLeft },
      bytesPerDay: bytesPerDay === undefined ? undefined : Math.round(bytesPerDay),
      dropped: dropped.files > 0 ? dropped : undefined,
    }),
  }
}

async function tailOf({ store, ingest }: AppDependencies, tenantId: string): Promise<LakeStats['tail']> {
  const sealed = await tailStats(store, tenantId)
  const open = ingest.openSize(tenantId)
  return {
    segments: sealed.segments,
    lines: sealed.lines + open.lines,
    bytes: sealed.bytes + open.bytes,
    ...present({ oldestAt: instant(sealed.oldestAt) }),
    quarantined: sealed.quarantined.length,
  }
}

function ingestOf(
  counts: { readonly accepted: number; readonly acceptedAt: number | undefined } | undefined,
  now: number,
): LakeStats['ingest'] {
  const at = counts?.acceptedAt
  return {
    acceptedLines: counts?.accepted ?? 0,
    ...present({ lagMs: at === undefined ? undefined : Math.max(0, now - at) }),
  }
}

async function hostsOf({ store }: AppDependencies, tenantId: string, now: number): Promise<LakeStats['hosts']> {
  const { total, silent, first } = await silentHosts(store, tenantId, now - hostSilentAfterMs, silentHostsShownMax)
  const shown = ({ id, hostIdentifier, lastSeenAt }: Host) => ({
    ...{ id, hostIdentifier },
    ...present({ lastSeenAt: instant(lastSeenAt) }),
  })
  const counts = await countHosts(store, tenantId, hostStatusBounds(now))
  return { total, ...counts, silent, silentAfterMs: hostSilentAfterMs, silentFirst: first.map(shown) }
}

function instant(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : formatInstant(ms)
}
