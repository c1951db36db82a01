import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { enrolBody, oneMachine } from '../support/fleet.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { connect } from '../support/xdr-client.ts'

// An agent, played by hand, against the real server: enrol, configuration, logs, a query, a row.

const nowSeconds = Math.floor(Date.now() / 1000)

function agentOf({ firstRun }: TestServer) {
  let nodeKey = ''
  async function post(path: string, body: string | Buffer, headers: Record<string, string> = {}) {
    const answer = await fetch(`${firstRun.url}/osquery/v1/${path}`, {
      method: 'POST',
      body: new Uint8Array(Buffer.from(body)),
      headers,
    })
    return (await answer.json()) as Record<string, unknown>
  }
  return {
    post,
    key: () => nodeKey,
    async enrol(members = {}) {
      const answer = await post(
        'enroll',
        enrolBody({ secret: `${firstRun.enrollSecret}\n`, ...oneMachine, ...members }),
      )
      nodeKey = String(answer['node_key'])
      return answer
    },
    ask: (path: string) => post(path, JSON.stringify({ node_key: nodeKey })),
    log: (type: string, lines: readonly object[], isGzip = false) => {
      const body = JSON.stringify({ node_key: nodeKey, log_type: type, data: lines })
      return isGzip ? post('log', gzipSync(body), { 'content-encoding': 'gzip' }) : post('log', body)
    },
  }
}

const result = (n: number) => ({
  ...{ name: 'pack/Global/processes', hostIdentifier: 'web-1', unixTime: nowSeconds, epoch: 0, counter: n },
  ...{ columns: { pid: String(n) }, action: 'added', decorations: { hostname: 'web-1.example' } },
})
const status = (message: string) => ({
  ...{ hostIdentifier: 'web-1', unixTime: nowSeconds, severity: 1, filename: 'tls.cpp', line: 263, message },
  version: '5.23.1',
})

test('enrol, configuration, log, query, row', async () => {
  await using server = await startServer()
  const client = await connect(server.firstRun)
  const run = async (sql: string) => {
    const { id } = await client.start({ sql })
    await client.finish(id)
    return client.rows(id)
  }
  const agent = agentOf(server)
  assert.match(String((await agent.enrol())['node_key']), /^[0-9a-f]{64}$/)
  const config = await agent.ask('config')
  assert.equal('error' in config, false)
  assert.ok('schedule' in config || 'packs' in config)
  assert.deepEqual(await agent.ask('distributed/read'), { queries: {} })
  assert.deepEqual(await agent.log('result', [result(1), result(2)]), {})
  assert.deepEqual(await agent.log('status', [status('nul \u0000 é')], true), {})

  const [host] = await run('SELECT DISTINCT endpoint_id, meta_hostname, meta_public_ip FROM processes')
  const hosts = (await client.call('GET', '/lake/v1/hosts')).json as { items: Record<string, unknown>[] }
  assert.equal(hosts.items.length, 1)
  assert.deepEqual(host, {
    ...{ endpoint_id: hosts.items[0]?.['id'], meta_hostname: 'web-1.example', meta_public_ip: '127.0.0.1' },
  })
  const said = await run('SELECT endpoint_id, severity, filename, line, message, meta_public_ip FROM osquery_status')
  assert.deepEqual(said, [
    {
      ...{ endpoint_id: hosts.items[0]?.['id'], severity: 1, filename: 'tls.cpp', line: 263, message: 'nul \u0000 é' },
      meta_public_ip: '127.0.0.1',
    },
  ])

  // What an agent tries again is cut anew, with new lines behind it; also after the server was killed.
  await server.stop('SIGKILL')
  const restarted = await server.restart()
  try {
    const again = await connect(restarted.firstRun)
    const retry = agentOf(restarted)
    const body = JSON.stringify({ node_key: agent.key(), log_type: 'result', data: [1, 2, 3].map(result) })
    assert.deepEqual(await retry.post('log', body), {})
    const { id } = await again.start({ sql: 'SELECT pid FROM processes ORDER BY pid' })
    await again.finish(id)
    assert.deepEqual(
      (await again.rows(id)).map(row => row['pid']),
      [1, 2, 3],
    )

    // Ingest goes off for the host: acknowledged, counted, said.
    const hostId = String(hosts.items[0]?.['id'])
    const off = { body: JSON.stringify({ ingest: 'off' }) }
    assert.equal((await again.call('PUT', '/lake/v1/labels/quiet', off)).status, 201)
    const give = { body: JSON.stringify({ add: [hostId] }) }
    assert.deepEqual((await again.call('POST', '/lake/v1/labels/quiet/hosts', give)).json, { added: 1, removed: 0 })
    const unwanted = JSON.stringify({ node_key: agent.key(), log_type: 'result', data: [result(4)] })
    assert.deepEqual(await retry.post('log', unwanted), {})
    const last = await again.start({ sql: 'SELECT count(*) AS n FROM processes' })
    const { truncated } = await again.finish(last.id)
    assert.deepEqual([truncated, await again.rows(last.id)], [{ reason: 'ingestOff' }, [{ n: 3 }]])
    const stats = (await again.call('GET', '/lake/v1/stats')).json as { ingest: { ingestOff: { lines: number } } }
    assert.equal(stats.ingest.ingestOff.lines, 1)
  } finally {
    await restarted.close()
  }
})

test('while the store is locked an agent hears an error, never that its key is unknown, and loses nothing', async () => {
  await using server = await startServer()
  const agent = agentOf(server)
  await agent.enrol()
  assert.deepEqual(await agent.log('result', [result(1)]), {})
  const lock = new DatabaseSync(join(server.directory, 'private', 'store.sqlite'))
  lock.exec('BEGIN EXCLUSIVE')
  try {
    const told = [
      await agent.post('enroll', enrolBody({ secret: server.firstRun.enrollSecret, ...oneMachine })),
      await agent.post('enroll', enrolBody({ secret: 'wrong', ...oneMachine })),
      await agent.ask('config'),
      await agent.ask('distributed/read'),
      await agent.log('result', [result(2)]),
    ]
    for (const answer of told)
      assert.equal('node_invalid' in answer, 'error' in answer && answer['error'] === 'unknown enroll secret')
    assert.equal(typeof told[0]?.['error'], 'string')
    // The open segment needs no store: what is acknowledged is kept.
    assert.deepEqual(told.slice(3), [{ queries: {} }, {}])
  } finally {
    lock.exec('ROLLBACK')
    lock.close()
  }
  assert.match(String((await agent.enrol())['node_key']), /^[0-9a-f]{64}$/)
  assert.deepEqual(await agent.log('result', [result(3)]), {})
  const client = await connect(server.firstRun)
  const { id } = await client.start({ sql: 'SELECT pid FROM processes ORDER BY pid' })
  await client.finish(id)
  assert.deepEqual(
    (await client.rows(id)).map(row => row['pid']),
    [1, 2, 3],
  )
})
