import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { insertEnrollSecret } from '../../src/db/enroll-secrets.ts'
import { agentAnswerMsMax, agentBodyBytesMax, enrolBodyBytesMax, nodeKeyReadAgainMs } from '../../src/limits.ts'
import { AppError } from '../../src/model/errors.ts'
import { newId } from '../../src/model/ids.ts'
import { enrolBody, oneMachine } from '../support/fleet.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

// What agents are told, by layer: whatever goes wrong has a body with `error`, and `node_invalid` stands only where a
// key or an enroll secret is known to be none.

type Operation = 'enroll' | 'config' | 'log' | 'read' | 'write'
const operations: readonly Operation[] = ['enroll', 'config', 'log', 'read', 'write']

interface AgentLake {
  readonly lake: TestApp
  readonly tenantId: string
  readonly nodeKey: string
  readonly hostId: string
  /** Every path of an operation. */
  pathsOf(operation: Operation): readonly string[]
  post(path: string, body: string | Buffer, headers?: Record<string, string>): Promise<Told>
}

/** An answer as an agent reads it. */
interface Told {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly headers: Record<string, unknown>
}

const secret = 'the secret of a fleet'

async function openAgentLake(context: TestContext, settings = {}): Promise<AgentLake> {
  const lake = await openTestApp(context, settings)
  const { id: tenantId } = await lake.tenant()
  const made = { id: newId(), tenantId, secret, name: 'test', createdAt: 0, disabledAt: undefined }
  await insertEnrollSecret(lake.store, { ...made, labels: [], environment: 'env-1' })
  const post: AgentLake['post'] = async (url, payload, headers = {}) => {
    const answer = await lake.app.inject({ method: 'POST', url, payload, headers })
    return { status: answer.statusCode, body: answer.json(), headers: answer.headers }
  }
  const { body } = await post('/osquery/v1/enroll', enrolBody({ secret, ...oneMachine }))
  const { id: hostId } = await lake.store.selectFrom('hosts').select('id').executeTakeFirstOrThrow()
  return {
    ...{ lake, tenantId, hostId, nodeKey: String(body['node_key']), post },
    pathsOf(operation) {
      const path = { read: 'distributed/read', write: 'distributed/write' }[operation as string] ?? operation
      const fixed = ['/osquery/v1', '/api/osquery', '/api/v1/osquery'].map(prefix => `${prefix}/${path}`)
      return [...fixed, `/${tenantId}/${operation}`, `/env-1/${operation}`]
    },
  }
}

/** The body of a request that is in order. */
function bodyOf(operation: Operation, nodeKey: string): string {
  switch (operation) {
    case 'enroll':
      return enrolBody({ secret, ...oneMachine })
    case 'log':
      return JSON.stringify({ node_key: nodeKey, log_type: 'result', data: [{ name: 'q' }] })
    case 'write':
      return JSON.stringify({ node_key: nodeKey, queries: {}, statuses: {} })
    default:
      return JSON.stringify({ node_key: nodeKey })
  }
}

function assertRefused({ status, body, headers }: Told, expected: number, message: string | RegExp, what: string) {
  assert.equal(status, expected, what)
  assert.deepEqual(Object.keys(body), ['error', 'requestId'], what)
  if (typeof message === 'string') assert.equal(body['error'], message, what)
  else assert.match(String(body['error']), message, what)
  assert.equal(headers['content-type'], 'application/json; charset=utf-8', what)
  assert.equal(headers['content-encoding'], undefined, what)
}

function assertInvalid({ status, body }: Told, what: string): void {
  assert.equal(status, 200, what)
  assert.equal(body['node_invalid'], true, what)
  assert.equal(typeof body['error'], 'string', what)
}

test('what is in order is answered, under every path', async t => {
  const { lake, tenantId, hostId, nodeKey, pathsOf, post } = await openAgentLake(t)
  const host = (await lake.agents.hostKeys.find(nodeKey)) ?? assert.fail()
  assert.equal(host.id, hostId)
  const { text } = await lake.agents.configurations.configFor(host, ['all', 'linux'])
  const expected: Record<Exclude<Operation, 'enroll'>, object> = {
    ...{ config: JSON.parse(text), log: {}, read: { queries: {} }, write: {} },
  }
  for (const operation of operations) {
    for (const path of pathsOf(operation)) {
      const { status, body, headers } = await post(path, bodyOf(operation, nodeKey), { 'accept-encoding': 'gzip' })
      assert.equal(status, 200, path)
      assert.equal(headers['content-type'], 'application/json; charset=utf-8')
      assert.equal(headers['content-encoding'], undefined, 'an agent that asked for gzip does not always understand it')
      if (operation === 'enroll') assert.match(String(body['node_key']), /^[0-9a-f]{64}$/)
      else assert.deepEqual(body, expected[operation], path)
    }
  }
  assert.equal(
    lake.ingest.bodies.every(each => each.tenantId === tenantId),
    true,
  )
})

test('every way to say nothing useful is an error, and never the agent’s key', async t => {
  const { nodeKey, pathsOf, post } = await openAgentLake(t)
  for (const operation of operations) {
    for (const path of pathsOf(operation)) {
      for (const text of ['', 'x', '[]', 'null', '{"node_key":', '{"node_key":"k"']) {
        const told = await post(path, text)
        assertRefused(told, 400, /./, `${path} ${text}`)
      }
      if (operation !== 'enroll') assertRefused(await post(path, '{}'), 401, 'node_key is missing', path)
      if (operation !== 'enroll') assertRefused(await post(path, '{"node_key":7}'), 401, 'node_key is missing', path)
      const gzip = { 'content-encoding': 'gzip' }
      const body = bodyOf(operation, nodeKey)
      assertRefused(await post(path, body, gzip), 400, 'the gzip body is damaged', path)
      assertRefused(await post(path, gzipSync(body).subarray(0, -9), gzip), 400, 'the gzip body is damaged', path)
      assertRefused(await post(path, body, { 'content-encoding': 'br' }), 415, /content encoding "br"/, path)
    }
  }
})

test('only a key that is known to be none makes an agent enrol again', async t => {
  const { nodeKey, pathsOf, post } = await openAgentLake(t)
  for (const operation of operations.filter(each => each !== 'enroll')) {
    for (const path of pathsOf(operation)) {
      for (const key of ['', 'no key', nodeKey.slice(1)]) assertInvalid(await post(path, bodyOf(operation, key)), path)
    }
  }
  const wrong = enrolBody({ ...oneMachine, secret: 'wrong' })
  for (const path of pathsOf('enroll')) assertInvalid(await post(path, wrong), path)
})

test('a key may stand in the header; the one in the body wins', async t => {
  const { lake, nodeKey, post } = await openAgentLake(t)
  const url = '/osquery/v1/distributed/read'
  const header = (key: string) => ({ authorization: `NodeKey ${key}` })
  const known = { queries: {} }
  assert.deepEqual((await post(url, '{}', header(nodeKey))).body, known)
  assert.deepEqual((await post(url, bodyOf('read', nodeKey), header('other'))).body, known)
  assertInvalid(await post(url, bodyOf('read', 'other'), header(nodeKey)), 'body')
  assertInvalid(await post(url, '{}', header('other')), 'header')
  const metrics = (await lake.app.inject({ url: '/metrics' })).body
  assert.match(metrics, /^edr_lake_agent_unknown_keys_total 2$/m)
  assertRefused(await post(url, '{}', { authorization: `Bearer ${nodeKey}` }), 401, 'node_key is missing', 'bearer')
  const log = JSON.stringify({ log_type: 'result', data: [{ name: 'q' }] })
  assert.deepEqual((await post('/osquery/v1/log', log, header(nodeKey))).body, {})
  assert.deepEqual((await post('/osquery/v1/distributed/write', '{"queries":{}}', header(nodeKey))).body, {})
})

test('another tenant’s environment takes no key and no secret', async t => {
  const { lake, nodeKey, post } = await openAgentLake(t)
  const { id: other } = await lake.tenant()
  for (const operation of operations.filter(each => each !== 'enroll')) {
    const told = await post(`/${other}/${operation}`, bodyOf(operation, nodeKey))
    assertRefused(told, 403, "the node key is not this environment's", operation)
  }
  assertInvalid(await post(`/${other}/enroll`, bodyOf('enroll', '')), 'a secret that is not its own')
})

test('an id that names nothing hides nothing: the path is answered as any other', async t => {
  const { lake, nodeKey } = await openAgentLake(t)
  const call = async (method: 'GET' | 'POST', url: string) => {
    const answer = await lake.app.inject({ method, url, payload: method === 'POST' ? bodyOf('log', nodeKey) : '' })
    const { message, detail, error } = answer.json()
    return { status: answer.statusCode, says: message ?? detail ?? error }
  }
  for (const id of [newId(), 'env-2', 'ENV-1', 'lake', 'docs', 'api', '%20']) {
    for (const method of ['GET', 'POST'] as const) {
      const { status, says } = await call(method, `/${id}/log`)
      assert.deepEqual([status, says], [404, `there is nothing at /${id}/log`], `${method} ${id}`)
    }
  }
  assert.equal((await call('POST', '/lake/v1/log')).status, 404)
  assert.equal((await call('GET', '/env-1/log')).status, 404)
})

test('paths and methods that are none are errors an agent understands', async t => {
  const { lake } = await openAgentLake(t)
  for (const prefix of ['/osquery', '/api/osquery', '/api/v1/osquery', '//osquery/v1', '/osquery/v1']) {
    for (const rest of ['', '/', '/nothing', '/carve/begin', '/%E0%A4%A', '/log?a=b']) {
      for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS', 'POST'] as const) {
        const isThere = method === 'POST' && prefix.endsWith('osquery/v1') && rest.startsWith('/log')
        const answer = await lake.app.inject({ method, url: prefix + rest })
        assert.equal(typeof answer.json().error, 'string', `${method} ${prefix}${rest}`)
        assert.ok(isThere || [400, 404, 405].includes(answer.statusCode), `${method} ${prefix}${rest}`)
        assert.equal('node_invalid' in answer.json(), false)
      }
    }
  }
  const { statusCode, headers } = await lake.app.inject({ url: '/osquery/v1/log' })
  assert.deepEqual([statusCode, headers['allow']], [405, 'POST'])
})

test('bodies past their bounds are errors; a log post has none that an agent reaches', async t => {
  const { lake, nodeKey, pathsOf, post } = await openAgentLake(t)
  const bounds = { config: agentBodyBytesMax, read: agentBodyBytesMax, enroll: enrolBodyBytesMax } as const
  for (const [operation, bytes] of Object.entries(bounds)) {
    const body = JSON.stringify({ ...JSON.parse(bodyOf(operation as Operation, nodeKey)), more: 'x'.repeat(bytes) })
    for (const path of pathsOf(operation as Operation)) {
      const message = `the body is larger than ${bytes} bytes`
      assertRefused(await post(path, body), 413, message, path)
      assertRefused(await post(path, gzipSync(body), { 'content-encoding': 'gzip' }), 413, message, `${path} gzip`)
    }
  }
  const data = [{ name: 'q', columns: { text: 'x'.repeat(3 * lake.app.initialConfig.bodyLimit!) } }]
  const log = JSON.stringify({ node_key: nodeKey, log_type: 'result', data })
  assert.deepEqual((await post('/osquery/v1/log', log)).body, {})
  assert.deepEqual((await post('/osquery/v1/log', gzipSync(log), { 'content-encoding': 'gzip' })).body, {})
})

test('a log post is the host’s own, of its kind, from its address', async t => {
  const { lake, tenantId, hostId, nodeKey, post } = await openAgentLake(t, { trustProxy: ['127.0.0.1'] })
  const line = '{"name":"q","hostIdentifier":"says who","unixTime":1}'
  const from = { 'x-forwarded-for': '198.51.100.7' }
  for (const type of ['result', 'status']) {
    await post('/osquery/v1/log', `{"node_key":"${nodeKey}","log_type":"${type}","data":[${line}]}`, from)
    await post('/osquery/v1/log', `{"data":[${line}],"log_type":"${type}","node_key":"${nodeKey}"}`, from)
  }
  const bodies = lake.ingest.bodies.map(({ options, text, ...rest }) => ({
    ...{ ...rest, text: text.slice(0, line.length + 2), host: options?.host?.id, table: options?.table },
    ...{ peerIp: options?.peerIp, isLogBody: options?.isLogBody },
  }))
  const expected = { tenantId, text: `[${line}]`, host: hostId, peerIp: '198.51.100.7', isLogBody: true }
  const [result, status] = [undefined, 'osquery_status'].map(table => ({ ...expected, table }))
  assert.deepEqual(bodies, [result, result, status, status])
  for (const type of ['', 'other', undefined]) {
    const told = await post('/osquery/v1/log', JSON.stringify({ node_key: nodeKey, log_type: type, data: [{}] }))
    assertRefused(told, 400, 'log_type must be result or status', String(type))
  }
  assertRefused(
    await post('/osquery/v1/log', `{"node_key":"${nodeKey}","log_type":"result","data":7}`),
    400,
    'data is no array',
    '7',
  )
  assert.deepEqual((await post('/osquery/v1/log', `{"node_key":"${nodeKey}","log_type":"result"}`)).body, {})
})

test('a host’s last contacts and what its lines say of it are noted', async t => {
  const { lake, hostId, nodeKey, post } = await openAgentLake(t)
  const headers = await lake.headersFor(
    (await lake.store.selectFrom('tenants').select('id').executeTakeFirstOrThrow()).id,
  )
  const own = (await lake.agents.hostKeys.find(nodeKey)) ?? assert.fail()
  const { version } = await lake.agents.configurations.configFor(own, ['all', 'linux'])
  lake.now += 60_000
  await post('/osquery/v1/config', bodyOf('config', nodeKey))
  lake.now += 1_000
  const decorations = {
    hostname: 'web-1.example',
    meta_os_name: 'Ubuntu 24.10',
    username: 'root',
    endpoint_type: 'server',
  }
  await post(
    '/osquery/v1/log',
    JSON.stringify({ node_key: nodeKey, log_type: 'result', data: [{ name: 'q', decorations }] }),
  )
  await lake.agents.flush()
  const host = (await lake.app.inject({ url: `/lake/v1/hosts/${hostId}`, headers })).json()
  const at = (ms: number) => new Date(lake.now - ms).toISOString()
  assert.deepEqual(
    [host.lastSeenAt, host.lastLogAt, host.lastConfigAt, host.configVersion],
    [at(0), at(0), at(1_000), version],
  )
  assert.deepEqual([host.hostname, host.osName, host.osVersion], ['web-1.example', 'Ubuntu 24.10', '24.04 LTS'])
  const { meta_os_name: _, ...others } = decorations
  assert.deepEqual(host.decorations, { ...others, os_name: 'Ubuntu 24.10' })
})

test('what fails behind the routes is an error, not an unknown key', async t => {
  const { lake, nodeKey, pathsOf, post } = await openAgentLake(t)
  const failures: [Error, number, string][] = [
    [new AppError('unavailable', 'only 7 bytes of disk are free'), 503, 'only 7 bytes of disk are free'],
    [new TypeError('reading undefined'), 500, 'internal error'],
  ]
  for (const [error, status, message] of failures) {
    Object.assign(lake.ingest, { accept: () => Promise.reject(error) })
    for (const path of pathsOf('log')) assertRefused(await post(path, bodyOf('log', nodeKey)), status, message, path)
  }
  assert.equal(lake.logLines.filter(line => line.includes('reading undefined')).length > 0, true)
})

test('a store that cannot be asked is an error, whatever is asked', async t => {
  const { lake, nodeKey, pathsOf, post } = await openAgentLake(t)
  const wrong = enrolBody({ ...oneMachine, secret: 'wrong' })
  lake.now += nodeKeyReadAgainMs
  await lake.store.destroy()
  for (const operation of operations) {
    for (const path of pathsOf(operation)) {
      // Known or not: nobody can say.
      const bodies =
        operation === 'enroll' ? [bodyOf('enroll', ''), wrong] : [nodeKey, 'no key'].map(key => bodyOf(operation, key))
      for (const body of bodies) {
        const told = await post(path, body)
        assert.equal(told.status, 503, path)
        assert.equal(typeof told.body['error'], 'string', path)
        assert.equal('node_invalid' in told.body, false, path)
      }
    }
  }
})

test('an answer that does not come in time is an error that does', async t => {
  const { lake, nodeKey, post } = await openAgentLake(t)
  await lake.app.ready()
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let isAsked: () => void = () => assert.fail()
  const asked = new Promise<void>(resolve => {
    isAsked = resolve
  })
  Object.assign(lake.ingest, {
    async accept() {
      isAsked()
      await new Promise(() => {})
    },
  })
  const answer = post('/osquery/v1/log', bodyOf('log', nodeKey))
  await asked
  t.mock.timers.tick(agentAnswerMsMax)
  assertRefused(await answer, 503, 'no answer within 10 s: try again', 'late')
})

test('windows over calls are not agents’', async t => {
  const { nodeKey, post } = await openAgentLake(t, { callLimits: { perMinute: 1, burst: 0, perSecond: 1 } })
  for (let at = 0; at < 20; at++)
    assert.equal((await post('/osquery/v1/config', bodyOf('config', nodeKey))).status, 200)
})

test('enrolments are in the audit log, refused ones summed up; other calls of agents are not', async t => {
  const { lake, tenantId, hostId, nodeKey, post } = await openAgentLake(t)
  for (const operation of operations) await post(`/osquery/v1/${operation}`, bodyOf(operation, nodeKey))
  await post(`/${tenantId}/enroll`, enrolBody({ ...oneMachine, secret: 'wrong' }))
  await post('/osquery/v1/enroll', enrolBody({ ...oneMachine, secret: 'nobody’s' }))
  const done = lake.audit.entries.map(({ action, outcome, target, tenantId: about }) => [
    action,
    outcome,
    target,
    about,
  ])
  assert.deepEqual(done, [
    ['hosts.enrol', 'done', hostId, tenantId],
    ['hosts.enrol', 'done', hostId, tenantId],
  ])
  const refused = lake.audit.refusals.map(({ action, tenantId: about, details }) => [
    action,
    about,
    details?.['reason'],
  ])
  assert.deepEqual(refused, [['hosts.enrol', tenantId, 'unknown enroll secret']])
  assert.equal(JSON.stringify(lake.audit.entries).includes(nodeKey), false)
})

test('who guesses secrets is slowed down; a fleet with one wrong secret behind the address is not', async t => {
  const { post } = await openAgentLake(t)
  const enrol = (text: string) => post('/osquery/v1/enroll', enrolBody({ ...oneMachine, secret: text }))
  for (let at = 0; at < 300; at++) assertInvalid(await enrol('the one that was replaced'), String(at))
  for (let at = 0; at < 19; at++) assertInvalid(await enrol(`guess ${at}`), String(at))
  assertRefused(await enrol('guess 20'), 429, 'too many wrong enroll secrets from this address', 'guess')
  assert.match(String((await enrol(secret)).body['node_key']), /^[0-9a-f]{64}$/)
})

test('agents’ calls are not worth a line of the log each', async t => {
  const { lake, nodeKey, post } = await openAgentLake(t)
  const levels = () =>
    lake.logLines
      .map(line => JSON.parse(line))
      .filter(({ msg }) => msg === 'request')
      .map(({ level }) => level)
  const before = levels().length
  await post('/osquery/v1/config', bodyOf('config', nodeKey))
  await post('/osquery/v1/config', 'x')
  assert.deepEqual(levels().slice(before), [20, 30])
  assert.equal(lake.logLines.join('').includes(nodeKey), false)
})

/** Sends raw bytes over one connection and resolves with all that comes back until it ends. */
async function raw(port: number, bytes: string, end = false): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const parts: Buffer[] = []
  socket.on('data', part => parts.push(part))
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(bytes)
  if (end) socket.end()
  await once(socket, 'close')
  return Buffer.concat(parts).toString('utf8')
}

test('what is no HTTP, and a body that is refused before its end, still get their answer', async t => {
  const { lake, nodeKey } = await openAgentLake(t)
  await lake.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = lake.app.server.address() as AddressInfo
  const errorIn = (answer: string) =>
    JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as Record<string, unknown>
  const broken = await raw(port, 'POST /osquery/v1/log HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n')
  assert.match(broken, /^HTTP\/1\.1 400 /)
  assert.deepEqual(Object.keys(errorIn(broken)), ['error', 'requestId'])
  const large = await raw(port, `POST /osquery/v1/log HTTP/1.1\r\nHost: x\r\nA: ${'x'.repeat(20_000)}\r\n\r\n`)
  assert.match(large, /^HTTP\/1\.1 431 /)
  assert.equal(typeof errorIn(large)['error'], 'string')
  // 4 MiB of lines behind a key that is none: the agent sends all of it before it reads.
  const lines = `{"name":"${'x'.repeat(1_000)}"},`.repeat(4_000)
  const body = `{"node_key":"none","log_type":"result","data":[${lines}{}]}`
  const head = `POST /osquery/v1/log HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`
  const told = await raw(port, head + body)
  assert.match(told, /^HTTP\/1\.1 200 /)
  assert.equal(errorIn(told)['node_invalid'], true)
  // A body that never comes in full: the connection ends.
  await raw(port, head + body.slice(0, 1_000), true)
  assert.equal(lake.ingest.bodies.length, 0)
  // Two requests on one connection, the first one refused: the second is served.
  const small = (text: string, more = '') =>
    `POST /osquery/v1/config HTTP/1.1\r\nHost: x\r\n${more}Content-Length: ${text.length}\r\n\r\n${text}`
  const both = await raw(port, small('{"node_key":"none"}') + small(bodyOf('config', nodeKey), 'Connection: close\r\n'))
  assert.deepEqual(both.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 200'])
})

test('while the server stops, an agent is told an error or nothing, never success', async t => {
  const { lake, nodeKey } = await openAgentLake(t)
  await lake.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = lake.app.server.address() as AddressInfo
  let release: () => void = () => undefined
  const held = new Promise<void>(resolve => {
    release = resolve
  })
  const { accept } = lake.ingest
  let isAsked: () => void = () => undefined
  const asked = new Promise<void>(resolve => {
    isAsked = resolve
  })
  Object.assign(lake.ingest, {
    async accept(...parameters: Parameters<typeof accept>) {
      isAsked()
      await held
      return accept(...parameters)
    },
  })
  const body = bodyOf('log', nodeKey)
  const request = `POST /osquery/v1/log HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  // Under way when the server stops, with another one right behind it on the same connection.
  const answers = raw(port, request + request)
  await asked
  const closed = lake.app.close()
  release()
  const told = await answers
  await closed
  const [first = '', second] = told.split(/(?=HTTP\/1\.1 )/)
  assert.match(first, /^HTTP\/1\.1 200 [\s\S]*\r\n\r\n\{\}$/)
  if (second !== undefined) assert.equal(typeof JSON.parse(second.slice(second.indexOf('{')))['error'], 'string')
  assert.equal(lake.ingest.bodies.length, 1)
})
