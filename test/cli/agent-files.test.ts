import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type AgentFilesFound, type AgentFilesRequest, writeAgentFiles } from '../../src/cli/commands/agent-files.ts'
import { AppError } from '../../src/model/errors.ts'
import { openTestApp } from '../support/test-app.ts'
import { recordedEffects } from './recorded-effects.ts'
import { temporaryFolder } from './temporary-folder.ts'

const found: AgentFilesFound = {
  tlsHostname: 'lake.example.com:8443',
  items: [
    { name: 'linux/osquery.flags', text: '--a=b\n', isSecret: false },
    { name: 'linux/edr-lake-secret', text: 'secret', isSecret: true },
    { name: 'macos/osquery.flags', text: '--a=c\n', isSecret: false },
  ],
}

/** A directory whose files are `found`, and what it was asked for. */
function fakeDirectory(files = found) {
  const asked: (readonly [string, AgentFilesRequest])[] = []
  const read = async (directory: string, request: AgentFilesRequest) => {
    asked.push([directory, request])
    return files
  }
  return { asked, read }
}

test('folders for machines, the secret for its owner only, whatever was there before', async t => {
  const workingDirectory = temporaryFolder(t)
  const secretFile = join(workingDirectory, 'agent-files', 'linux', 'edr-lake-secret')
  mkdirSync(join(workingDirectory, 'agent-files', 'linux'), { recursive: true })
  writeFileSync(secretFile, 'an older and longer one')
  chmodSync(secretFile, 0o644)
  const effects = recordedEffects({ workingDirectory })
  const { asked, read } = fakeDirectory()
  assert.equal(await writeAgentFiles(effects, read, {}), 0)
  assert.equal(
    effects.stdout.text,
    'files for agents of lake.example.com:8443 written to agent-files: linux, macos; INSTALL.md in each says what to do\n',
  )
  assert.deepEqual(asked, [[join(workingDirectory, 'data'), { tenantId: undefined, tlsName: undefined }]])
  for (const { name, text, isSecret } of found.items) {
    const file = join(workingDirectory, 'agent-files', name)
    assert.equal(readFileSync(file, 'utf8'), text)
    assert.equal(statSync(file).mode & 0o777, isSecret ? 0o600 : 0o644)
  }
})

test('the data directory, the tenant, the name and the place are what the flags say', async t => {
  const workingDirectory = temporaryFolder(t)
  const { asked, read } = fakeDirectory()
  const environment = { EDR_LAKE_DATA: '/lakes/one', EDR_LAKE_URL: '' }
  const flags = { out: join(workingDirectory, 'there'), tenant: 'id', tlsName: 'lake:443' }
  await writeAgentFiles(recordedEffects({ workingDirectory, environment }), read, flags)
  assert.deepEqual(asked, [['/lakes/one', { tenantId: 'id', tlsName: 'lake:443' }]])
  assert.equal(readFileSync(join(workingDirectory, 'there/macos/osquery.flags'), 'utf8'), '--a=c\n')
})

test('a place that cannot be written, and names that would leave it', async t => {
  const workingDirectory = temporaryFolder(t)
  const effects = recordedEffects({ workingDirectory })
  writeFileSync(join(workingDirectory, 'file'), '')
  await assert.rejects(writeAgentFiles(effects, fakeDirectory().read, { out: 'file' }), {
    code: 'unavailable',
    message: `${join(workingDirectory, 'file/linux/osquery.flags')} cannot be written (ENOTDIR)`,
  })
  for (const name of ['../x', '/etc/x', 'linux/../../x', 'linux/.x', 'x']) {
    const files = { ...found, items: [{ name, text: '', isSecret: false }] }
    await assert.rejects(writeAgentFiles(effects, fakeDirectory(files).read, { out: 'out' }), {
      code: 'internal',
      message: `the lake answered with a file named ${JSON.stringify(name)}`,
    })
  }
})

test('from a lake elsewhere through its API', async t => {
  const workingDirectory = temporaryFolder(t)
  const lake = await openTestApp(t)
  lake.agentDoor = { host: 'lake.example.com', port: 8443, names: ['lake.example.com', 'lake-1'], authorityPem: 'CA\n' }
  const url = await lake.app.listen({ host: '127.0.0.1', port: 0 })
  const tenant = await lake.tenant()
  const { clientId, clientSecret } = await lake.principal({ accountId: tenant.id })
  const read = async () => assert.fail('the data directory of this machine was asked')
  const write = (flags: { tlsName?: string; out?: string }) =>
    writeAgentFiles(recordedEffects({ workingDirectory }), read, { url, clientId, clientSecret, ...flags })

  await assert.rejects(write({}), { code: 'not_found', message: /no enroll secret: create one with POST/ })
  const headers = await lake.headersFor(tenant.id)
  const created = { method: 'POST', url: '/lake/v1/enroll-secrets', headers, payload: { name: 'a' } } as const
  const { secret } = (await lake.app.inject(created)).json()
  assert.equal(await write({ out: 'a' }), 0)
  const text = (name: string) => readFileSync(join(workingDirectory, name), 'utf8')
  assert.equal(text('a/windows/edr-lake-secret'), secret)
  assert.equal(text('a/linux/edr-lake-ca.pem'), 'CA\n')
  assert.match(text('a/linux/osquery.flags'), /^--tls_hostname=lake\.example\.com:8443$/m)

  assert.equal(await write({ out: 'b', tlsName: 'lake-1:443' }), 0)
  assert.match(text('b/linux/osquery.flags'), /^--tls_hostname=lake-1:443$/m)
  await assert.rejects(
    write({ tlsName: 'other' }),
    (error: unknown) =>
      error instanceof AppError && error.code === 'invalid_argument' && /not for other, so agents/.test(error.message),
  )
  lake.agentDoor = undefined
  await assert.rejects(write({}), { code: 'not_found', message: /serves no TLS, and agents speak nothing else/ })
})
