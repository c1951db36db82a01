// What agents are given, over the program itself: saved by a Super Admin over HTTP and with the command, served to
// agents that enrol, by label, over a restart, and taken back.

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { newId } from '../../src/model/ids.ts'
import { connectionFlags, runCommand } from '../support/command.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { connect } from '../support/xdr-client.ts'

const query = { query: 'SELECT vendor, model FROM usb_devices', interval: 300, platform: 'darwin,linux' }

interface Configuration {
  readonly schedule: Readonly<Record<string, { readonly query: string; readonly interval: number }>>
  readonly packs: Readonly<Record<string, { readonly queries: object }>>
  readonly decorators: { readonly load: readonly string[] }
  readonly options: Readonly<Record<string, unknown>>
}

describe('configurations of agents', () => {
  let server: TestServer
  let headers: Record<string, string>
  let folder: string

  before(async () => {
    server = await startServer()
    folder = await mkdtemp(join(tmpdir(), 'edr-lake-configurations-'))
    const client = await connect(server.firstRun)
    headers = { authorization: `Bearer ${client.token}`, 'x-tenant-id': client.tenantId }
  })

  after(async () => {
    await server?.close()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  async function call(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(`${server.url}${path}`, {
      ...{ method, headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: answer.status, body: await answer.json() }
  }

  async function ask(path: string, body: object): Promise<Record<string, unknown>> {
    const answer = await fetch(`${server.url}/osquery/v1/${path}`, { method: 'POST', body: JSON.stringify(body) })
    return (await answer.json()) as Record<string, unknown>
  }

  async function enrol(platform: string): Promise<string> {
    const enrolled = await ask('enroll', {
      ...{ enroll_secret: server.firstRun.enrollSecret, host_identifier: newId() },
      host_details: { os_version: { platform }, system_info: { uuid: newId(), hostname: `a-${platform}` } },
    })
    return enrolled['node_key'] as string
  }

  async function configOf(node_key: string): Promise<Configuration> {
    const config = await ask('config', { node_key })
    assert.equal('error' in config || 'node_invalid' in config, false)
    return config as unknown as Configuration
  }

  test('saved, served by platform and label, over a restart, and taken back', async () => {
    const [linux, windows] = [await enrol('ubuntu'), await enrol('windows')]
    assert.ok((await configOf(linux)).schedule['running_processes_linux_events'])
    assert.ok((await configOf(windows)).schedule['running_processes_windows_sophos'])

    const saved = await call('PUT', '/lake/v1/configurations/all', { configuration: { schedule: { usb: query } } })
    assert.equal(saved.status, 200)
    assert.deepEqual((await configOf(linux)).schedule['usb'], query)
    assert.equal((await configOf(windows)).schedule['usb'], undefined)
    assert.ok((await configOf(linux)).decorators.load.some(sql => sql.includes('meta_hostname')))

    const refused = await call('PUT', '/lake/v1/configurations/all', { configuration: { schedule: { usb: 1 } } })
    assert.equal(refused.status, 400)
    assert.deepEqual((await configOf(linux)).schedule['usb'], query)

    const hosts = (await call('GET', '/lake/v1/hosts')).body as { items: { id: string; hostname: string }[] }
    const host = hosts.items.find(({ hostname }) => hostname === 'a-ubuntu')!
    await call('PUT', '/lake/v1/labels/web')
    await call('POST', '/lake/v1/labels/web/hosts', { add: [host.id] })
    const web = { schedule: { usb: null, web: { query: 'SELECT * FROM listening_ports', interval: 60 } } }
    await call('PUT', '/lake/v1/configurations/web', { configuration: web })
    assert.deepEqual(
      [(await configOf(linux)).schedule['usb'], (await configOf(linux)).schedule['web']?.interval],
      [undefined, 60],
    )
    assert.equal((await configOf(windows)).schedule['web'], undefined)

    server = await server.stop('SIGKILL').then(() => server.restart())
    assert.equal((await configOf(linux)).schedule['web']?.interval, 60)

    const back = await call('POST', '/lake/v1/configurations/web/rollback', { version: 0 })
    assert.equal(back.status, 200)
    assert.deepEqual((await configOf(linux)).schedule['usb'], query)
  })

  test('an import with the command reaches agents', async () => {
    const linux = await enrol('debian')
    const file = join(folder, 'incident.conf')
    await writeFile(file, '# who is here\n{"queries": {"last": {"query": "SELECT * FROM last", "interval": "60",},}}')
    const flags = connectionFlags(server.firstRun)
    const imported = await runCommand(['configurations', 'import', 'linux', file, ...flags])
    assert.deepEqual([imported.exitCode, imported.stdout], [0, 'linux saved as version 1\n'], imported.stderr)
    assert.deepEqual((await configOf(linux)).packs['incident']?.queries, {
      last: { query: 'SELECT * FROM last', interval: '60' },
    })
    assert.equal((await configOf(linux)).options['pack_delimiter'], '/')
  })

  test('what was done is in the audit log', async () => {
    const client = await connect(server.firstRun)
    const rows = await client.query({
      sql: "SELECT action, target FROM lake_audit WHERE outcome = 'done' AND action LIKE 'configurations.%' ORDER BY calendar_time",
    })
    assert.deepEqual(rows, [
      { action: 'configurations.put', target: 'all' },
      { action: 'configurations.put', target: 'web' },
      { action: 'configurations.rollback', target: 'web' },
      { action: 'configurations.import', target: 'linux' },
    ])
  })
})
