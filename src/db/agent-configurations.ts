import { AppError } from '../model/errors.ts'
import type { ConfigurationChange, ConfigurationLayer, ConfigurationVersion } from '../model/label-configuration.ts'
import { type Db, inTransaction, type Store } from './db.ts'
import type { AgentConfigurationRow } from './host-tables.ts'

// Versions of configurations by label. Labels compare without case and keep the letters they were first saved with.

export interface ConfigurationBounds {
  readonly labelsMax: number
  readonly versionsMax: number
}

/**
 * Saves the change as the label's next version. Commit point: the transaction; two callers at once make two versions,
 * unless they give `baseVersion`, the version that the change was made to: the second is rejected with `conflict` then.
 * A layer equal to the current one makes no version; `isNew` is false and the current one comes back. Also rejects with
 * `conflict` past the bounds.
 */
export async function insertConfiguration(
  store: Store,
  change: ConfigurationChange,
  baseVersion: number | undefined,
  bounds: ConfigurationBounds,
): Promise<{ readonly version: ConfigurationVersion; readonly isNew: boolean }> {
  return inTransaction(store, async transaction => {
    const { tenantId, label } = change
    const current = await findConfiguration(transaction, tenantId, label)
    const number = current?.version ?? 0
    if (baseVersion !== undefined && baseVersion !== number) {
      const found = `the configuration of ${label} is at version ${number}, not ${baseVersion}`
      throw new AppError('conflict', `${found}: get it and change that`, { details: { version: number } })
    }
    const layerJson = layerText(change.layer)
    if (current !== undefined && layerText(current.layer) === layerJson) return { version: current, isNew: false }
    await checkBounds(transaction, tenantId, number, bounds)
    const row: AgentConfigurationRow = {
      tenant_id: tenantId,
      label: current?.label ?? label,
      version: number + 1,
      layer_json: layerJson,
      comment: change.comment,
      created_at: change.createdAt,
      created_by: change.createdBy,
      restored_version: change.restoredVersion ?? null,
    }
    await transaction.insertInto('agent_configurations').values(row).execute()
    return { version: fromRow(row), isNew: true }
  })
}

async function checkBounds(db: Db, tenantId: string, number: number, bounds: ConfigurationBounds): Promise<void> {
  const { labelsMax, versionsMax } = bounds
  if (number >= versionsMax)
    throw new AppError('conflict', `there are ${versionsMax} versions of it, the most there can be`)
  if (number > 0) return
  const labels = await db
    .selectFrom('agent_configurations')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('tenant_id', '=', tenantId)
    .where('version', '=', 1)
    .executeTakeFirstOrThrow()
  if (Number(labels.count) < labelsMax) return
  throw new AppError('conflict', `${labelsMax} labels have a configuration already, the most there can be`)
}

/** A version, or the current one; undefined: nothing was saved, or there is no such version. */
export async function findConfiguration(
  db: Db,
  tenantId: string,
  label: string,
  version?: number,
): Promise<ConfigurationVersion | undefined> {
  const versions = db
    .selectFrom('agent_configurations')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('label', '=', label)
  const wanted =
    version === undefined ? versions.orderBy('version', 'desc').limit(1) : versions.where('version', '=', version)
  const row = await wanted.executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

/** The current version of each label that has one, by label. */
export async function listCurrentConfigurations(db: Db, tenantId: string): Promise<readonly ConfigurationVersion[]> {
  const rows = await db
    .selectFrom('agent_configurations as one')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('version', '=', ({ selectFrom }) =>
      selectFrom('agent_configurations as other')
        .select(({ fn }) => fn.max('other.version').as('last'))
        .whereRef('other.tenant_id', '=', 'one.tenant_id')
        .whereRef('other.label', '=', 'one.label'),
    )
    .orderBy('label')
    .execute()
  return rows.map(fromRow)
}

/** Versions `[offset, offset + count)` of a label, newest first. */
export async function listConfigurationVersions(
  db: Db,
  tenantId: string,
  label: string,
  offset: number,
  count: number,
): Promise<readonly ConfigurationVersion[]> {
  const rows = await db
    .selectFrom('agent_configurations')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('label', '=', label)
    .orderBy('version', 'desc')
    .limit(count)
    .offset(offset)
    .execute()
  return rows.map(fromRow)
}

function layerText({ config, hasShippedQueries, hasShippedDecorators }: ConfigurationLayer): string {
  return JSON.stringify({ config, hasShippedQueries, hasShippedDecorators })
}

function fromRow(row: AgentConfigurationRow): ConfigurationVersion {
  return {
    tenantId: row.tenant_id,
    label: row.label,
    version: row.version,
    layer: JSON.parse(row.layer_json) as ConfigurationLayer,
    comment: row.comment,
    createdAt: row.created_at,
    createdBy: row.created_by,
    restoredVersion: row.restored_version ?? undefined,
  }
}
