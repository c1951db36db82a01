// `edr-lake configurations …` against the real HTTP interface: what each prints, how it ends, what is true afterwards.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readAgentFiles } from '../../src/bin/agent-files.ts'
import { directoryTools } from '../../src/bin/directory-tools.ts'
import { holdLockFile } from '../../src/bin/lock-file.ts'
import { recoverAccess } from '../../src/bin/recover.ts'
import { openSimulation } from '../../src/bin/simulation.ts'
import { runCli } from '../../src/cli/program.ts'
import { insertEnrollSecret } from '../../src/db/enroll-secrets.ts'
import { newId } from '../../src/model/ids.ts'
import { enrolBody } from '../support/fleet.ts'
import { openTestApp } from '../support/test-app.ts'
import { recordedEffects } from './recorded-effects.ts'
import { temporaryFolder } from './temporary-folder.ts'

async function open(context: TestContext) {
  const lake = await openTestApp(context)
  const url = await lake.app.listen({ host: '127.0.0.1', port: 0 })
  const tenant = await lake.tenant()
  const { clientId, clientSecret } = await lake.principal({ accountId: tenant.id })
  const environment = { EDR_LAKE_URL: url, EDR_LAKE_CLIENT_ID: clientId, EDR_LAKE_CLIENT_SECRET: clientSecret }
  const parts = {
    ...{ version: '1', settings: [], serve: async () => 0, directory: directoryTools, readAgentFiles },
    ...{ recover: recoverAccess, holdLock: holdLockFile, openSimulation },
  }
  const folder = temporaryFolder(context)
  const runWith = async (options: { stdin?: string; isTerminal?: boolean }, ...args: string[]) => {
    const effects = recordedEffects({ environment, workingDirectory: folder, now: lake.now, columns: 200, ...options })
    const exitCode = await runCli(['configurations', ...args], effects, parts)
    return { exitCode, stdout: effects.stdout.text, stderr: effects.stderr.text }
  }
  const file = (name: string, content: unknown) =>
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  return { lake, tenant, folder, file, runWith, run: (...args: string[]) => runWith({}, ...args) }
}

const query = { query: 'SELECT pid\nFROM processes', interval: 60 }

test('command lines that make no sense', async t => {
  const { run, file } = await open(t)
  file('yaml.json', 'queries: []')
  const refusals: readonly (readonly [args: readonly string[], stderr: string | RegExp])[] = [
    [['put', 'all'], /missing required argument 'file'/],
    [['get', 'all', '--at', 'x'], /the number of a version is expected/],
    [['rollback', 'all', 'last'], /the number of a version is expected/],
    [['versions', 'all', '--limit', '0'], /a whole number from 1 is expected/],
    [['import', 'all', 'x.conf', '--format', 'xml'], /Allowed choices are conf, fleet/],
    [['effective', 'web-1'], 'edr-lake: "web-1" is no host\'s id\n'],
    [
      ['put', 'all', 'yaml.json'],
      /^edr-lake: yaml\.json is not valid JSON: .+ \(files of osquery and of Fleet are for `configurations import`\)\n$/,
    ],
  ]
  for (const [args, stderr] of refusals) {
    const ended = await run(...args)
    assert.deepEqual([ended.exitCode, ended.stdout], [2, ''], args.join(' '))
    if (typeof stderr === 'string') assert.equal(ended.stderr, stderr)
    else assert.match(ended.stderr, stderr)
  }
})

test('what is not there', async t => {
  const { run } = await open(t)
  assert.deepEqual(await run('put', 'all', 'nofile.json'), {
    ...{ exitCode: 1, stdout: '', stderr: 'edr-lake: cannot read nofile.json: there is no such file\n' },
  })
  const cases = [
    [['get', 'all', '--at', '3'], 'there is no version 3 of this configuration'],
    [['rollback', 'all', '3'], 'there is no version 3 of this configuration'],
    [['effective', newId()], 'there is no such host'],
  ] as const
  for (const [args, message] of cases) {
    assert.deepEqual(await run(...args), { exitCode: 1, stdout: '', stderr: `edr-lake: ${message}\n` })
  }
})

test('errors and warnings are lines, and a file with errors ends with 1', async t => {
  const { run, runWith, file } = await open(t)
  file('bad.json', { schedule: { a: { ...query, interval: 0 } }, options: { dissable_audit: true } })
  const lines =
    'error  schedule.a.interval: 0 is not a whole number of seconds from 1 to 604,800: agents leave such a query out\n' +
    'warning  options.dissable_audit: osquery knows no option dissable_audit: disable_audit?\n'
  assert.deepEqual(await run('validate', 'all', 'bad.json'), {
    exitCode: 1,
    stdout: '1 error, 1 warning, 104 bytes\n',
    stderr: lines,
  })
  assert.deepEqual(await run('put', 'all', 'bad.json'), {
    exitCode: 1,
    stdout: '',
    stderr: `${lines}edr-lake: 1 error: nothing is saved\n`,
  })
  const imported = await runWith(
    { stdin: '{"schedule": {"x": {"query": "DROP", "interval": 1}}}' },
    'import',
    'all',
    '-',
  )
  assert.deepEqual([imported.exitCode, imported.stdout], [1, ''])
  assert.match(imported.stderr, /^error {2}schedule\.x\.query: line 1:1: only SELECT/)
  assert.equal((await run('list')).stdout, '')
})

test('saved from a file and from standard input, printed as it is put, compared, taken back', async t => {
  const { run, runWith, file, folder } = await open(t)
  file('one.json', { schedule: { a: query } })
  assert.deepEqual(await run('put', 'all', 'one.json', '--comment', 'first'), {
    ...{ exitCode: 0, stdout: 'all saved as version 1\n', stderr: '' },
  })
  assert.equal((await run('put', 'all', 'one.json')).stdout, 'all is already version 1\n')
  const got = await run('get', 'ALL')
  assert.equal(got.stderr, 'version 1 of all\n')
  assert.deepEqual(JSON.parse(got.stdout), { configuration: { schedule: { a: query } } })
  writeFileSync(join(folder, 'got.json'), got.stdout)
  assert.equal((await run('put', 'all', 'got.json')).stdout, 'all is already version 1\n')

  const changed = {
    configuration: { schedule: { a: { query: 'SELECT pid, name\nFROM processes', interval: 60 } } },
    shippedQueries: false,
  }
  const put = await runWith({ stdin: JSON.stringify(changed) }, 'put', 'all', '-', '--base-version', '1')
  assert.equal(put.stdout, 'all saved as version 2\n')
  assert.deepEqual(await run('diff', 'all'), {
    exitCode: 0,
    stdout: [
      'changed configuration.schedule.a.query',
      '  - SELECT pid',
      '  - FROM processes',
      '  + SELECT pid, name',
      '  + FROM processes',
      'added shippedQueries',
      '  + false',
      '',
    ].join('\n'),
    stderr: '2 changes from version 1 to 2\n',
  })
  const late = await run('put', 'all', 'one.json', '--base-version', '1')
  assert.deepEqual(late, {
    ...{ exitCode: 1, stdout: '' },
    stderr: 'edr-lake: the configuration of all is at version 2, not 1: get it and change that\n',
  })
  assert.equal((await run('rollback', 'all', '1', '--comment', 'noisy')).stdout, 'all saved as version 3\n')
  assert.deepEqual(JSON.parse((await run('get', 'all', '--at', '2')).stdout), changed)
  const versions = (await run('versions', 'all', '--limit', '2')).stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.deepEqual(
    versions.map(({ version, comment, restoredVersion }) => [version, comment, restoredVersion]),
    [
      [3, 'noisy', 1],
      [2, '', undefined],
    ],
  )
  const listed = await runWith({ isTerminal: true }, 'list')
  assert.match(listed.stdout, /label.+version.+createdAt.+bytes.+comment/)
  assert.match(listed.stdout, /all\s.+3\s.+noisy/)
  assert.equal(listed.stderr, "below them: the lake's own queries 1.0.0\n")
})

test('files of osquery and of Fleet: shown with --dry-run, then put; a pack has the name of its file', async t => {
  const { run, file } = await open(t)
  file('incident.conf', '# who\n{"platform": "linux", "queries": {"a": {"query": "SELECT 1", "interval": "60",},},}')
  file('fleet.yml', 'queries:\n  - {name: Usb, query: SELECT * FROM usb_devices, interval: 300, platform: linux}\n')
  const shown = await run('import', 'all', 'incident.conf', '--dry-run')
  const pack = { platform: 'linux', queries: { a: { query: 'SELECT 1', interval: '60' } } }
  assert.deepEqual(JSON.parse(shown.stdout), { configuration: { packs: { incident: pack } } })
  assert.equal((await run('list')).stdout, '')
  assert.equal((await run('import', 'all', 'incident.conf')).stdout, 'all saved as version 1\n')
  assert.equal((await run('import', 'all', 'incident.conf', '--pack', 'other')).stdout, 'all saved as version 2\n')
  assert.equal((await run('import', 'all', 'fleet.yml', '--comment', 'moved')).stdout, 'all saved as version 3\n')
  const { configuration } = JSON.parse((await run('get', 'all')).stdout)
  assert.deepEqual(configuration, {
    packs: { incident: pack, other: pack },
    schedule: { Usb: { query: 'SELECT * FROM usb_devices', interval: 300, platform: 'linux' } },
  })
  const comments = (await run('versions', 'all')).stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line).comment)
  assert.deepEqual(comments, ['moved', 'imported from incident.conf', 'imported from incident.conf'])
})

test('what a host is given', async t => {
  const { lake, tenant, run } = await open(t)
  const secret = newId()
  await insertEnrollSecret(lake.store, {
    ...{ id: newId(), tenantId: tenant.id, secret, name: 'test', createdAt: 1, disabledAt: undefined },
    ...{ labels: [], environment: undefined },
  })
  const payload = enrolBody({ secret, identifier: 'web-1', uuid: newId() })
  await lake.app.inject({ method: 'POST', url: '/osquery/v1/enroll', payload })
  const { id } = await lake.store.selectFrom('hosts').select('id').executeTakeFirstOrThrow()
  const effective = await run('effective', id)
  assert.ok(JSON.parse(effective.stdout).schedule.open_sockets)
  assert.match(effective.stderr, /^1\.0\.0; linux, shard \d+, [\d,]+ bytes\n$/)
})

test('a role that may not change them is told so', async t => {
  const { lake, tenant, folder, file } = await open(t)
  file('one.json', {})
  const { clientId, clientSecret } = await lake.principal({ accountId: tenant.id, role: 'readOnly' })
  const address = lake.app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const environment = {
    ...{ EDR_LAKE_URL: `http://127.0.0.1:${port}`, EDR_LAKE_CLIENT_ID: clientId, EDR_LAKE_CLIENT_SECRET: clientSecret },
  }
  const effects = recordedEffects({ environment, workingDirectory: folder, now: lake.now })
  const parts = {
    ...{ version: '1', settings: [], serve: async () => 0, directory: directoryTools, readAgentFiles },
    ...{ recover: recoverAccess, holdLock: holdLockFile, openSimulation },
  }
  assert.equal(await runCli(['configurations', 'put', 'all', 'one.json'], effects, parts), 1)
  assert.equal(effects.stderr.text, 'edr-lake: these credentials may not do this: role Read-Only does not allow this\n')
  assert.equal(readFileSync(join(folder, 'one.json'), 'utf8'), '{}')
})
