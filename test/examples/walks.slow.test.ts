// The walks under examples/, each in a process of its own as a reader starts them, against a started server.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { exampleLogs } from '../../scripts/write-examples.ts'
import { runCommand } from '../support/command.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { addTenant } from '../support/tenants.ts'
import { type Credentials, connect, type XdrClient, xdrClient } from '../support/xdr-client.ts'

const walks = fileURLToPath(new URL('../../examples/walks', import.meta.url))
const window = ['2026-02-02', '2026-02-03']

interface Walk {
  readonly exitCode: number
  readonly lines: readonly string[]
  readonly stderr: string
}

async function walk(name: string, environment: Readonly<Record<string, string>>): Promise<Walk> {
  const env = { PATH: process.env['PATH'], ...environment }
  const child = spawn(process.execPath, [join(walks, name), ...window], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number]>,
  ])
  return { exitCode, lines: stdout.trimEnd().split('\n'), stderr }
}

function environmentOf({ url, clientId, clientSecret }: Credentials): Readonly<Record<string, string>> {
  return { EDR_LAKE_URL: url, EDR_LAKE_CLIENT_ID: clientId, EDR_LAKE_CLIENT_SECRET: clientSecret }
}

/** One more tenant of the account, with an example log where one is given; returns its process starts. */
async function makeTenant(manager: Manager, name: string, log: string | undefined): Promise<number> {
  const { client } = manager
  const body = JSON.stringify({ name })
  const headers = { 'content-type': 'application/json', 'x-tenant-id': '', [manager.idHeader]: manager.accountId }
  const answer = await client.call('POST', '/lake/v1/tenants', { body, headers })
  assert.equal(answer.status, 201, answer.text)
  if (log === undefined) return 0
  const { id } = answer.json as { id: string }
  await xdrClient(manager.url, client.token, id).ingest(log)
  return log.split('"name":"running_processes_windows_sophos"').length - 1
}

interface Manager {
  readonly url: string
  readonly client: XdrClient
  readonly accountId: string
  readonly idHeader: string
}

const windowsLogs = [...exampleLogs()].filter(([name]) => name.includes('-WS-')).map(([, log]) => log)

/** Gives the account 51 tenants, the first two with rows; what its walk must say of each. */
async function makeTenants(manager: Manager): Promise<readonly string[]> {
  const lines: string[] = []
  for (let nth = 0; nth < 51; nth += 1) {
    const count = await makeTenant(manager, `tenant ${nth}`, windowsLogs[nth])
    lines.push(`tenant ${nth}: ${count > 0 ? 1 : 0} hosts, ${count} processes`)
  }
  return lines
}

describe('the walks', () => {
  let server: TestServer

  before(async () => {
    server = await startServer()
  })

  after(() => server?.close())

  test('a tenant, with what the first start left', async () => {
    const client = await connect(server.firstRun)
    for (const log of exampleLogs().values()) await client.ingest(log)
    const { exitCode, lines, stderr } = await walk('tenant.mjs', { EDR_LAKE_DATA: server.directory })
    assert.equal(exitCode, 0, stderr)
    assert.equal(lines[0], `tenant ${server.firstRun.tenantId} at ${server.url}`)
    assert.match(lines[1]!, /^run \S{36} succeeded, 2026-02-02T00:00:00.000Z to 2026-02-03T23:59:59.999Z$/)
    assert.equal(lines[2], '72 rows')
    const row = JSON.parse(lines[3]!) as Record<string, unknown>
    assert.equal(Object.keys(row).length, 47)
    assert.equal(row['query_name'], 'running_processes_windows_sophos')
  })

  test('a partner, with what the first start left and more tenants than a page', async () => {
    const partner: { id: string; clientId: string; clientSecret: string } = JSON.parse(
      await readFile(join(server.directory, 'first-run-partner.json'), 'utf8'),
    )
    const client = await connect({ ...partner, url: server.url, tenantId: partner.id })
    const manager = { url: server.url, client, accountId: partner.id, idHeader: 'x-partner-id' }
    const expected = await makeTenants(manager)
    const { exitCode, lines, stderr } = await walk('partner.mjs', { EDR_LAKE_DATA: server.directory })
    assert.equal(exitCode, 0, stderr)
    assert.deepEqual(lines.slice(0, 2), [`partner ${partner.id}`, '52 tenants'])
    // The first start's own tenant got every log in the test before.
    const own = lines.slice(2).filter(line => !line.startsWith('tenant '))
    assert.deepEqual(own, ['Default: 2 hosts, 72 processes'])
    assert.deepEqual(
      lines
        .slice(2)
        .filter(line => line.startsWith('tenant '))
        .toSorted(),
      expected.toSorted(),
    )
  })

  test('an organization, made by the command on a stopped lake', async () => {
    const code = await server.stop('SIGTERM')
    assert.equal(code, 0)
    const made = await runCommand(['admin', 'recover', '--new-organization', 'Acme', '--data', server.directory])
    assert.equal(made.exitCode, 0, made.stderr)
    const { accountId, clientId, clientSecret } = JSON.parse(made.stdout) as Record<string, string>
    server = await server.restart()
    const credentials = { url: server.url, clientId: clientId!, clientSecret: clientSecret!, tenantId: accountId! }
    const client = await connect(credentials)
    const manager = { url: server.url, client, accountId: accountId!, idHeader: 'x-organization-id' }
    const expected = await makeTenants(manager)
    const { exitCode, lines, stderr } = await walk('organization.mjs', environmentOf(credentials))
    assert.equal(exitCode, 0, stderr)
    assert.deepEqual(lines.slice(0, 2), [`organization ${accountId}`, '51 tenants'])
    assert.deepEqual(lines.slice(2).toSorted(), expected.toSorted())
  })

  test('credentials of another kind end the walk with a word', async () => {
    const tenant = await addTenant(server)
    for (const kind of ['partner', 'organization']) {
      const { exitCode, stderr } = await walk(`${kind}.mjs`, environmentOf(tenant))
      assert.equal(exitCode, 1)
      assert.match(stderr, /these are the credentials of a tenant/)
    }
  })

  test("a wrong secret ends the walk with the lake's words", async () => {
    const { exitCode, stderr } = await walk('tenant.mjs', {
      ...environmentOf(server.firstRun),
      EDR_LAKE_CLIENT_SECRET: 'f'.repeat(64),
    })
    assert.equal(exitCode, 1)
    assert.match(stderr, /401 \/api\/v2\/oauth2\/token: Unauthorized/)
  })
})
