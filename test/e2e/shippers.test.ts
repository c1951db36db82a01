// What shippers send reaches the lake as rows, each line once, whatever is around it and however often it is sent.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startServer } from '../support/server.ts'
import { send, shipperRequests } from '../support/shipper-requests.ts'
import { connect, type XdrClient } from '../support/xdr-client.ts'

const now = Math.floor(Date.now() / 1000)

function lineOf(host: string, n: number): string {
  const columns = { pid: String(n), name: `é"\\${n}`, path: '/usr/bin/x' }
  return JSON.stringify({ name: 'shipped', hostIdentifier: host, unixTime: now, columns, action: 'added' })
}

async function ingestToken(client: XdrClient): Promise<string> {
  const answer = await client.call('POST', '/lake/v1/ingest-tokens', { body: '{"name":"shippers"}' })
  assert.equal(answer.status, 201, answer.text)
  return (answer.json as { token: string }).token
}

const counts = (client: XdrClient, sql: string) => client.query({ sql })

test('every shipper’s requests, twice, over a kill of the server', async () => {
  await using first = await startServer()
  let server = first
  let client = await connect(server.firstRun)
  const requests = shipperRequests(await ingestToken(client), name => [1, 2, 3].map(n => lineOf(name, n)))
  const acks: number[] = []
  for (const request of requests) {
    const { status, json: told } = await send(server.url, request)
    const json = told as Record<string, unknown>
    const ackId = json['ackId'] as number
    assert.equal(status, 200, `${request.name}: ${JSON.stringify(json)}`)
    if (request.path.startsWith('/lake')) {
      assert.deepEqual(json, { accepted: 3, duplicates: 0, rejected: [], rejectedCount: 0 }, request.name)
    } else assert.deepEqual([json['code'], json['text']], [0, 'Success'], request.name)
    if (request.headers['x-splunk-request-channel'] !== undefined) acks.push(ackId)
  }
  const sql = `SELECT host_identifier AS host, count(*) AS n, count(DISTINCT pid) AS pids, min(name) AS first
    FROM xdr_data WHERE query_name = 'shipped' GROUP BY host_identifier ORDER BY host_identifier`
  const expected = requests
    .map(({ name }) => ({ host: name, n: 3, pids: 3, first: 'é"\\1' }))
    .sort((a, b) => (a.host < b.host ? -1 : 1))
  assert.deepEqual(await counts(client, sql), expected)

  await server.stop('SIGKILL')
  server = await server.restart()
  client = await connect(server.firstRun)
  try {
    for (const request of requests) assert.equal((await send(server.url, request)).status, 200, request.name)
    assert.deepEqual(await counts(client, sql), expected, 'a shipper that saw no answer tries again')
    const hec = requests.find(({ headers }) => headers['x-splunk-request-channel'] !== undefined)
    const asked = { ...hec!, path: '/services/collector/ack', body: Buffer.from(JSON.stringify({ acks })) }
    const plain = { ...asked, headers: { ...hec!.headers, 'content-encoding': '' } }
    assert.deepEqual((await send(server.url, plain)).json, { acks: Object.fromEntries(acks.map(id => [id, true])) })
  } finally {
    await server.close()
  }
})

test('a batch with a bad event, sent again whole or from there on, is in the lake once', async () => {
  await using server = await startServer()
  const client = await connect(server.firstRun)
  const authorization = `Splunk ${await ingestToken(client)}`
  const event = (host: string, n: number) => `{"event":${JSON.stringify(lineOf(host, n))}}`
  const post = (events: readonly string[]) =>
    send(server.url, {
      ...{ name: '', path: '/services/collector', headers: { authorization } },
      body: Buffer.from(events.join('')),
    })
  for (const [host, again] of [
    ['whole', 0],
    ['rest', 4],
  ] as const) {
    const good = Array.from({ length: 10 }, (_, n) => event(host, n))
    const bad = good.with(4, '{"event":""}')
    const refused = { status: 400, json: { text: 'Event field cannot be blank', code: 13, 'invalid-event-number': 4 } }
    assert.deepEqual(await post(bad), refused)
    assert.deepEqual(await post(bad), refused)
    assert.deepEqual(await post(good.slice(again)), { status: 200, json: { text: 'Success', code: 0 } })
  }
  const sql = `SELECT host_identifier AS host, pid, count(*) AS n FROM xdr_data WHERE query_name = 'shipped'
    GROUP BY host_identifier, pid ORDER BY host_identifier, pid`
  const expected = ['rest', 'whole'].flatMap(host => Array.from({ length: 10 }, (_, n) => ({ host, pid: n, n: 1 })))
  assert.deepEqual(await counts(client, sql), expected)
})

test('events about anything are rows to be asked for; without a time two that read the same are two', async () => {
  await using server = await startServer()
  const client = await connect(server.firstRun)
  const authorization = `Splunk ${await ingestToken(client)}`
  const post = async (body: string, path = '/services/collector') => {
    const answer = await send(server.url, { name: '', path, headers: { authorization }, body: Buffer.from(body) })
    assert.deepEqual(answer, { status: 200, json: { text: 'Success', code: 0 } })
  }
  const logon = `{"time":${now}.25,"host":"dc-1","sourcetype":"logons","source":"Security","event":{"user_name":"eve","n":5}}`
  await post(logon)
  await post(logon)
  await post('{"host":"dc-1","event":"still here"}')
  await post('{"host":"dc-1","event":"still here"}')
  await post('one\ntwo\n', '/services/collector/raw?sourcetype=lines&host=dc-1')
  const logons = await counts(client, 'SELECT host_identifier, user_name, n, meta_source, unix_time FROM logons')
  const unixTime = new Date(now * 1000 + 250).toISOString()
  assert.deepEqual(logons, [
    { host_identifier: 'dc-1', user_name: 'eve', n: '5', meta_source: 'Security', unix_time: unixTime },
  ])
  assert.deepEqual(await counts(client, `SELECT message FROM xdr_data WHERE query_name = 'event'`), [
    { message: 'still here' },
    { message: 'still here' },
  ])
  assert.deepEqual(await counts(client, 'SELECT message FROM lines ORDER BY message'), [
    { message: 'one' },
    { message: 'two' },
  ])
})
