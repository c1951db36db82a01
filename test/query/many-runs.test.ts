// Real runs under one request, and the two things that must survive a crash: which tenants were asked, and their rows.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { listIntents } from '../../src/db/audit-intents.ts'
import type { AuditLog } from '../../src/model/audit.ts'
import { AppError } from '../../src/model/errors.ts'
import { silentLog } from '../../src/model/log.ts'
import type { Caller } from '../../src/model/principal.ts'
import { splitRows } from '../../src/query/many-results.ts'
import { openManyRuns } from '../../src/query/many-runs.ts'
import type { Queries } from '../../src/query/runs.ts'
import { until, writeDataFile } from '../support/engine-fixtures.ts'
import { memoryAudit } from '../support/memory-audit.ts'
import { type QueriesFixture, queriesFixture, sharedSqlThread } from '../support/queries.ts'
import { now } from '../support/runs.ts'

const partner: Caller = { principalId: 'p', accountType: 'partner', accountId: 'the partner', role: 'superAdmin' }

const tenants = Array.from({ length: 5 }, (_, at) => ({
  id: `${at}d3f7c0a-3b56-4c3b-8a52-0a5f8a9e7d11`,
  name: `"tenant" {${at}}`,
}))

function open(
  fixture: QueriesFixture,
  queries: Queries,
  partsAtOnce = 2,
  audit: Pick<AuditLog, 'record'> = memoryAudit(),
) {
  return openManyRuns({
    ...{ store: fixture.store, queries, audit, clock: () => now, log: silentLog, stepMs: 0 },
    admit: async (principalId, tenantId) => ({ ...partner, principalId, tenantId }),
    plan: async (_tenantId, request) => ({ template: JSON.parse(request).template, window: {} }),
    limits: { manyRunPartsAtOnce: partsAtOnce },
  })
}

const requestOf = (template: string) => ({ name: undefined, request: JSON.stringify({ template }) })

suite('runs over many tenants', () => {
  const sqlThread = sharedSqlThread()
  after(() => sqlThread.close())

  test('rows of every tenant come back in the order of tenants, over a restart in the middle', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    const rows = `SELECT 'processes' AS query_name, TIMESTAMP '2026-02-03 07:00:00' AS calendar_time, 'h' AS endpoint_id,
      '"}{' || i AS name, i AS size FROM range(3) t(i)`
    fixture.lake.files = [await writeDataFile(join(fixture.folder, 'a.parquet'), rows)]
    const queries = fixture.open()
    const before = open(fixture, queries)
    const template = 'SELECT name, 9007199254740993 + size AS big FROM xdr_data ORDER BY size'
    const { run } = await before.start(partner, requestOf(template), tenants)
    assert.equal(await before.step(), true)
    await before.close()
    const started = (await before.get(partner.accountId, run.id)).parts.filter(part => part.runId !== undefined)
    assert.equal(started.length, 2)

    const manyRuns = open(fixture, queries)
    await manyRuns.recover()
    await until(async () => !(await manyRuns.step()))
    const { parts } = await manyRuns.get(partner.accountId, run.id)
    assert.deepEqual(
      parts.map(part => [part.state, part.rowCount]),
      tenants.map(() => ['succeeded', 3]),
    )
    assert.deepEqual(parts[0]?.runId, started[0]?.runId, 'a tenant that was asked is not asked again')
    for (const { id } of tenants) {
      const { total } = await queries.list(id, { states: undefined, order: 'asc', offset: 0, count: 1 })
      assert.equal(total, 1)
    }
    const texts: string[] = []
    for (let firstRow: number | undefined = 0; firstRow !== undefined; ) {
      const page = await manyRuns.results(await manyRuns.get(partner.accountId, run.id), { firstRow, rowCount: 4 })
      assert.equal(page.rowCount, 15)
      assert.deepEqual(
        page.columns.map(({ name, type }) => `${name} ${type}`),
        ['tenant_id string', 'tenant_name string', 'name string', 'big long'],
      )
      texts.push(...splitRows(page.itemsJson))
      firstRow = page.nextRow
    }
    assert.deepEqual(
      texts,
      tenants.flatMap(({ id, name }) =>
        [0, 1, 2].map(i => {
          const own = `"tenant_id":"${id}","tenant_name":${JSON.stringify(name)}`
          return `{${own},"name":${JSON.stringify(`"}{${i}`)},"big":900719925474099${3 + i}}`
        }),
      ),
    )
  })

  test('each tenant is asked by its own schema, and a column of the lake’s own name is no row', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    const queries = fixture.open()
    const manyRuns = open(fixture, queries)
    const results = async (template: string) => {
      const { run } = await manyRuns.start(partner, requestOf(template), tenants.slice(0, 2))
      await until(async () => !(await manyRuns.step()))
      return (await manyRuns.get(partner.accountId, run.id)).parts.map(({ state, error }) => [state, error?.message])
    }
    const clash = 'column tenant_id is the lake’s own in a result over many tenants: give it another name'
    const expected = ['failed', clash.replaceAll('’', "'")]
    assert.deepEqual(await results('SELECT 1 AS tenant_id'), [expected, expected])
    const [[state, message] = []] = await results('SELECT nothing FROM xdr_data')
    assert.equal(state, 'refused')
    assert.match(String(message), /nothing/)
  })

  test('what a tenant is about to be asked is kept before it is, and until its audit log has it', async context => {
    const fixture = await queriesFixture(context, sqlThread)
    const queries = fixture.open()
    const seen: unknown[] = []
    const intents = async () => (await listIntents(fixture.store, 10)).map(({ entry }) => entry)
    const starting: Queries = {
      ...queries,
      async start(caller, plan, withRun) {
        seen.push(await intents())
        return queries.start(caller, plan, withRun)
      },
    }
    const audit = memoryAudit()
    const one = tenants.slice(0, 1)
    const manyRuns = open(fixture, starting, 2, audit)
    const { run } = await manyRuns.start(partner, requestOf('SELECT 1 AS n FROM xdr_data'), one)
    await manyRuns.step()
    const told = {
      ...{ at: now, action: 'runs.start', address: '', requestId: run.id, sql: 'SELECT 1 AS n FROM xdr_data' },
      ...{ tenantId: one[0]?.id, actor: partner, details: { manyRunId: run.id } },
    }
    assert.deepEqual(seen, [[{ ...told, outcome: 'interrupted' }]])
    const [part] = (await manyRuns.get(partner.accountId, run.id)).parts
    assert.deepEqual(audit.entries, [{ ...told, outcome: 'done', target: part?.runId }])
    assert.deepEqual(await intents(), [])

    const refused = open(fixture, queries, 2, audit)
    await refused.start(partner, requestOf('SELECT nothing FROM xdr_data'), one)
    await refused.step()
    assert.equal(audit.entries.length, 1)
    assert.deepEqual(await intents(), [], 'nothing was done')

    const record = async () => Promise.reject(new AppError('unavailable', 'no room'))
    const failing = open(fixture, queries, 2, { record })
    const { run: lost } = await failing.start(partner, requestOf('SELECT 1 AS n FROM xdr_data'), one)
    await failing.step()
    const rest = await intents()
    assert.deepEqual(rest, [{ ...told, requestId: lost.id, details: { manyRunId: lost.id }, outcome: 'interrupted' }])
    for (const each of [manyRuns, refused, failing]) await each.close()
  })
})

test('rows are told apart whatever their texts hold', () => {
  const rows = [
    '{}',
    '{"a":"}{"}',
    '{"a":"\\\\"}',
    '{"a":"\\"}"}',
    '{"a":{"b":[{"c":"]"}]}}',
    '{"{":1}',
    '{"a":"\\\\\\""}',
  ]
  assert.deepEqual(splitRows(`[${rows.join(',')}]`), rows)
  assert.deepEqual(splitRows(`[ ${rows.join(' ,\n ')} ]`), rows)
  assert.deepEqual(splitRows('[]'), [])
})
