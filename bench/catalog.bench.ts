import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openStore, type Store } from '../src/db/db.ts'
import { insertTenant } from '../src/db/tenants.ts'
import { insertDataFiles, type NewDataFile } from '../src/lake/data-files.ts'
import { pinView } from '../src/lake/view.ts'
import { newId } from '../src/model/ids.ts'
import { openLocalStorage } from '../src/storage/local.ts'
import { below, hex32, mix } from './fleet/draw.ts'
import { count, type Figure, machine, median, milliseconds, otherWork, quantile, table } from './support/report.ts'

// What a run waits for its view in a large catalog: one transaction that pins the version, reads the tenant's files,
// prunes them by window, query name, host and hash, and finds their paths. The files themselves are empty.
//
//   npm run bench -- catalog [--files=500000] [--tenants=300]

const queryNameCount = 40
const days = 90
const dayMs = 86_400_000
const repeats = 50
const targetMs = 50
const filesPerInsert = 2_000

function fileOf(tenantId: string, number: number, start: number): NewDataFile {
  const queryName = `query_${number % queryNameCount}`
  const day = Math.floor(number / queryNameCount) % days
  const minTime = start + day * dayMs
  const maxTime = minTime + dayMs - 1
  const digest = (salt: number): string => `${hex32(mix(number, salt))}${hex32(mix(number, salt + 1))}`
  const [min, max] = [digest(1), digest(3)].sort()
  return {
    ...{ table: 'xdr_data', path: `${tenantId}/xdr_data/${number}.parquet`, queryNames: [queryName], level: 2 },
    ...{ rows: 10_000 + below(number, 5, 50_000), bytes: 1_000_000, sha256: '0'.repeat(64), minTime, maxTime },
    ...{ minIngested: minTime, maxIngested: maxTime },
    stats: Object.fromEntries(
      ['endpoint_id', 'sha256', 'path', 'name', 'pid', 'remote_address'].map(name => [
        name,
        { min, max, nullCount: 0 },
      ]),
    ) as NewDataFile['stats'],
  }
}

/** Files of a tenant that is asked, so that their paths can be found. */
function touch(folder: string, tenantId: string, fileCount: number): void {
  mkdirSync(join(folder, tenantId, 'xdr_data'), { recursive: true })
  for (let number = 0; number < fileCount; number += 1) {
    writeFileSync(join(folder, tenantId, 'xdr_data', `${number}.parquet`), '')
  }
}

async function fill(store: Store, tenantId: string, fileCount: number, start: number): Promise<void> {
  await insertTenant(store, {
    ...{ id: tenantId, name: tenantId, showAs: tenantId, dataGeography: 'IE', dataRegion: 'eu01', billingType: 'term' },
    ...{ status: 'active', partnerId: undefined, organizationId: undefined, retentionDays: 90, createdAt: start },
  })
  for (let from = 0; from < fileCount; from += filesPerInsert) {
    const files = Array.from({ length: Math.min(filesPerInsert, fileCount - from) }, (_, at) =>
      fileOf(tenantId, from + at, start),
    )
    await store.transaction().execute(transaction => insertDataFiles(transaction, tenantId, files, 1, start))
  }
}

async function measure(store: Store, folder: string, tenantId: string, name: string, end: number): Promise<Figure[]> {
  const storage = await openLocalStorage(folder)
  const tail = { durableFrames: () => 0, durableTables: () => undefined, pathOf: () => '' }
  const bound = { column: 'sha256', in: ['8'.repeat(16)] }
  const cases = [
    { what: 'one query name, one day', spanDays: 1, queryNames: ['query_1'], bounds: [] },
    { what: 'one query name, all days, a hash', spanDays: days, queryNames: ['query_1'], bounds: [bound] },
    { what: 'everything of one day', spanDays: 1, queryNames: undefined, bounds: [] },
  ]
  const figures: Figure[] = []
  for (const { what, spanDays, queryNames, bounds } of cases) {
    const relation = { relation: 'xdr_data', table: 'xdr_data', queryNames, columns: ['path', 'sha256'], bounds }
    const request = {
      ...{ scope: { relations: [relation] }, range: { start: end - spanDays * dayMs, end: undefined } },
      ...{ hostIds: undefined, now: end, leaseMs: 60_000 },
    }
    const times: number[] = []
    let kept = 0
    for (let repeat = 0; repeat <= repeats; repeat += 1) {
      const startedAt = performance.now()
      const { view } = await pinView({ store, storage, tail }, tenantId, request as never)
      if (repeat > 0) times.push(performance.now() - startedAt)
      kept = view.relations[0]!.files.length
    }
    const [p50, p99] = [median(times), quantile(times, 0.99)]
    const note = `${count(kept)} files kept; p99 ${milliseconds(p99)}; ${p99 <= targetMs ? 'met' : 'missed'}`
    figures.push({ name: `${name}: ${what}`, value: milliseconds(p50), beside: `target ${targetMs} ms`, note })
  }
  return figures
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { files: { type: 'string', default: '500000' }, tenants: { type: 'string', default: '300' } },
  })
  const conditions = `machine: ${machine()}; ${otherWork()}`
  const [files, tenants] = [Number(values.files), Number(values.tenants)]
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-bench-'))
  const store = openStore(join(folder, 'store.sqlite'))
  const end = Date.now()
  const start = end - days * dayMs
  try {
    // One tenant has a tenth of everything.
    const large = newId()
    const perTenant = Math.floor((files * 0.9) / tenants)
    const ids = Array.from({ length: tenants }, newId)
    await fill(store, large, Math.floor(files * 0.1), start)
    touch(folder, large, Math.floor(files * 0.1))
    touch(folder, ids[0]!, perTenant)
    for (const id of ids) await fill(store, id, perTenant, start)
    const figures = [
      ...(await measure(store, folder, ids[0]!, `a tenant with ${count(perTenant)} files`, end)),
      ...(await measure(store, folder, large, `a tenant with ${count(files * 0.1)} files`, end)),
    ]
    console.log(conditions)
    console.log(
      `data: ${count(files)} files of ${tenants + 1} tenants over ${days} days, made up; medians of ${repeats}\n`,
    )
    console.log(table(figures))
  } finally {
    await store.destroy()
    await rm(folder, { recursive: true, force: true })
  }
}

await main()
