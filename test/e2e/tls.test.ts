// The program as a user runs it, over TLS: what an agent needs of it, what an operator may change, and what stops it.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { makeAuthority, makeServerCertificate } from '../../src/tls/certificate.ts'
import { runCommand } from '../support/command.ts'
import { httpsCall } from '../support/https-call.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { connect as connectApi } from '../support/xdr-client.ts'

const onTls = ['--tls-port', '0']
const json = { 'content-type': 'application/json' }

function authorityOf({ directory }: TestServer): string {
  return readFileSync(join(directory, 'ca.pem'), 'utf8')
}

async function post(server: TestServer, path: string, body: unknown): Promise<Record<string, unknown>> {
  const url = `${server.tlsUrl}${path}`
  const answer = await httpsCall(url, {
    ca: authorityOf(server),
    method: 'POST',
    headers: json,
    body: JSON.stringify(body),
  })
  return JSON.parse(answer.text) as Record<string, unknown>
}

async function certificateOf(server: TestServer, ca: string): Promise<string | undefined> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port: Number(new URL(server.tlsUrl ?? '').port), ca })
  await once(socket, 'secureConnect')
  const fingerprint = socket.getPeerX509Certificate()?.fingerprint256
  socket.destroy()
  return fingerprint
}

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'edr-lake-tls-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Resolves when the log holds the message so many times. */
async function said(server: TestServer, message: string, times: number): Promise<void> {
  for (let tries = 0; server.output().split(message).length <= times; tries += 1) {
    assert.ok(tries < 1_000, `the log never said ${message}:\n${server.output()}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

test('an agent enrols, reports and is asked about over TLS, and both doors are one lake', async () => {
  await using server = await startServer({ flags: onTls })
  assert.match(server.tlsUrl ?? '', /^https:\/\/localhost:\d+$/)
  assert.deepEqual(Object.keys(JSON.parse(readFileSync(join(server.directory, 'first-run.json'), 'utf8'))), [
    ...['url', 'tenantId', 'clientId', 'clientSecret', 'enrollSecret'],
  ])
  for (const name of ['ca.pem', 'private/tls-authority.pem', 'private/tls-server.pem']) {
    assert.equal(statSync(join(server.directory, name)).mode & 0o777, 0o600, name)
  }
  assert.equal(statSync(server.directory).mode & 0o777, 0o700)

  const { enrollSecret } = server.firstRun
  const enrolment = { enroll_secret: enrollSecret, host_identifier: 'h1', platform_type: '9', host_details: {} }
  const { node_key } = await post(server, '/osquery/v1/enroll', enrolment)
  const now = Math.floor(Date.now() / 1000)
  const line = {
    name: 'ports',
    hostIdentifier: 'h1',
    unixTime: now,
    columns: { port: '8443' },
    action: 'added',
  }
  assert.deepEqual(await post(server, '/osquery/v1/log', { node_key, log_type: 'result', data: [line] }), {})

  const client = await connectApi(server.firstRun)
  const headers = { authorization: `Bearer ${client.token}`, 'x-tenant-id': server.firstRun.tenantId }
  const whoami = await httpsCall(`${server.tlsUrl}/whoami/v1`, { ca: authorityOf(server), headers })
  assert.equal(JSON.parse(whoami.text).apiHosts.dataRegion, server.tlsUrl)
  const rows = await client.query({ sql: "SELECT port FROM xdr_data WHERE query_name = 'ports'" })
  assert.deepEqual(rows, [{ port: 8443 }])
})

test('a later start has the same authority, and agents go on with their keys', async t => {
  const directory = temporaryFolder(t)
  const first = await startServer({ flags: onTls, directory })
  const authority = authorityOf(first)
  const enrolment = {
    enroll_secret: first.firstRun.enrollSecret,
    host_identifier: 'h1',
    platform_type: '9',
    host_details: {},
  }
  const { node_key } = await post(first, '/osquery/v1/enroll', enrolment)
  const certificate = await certificateOf(first, authority)

  // An agent that keeps its connection must not keep the lake from stopping.
  const agent = new Agent({ keepAlive: true })
  await httpsCall(`${first.tlsUrl}/livez`, { ca: authority, agent })
  assert.equal(await first.stop('SIGTERM'), 0)
  // Written at the end of an orderly stop, not of one that was cut off.
  await said(first, '"msg":"stopped"', 1)
  agent.destroy()

  const second = await first.restart()
  assert.equal(authorityOf(second), authority)
  assert.equal(await certificateOf(second, authority), certificate)
  assert.ok(!('node_invalid' in (await post(second, '/osquery/v1/config', { node_key }))))
  await second.stop('SIGTERM')

  const renamed = await startServer({ flags: [...onTls, '--tls-name', 'lake.example.com'], directory })
  assert.equal(authorityOf(renamed), authority)
  assert.notEqual(await certificateOf(renamed, authority), certificate)
  assert.match(renamed.tlsUrl ?? '', /^https:\/\/lake\.example\.com:\d+$/)
  await renamed.stop('SIGKILL')
})

test("the operator's own certificate: served, read again on SIGHUP, and kept when the new one is broken", async t => {
  const folder = temporaryFolder(t)
  const validity = { notBefore: Date.now() - 86_400_000, notAfter: Date.now() + 30 * 86_400_000 }
  const authority = await makeAuthority('Example Root', validity)
  const [certFile, keyFile, caFile] = ['cert.pem', 'key.pem', 'root.pem'].map(name => join(folder, name)) as [
    ...[string, string, string],
  ]
  const renew = async () => {
    const pair = await makeServerCertificate(authority, ['lake.example.com', '127.0.0.1'], validity)
    writeFileSync(certFile, pair.certificatePem)
    writeFileSync(keyFile, pair.keyPem)
  }
  await renew()
  writeFileSync(caFile, authority.certificatePem)
  const own = ['--tls-cert', certFile, '--tls-key', keyFile, '--tls-ca', caFile, '--tls-name', 'lake.example.com']
  await using server = await startServer({ flags: [...onTls, ...own] })
  assert.equal(authorityOf(server), authority.certificatePem)
  assert.equal(existsSync(join(server.directory, 'private/tls-authority.pem')), false)
  const first = await certificateOf(server, authority.certificatePem)

  await renew()
  process.kill(server.pid, 'SIGHUP')
  await said(server, 'tls certificate replaced', 1)
  const second = await certificateOf(server, authority.certificatePem)
  assert.notEqual(second, first)
  writeFileSync(keyFile, 'nonsense')
  process.kill(server.pid, 'SIGHUP')
  await said(server, 'tls certificate not replaced', 1)
  assert.equal(await certificateOf(server, authority.certificatePem), second)
  const ready = await fetch(`${server.url}/readyz`)
  assert.equal(ready.status, 200)
  assert.match(
    JSON.stringify(await ready.json()),
    /"tls":\{"ok":true,"detail":"certificate 29 days left, [^"]*; --tls-key [^"]* holds no PEM private key"/,
  )
})

test('agent-files: from the directory of a running server, of a stopped one, and through the API', async t => {
  const folder = temporaryFolder(t)
  const server = await startServer({ flags: [...onTls, '--tls-name', 'lake.example.com,127.0.0.1'] })
  t.after(() => server.close())
  const { port } = new URL(server.tlsUrl ?? '')
  const { clientId, clientSecret, enrollSecret } = server.firstRun
  const expected = (hostname: string, out: string) => {
    const text = (name: string) => readFileSync(join(out, name), 'utf8')
    for (const platform of ['linux', 'macos', 'windows']) {
      assert.match(
        text(`${platform}/osquery.flags`),
        new RegExp(`^--tls_hostname=${hostname.replaceAll('.', '\\.')}$`, 'm'),
      )
      assert.equal(text(`${platform}/edr-lake-ca.pem`), authorityOf(server))
      assert.equal(text(`${platform}/edr-lake-secret`), enrollSecret)
    }
  }
  const write = async (out: string, ...flags: string[]) => {
    const result = await runCommand(['agent-files', '--out', join(folder, out), ...flags])
    assert.deepEqual([result.exitCode, result.stderr], [0, ''], result.stderr)
  }
  await write('a', '--data', server.directory)
  expected(`lake.example.com:${port}`, join(folder, 'a'))
  const credentials = ['--client-id', clientId, '--client-secret', clientSecret]
  await write('b', '--url', server.url, ...credentials, '--tls-name', '127.0.0.1:443')
  expected('127.0.0.1:443', join(folder, 'b'))
  await server.stop('SIGTERM')
  await write('c', '--data', server.directory)
  expected(`lake.example.com:${port}`, join(folder, 'c'))

  const wrong = await runCommand(['agent-files', '--data', server.directory, '--tls-name', 'other.example.com'])
  assert.equal(wrong.exitCode, 1)
  assert.match(
    wrong.stderr,
    /^edr-lake: the lake's certificate is not for other\.example\.com, so agents would refuse it: /,
  )
  const none = await runCommand(['agent-files', '--data', folder])
  assert.deepEqual([none.exitCode, none.stderr], [1, `edr-lake: ${folder} is no data directory\n`])
})

test('what cannot be served is one sentence, and no start', async t => {
  const folder = temporaryFolder(t)
  const taken = createServer().listen(0, '127.0.0.1')
  t.after(() => taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as { port: number }
  const cases: readonly (readonly [flags: readonly string[], exitCode: number, stderr: string])[] = [
    [['--tls-cert', 'a.pem'], 2, '--tls-cert and --tls-key go together: give both, or neither'],
    [['--tls-ca', 'a.pem'], 2, '--tls-ca is for --tls-cert, or for a proxy with an https --public-url'],
    [
      ['--tls-cert', '/nowhere/a.pem', '--tls-key', '/nowhere/b.pem'],
      ...([2, '--tls-cert /nowhere/a.pem cannot be read (ENOENT)'] as const),
    ],
    [
      ['--tls-port', String(port)],
      ...([1, `port ${port} on 127.0.0.1 is taken: choose another with --tls-port, or --tls-port off`] as const),
    ],
  ]
  for (const [flags, exitCode, stderr] of cases) {
    const serve = ['serve', '--data', join(folder, 'data'), '--port', '0', '--tls-port', '0', ...flags]
    const result = await runCommand(serve)
    assert.deepEqual([result.exitCode, result.stderr], [exitCode, `edr-lake: ${stderr}\n`])
  }
})

test('without TLS there is no authority, and no files for agents', async () => {
  await using server = await startServer({ flags: ['--tls-port', 'off'] })
  assert.equal(server.tlsUrl, undefined)
  assert.equal(existsSync(join(server.directory, 'ca.pem')), false)
  const result = await runCommand(['agent-files', '--data', server.directory])
  assert.equal(result.exitCode, 1)
  assert.match(
    result.stderr,
    /^edr-lake: agents speak TLS only, and this lake has served none: start it once with --tls-port$/m,
  )
})
