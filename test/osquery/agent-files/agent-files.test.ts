import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { agentFiles } from '../../../src/osquery/agent-files/agent-files.ts'

const folder = fileURLToPath(new URL('../../fixtures/agent-files', import.meta.url))
const door = {
  ...{ host: 'lake.example.com', port: 8443 },
  authorityPem: '-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n',
}
const request = { door, tenantName: 'Acme "Ltd"', enrollSecret: 'f00d'.repeat(12) }

/** What gflags makes of a flagfile; throws for what it would not read as meant. */
function parseFlagfile(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map(line => {
      const [, name, value] = /^--([a-z_]+)=(\S(?:.*\S)?)$/.exec(line) ?? []
      assert.ok(name !== undefined && value !== undefined && !/["']/.test(value), `not a flag: ${JSON.stringify(line)}`)
      return [name, value] as const
    }),
  )
}

test('every byte is as in test/fixtures/agent-files', () => {
  const files = agentFiles(request)
  if (process.env['WRITE_FIXTURES'] === 'agent-files') {
    for (const { name, text } of files) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
  }
  const golden = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
  assert.deepEqual(files.map(({ name }) => name).sort(), golden.sort())
  for (const { name, text } of files) assert.equal(text, readFileSync(join(folder, name), 'utf8'), name)
})

test('a flagfile is what gflags reads, with paths of its platform', () => {
  const files = new Map(agentFiles(request).map(({ name, text }) => [name, text]))
  const paths = {
    linux: '/etc/osquery/',
    macos: '/private/var/osquery/',
    windows: 'C:\\Program Files\\osquery\\',
  }
  for (const [platform, path] of Object.entries(paths)) {
    const flags = parseFlagfile(files.get(`${platform}/osquery.flags`) ?? '')
    assert.equal(flags.get('tls_hostname'), 'lake.example.com:8443')
    assert.equal(flags.get('tls_server_certs'), `${path}edr-lake-ca.pem`)
    assert.equal(flags.get('enroll_secret_path'), `${path}edr-lake-secret`)
    for (const name of ['config_plugin', 'logger_plugin', 'distributed_plugin']) assert.equal(flags.get(name), 'tls')
    assert.equal(files.get(`${platform}/edr-lake-secret`), request.enrollSecret, 'and no line end')
    assert.equal(files.get(`${platform}/edr-lake-ca.pem`), door.authorityPem)
  }
})

test('only the secret is secret', () => {
  const secrets = agentFiles(request).filter(({ isSecret, text }) => isSecret || text.includes(request.enrollSecret))
  assert.deepEqual(
    secrets.map(({ name, isSecret }) => [name, isSecret]),
    ['linux', 'macos', 'windows'].map(platform => [`${platform}/edr-lake-secret`, true]),
  )
})

test('with a certificate of a public authority there is no CA file, and no word of one', () => {
  const files = agentFiles({ ...request, door: { ...door, host: '2001:db8::7', authorityPem: undefined } })
  assert.equal(files.length, 9)
  for (const { text } of files) assert.doesNotMatch(text, /edr-lake-ca|tls_server_certs/)
  assert.match(files[1]?.text ?? '', /^--tls_hostname=\[2001:db8::7\]:8443$/m)
})
