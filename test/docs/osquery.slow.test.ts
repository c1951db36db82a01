// docs/osquery.md, block by block: the lake's commands and the machine's in one shell. What is no part of this program
// is played: `scp` copies, `install` puts into a folder that stands for the machine's disk, and `systemctl restart
// osqueryd` waits until an agent that read the flagfile there has enrolled.

import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openAgent } from '../../src/simulator/agent/agent.ts'
import { realTime } from '../../src/simulator/agent/agent-effects.ts'
import { type AgentFlags, osqueryFlags } from '../../src/simulator/agent/flags.ts'
import { type AgentPaths, fleetPaths, osctrlPaths } from '../../src/simulator/agent/requests.ts'
import { makeHosts } from '../../src/simulator/hosts.ts'
import { openRandom } from '../../src/simulator/random.ts'
import { trustIn } from '../../src/simulator/remote/transport.ts'
import { readDocsPage, root, runShell } from '../support/docs-page.ts'
import { startServer, type TestServer } from '../support/server.ts'

const page = await readDocsPage('osquery')
const hosts = makeHosts(openRandom('docs/osquery'), 20, Math.floor(Date.now() / 1000))
const host = hosts.find(each => each.platform === 'linux')!

/** What stands for the machine's programs. `$MACHINE` is its disk. */
const programs: Readonly<Record<string, string>> = {
  scp: 'cp -r "$2" "$MACHINE/$(printf %s "$3" | cut -d: -f2)"',
  sudo: 'exec "$@"',
  install:
    'for last; do :; done\nset -- $(printf "%s " "$@" | sed "s# /etc/osquery/ #  $MACHINE/etc/osquery/ #")\nexec /usr/bin/install "$@"',
  systemctl:
    'case "$1" in restart) touch "$MACHINE/restarted"; until [ -e "$MACHINE/enrolled" ]; do sleep 0.1; done;; esac',
}

/** The page's commands in order, those for the machine in a shell of their own, in its folder. */
function commandsOf(): string {
  assert.ok(page.blocks('machine').length >= 2)
  const parts: string[] = []
  let machine = ''
  for (const { word, script } of [...page.commands, { word: '', script: '' }]) {
    if (word === 'machine') {
      machine += script
      continue
    }
    if (machine !== '') parts.push(`(cd "$MACHINE"\n${machine})\n`)
    machine = ''
    parts.push(script)
  }
  return parts.join('echo; echo ==\n')
}

async function run(folder: string, commands: string, signal: AbortSignal): Promise<readonly string[]> {
  const path = [join(folder, 'programs'), dirname(process.execPath), process.env['PATH']].join(delimiter)
  const env = { PATH: path, MACHINE: join(folder, 'machine') }
  const { stdout } = await runShell(folder, commands, { env, signal })
  return stdout.split(/^==\n/m).map(part => part.trim())
}

/** The flagfile on the machine's disk as osquery reads it, with its paths there. */
function readFlagfile(machine: string) {
  const flagfile = readFileSync(join(machine, 'etc/osquery/osquery.flags'), 'utf8')
  const given = new Map([...flagfile.matchAll(/^--(\w+)=(.*)$/gm)].map(match => [match[1], match[2]!]))
  const get = (name: string) => given.get(name) ?? assert.fail(`no --${name}`)
  const read = (name: string) => readFileSync(join(machine, get(name)), 'utf8')
  const flags = Object.entries(osqueryFlags).map(([name, value]) => {
    const said = given.get(name)
    if (said === undefined) return [name, value]
    return [name, typeof value === 'boolean' ? said === 'true' : typeof value === 'number' ? Number(said) : said]
  })
  const paths = {
    ...{ enroll: get('enroll_tls_endpoint'), config: get('config_tls_endpoint'), log: get('logger_tls_endpoint') },
    ...{ read: get('distributed_tls_read_endpoint'), write: get('distributed_tls_write_endpoint') },
  }
  return {
    origin: `https://${get('tls_hostname')}`,
    ...{ paths, flags: Object.fromEntries(flags) as AgentFlags },
    ...{ enrollSecret: read('enroll_secret_path').trim(), caPem: read('tls_server_certs') },
  }
}

interface AgentFacts {
  readonly origin: string
  readonly paths: AgentPaths
  readonly flags: AgentFlags
  readonly enrollSecret: string
  readonly caPem: string
}

function agentOf({ caPem, ...facts }: AgentFacts, identifier = host.identifier) {
  const own = { ...host, identifier }
  return openAgent({
    ...facts,
    host: own,
    seed: identifier,
    osqueryVersion: '5.23.1',
    trust: trustIn(caPem),
    effects: realTime(Date.now),
  })
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !isSo(); tries += 1) {
    assert.ok(tries < 600, `${what} did not happen within a minute`)
    await delay(100)
  }
}

/** An agent that comes from elsewhere enrols with the secret it has, under the paths it has. */
async function enrolsAs(server: TestServer, paths: AgentPaths, enrollSecret: string): Promise<void> {
  const caPem = readFileSync(join(server.directory, 'ca.pem'), 'utf8')
  const agent = agentOf({ origin: server.tlsUrl!, paths, flags: osqueryFlags, enrollSecret, caPem }, enrollSecret)
  agent.start()
  try {
    await until(() => agent.nodeKey !== '', `enrolment under ${paths.enroll}`)
  } finally {
    await agent.stop()
  }
}

test('from nothing to the first row, and everything else on the page', async t => {
  await using server = await startServer({ flags: ['--tls-port', '0', '--tls-name', 'localhost'] })
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-osquery-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const machine = join(folder, 'machine')
  await mkdir(join(machine, 'etc/osquery'), { recursive: true })
  await mkdir(join(folder, 'programs'))
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(join(folder, 'programs', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  }
  await symlink(join(root, 'edr-lake'), join(folder, 'edr-lake'))
  await symlink(server.directory, join(folder, 'data'))

  const commands = commandsOf().replaceAll('https://lake.example.com:8443', server.tlsUrl ?? '')
  const ending = new AbortController()
  t.after(() => ending.abort())
  const running = run(folder, commands, ending.signal)
  const playing = (async () => {
    await until(() => existsSync(join(machine, 'restarted')), 'the restart of osqueryd')
    assert.equal(statSync(join(machine, 'etc/osquery/edr-lake-secret')).mode & 0o777, 0o600)
    const agent = agentOf(readFlagfile(machine))
    agent.start()
    await until(() => agent.nodeKey !== '', 'the enrolment')
    writeFileSync(join(machine, 'enrolled'), '')
    return agent
  })()
  const [parts, agent] = await Promise.all([running, playing])
  await agent.stop()

  const [files, , alive, live, tables, moved, environment, version] = parts
  const rows = (part: string | undefined) => (part ?? '').split('\n').map(line => JSON.parse(line))
  assert.match(files ?? '', /^files for agents of localhost:\d+ written to agents: linux, macos, windows; /)
  assert.deepEqual(files?.split('\n').slice(1), ['INSTALL.md', 'edr-lake-ca.pem', 'edr-lake-secret', 'osquery.flags'])
  assert.equal(alive, '{"status":"alive"}')
  assert.deepEqual(
    rows(live).map(({ name, meta_hostname }) => [name, meta_hostname]),
    [[host.osName, host.hostname]],
  )
  // On a slow machine the first scheduled queries have been answered as well.
  const counts = rows(tables).filter(({ query_name: name }) => name?.startsWith('live/'))
  assert.deepEqual(
    counts.map(({ n }) => n),
    [1],
  )
  assert.deepEqual(moved?.split('\n'), ['moved from Fleet', 'First run', 'moved from Fleet'])
  assert.equal(environment, 'production')
  assert.equal(JSON.parse(version ?? '').name, 'edr-lake')

  await enrolsAs(server, fleetPaths, 'the-secret-they-have')
  await enrolsAs(server, osctrlPaths('production'), 'the-environments-secret')
})
