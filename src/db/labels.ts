import { AppError } from '../model/errors.ts'
import type { Db } from './db.ts'

/** A name that hosts of a tenant are given. Names compare without case. */
export interface Label {
  readonly tenantId: string
  readonly name: string
  readonly description: string
  /** What its hosts log is acknowledged, counted and not stored. */
  readonly isIngestOff: boolean
  readonly createdAt: number
}

export interface CountedLabel extends Label {
  /** Hosts that have it. */
  readonly hosts: number
}

/** The tenant's labels by name. */
export async function listLabels(db: Db, tenantId: string): Promise<readonly CountedLabel[]> {
  const rows = await db
    .selectFrom('labels')
    .selectAll()
    .select(({ selectFrom }) =>
      selectFrom('host_labels')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .whereRef('host_labels.tenant_id', '=', 'labels.tenant_id')
        .whereRef('host_labels.label', '=', 'labels.name')
        .as('hosts'),
    )
    .where('tenant_id', '=', tenantId)
    .orderBy('name')
    .execute()
  return rows.map(row => ({
    ...{ tenantId: row.tenant_id, name: row.name, description: row.description },
    ...{ isIngestOff: row.is_ingest_off === 1, createdAt: row.created_at, hosts: Number(row.hosts) },
  }))
}

/** One host's labels by name. */
export async function listHostLabels(
  db: Db,
  tenantId: string,
  hostId: string,
): Promise<readonly Pick<Label, 'name' | 'isIngestOff'>[]> {
  const rows = await db
    .selectFrom('host_labels')
    .innerJoin('labels', join =>
      join.onRef('labels.tenant_id', '=', 'host_labels.tenant_id').onRef('labels.name', '=', 'host_labels.label'),
    )
    .select(['labels.name', 'labels.is_ingest_off'])
    .where('host_labels.tenant_id', '=', tenantId)
    .where('host_labels.host_id', '=', hostId)
    .orderBy('labels.name')
    .execute()
  return rows.map(row => ({ name: row.name, isIngestOff: row.is_ingest_off === 1 }))
}

/**
 * Makes the label, or changes the one of that name; a name keeps the letters it was made with. Resolves with whether it
 * is new. Rejects with `conflict` where the tenant has `labelsMax` others.
 */
export async function putLabel(db: Db, label: Label, labelsMax: number): Promise<boolean> {
  const { tenantId, name, description, isIngestOff, createdAt } = label
  const known = await db
    .updateTable('labels')
    .set({ description, is_ingest_off: isIngestOff ? 1 : 0 })
    .where('tenant_id', '=', tenantId)
    .where('name', '=', name)
    .executeTakeFirst()
  if (known.numUpdatedRows > 0n) return false
  const { count } = await db
    .selectFrom('labels')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('tenant_id', '=', tenantId)
    .executeTakeFirstOrThrow()
  if (Number(count) >= labelsMax) throw new AppError('conflict', `a tenant has at most ${labelsMax} labels`)
  await db
    .insertInto('labels')
    .values({ tenant_id: tenantId, name, description, is_ingest_off: isIngestOff ? 1 : 0, created_at: createdAt })
    .execute()
  return true
}

/** Hosts lose it with it. False where the tenant has no such label. */
export async function deleteLabel(db: Db, tenantId: string, name: string): Promise<boolean> {
  const result = await db
    .deleteFrom('labels')
    .where('tenant_id', '=', tenantId)
    .where('name', '=', name)
    .executeTakeFirst()
  return result.numDeletedRows > 0n
}

/** Gives one host these labels; those that the tenant does not have are left out. */
export async function addHostLabels(
  db: Db,
  tenantId: string,
  hostId: string,
  labels: readonly string[],
): Promise<void> {
  if (labels.length === 0) return
  await db
    .insertInto('host_labels')
    .columns(['tenant_id', 'label', 'host_id'])
    .expression(eb =>
      eb
        .selectFrom('labels')
        .select(({ val }) => ['tenant_id', 'name', val(hostId).as('host_id')])
        .where('tenant_id', '=', tenantId)
        .where('name', 'in', labels),
    )
    .onConflict(conflict => conflict.doNothing())
    .execute()
}

/** Gives these hosts of the tenant the label, and takes it from those; ids that are no hosts are left out. */
export async function changeLabelHosts(
  db: Db,
  tenantId: string,
  label: string,
  { add, remove }: { readonly add: readonly string[]; readonly remove: readonly string[] },
): Promise<{ readonly added: number; readonly removed: number }> {
  const added = await db
    .insertInto('host_labels')
    .columns(['tenant_id', 'label', 'host_id'])
    .expression(eb =>
      eb
        .selectFrom('hosts')
        .select(({ val }) => ['tenant_id', val(label).as('label'), 'id'])
        .where('tenant_id', '=', tenantId)
        .where('id', 'in', add),
    )
    .onConflict(conflict => conflict.doNothing())
    .executeTakeFirst()
  const removed = await db
    .deleteFrom('host_labels')
    .where('tenant_id', '=', tenantId)
    .where('label', '=', label)
    .where('host_id', 'in', remove)
    .executeTakeFirst()
  return { added: Number(added?.numInsertedOrUpdatedRows ?? 0n), removed: Number(removed.numDeletedRows) }
}

/** Labels by host id, each by name: of these hosts of a tenant, or of all of them. */
export async function labelsByHost(
  db: Db,
  tenantId: string,
  hostIds?: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  let query = db.selectFrom('host_labels').select(['host_id', 'label']).where('tenant_id', '=', tenantId)
  if (hostIds !== undefined) query = query.where('host_id', 'in', hostIds)
  const labels = new Map<string, string[]>()
  for (const row of await query.orderBy('label').execute()) {
    const known = labels.get(row.host_id)
    if (known === undefined) labels.set(row.host_id, [row.label])
    else known.push(row.label)
  }
  return labels
}

/** Hosts whose lines are not stored, of one tenant or of all: they have a label that says so. */
export async function listIngestOffHosts(
  db: Db,
  tenantId?: string,
): Promise<readonly { readonly tenantId: string; readonly hostId: string }[]> {
  let query = db
    .selectFrom('host_labels')
    .innerJoin('labels', join =>
      join.onRef('labels.tenant_id', '=', 'host_labels.tenant_id').onRef('labels.name', '=', 'host_labels.label'),
    )
    .select(['host_labels.tenant_id', 'host_labels.host_id'])
    .distinct()
    .where('labels.is_ingest_off', '=', 1)
  if (tenantId !== undefined) query = query.where('host_labels.tenant_id', '=', tenantId)
  return (await query.execute()).map(row => ({ tenantId: row.tenant_id, hostId: row.host_id }))
}
