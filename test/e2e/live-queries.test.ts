// Live queries through the program as users run it: two hundred hosts answer, the server is killed while they do, a
// second tenant sees nothing, and the lake holds what came once.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertXdrError } from '../support/error-bodies.ts'
import { enrol, type PlainAgent, poll } from '../support/plain-agents.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { addTenant } from '../support/tenants.ts'
import { connect, type XdrClient } from '../support/xdr-client.ts'

const path = '/live-discover/v1/queries/runs'
const hostCount = 200

interface LiveRun {
  readonly id: string
  readonly status: string
  readonly result: string
  readonly resultCount: number
  readonly endpointCounts: {
    readonly total: number
    readonly statuses: { readonly finished: Record<string, { total: number }> }
  }
}

describe('two hundred hosts', () => {
  let server: TestServer
  let client: XdrClient
  let agents: PlainAgent[]
  /** The agents leave the machine to whoever looks at what came of a run. */
  let isResting = true
  const stopped = new AbortController()
  const polling: Promise<void>[] = []
  const refusals: string[] = []

  async function send<Reply>(method: string, at: string, body?: object): Promise<Reply> {
    const json =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const answer = await client.call(method, at, json)
    assert.ok(answer.status < 300, answer.text)
    return answer.json as Reply
  }

  async function start(template: string, members: object = {}): Promise<LiveRun> {
    isResting = false
    return send<LiveRun>('POST', path, { adHocQuery: { template }, matchEndpoints: { all: true }, ...members })
  }

  async function finished(id: string): Promise<LiveRun> {
    for (;;) {
      const run = await send<LiveRun>('GET', `${path}/${id}?wait=30`)
      if (run.status !== 'finished') continue
      isResting = true
      return run
    }
  }

  async function rowsOf(id: string): Promise<Record<string, string>[]> {
    const rows: Record<string, string>[] = []
    for (let key: string | undefined, isFirst = true; isFirst || key !== undefined; isFirst = false) {
      const query = key === undefined ? '' : `?pageFromKey=${key}`
      const page = await send<{ items: Record<string, string>[]; pages: { nextKey?: string } }>(
        'GET',
        `${path}/${id}/results${query}`,
      )
      rows.push(...page.items)
      key = page.pages.nextKey
    }
    return rows
  }

  before(async () => {
    server = await startServer({ flags: ['--live-runs-per-minute', '0'] })
    client = await connect(server.firstRun)
    const { enrollSecret } = server.firstRun
    agents = []
    for (let n = 0; n < hostCount; n++) agents.push(await enrol(server.url, enrollSecret, `host-${n}`))
    let executions = 0
    for (const agent of agents) {
      polling.push(
        poll(agent, {
          url: () => server.url,
          signal: stopped.signal,
          isResting: () => isResting,
          onRefused: text => refusals.push(text),
          behaviour(_agent, sql) {
            executions += 1
            if (sql.includes('nope')) return 'no such table: nope'
            // Of an agent that runs it again other rows come: only the first may count.
            return [
              { host: agent.name, execution: String(executions), n: '1' },
              { host: agent.name, execution: String(executions), n: '2' },
            ]
          },
        }),
      )
    }
  })

  after(async () => {
    stopped.abort()
    await Promise.all(polling)
    await server?.close()
  })

  /** Two rows of one execution from each host, in the result and in the lake. */
  async function assertWhole(run: LiveRun, name: string): Promise<void> {
    assert.deepEqual([run.result, run.resultCount], ['succeeded', 2 * hostCount])
    const rows = await rowsOf(run.id)
    const byHost = Map.groupBy(rows, row => row['meta_hostname'])
    assert.equal(byHost.size, hostCount)
    for (const [hostname, own] of byHost) {
      assert.deepEqual(
        own.map(row => [row['host'], row['n']]),
        [
          [hostname, '1'],
          [hostname, '2'],
        ],
      )
      assert.equal(new Set(own.map(row => row['execution'])).size, 1)
    }
    const sql = `SELECT host, execution, n, endpoint_id FROM xdr_data WHERE query_name = '${name}' AND query_source = 'live'`
    const inLake = await client.query({ sql })
    const keyOf = (row: Readonly<Record<string, unknown>>) =>
      JSON.stringify([row['host'], row['execution'], row['n'], row['endpoint_id']])
    assert.deepEqual(inLake.map(keyOf).sort(), rows.map(keyOf).sort())
  }

  test('all answer, and one SQL joins now and then', async () => {
    const begun = await start('SELECT 1', { adHocQuery: { template: 'SELECT 1', name: 'all of them' } })
    assert.equal(begun.endpointCounts.total, hostCount)
    await assertWhole(await finished(begun.id), 'live/all of them')
  })

  test('hosts on which it fails say why', async () => {
    const { id } = await start('SELECT * FROM nope')
    const run = await finished(id)
    assert.deepEqual([run.result, run.endpointCounts.statuses.finished['failed']?.total], ['failed', hostCount])
    const page = await send<{ items: { statusMessage: string }[] }>(
      'GET',
      `${path}/${id}/endpoints?pageSize=500&match=finished:failed`,
    )
    assert.deepEqual([...new Set(page.items.map(item => item.statusMessage))], ['no such table: nope'])
  })

  test('killed while they answer, three times, it loses nothing and counts nothing twice', async () => {
    const { id } = await start('SELECT 1', { adHocQuery: { template: 'SELECT 1', name: 'over kills' } })
    let isMidway = false
    for (let kill = 0; kill < 3; kill++) {
      const { resultCount: before } = await send<LiveRun>('GET', `${path}/${id}`)
      let now = before
      // Some answers must have come since, and some must be missing.
      while (now < before + 20 && now < 2 * hostCount) now = (await send<LiveRun>('GET', `${path}/${id}`)).resultCount
      isMidway ||= now > 0 && now < 2 * hostCount
      await server.stop('SIGKILL')
      server = await server.restart()
      client = await connect(server.firstRun)
    }
    assert.ok(isMidway, 'no kill came while they answered')
    await assertWhole(await finished(id), 'live/over kills')
    assert.deepEqual(
      refusals.filter(text => /node_invalid/.test(text)),
      [],
    )
  })

  test('offline hosts are waited for until the time is over', async () => {
    const { enrollSecret } = server.firstRun
    await enrol(server.url, enrollSecret, 'sleeper', 'windows')
    const matchEndpoints = { filters: [{ os: [{ platform: 'windows' }] }, { hostnameContains: 'host-10' }] }
    const begun = await start('SELECT 1', { matchEndpoints, maxDurationInSeconds: 15 })
    const run = await finished(begun.id)
    const { succeeded, timedOut } = run.endpointCounts.statuses.finished
    assert.deepEqual([run.result, succeeded?.total, timedOut?.total], ['succeeded', begun.endpointCounts.total - 1, 1])
  })

  test('a second tenant sees nothing of it, and asks only its own hosts', async () => {
    const other = await connect(await addTenant(server))
    const { items } = await send<{ items: { id: string }[] }>('GET', path)
    assert.ok(items.length >= 4)
    for (const { id } of items) {
      for (const rest of ['', '/results', '/endpoints']) {
        assertXdrError(await other.call('GET', `${path}/${id}${rest}`), 404, 'resourceNotFound', /./)
      }
    }
    const body = JSON.stringify({ adHocQuery: { template: 'SELECT 1' }, matchEndpoints: { all: true } })
    const refused = await other.call('POST', path, { body })
    assertXdrError(refused, 404, 'resourceNotFound', 'No resolved endpoints found in query submission request')
    assert.deepEqual(await other.query({ sql: "SELECT count(*) AS n FROM xdr_data WHERE query_source = 'live'" }), [
      { n: 0 },
    ])
  })
})
