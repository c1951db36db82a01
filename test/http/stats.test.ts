import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noteContacts } from '../../src/db/host-contacts.ts'
import { putHosts } from '../../src/db/hosts.ts'
import { addIngestOffDays } from '../../src/db/ingest-off-days.ts'
import { hostSilentAfterMs } from '../../src/limits.ts'
import { dayMs } from '../../src/model/time-range.ts'
import { openTestApp } from '../support/test-app.ts'

const url = '/lake/v1/stats'

test('an empty lake has zeros and leaves out what it does not know', async t => {
  const lake = await openTestApp(t)
  const headers = await lake.headersFor((await lake.tenant()).id, 'readOnly')
  const answer = await lake.app.inject({ url, headers })
  assert.deepEqual(answer.json(), {
    ...{ asOf: '2026-02-03T08:14:55.628Z', rows: 0, bytes: 0, files: 0 },
    tail: { segments: 0, lines: 0, bytes: 0, quarantined: 0 },
    ingest: { acceptedLines: 0 },
    budget: {
      ...{ usedBytes: 0, dataFileBytes: 0, segmentBytes: 0, rejectedBytes: 0 },
      ...{ level: 'calm', whenFull: 'refuse' },
    },
    hosts: {
      total: 0,
      enrolled: 0,
      online: 0,
      offline: 0,
      missing: 0,
      silent: 0,
      silentAfterMs: hostSilentAfterMs,
      silentFirst: [],
    },
    ...{ tables: [], queryNames: [] },
  })
})

test("the machine's disk is shown to a Super Admin alone", async t => {
  const lake = await openTestApp(t)
  const { id } = await lake.tenant()
  const diskOf = async (role: 'superAdmin' | 'forensics' | 'readOnly') =>
    (await lake.app.inject({ url, headers: await lake.headersFor(id, role) })).json().disk
  const shown = await diskOf('superAdmin')
  assert.deepEqual([shown.freeBytes, shown.totalBytes], [5, 9])
  assert.equal(await diskOf('forensics'), undefined)
  assert.equal(await diskOf('readOnly'), undefined)
})

test('files, tail, names and hosts of one tenant, and of no other', async t => {
  const lake = await openTestApp(t)
  const [tenant, other] = [await lake.tenant(), await lake.tenant()]
  const file = (tenantId: string, path: string, rows: number, dropped: number | null = null) => ({
    ...{ tenant_id: tenantId, table_name: 'xdr_data', path, query_names_json: null, level: 0, rows, bytes: rows * 10 },
    ...{ min_time: lake.now - rows * 1000, max_time: lake.now - 1000, min_ingested: 0, max_ingested: 0 },
    ...{ stats_json: '{}', sha256: '', added_version: 1, dropped_version: dropped, created_at: 0 },
  })
  const files = [
    file(tenant.id, 'a', 7),
    file(tenant.id, 'b', 3),
    file(tenant.id, 'c', 90, 2),
    file(other.id, 'd', 500),
  ]
  await lake.store.insertInto('data_files').values(files).execute()
  const hosts = await putHosts(lake.store, tenant.id, ['quiet', 'lively', 'never'], lake.now - 3 * hostSilentAfterMs)
  const id = (name: string) => hosts.find(host => host.hostIdentifier === name)?.id ?? assert.fail()
  const times = new Map([
    [id('quiet'), lake.now - 2 * hostSilentAfterMs],
    [id('lively'), lake.now],
  ])
  const seen = (entries: Iterable<readonly [string, number]>) =>
    new Map([...entries].map(([host, seenAt]) => [host, { seenAt }] as const))
  await noteContacts(lake.store, seen(times))
  await noteContacts(lake.store, seen([[id('lively'), 0]]))
  await putHosts(lake.store, other.id, ['foreign'], 0)
  const today = { tenantId: tenant.id, hostId: id('quiet'), day: Math.floor(lake.now / dayMs) }
  await addIngestOffDays(lake.store, [{ ...today, lines: 7, bytes: 70 }])
  lake.ingest.tail = {
    ...{ oldest: lake.now - 9_000, newest: lake.now },
    counts: new Map([
      [tenant.id, { accepted: 4, duplicates: 1, rejected: 0, overCap: 0, ingestOff: 0, acceptedAt: lake.now - 250 }],
    ]),
    size: { lines: 4, bytes: 400 },
  }
  const answer = (await lake.app.inject({ url, headers: await lake.headersFor(tenant.id) })).json()
  assert.deepEqual([answer.rows, answer.bytes, answer.files], [10, 100, 2])
  assert.deepEqual([answer.oldest, answer.newest], ['2026-02-03T08:14:46.628Z', '2026-02-03T08:14:55.628Z'])
  assert.deepEqual(answer.tail, { segments: 0, lines: 4, bytes: 400, quarantined: 0 })
  assert.deepEqual(answer.ingest, { acceptedLines: 4, lagMs: 250, ingestOff: { lines: 7, bytes: 70, hosts: 1 } })
  assert.deepEqual(answer.hosts, {
    ...{ total: 3, enrolled: 0, online: 1, offline: 2, missing: 0, silent: 2, silentAfterMs: hostSilentAfterMs },
    silentFirst: [
      { id: id('never'), hostIdentifier: 'never' },
      { id: id('quiet'), hostIdentifier: 'quiet', lastSeenAt: '2026-02-01T08:14:55.628Z' },
    ],
  })
  const table = { name: 'xdr_data', rows: 10, bytes: 100, files: 2 }
  const bounds = { oldest: '2026-02-03T08:14:48.628Z', newest: '2026-02-03T08:14:54.628Z' }
  assert.deepEqual(answer.tables, [{ ...table, ...bounds }])
})
