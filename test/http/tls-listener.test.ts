import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, type RequestOptions, request } from 'node:https'
import { type AddressInfo, connect as connectPlain, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import test, { type TestContext } from 'node:test'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { Registry } from 'prom-client'
import { connectionOptions } from '../../src/http/connection-options.ts'
import { type TlsListener, tlsListener } from '../../src/http/tls-listener.ts'
import { silentLog } from '../../src/model/log.ts'
import { makeAuthority, makeServerCertificate } from '../../src/tls/certificate.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

const validity = { notBefore: Date.now() - 86_400_000, notAfter: Date.now() + 86_400_000 }
const authority = await makeAuthority('Test', validity)
const names = ['localhost', '127.0.0.1', 'lake.example.com']
const pem = await makeServerCertificate(authority, names, validity)
const nextPem = await makeServerCertificate(authority, names, validity)
const ca = authority.certificatePem

interface Door {
  readonly listener: TlsListener
  readonly metrics: Registry
  readonly port: number
  readonly testApp: TestApp
  /** Resolves when two requests to `/slow` have come; `answer` lets them go. */
  readonly slow: { readonly arrived: Promise<unknown>; answer(): void }
}

type Gate = PromiseWithResolvers<void>

interface DoorOptions {
  readonly connectionsMax?: number
  readonly handshakeMsMax?: number
}

async function openDoor(
  context: TestContext,
  { connectionsMax, handshakeMsMax = 20_000 }: DoorOptions = {},
): Promise<Door> {
  const testApp = await openTestApp(context)
  const { app } = testApp
  const metrics = new Registry()
  const [first, second, go] = [1, 2, 3].map(() => Promise.withResolvers<void>()) as [Gate, Gate, Gate]
  let isFirst = true
  app.get('/slow', { config: { access: { kind: 'public' } } }, async () => {
    isFirst ? first.resolve() : second.resolve()
    isFirst = false
    await go.promise
    return { isSlow: true }
  })
  const options = { pem, clock: () => testApp.now, log: silentLog, metrics, connectionsMax, handshakeMsMax }
  const listener = tlsListener(app, options)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = await listener.listen('127.0.0.1', 0)
  const arrived = Promise.all([first.promise, second.promise])
  return { listener, metrics, port, testApp, slow: { arrived, answer: () => go.resolve() } }
}

/** Resolves when the handshake is done and the certificate is verified; rejects otherwise. */
async function shakeHands(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost', ...options })
  try {
    await once(socket, 'secureConnect')
  } catch (error) {
    socket.destroy()
    throw error
  }
  return socket
}

async function connected(port: number): Promise<Socket> {
  const socket = connectPlain(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

interface Answer {
  readonly status: number | undefined
  readonly body: string
}

function get(port: number, path: string, options: RequestOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, ca, servername: 'localhost', ...options }, answer => {
      let body = ''
      answer.setEncoding('utf8').on('data', chunk => {
        body += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode, body }))
      answer.on('error', reject)
    })
    sent.on('error', reject)
    sent.end()
  })
}

const certificateOf = (socket: TLSSocket) => socket.getPeerX509Certificate()?.fingerprint256

test('verified with the CA file, by name and by address', async context => {
  const { port } = await openDoor(context)
  for (const servername of ['localhost', 'lake.example.com']) {
    const socket = await shakeHands(port, { servername })
    assert.equal(socket.authorized, true)
    socket.destroy()
  }
  // By address: no server name is sent, and the address is compared.
  const socket = await shakeHands(port, { servername: '' })
  assert.equal(socket.authorized, true)
  socket.destroy()
})

test('a wrong name, another authority and a version below 1.2 are refused', async context => {
  const { port, metrics } = await openDoor(context)
  await assert.rejects(shakeHands(port, { servername: 'lake.example.org' }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  const stranger = await makeAuthority('Test', validity)
  await assert.rejects(shakeHands(port, { ca: stranger.certificatePem }), /certificate|signature/)
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
  await assert.rejects(shakeHands(port, old), { code: /ALERT_PROTOCOL_VERSION/ })
  assert.match(await metrics.metrics(), /^edr_lake_tls_handshakes_failed_total [1-9]/m)
})

test("osquery's own list of ciphers under TLS 1.2 finds one; HTTP/2 is not spoken", async context => {
  const { port } = await openDoor(context)
  const ciphers =
    'ECDH+AESGCM:DH+AESGCM:ECDH+AES256:DH+AES256:ECDH+AES128:DH+AES:ECDH+3DES:DH+3DES:RSA+AESGCM:RSA+AES:RSA+3DES:' +
    '!aNULL:!MD5:!CBC:!SHA'
  const agent = await shakeHands(port, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers })
  assert.deepEqual([agent.getProtocol(), agent.alpnProtocol], ['TLSv1.2', false])
  agent.destroy()
  const browser = await shakeHands(port, { ALPNProtocols: ['h2', 'http/1.1'] })
  assert.deepEqual([browser.getProtocol(), browser.alpnProtocol], ['TLSv1.3', 'http/1.1'])
  browser.destroy()
})

test('both doors lead to the same routes, and clients are told the one they came to', async context => {
  const { port, testApp } = await openDoor(context)
  const plainPort = (testApp.app.server.address() as AddressInfo).port
  const tenant = await testApp.tenant()
  const headers = await testApp.headersFor(tenant.id)
  const secure = JSON.parse((await get(port, '/whoami/v1', { headers })).body)
  assert.equal(secure.apiHosts.dataRegion, `https://127.0.0.1:${port}`)
  const plain = await (await fetch(`http://127.0.0.1:${plainPort}/whoami/v1`, { headers })).json()
  assert.equal((plain as typeof secure).apiHosts.dataRegion, `http://127.0.0.1:${plainPort}`)
  assert.equal((await get(port, '/nothing')).status, 404)
})

test('a connection is kept for the next request', async context => {
  const { port } = await openDoor(context)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  context.after(() => agent.destroy())
  const sockets = new Set<unknown>()
  agent.on('free', socket => sockets.add(socket))
  for (let n = 0; n < 3; n += 1) assert.equal((await get(port, '/livez', { agent })).status, 200)
  await new Promise(setImmediate)
  assert.equal(sockets.size, 1)
})

test('a new certificate is for new handshakes; a connection that exists goes on', async context => {
  const { port, listener } = await openDoor(context)
  const before = await shakeHands(port)
  listener.serve(nextPem)
  const after = await shakeHands(port)
  const fingerprints = [before, after].map(certificateOf)
  assert.equal(new Set(fingerprints).size, 2)
  for (const socket of [before, after]) {
    socket.write('GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    assert.match(answer.toString(), /^HTTP\/1\.1 200 /)
    socket.destroy()
  }
})

test('what is no HTTP is answered as on the plain listener', async context => {
  const { port, testApp } = await openDoor(context)
  const socket = await shakeHands(port)
  const plain = connectPlain((testApp.app.server.address() as AddressInfo).port, '127.0.0.1')
  const answers = await Promise.all(
    [socket, plain].map(async each => {
      each.write('nonsense\r\n\r\n')
      const [answer] = (await once(each, 'data')) as [Buffer]
      each.destroy()
      return answer.toString().replace(/[0-9a-f-]{36}/g, 'id')
    }),
  )
  assert.match(answers[0] ?? '', /^HTTP\/1\.1 400 Bad Request\r\n/)
  assert.equal(answers[0], answers[1])
})

test('one listener has no bound that the other lacks', async context => {
  const { testApp } = await openDoor(context)
  const { server } = testApp.app
  const { requestTimeout, headersTimeout, keepAliveTimeout } = server
  const { connectionsCheckingInterval, requireHostHeader: _, ...bounds } = connectionOptions
  assert.deepEqual({ requestTimeout, headersTimeout, keepAliveTimeout }, bounds)
  assert.ok(connectionsCheckingInterval < headersTimeout)
})

test('connections beyond the most there may be are closed, and counted', async context => {
  const { port, metrics } = await openDoor(context, { connectionsMax: 2 })
  const kept = [await shakeHands(port), await shakeHands(port)]
  await assert.rejects(shakeHands(port), { code: 'ECONNRESET' })
  assert.match(await metrics.metrics(), /^edr_lake_tls_connections_dropped_total 1$/m)
  assert.match(await metrics.metrics(), /^edr_lake_tls_connections 2$/m)
  for (const socket of kept) socket.destroy()
})

test('a client that never shakes hands is cut off', async context => {
  const { port } = await openDoor(context, { handshakeMsMax: 50 })
  const socket = await connected(port)
  await once(
    socket.on('error', () => {}),
    'close',
  )
})

test('closing lets requests on both doors finish, and waits for nobody who asks nothing', async context => {
  const { port, testApp, slow } = await openDoor(context)
  const plainPort = (testApp.app.server.address() as AddressInfo).port
  const ask = (socket: Socket) => socket.write('GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n')
  const asking = [await shakeHands(port), await connected(plainPort)]
  for (const socket of asking) ask(socket)
  await slow.arrived
  const quiet = [await shakeHands(port), await connected(port), await connected(plainPort)]
  const gone = quiet.map(socket => once(socket.on('error', () => {}).resume(), 'close'))
  const answers = asking.map(socket => text(socket))

  const closed = testApp.app.close()
  await Promise.all(gone)
  await assert.rejects(shakeHands(port), { code: 'ECONNREFUSED' })
  slow.answer()
  for (const answer of await Promise.all(answers)) {
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/)
    assert.match(answer, /\r\nconnection: close\r\n/i)
    assert.match(answer, /\r\n\r\n\{"isSlow":true\}$/)
  }
  await closed
})
