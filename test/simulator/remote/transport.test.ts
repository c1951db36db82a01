import assert from 'node:assert/strict'
import { createServer, type Server, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { openTransport, RequestFailure, type Transport } from '../../../src/simulator/remote/transport.ts'
import { type Fault, type ReferenceServer, startReferenceServer } from '../../support/reference-server.ts'
import { testCertificates } from '../../support/test-certificates.ts'

async function reference(t: TestContext): Promise<ReferenceServer> {
  const server = await startReferenceServer()
  t.after(() => server.close())
  return server
}

function transport(t: TestContext, options: Parameters<typeof openTransport>[0] = {}): Transport {
  const opened = openTransport(options)
  t.after(() => opened.close())
  return opened
}

function post(over: Transport, url: string, path = '/config', body = '{"node_key":"k"}') {
  return over.post({ url: new URL(path, url), headers: { 'X-Own': 'yes' }, body: Buffer.from(body) })
}

async function failureOf(answer: Promise<unknown>): Promise<RequestFailure> {
  const failure = await answer.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(failure instanceof RequestFailure, String(failure))
  return failure
}

/** A server of plain bytes; `serve` gets each connection. */
async function rawServer(t: TestContext, serve: (socket: Socket) => void): Promise<string> {
  const server: Server = createServer(serve)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}

test('requests go over one connection, one after another', async t => {
  const server = await reference(t)
  const over = transport(t)
  const answers = await Promise.all([1, 2, 3].map(n => post(over, server.url, `/config?n=${n}`)))
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  )
  assert.deepEqual(
    server.requests.map(({ path, connection }) => [path, connection]),
    [1, 2, 3].map(n => [`/config?n=${n}`, 1]),
  )
  const [first] = server.requests
  assert.deepEqual(
    [first?.headers['x-own'], first?.headers['content-length'], first?.text],
    ['yes', '16', '{"node_key":"k"}'],
  )
})

test('a status is of no account', async t => {
  const server = await reference(t)
  const over = transport(t)
  for (const status of [400, 401, 413, 429, 500, 502, 503]) {
    server.fail('config', { status, body: '{"a":1}' })
    const answer = await post(over, server.url)
    assert.deepEqual([answer.status, answer.body.toString()], [status, '{"a":1}'])
  }
})

test('redirects are followed with the same body, at most ten', async t => {
  const server = await reference(t)
  const over = transport(t)
  const to = (location: string, status = 302): Fault => ({ status, headers: { location } })
  const statuses = [301, 302, 303, 304, 305, 307, 308]
  server.fail('config', ...statuses.map(status => to('/other/config', status)))
  assert.equal((await post(over, server.url)).status, 200)
  assert.equal(server.requests.length, statuses.length + 1)
  assert.ok(server.requests.every(({ text }) => text === '{"node_key":"k"}'))
  assert.ok(server.requests.slice(1).every(({ path }) => path === '/other/config'))
  server.fail('config', ...Array<Fault>(10).fill(to('/config')))
  assert.equal((await post(over, server.url)).status, 200)
  server.fail('config', ...Array<Fault>(12).fill(to('/config')))
  assert.equal((await failureOf(post(over, server.url))).message, 'more than 10 redirects')
})

test('a redirect may lead to another server, and must say where to', async t => {
  const [server, other] = [await reference(t), await reference(t)]
  const over = transport(t)
  server.fail('config', { status: 307, headers: { location: `${other.url}/config` } })
  assert.equal((await post(over, server.url)).status, 200)
  assert.equal(other.requests[0]?.text, '{"node_key":"k"}')
  server.fail('config', { status: 302 }, { status: 302 })
  assert.equal((await failureOf(post(over, server.url))).message, 'a redirect without a location')
})

test('a request whose connection fails is made once more, on a new one', async t => {
  const server = await reference(t)
  const over = transport(t)
  server.fail('log', { isProcessed: true, silence: 'closed' })
  server.nodeKeys.add('k')
  const body = '{"data":[{"a":1}],"log_type":"result","node_key":"k"}'
  assert.equal((await post(over, server.url, '/log', body)).status, 200)
  assert.deepEqual(server.stored.result, ['{"a":1}', '{"a":1}'])
  assert.deepEqual(
    server.requests.map(({ connection }) => connection),
    [1, 2],
  )
  server.fail('log', { silence: 'closed' }, { silence: 'closed' })
  const failure = await failureOf(post(over, server.url, '/log', body))
  assert.deepEqual([failure.message, failure.isTimeout], ['the server closed the connection', false])
  assert.equal(server.requests.length, 4)
})

test('nobody listens', async t => {
  const server = await startReferenceServer()
  await server.close()
  const failure = await failureOf(post(transport(t), server.url))
  assert.match(failure.message, /ECONNREFUSED/)
})

test('a server that does not answer in time is left, without a second try', async t => {
  const server = await reference(t)
  const over = transport(t, { timeoutMs: 60 })
  server.fail('config', { silence: 'open' })
  const failure = await failureOf(post(over, server.url))
  assert.deepEqual([failure.message, failure.isTimeout], ['no answer in time', true])
  assert.equal(server.requests.length, 1)
  assert.equal((await post(over, server.url)).status, 200)
  assert.equal(server.requests[1]?.connection, 2)
})

test('an answer that trickles is too late as well', async t => {
  const url = await rawServer(t, socket => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n')
    const drip = setInterval(() => socket.write('x'), 10)
    socket.on('error', () => {})
    socket.on('close', () => clearInterval(drip))
  })
  assert.equal((await failureOf(post(transport(t, { timeoutMs: 80 }), url))).isTimeout, true)
})

test('bytes that are no HTTP are a failure', async t => {
  const url = await rawServer(t, socket => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.6\r\n'))
  })
  assert.equal((await failureOf(post(transport(t), url))).message, 'the answer is no HTTP')
})

test('a closed transport sends nothing, and what is on its way fails', async t => {
  const server = await reference(t)
  const over = openTransport({})
  server.fail('config', { silence: 'open' })
  const answer = failureOf(post(over, server.url))
  while (server.requests.length === 0) await new Promise(resolve => setImmediate(resolve))
  over.close()
  assert.equal((await answer).message, 'the agent has stopped')
  assert.equal((await failureOf(post(over, server.url))).message, 'the agent has stopped')
  assert.equal(server.requests.length, 1)
})

test('TLS: the pinned CA and the name must be right', async t => {
  const [own, foreign] = [await testCertificates(), await testCertificates()]
  const server = await startReferenceServer(own.pem)
  t.after(() => server.close())
  const over = transport(t, { trust: own.trust })
  assert.equal((await post(over, server.url)).status, 200)
  assert.equal((await post(over, server.url)).status, 200)
  assert.deepEqual(
    server.requests.map(({ connection }) => connection),
    [1, 1],
  )
  assert.match(
    (await failureOf(post(transport(t, { trust: foreign.trust }), server.url))).message,
    /verify|self.signed/,
  )
  assert.match((await failureOf(post(transport(t), server.url))).message, /verify|self.signed/)
  const byAddress = server.url.replace('localhost', '127.0.0.1')
  assert.equal((await post(transport(t, { trust: own.trust }), byAddress)).status, 200)
  assert.equal(server.requests.length, 3)
  const elsewhere = await testCertificates(['lake.example'])
  const misnamed = await startReferenceServer(elsewhere.pem)
  t.after(() => misnamed.close())
  const failure = await failureOf(post(transport(t, { trust: elsewhere.trust }), misnamed.url))
  assert.match(failure.message, /does not match certificate's altnames/)
  assert.equal(misnamed.requests.length, 0)
})
