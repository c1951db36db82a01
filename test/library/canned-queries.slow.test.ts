// Each canned query on a started server, by its id as a client starts it: first over lines that it must not find, then
// over those and the lines that it must. Every query has a tenant of its own.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { shippedLibrary } from '../../src/library/shipped-library.ts'
import type { SavedQuery } from '../../src/model/saved-query.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { addTenant } from '../support/tenants.ts'
import { connect, type ResultRow, type Run, type XdrClient } from '../support/xdr-client.ts'
import { hashOf, timeAgo, windowsProcess } from './agent-lines.ts'
import type { CannedCase } from './canned-case.ts'
import { cannedCases } from './canned-cases.ts'

type Canned = Pick<SavedQuery, 'id' | 'variables'>

const { queries } = shippedLibrary()

describe('what they find', () => {
  let server: TestServer

  before(async () => {
    server = await startServer()
  })

  after(() => server?.close())

  for (const each of cannedCases) {
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
      // A pattern that by default lets everything pass lets nothing pass that it does not fit.
      for (const { name } of query.variables.filter(({ value }) => value === '%')) {
        const given = { ...each.given, [name]: 'like nothing there is' }
        assert.deepEqual(await run(client, query, { ...each, given }), [], `${name} is not minded`)
      }
    })

    // A timeline shows ends too, and an end is a sign of life.
    if (each.code === 'host-timeline' || each.code === 'silent-hosts') continue
    const ended = each.hits.filter(line => line.includes('"action":"added"'))
    if (ended.length === 0) continue
    test(`${each.code} finds nothing in what was only reported as gone`, async () => {
      const client = await connect(await addTenant(server))
      const query = queries.find(({ code }) => code === each.code)!
      const lines = ended.map(line => line.replace('"action":"added"', '"action":"removed"'))
      assert.equal((await client.ingest(`${lines.join('\n')}\n`)).accepted, lines.length)
      assert.deepEqual(await run(client, query, each), [])
    })
  }

  test('a known client starts its query by the ids that it has built in', async () => {
    const client = await connect(await addTenant(server))
    await client.ingest(`${windowsProcess({ host: 'PC-1', ago: 60 }, { name: 'cmd.exe' })}\n`)
    const savedQuery = {
      queryId: '082c521a-6300-4e9d-8ce0-946ee70dc598',
      categoryId: '76fced42-1de6-4952-95be-1c9633e6e9a3',
    }
    const variables = [{ name: 'process_name', dataType: 'text', value: 'cmd%' }]
    const rows = await runOf(client, { savedQuery, variables })
    const { first_seen, process_name, cmd_line, ep_list, sha256 } = rows[0] ?? {}
    assert.deepEqual(
      [rows.length, first_seen, process_name, cmd_line, ep_list, sha256],
      [1, timeAgo(60), 'cmd.exe', 'cmd.exe', 'PC-1', hashOf('cmd.exe')],
    )
  })

  test('the lists show the library, and a variable without a value is asked for by name', async () => {
    const client = await connect(await addTenant(server))
    const { items: listed } = (await client.call('GET', '/xdr-query/v1/queries/categories')).json as {
      items: { id: string; queryCount: number }[]
    }
    for (const { id, queryCount } of listed) {
      const answer = await client.call('GET', `/xdr-query/v1/queries?categoryId=${id}&pageSize=250`)
      const { items } = answer.json as { items: { type: string; categories: { id: string }[] }[] }
      assert.equal(items.length, queryCount)
      assert.ok(items.every(item => item.type === 'canned' && item.categories.some(each => each.id === id)))
    }
    const body = JSON.stringify({ savedQuery: { queryId: '082c521a-6300-4e9d-8ce0-946ee70dc598' } })
    const refused = await client.call('POST', '/xdr-query/v1/queries/runs', { body })
    assert.equal(refused.status, 400)
    assert.match(refused.text, /variable 'process_name' has no value/)
  })
})

function rowText(row: ResultRow): string {
  return JSON.stringify(row)
}

async function run(client: XdrClient, query: Canned, { given = {} }: CannedCase): Promise<readonly ResultRow[]> {
  const variables = query.variables
    .filter(({ name }) => given[name] !== undefined)
    .map(({ name, dataType }) => ({ name, dataType, value: given[name] }))
  return runOf(client, { savedQuery: { queryId: query.id }, variables, from: timeAgo(10 * 86_400) })
}

async function runOf(client: XdrClient, request: object): Promise<readonly ResultRow[]> {
  const body = JSON.stringify(request)
  const headers = { 'content-type': 'application/json' }
  const answer = await client.call('POST', '/xdr-query/v1/queries/runs', { body, headers })
  assert.equal(answer.status, 201, answer.text)
  const finished = await client.finish((answer.json as Run).id)
  assert.equal(finished.result, 'succeeded', JSON.stringify(finished.error))
  return client.rows(finished.id)
}
