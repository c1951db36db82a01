import type { Db } from './db.ts'

// Hosts that can be asked: those that have enrolled. One known only from its logs has no agent that asks for queries.

export interface AskableHost {
  readonly id: string
  readonly hostIdentifier: string
  readonly hostname: string | undefined
  /** As osquery names it. */
  readonly platform: string | undefined
  readonly osName: string | undefined
  readonly publicIp: string | undefined
  readonly endpointType: 'computer' | 'server' | undefined
  readonly decorations: Readonly<Record<string, string>>
  readonly labels: readonly string[]
  readonly createdAt: number
  readonly lastSeenAt: number | undefined
}

/** Hosts in the order of their ids, `count` of them behind `afterId`; with `ids` only those. */
export async function listAskableHosts(
  db: Db,
  tenantId: string,
  ids: readonly string[] | undefined,
  afterId: string | undefined,
  count: number,
): Promise<AskableHost[]> {
  let query = db
    .selectFrom('hosts')
    .select(['id', 'host_identifier', 'hostname', 'platform', 'os_name', 'public_ip', 'decorations_json'])
    .select(['created_at', 'last_seen_at', 'endpoint_type'])
    .where('tenant_id', '=', tenantId)
    .where('enrolled_at', 'is not', null)
  if (ids !== undefined) query = query.where('id', 'in', ids)
  if (afterId !== undefined) query = query.where('id', '>', afterId)
  const rows = await query.orderBy('id').limit(count).execute()
  const labels = await labelsOf(
    db,
    tenantId,
    rows.map(row => row.id),
  )
  return rows.map(row => ({
    id: row.id,
    hostIdentifier: row.host_identifier,
    hostname: row.hostname ?? undefined,
    platform: row.platform ?? undefined,
    osName: row.os_name ?? undefined,
    publicIp: row.public_ip ?? undefined,
    endpointType: typeOf(row.endpoint_type),
    decorations: row.decorations_json === null ? {} : JSON.parse(row.decorations_json),
    labels: labels.get(row.id) ?? [],
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at ?? undefined,
  }))
}

function typeOf(text: string | null): AskableHost['endpointType'] {
  return text === 'computer' || text === 'server' ? text : undefined
}

async function labelsOf(
  db: Db,
  tenantId: string,
  hostIds: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (hostIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('host_labels')
    .select(['host_id', 'label'])
    .where('tenant_id', '=', tenantId)
    .where('host_id', 'in', hostIds)
    .orderBy('label')
    .execute()
  const labels = new Map<string, string[]>()
  for (const { host_id: id, label } of rows) labels.set(id, [...(labels.get(id) ?? []), label])
  return labels
}
