import { type Db, inTransaction, type Store } from '../db/db.ts'
import { insertDeclaredTable } from '../db/declared-tables.ts'
import { duplicateIdentifier } from '../db/host-identities.ts'
import { skipSegmentNumbers } from '../db/segments.ts'
import { insertTenant } from '../db/tenants.ts'
import { insertDataFiles, type NewDataFile } from '../lake/data-files.ts'
import { noteQueryNames, type SeenQueryName, tablesOf } from '../lake/schema.ts'
import type { RunSql } from '../lake/writer.ts'
import { retentionDaysDefault } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import type { LakeTable } from '../model/lake-table.ts'
import { fileHostsSql } from '../row-sql/file-facts.ts'
import { resultTable } from '../row-sql/tail.ts'
import type { Storage } from '../storage/storage.ts'
import { describeFile, namesInFile } from './adopted-file.ts'
import type { ReadableFile } from './cover.ts'
import type { Repair } from './difference.ts'
import type { DiskSegment } from './disk-segments.ts'

// Repairs: the catalog is made to say what is on the disk. Files are described first, then one transaction a tenant
// makes everything true together; no object and no segment is touched.

export interface RepairDeps {
  readonly store: Store
  readonly storage: Storage
  readonly run: RunSql
  readonly now: number
}

/** Does the repairs of one tenant. Rejects, having changed nothing, where a file turns out to be damaged after all. */
export async function repairTenant(deps: RepairDeps, tenantId: string, repairs: readonly Repair[]): Promise<void> {
  // What a file is described by needs the columns first; a column that is known too early does no harm.
  await inTransaction(deps.store, async transaction => {
    for (const repair of repairs) {
      if (repair.kind === 'addTenant') await addTenant(transaction, tenantId, deps.now)
      if (repair.kind === 'addTable') await insertDeclaredTable(transaction, tenantId, repair.table)
      if (repair.kind === 'addColumn') await addColumn(transaction, repair, deps.now)
    }
  })
  const described = await describeAll(deps, tenantId, repairs)
  await inTransaction(deps.store, async transaction => {
    // Commit point: all that follows is one transaction.
    const version = await nextVersion(transaction, tenantId, repairs)
    for (const repair of repairs) await apply(transaction, repair, version, described, deps.now)
    await noteQueryNames(transaction, tenantId, resultTable, described.queryNames)
    await addHosts(transaction, tenantId, described.hosts, deps.now)
  })
}

interface Described {
  readonly files: ReadonlyMap<string, NewDataFile>
  readonly queryNames: readonly SeenQueryName[]
  readonly hosts: ReadonlyMap<string, string>
}

async function describeAll(
  { store, storage, run }: RepairDeps,
  tenantId: string,
  repairs: readonly Repair[],
): Promise<Described> {
  const tables = new Map((await tablesOf(store, tenantId)).map(table => [table.name, table]))
  const files = new Map<string, NewDataFile>()
  const queryNames: SeenQueryName[] = []
  const hosts = new Map<string, string>()
  const describe = async (file: ReadableFile): Promise<[string, LakeTable, NewDataFile]> => {
    const local = await storage.locate(file.path)
    const table = tables.get(file.footer.table)
    if (table === undefined) throw new AppError('internal', `${file.path} is of ${file.footer.table}, no table`)
    const described = await describeFile(run, local, file, table)
    files.set(file.path, described)
    return [local, table, described]
  }
  for (const repair of repairs) {
    if (repair.kind === 'correct') await describe(repair.file)
    if (repair.kind !== 'adopt') continue
    for (const file of repair.files) {
      const [local, table, described] = await describe(file)
      if (table.name === resultTable) queryNames.push(...(await namesInFile(run, local, file, described, table)))
      const hasHosts = ['endpoint_id', 'host_identifier'].every(name =>
        file.footer.columns.some(column => column.name === name),
      )
      for (const row of hasHosts ? await run(fileHostsSql(local)) : []) {
        if (row['id'] !== null && row['identifier'] !== null) hosts.set(String(row['id']), String(row['identifier']))
      }
    }
  }
  return { files, queryNames, hosts }
}

async function nextVersion(transaction: Db, tenantId: string, repairs: readonly Repair[]): Promise<number> {
  const row = await transaction
    .selectFrom('manifests')
    .select('version')
    .where('tenant_id', '=', tenantId)
    .executeTakeFirst()
  const raised = repairs.flatMap(repair => (repair.kind === 'raiseVersion' ? [repair.version] : []))
  const version = Math.max(row?.version ?? 0, ...raised) + 1
  await transaction
    .insertInto('manifests')
    .values({ tenant_id: tenantId, version })
    .onConflict(conflict => conflict.column('tenant_id').doUpdateSet({ version }))
    .execute()
  return version
}

async function apply(transaction: Db, repair: Repair, version: number, described: Described, now: number) {
  const { tenantId } = repair
  switch (repair.kind) {
    case 'adopt': {
      const files = repair.files.map(({ path }) => described.files.get(path) as NewDataFile)
      await insertDataFiles(transaction, tenantId, files, version, now)
      return
    }
    case 'correct':
      return correct(transaction, repair.id, described.files.get(repair.file.path) as NewDataFile)
    case 'drop':
      return drop(transaction, repair.ids, version)
    case 'undo': {
      await drop(transaction, repair.ids, version)
      await transaction
        .updateTable('data_files')
        .set({ dropped_version: null, added_version: version })
        .where('tenant_id', '=', tenantId)
        .where('dropped_version', '=', repair.version)
        .execute()
      await transaction
        .updateTable('segments')
        .set({ state: 'sealed', consumed_at: null, consumed_version: null, attempts: 0 })
        .where('tenant_id', '=', tenantId)
        .where('consumed_version', '=', repair.version)
        .execute()
      return
    }
    case 'addSegment':
      await addHosts(transaction, tenantId, repair.segment.hosts, now)
      return addSegment(transaction, repair.segment, repair.isConsumed ? version : undefined, now)
    case 'forgetSegment':
      await transaction.deleteFrom('segments').where('number', '=', repair.number).execute()
      return
    case 'raiseNumber':
      return skipSegmentNumbers(transaction, repair.number)
    default:
      return
  }
}

async function drop(transaction: Db, ids: readonly number[], version: number): Promise<void> {
  for (const id of ids) {
    await transaction.updateTable('data_files').set({ dropped_version: version }).where('id', '=', id).execute()
  }
}

async function correct(transaction: Db, id: number, file: NewDataFile): Promise<void> {
  await transaction
    .updateTable('data_files')
    .set({
      ...{ table_name: file.table, level: file.level, rows: file.rows, bytes: file.bytes },
      query_names_json: file.queryNames === undefined ? null : JSON.stringify(file.queryNames),
      ...{ min_time: file.minTime ?? null, max_time: file.maxTime ?? null },
      ...{ min_ingested: file.minIngested, max_ingested: file.maxIngested, stats_json: JSON.stringify(file.stats) },
    })
    .where('id', '=', id)
    .execute()
}

async function addTenant(transaction: Db, id: string, now: number): Promise<void> {
  const name = `Recovered ${id}`
  await insertTenant(transaction, {
    ...{ id, name, showAs: name, dataGeography: 'IE', dataRegion: 'eu01', billingType: 'term', status: 'active' },
    ...{ partnerId: undefined, organizationId: undefined, retentionDays: retentionDaysDefault, createdAt: now },
  })
}

async function addColumn(transaction: Db, repair: Extract<Repair, { kind: 'addColumn' }>, now: number): Promise<void> {
  const { name, fieldId } = repair.column
  await transaction
    .insertInto('grown_columns')
    .values({ tenant_id: repair.tenantId, table_name: repair.table, name, field_id: fieldId, created_at: now })
    .execute()
}

async function addHosts(transaction: Db, tenantId: string, hosts: ReadonlyMap<string, string>, now: number) {
  for (const [id, hostIdentifier] of hosts) {
    if (await addHost(transaction, tenantId, id, hostIdentifier, now)) continue
    const known = await transaction.selectFrom('hosts').select('id').where('id', '=', id).executeTakeFirst()
    // Rows spell an identifier as their agent does: two copies of one machine have the same.
    if (known === undefined) await addHost(transaction, tenantId, id, duplicateIdentifier(hostIdentifier, id), now)
  }
}

/** False where the id or the identifier is known. */
async function addHost(transaction: Db, tenantId: string, id: string, hostIdentifier: string, now: number) {
  const { numInsertedOrUpdatedRows } = await transaction
    .insertInto('hosts')
    .values({ id, tenant_id: tenantId, host_identifier: hostIdentifier, hardware_uuid: null, created_at: now })
    .onConflict(conflict => conflict.doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows !== 0n
}

async function addSegment(transaction: Db, segment: DiskSegment, consumedVersion: number | undefined, now: number) {
  const { number, tenantId, fileName, createdAt, frames, lines, bytes } = segment
  const isConsumed = consumedVersion !== undefined
  await transaction
    .insertInto('segments')
    .values({
      ...{ number, tenant_id: tenantId, file_name: fileName, created_at: createdAt, frames, lines, bytes },
      ...{ state: isConsumed ? 'consumed' : 'sealed', sealed_at: now, consumed_at: isConsumed ? now : null },
      consumed_version: consumedVersion ?? null,
    })
    .execute()
}
