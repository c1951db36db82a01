// Each canned query on a started server, by its id as a client starts it: first over lines that it must not find, then
// over those and the lines that it must. Every query has a tenant of its own.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { envelopeNames } from '../../src/lake/shipped-columns.ts'
import { shippedTables } from '../../src/lake/tables.ts'
import { shippedLibrary } from '../../src/library/shipped-library.ts'
import type { SavedQuery } from '../../src/model/saved-query.ts'
import { type CheckedStatement, checkStatement } from '../../src/sql/check.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { addTenant } from '../support/tenants.ts'
import { connect, type ResultRow, type Run, type XdrClient } from '../support/xdr-client.ts'
import { timeAgo } from './agent-lines.ts'
import type { CannedCase } from './canned-case.ts'
import { accountCases } from './cases/accounts.ts'
import { huntingCases } from './cases/hunting.ts'
import { indicatorCases } from './cases/indicators.ts'
import { inventoryCases } from './cases/inventory.ts'
import { investigationCases } from './cases/investigation.ts'
import { networkCases } from './cases/network.ts'
import { persistenceCases } from './cases/persistence.ts'
import { stockColumns } from './stock-columns.ts'

const cases: readonly CannedCase[] = [
  ...[...indicatorCases, ...huntingCases, ...persistenceCases, ...accountCases],
  ...[...networkCases, ...inventoryCases, ...investigationCases],
]
const { queries, categories } = shippedLibrary()
const envelope = new Set(envelopeNames)
const variablesIn = /\$\$([^$]+)\$\$/g

type Canned = Pick<SavedQuery, 'id' | 'code' | 'template' | 'variables'>

const samples: Readonly<Record<string, string>> = { text: 'a', integer: '3', dateTime: '2026-02-03T08:00:00Z' }

/** The statement as a lake without any rows gates it: nothing an agent brings is taken for granted. */
function gate(query: Canned): CheckedStatement {
  return checkStatement({
    template: query.template,
    variables: query.variables.map(variable => ({ ...variable, value: variable.value ?? samples[variable.dataType]! })),
    schema: { tables: shippedTables, queryNames: [], envelope: envelopeNames },
    now: Date.now(),
  })
}

describe('the texts', () => {
  test('every query has one case', () => {
    assert.deepEqual(cases.map(({ code }) => code).sort(), queries.map(({ code }) => code).sort())
  })

  test('ids and names are unique', () => {
    const all = [...queries, ...categories]
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length)
    assert.equal(new Set(queries.map(({ name }) => name)).size, queries.length)
  })

  test('the ids that a known client has built in', () => {
    const query = queries.find(({ id }) => id === '082c521a-6300-4e9d-8ce0-946ee70dc598')
    assert.ok(query !== undefined)
    assert.ok(query.categoryIds.includes('76fced42-1de6-4952-95be-1c9633e6e9a3'))
    const columns = gate(query).columnNames ?? []
    for (const name of ['first_seen', 'process_name', 'cmd_line', 'ep_list', 'sha256'])
      assert.ok(columns.includes(name))
  })

  for (const query of queries) {
    test(`${query.code}: says what it finds, what a hit means and what to do next`, () => {
      assert.equal(query.description.split('\n\n').length, 4)
      assert.match(query.description, /\n\nNext: .+\n\nATT&CK: \S/)
      assert.ok(query.name.length <= 60)
    })

    test(`${query.code}: every variable is used, and every one used is declared`, () => {
      const used = [...query.template.matchAll(variablesIn)].map(match => match[1])
      assert.deepEqual([...new Set(used)].sort(), query.variables.map(({ name }) => name).sort())
    })

    test(`${query.code}: passes the gate without a warning and names its query names`, () => {
      const { warnings, scope } = gate(query)
      assert.deepEqual(warnings, [])
      for (const { table, queryNames, columns } of scope.relations) {
        assert.ok(columns !== undefined, 'reads all columns')
        assert.ok(table === 'lake_reports' || queryNames !== undefined, 'reads every query name')
      }
    })

    test(`${query.code}: reads nothing that a stock agent leaves empty`, () => {
      for (const { table, queryNames = [], columns = [] } of gate(query).scope.relations) {
        if (table !== 'xdr_data') continue
        for (const name of queryNames) assert.ok(stockColumns[name] !== undefined, `${name} is no stock query`)
        for (const column of columns.filter(each => !envelope.has(each))) {
          assert.ok(
            queryNames.some(name => stockColumns[name]?.has(column)),
            `${column} of ${queryNames} is always null`,
          )
        }
      }
    })
  }

  for (const { code, reads, hits } of cases) {
    test(`${code}: its case states the columns it reads, and has a value for each`, () => {
      const query = queries.find(each => each.code === code)!
      const columns = gate(query).scope.relations.flatMap(relation => relation.columns ?? [])
      const own = [...new Set(columns)].filter(column => !envelope.has(column)).sort()
      assert.deepEqual(own, reads.split(' ').filter(Boolean).sort())
      const rows = hits.flatMap(line => {
        const parsed = JSON.parse(line) as { columns?: object; snapshot?: object[] }
        return parsed.snapshot ?? [parsed.columns ?? {}]
      })
      const filled = new Set(rows.flatMap(row => Object.keys(row).filter(key => row[key as never] !== '')))
      assert.deepEqual(
        own.filter(column => !filled.has(column)),
        [],
      )
    })
  }
})

describe('what they find', () => {
  let server: TestServer

  before(async () => {
    server = await startServer()
  })

  after(() => server?.close())

  for (const each of cases) {
    test(`${each.code} finds what it must and nothing else`, async () => {
      const client = await connect(await addTenant(server))
      const query = queries.find(({ code }) => code === each.code)!
      if (each.misses.length > 0) await client.ingest(`${each.misses.join('\n')}\n`)
      assert.deepEqual(await run(client, query, each), [])
      await client.ingest(`${each.hits.join('\n')}\n`)
      const found = await run(client, query, each)
      // Each row is compared in the columns that the expectation at its place has; rows are told apart by all of them.
      const left = [...found]
      for (const wanted of each.rows) {
        const at = left.findIndex(row => Object.entries(wanted).every(([name, value]) => row[name] === value))
        assert.notEqual(at, -1, `${JSON.stringify(wanted)}\nis not among\n${left.map(rowText).join('\n')}`)
        left.splice(at, 1)
      }
      assert.deepEqual(left, [])
    })
  }
})

function rowText(row: ResultRow): string {
  return JSON.stringify(row)
}

async function run(client: XdrClient, query: Canned, { given = {} }: CannedCase): Promise<readonly ResultRow[]> {
  const variables = query.variables
    .filter(({ name }) => given[name] !== undefined)
    .map(({ name, dataType }) => ({ name, dataType, value: given[name] }))
  const body = JSON.stringify({ savedQuery: { queryId: query.id }, variables, from: timeAgo(10 * 86_400) })
  const headers = { 'content-type': 'application/json' }
  const answer = await client.call('POST', '/xdr-query/v1/queries/runs', { body, headers })
  assert.equal(answer.status, 201, answer.text)
  const finished = await client.finish((answer.json as Run).id)
  assert.equal(finished.result, 'succeeded', JSON.stringify(finished.error))
  return client.rows(finished.id)
}
