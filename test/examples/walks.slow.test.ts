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
import { startServer, type TestServer } from '../support/server.ts'
import { addOrganization, addPartner, addTenant } from '../support/tenants.ts'
import { type Credentials, connect, requestToken, xdrClient } from '../support/xdr-client.ts'

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

/** Puts the example logs into the manager's tenants in turn; returns how many process starts each tenant got. */
async function fillTenants(manager: Credentials, idHeader: string, list: string): Promise<ReadonlyMap<string, number>> {
  const token = ((await requestToken(manager)).json as { access_token: string }).access_token
  const asManager = xdrClient(manager.url, token, '')
  const answer = await asManager.call('GET', `${list}?pageSize=100`, { headers: { [idHeader]: manager.tenantId } })
  const { items } = answer.json as { items: { id: string; name: string }[] }
  const logs = [...exampleLogs()].filter(([name]) => name.includes('-WS-'))
  const counts = new Map<string, number>()
  for (const [nth, { id, name }] of items.entries()) {
    const log = logs[nth]?.[1] ?? ''
    if (log !== '') await xdrClient(manager.url, token, id).ingest(log)
    counts.set(name, log.split('"name":"running_processes_windows_sophos"').length - 1)
  }
  return counts
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
    const firstRun = join(server.directory, 'first-run.json')
    const { exitCode, lines, stderr } = await walk('tenant.mjs', { EDR_LAKE_FIRST_RUN: firstRun })
    assert.equal(exitCode, 0, stderr)
    assert.equal(lines[0], `tenant ${server.firstRun.tenantId} at ${server.url}`)
    assert.match(lines[1]!, /^run \S{36} succeeded, 2026-02-02T00:00:00.000Z to 2026-02-03T23:59:59.999Z$/)
    assert.equal(lines[2], '72 rows')
    const row = JSON.parse(lines[3]!) as Record<string, unknown>
    assert.equal(Object.keys(row).length, 47)
    assert.equal(row['query_name'], 'running_processes_windows_sophos')
  })

  for (const [kind, add, idHeader] of [
    ['partner', addPartner, 'x-partner-id'],
    ['organization', addOrganization, 'x-organization-id'],
  ] as const) {
    test(`${kind} with more tenants than a page`, async () => {
      const names = Array.from({ length: 52 }, (_, nth) => `${kind} tenant ${nth}`)
      const manager = await add(server, names)
      const counts = await fillTenants(manager, idHeader, `/${kind}/v1/tenants`)
      assert.equal([...counts.values()].filter(count => count > 0).length, 2)
      const { exitCode, lines, stderr } = await walk(`${kind}.mjs`, environmentOf(manager))
      assert.equal(exitCode, 0, stderr)
      assert.deepEqual(lines.slice(0, 2), [`${kind} ${manager.tenantId}`, '52 tenants'])
      const expected = names.map(name => {
        const count = counts.get(name) ?? 0
        return `${name}: ${count > 0 ? 1 : 0} hosts, ${count} processes`
      })
      assert.deepEqual(lines.slice(2).toSorted(), expected.toSorted())
    })
  }

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

  test('the partner and the organization walk differ in their words alone', async () => {
    const read = (name: string) => readFile(join(walks, name), 'utf8')
    const asPartner = (await read('organization.mjs')).replaceAll('organization', 'partner').replace(/\b[Aa]n p/g, ' p')
    assert.equal(
      asPartner.replaceAll(/\s+/g, ''),
      (await read('partner.mjs')).replace(/\b[Aa] p/g, ' p').replaceAll(/\s+/g, ''),
    )
  })
})
