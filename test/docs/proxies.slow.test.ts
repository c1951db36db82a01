// The proxies of docs/osquery.md as the page configures them, before a real lake, each where it is installed: agents
// get through, the lake knows whose they are, and when it is down no answer is one that loses an agent's lines.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { judgeAnswer } from '../../src/simulator/remote/judgement.ts'
import { makeAuthority, makeServerCertificate } from '../../src/tls/certificate.ts'
import { httpsCall } from '../support/https-call.ts'
import { startServer } from '../support/server.ts'

const page = readFileSync(new URL('../../docs/osquery.md', import.meta.url), 'utf8')

interface Place {
  readonly folder: string
  readonly port: number
  /** Host and port of the lake. */
  readonly lake: string
}

interface Proxy {
  readonly name: string
  /** Makes the page's block a whole file, elsewhere than under /etc and port 443. */
  readonly file: (block: string, place: Place) => string
  readonly args: (file: string) => readonly string[]
}

const elsewhere = (block: string, { folder, lake }: Place) =>
  block.replaceAll('/etc/ssl/', `${folder}/`).replaceAll('127.0.0.1:8480', lake)

const proxies: readonly Proxy[] = [
  {
    name: 'nginx',
    file: (block, place) => {
      const { folder, port } = place
      const http = elsewhere(block, place).replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        name => `${name}_temp_path ${folder}/t;`,
      )
      const head = `daemon off; pid ${folder}/pid; error_log ${folder}/log; events {}`
      return `${head}\nhttp { access_log off; ${temporary.join(' ')}\n${http}}\n`
    },
    args: file => ['-c', file],
  },
  {
    name: 'haproxy',
    file: (block, place) => elsewhere(block, place).replace('bind :443', `bind 127.0.0.1:${place.port}`),
    args: file => ['-f', file],
  },
  {
    name: 'caddy',
    file: (block, place) => {
      const site = elsewhere(block, place).replace('lake.example.com {', `https://localhost:${place.port} {`)
      return `{\n\tadmin off\n\tauto_https off\n}\n${site}`
    },
    args: file => ['run', '--adapter', 'caddyfile', '--config', file],
  },
]

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

/** The proxy as the page has it; ends with the test. */
function start(context: TestContext, { name, file, args }: Proxy, place: Place): ChildProcess {
  const block = new RegExp(`^\`\`\`${name}\\n(.*?)^\`\`\`$`, 'ms').exec(page)?.[1]
  assert.ok(block !== undefined, `the page has no ${name}`)
  const path = join(place.folder, 'configuration')
  writeFileSync(path, file(block, place))
  const env = { PATH: process.env['PATH'], HOME: place.folder, XDG_DATA_HOME: place.folder }
  const child = spawn(name, args(path), { env, stdio: 'ignore' })
  context.after(() => child.kill('SIGTERM'))
  return child
}

const json = { 'content-type': 'application/json' }

for (const proxy of proxies) {
  const isThere = spawnSync(proxy.name, ['-v']).error === undefined
  test(`${proxy.name}`, { skip: isThere ? false : 'not installed' }, async t => {
    const folder = mkdtempSync(join(tmpdir(), 'edr-lake-proxy-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const validity = { notBefore: Date.now() - 86_400_000, notAfter: Date.now() + 86_400_000 }
    const authority = await makeAuthority('A proxy', validity)
    const { certificatePem, keyPem } = await makeServerCertificate(authority, ['localhost'], validity)
    writeFileSync(join(folder, 'lake.crt'), certificatePem)
    writeFileSync(join(folder, 'lake.key'), keyPem)
    writeFileSync(join(folder, 'lake.pem'), `${certificatePem}${keyPem}`)
    await using server = await startServer({ flags: ['--tls-port', 'off', '--trust-proxy', '127.0.0.1'] })
    const place = { folder, port: await freePort(), lake: new URL(server.url).host }
    start(t, proxy, place)

    const url = `https://localhost:${place.port}`
    const call = (path: string, body?: object) => {
      const request = body === undefined ? {} : { method: 'POST', headers: json, body: JSON.stringify(body) }
      return httpsCall(`${url}${path}`, { ca: authority.certificatePem, ...request })
    }
    for (let tries = 0; ; tries += 1) {
      const answer = await call('/livez').catch(() => undefined)
      if (answer?.text === '{"status":"alive"}') break
      assert.ok(tries < 100, `${proxy.name} does not pass requests on`)
      await delay(100)
    }
    const enrolment = { enroll_secret: server.firstRun.enrollSecret, host_identifier: 'h', platform_type: '9' }
    const { node_key } = JSON.parse((await call('/osquery/v1/enroll', { ...enrolment, host_details: {} })).text)
    assert.match(node_key, /^\S+$/)
    const { clientId, clientSecret } = server.firstRun
    const form = new URLSearchParams({ grant_type: 'client_credentials', scope: 'token' })
    form.set('client_id', clientId)
    form.set('client_secret', clientSecret)
    const ca = authority.certificatePem
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const token = await httpsCall(`${url}/api/v2/oauth2/token`, { ca, method: 'POST', headers, body: form.toString() })
    const authorization = `Bearer ${JSON.parse(token.text).access_token}`
    const whoami = await httpsCall(`${url}/whoami/v1`, { ca, headers: { authorization } })
    assert.equal(JSON.parse(whoami.text).apiHosts.dataRegion, url, 'the lake knows how it was called')

    // More than a proxy takes by default, and what an agent may well send after a week offline.
    const big = {
      node_key,
      log_type: 'result',
      data: [{ name: 'x', hostIdentifier: 'h', columns: { a: 'x'.repeat(3e6) } }],
    }
    assert.notEqual((await call('/osquery/v1/log', big)).status, 413)

    await server.stop('SIGTERM')
    const down = await call('/osquery/v1/log', { node_key, log_type: 'result', data: [] })
    assert.ok(down.status >= 502, String(down.status))
    assert.match(JSON.parse(down.text).error, /cannot reach the lake/)
    assert.equal(judgeAnswer(Buffer.from(down.text)).isSuccess, false)
  })
}
