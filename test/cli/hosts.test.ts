// The hosts and labels commands against the real HTTP interface.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Command } from 'commander'
import { failureOf } from '../../src/cli/failure.ts'
import { addHostCommands } from '../../src/cli/host-commands.ts'
import { newId } from '../../src/model/ids.ts'
import { openTestApp } from '../support/test-app.ts'
import { recordedEffects } from './recorded-effects.ts'

async function openCommands(context: TestContext) {
  const lake = await openTestApp(context)
  const url = await lake.app.listen({ host: '127.0.0.1', port: 0 })
  const { id: tenantId } = await lake.tenant()
  const principal = await lake.principal({ accountId: tenantId, role: 'management' })
  const environment = {
    EDR_LAKE_URL: url,
    EDR_LAKE_CLIENT_ID: principal.clientId,
    EDR_LAKE_CLIENT_SECRET: principal.clientSecret,
  }
  async function run(isTerminal: boolean, ...args: string[]) {
    const effects = recordedEffects({ environment, isTerminal, columns: 200, now: lake.now })
    const program = new Command()
      .exitOverride()
      .configureOutput({ writeErr: () => undefined, outputError: () => undefined })
    let exitCode = -1
    addHostCommands(
      program,
      effects,
      command => command.exitOverride(),
      code => {
        exitCode = code
      },
    )
    try {
      await program.parseAsync(args, { from: 'user' })
    } catch (error) {
      const failure = failureOf(error)
      return { exitCode: failure.exitCode, stdout: effects.stdout.text, stderr: failure.text }
    }
    return { exitCode, stdout: effects.stdout.text, stderr: effects.stderr.text }
  }
  const items = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await run(false, ...args)
    assert.equal(exitCode, 0, stderr)
    return stdout.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line)]))
  }
  return { lake, tenantId, run, items }
}

test('hosts: listed over all pages, by what they are, shown, deleted', async t => {
  const { lake, tenantId, run, items } = await openCommands(t)
  const names = Array.from({ length: 120 }, (_, at) => `h-${String(at).padStart(3, '0')}`)
  const hosts = await lake.agents.hosts.atSight(tenantId, names)
  assert.deepEqual(
    (await items('hosts', 'list')).map(({ hostIdentifier }) => hostIdentifier),
    names,
  )
  const [found] = await items('hosts', 'list', '--search', 'H-007', '--status', 'offline', '--label', 'all')
  assert.equal(found.id, hosts.get('h-007')?.id)
  assert.deepEqual(await items('hosts', 'list', '--platform', 'windows'), [])
  assert.deepEqual(await items('hosts', 'show', found.id), [found])
  assert.match((await run(true, 'hosts', 'list', '--search', 'h-007')).stdout, /^id +hostIdentifier +status/)
  assert.equal((await run(false, 'hosts', 'delete', found.id)).stdout, 'deleted\n')
  const gone = await run(false, 'hosts', 'show', found.id)
  assert.deepEqual([gone.exitCode, gone.stderr], [1, 'edr-lake: there is no such host'])
  assert.equal((await run(false, 'hosts', 'show', '../x')).exitCode, 2)
})

test('labels: made, changed, given, taken, listed, deleted', async t => {
  const { lake, tenantId, run, items } = await openCommands(t)
  const hosts = await lake.agents.hosts.atSight(tenantId, ['a', 'b'])
  const ids = ['a', 'b'].map(name => hosts.get(name)!.id)
  const [made] = await items('labels', 'set', 'Web Servers', '--description', 'in front')
  assert.deepEqual([made.name, made.description, made.ingest], ['Web Servers', 'in front', 'on'])
  assert.deepEqual(await items('labels', 'add', 'web servers', ...ids), [{ added: 2, removed: 0 }])
  assert.deepEqual(await items('labels', 'remove', 'Web Servers', ids[0]!, newId()), [{ added: 0, removed: 1 }])
  await items('labels', 'set', 'Web Servers', '--ingest', 'off')
  assert.equal(lake.agents.labels.isIngestOff(tenantId, ids[1]!), true)
  const [label] = await items('labels', 'list')
  assert.deepEqual([label.name, label.hosts, label.ingest], ['Web Servers', 1, 'off'])
  assert.equal((await run(false, 'labels', 'delete', 'Web Servers')).stdout, 'deleted\n')
  assert.deepEqual(await items('labels', 'list'), [])
  assert.equal((await run(false, 'labels', 'delete', 'a/b')).exitCode, 2)
})
