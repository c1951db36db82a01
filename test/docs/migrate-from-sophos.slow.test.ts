// docs/migrate-from-sophos.md, block by block: its commands make the certificates, its programs run through a proxy
// that terminates TLS with them, each with the setting that the page gives for its language, and not without.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { added } from '../library/agent-lines.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { startTlsProxy, type TlsProxy } from '../support/tls-proxy.ts'
import { connect, requestToken } from '../support/xdr-client.ts'

const page = await readFile(new URL('../../docs/migrate-from-sophos.md', import.meta.url), 'utf8')

/** The fenced block with this language and name. */
function block(language: string, name: string): string {
  const found = new RegExp(`^\`\`\`${language} ${name}\n([^]*?)^\`\`\``, 'm').exec(page)?.[1]
  assert.ok(found !== undefined, `no block '${language} ${name}'`)
  return found
}

interface Program {
  readonly name: string
  readonly language: string
  readonly file: string
  readonly command: readonly string[]
  /** Whether the tools are here: a command that succeeds. */
  readonly needs: readonly string[]
}

const programs: readonly Program[] = [
  { name: 'curl', language: 'sh', file: 'lake.sh', command: ['sh', 'lake.sh'], needs: ['curl', '--version'] },
  {
    name: 'python',
    language: 'python',
    file: 'lake.py',
    command: ['python3', 'lake.py'],
    needs: ['python3', '-c', 'import requests'],
  },
  {
    name: 'urllib',
    language: 'python',
    file: 'plain.py',
    command: ['python3', 'plain.py'],
    needs: ['python3', '--version'],
  },
  {
    name: 'node',
    language: 'js',
    file: 'lake.mjs',
    command: [process.execPath, 'lake.mjs'],
    needs: [process.execPath, '--version'],
  },
  { name: 'go', language: 'go', file: 'lake.go', command: ['go', 'run', 'lake.go'], needs: ['go', 'version'] },
  { name: 'java', language: 'java', file: 'Lake.java', command: ['java', 'Lake.java'], needs: ['keytool', '-help'] },
]

const rowCount = 3

interface Outcome {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

describe('moving from the original', () => {
  let folder: string
  /** Where `lake-ca.pem` is the lake's own authority. */
  let ownFolder: string
  let server: TestServer
  let proxy: TlsProxy

  /** Runs a command in the folder of the certificates with nothing in its environment but what it is given. */
  async function run(
    command: readonly string[],
    environment: Readonly<Record<string, string>>,
    cwd = folder,
  ): Promise<Outcome> {
    const [program = '', ...parameters] = command
    const child = spawn(program, parameters, { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    const [stdout, stderr, [exitCode]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number | null]>,
    ])
    return { exitCode, stdout, stderr }
  }

  const surroundings = { PATH: process.env['PATH'] ?? '', HOME: homedir(), GOTOOLCHAIN: 'local' }

  function lake(): Readonly<Record<string, string>> {
    const { clientId, clientSecret } = server.firstRun
    return { ...surroundings, LAKE_URL: proxy.url, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret }
  }

  /** The page's own setting, with the folder of this test for the one it names. */
  function setting(name: string, place = folder): Readonly<Record<string, string>> {
    const [, variable = '', value = ''] = /^(\w+)=(.*)\n$/.exec(block('env', name)) ?? []
    assert.ok(value.includes('/etc/ssl/lake-'))
    return { [variable]: value.replaceAll('/etc/ssl/', `${place}/`) }
  }

  async function shell(name: string, environment: Readonly<Record<string, string>>, cwd = folder): Promise<void> {
    const command = ['sh', '-c', block('sh', name)]
    const { exitCode, stderr } = await run(command, { ...surroundings, ...environment }, cwd)
    assert.equal(exitCode, 0, stderr)
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edr-lake-docs-'))
    server = await startServer({ flags: ['--trust-proxy', '127.0.0.1', '--tls-port', '0'] })
    const client = await connect(server.firstRun)
    const lines = Array.from({ length: rowCount }, (_, nth) => added('users', { host: 'PC-1', ago: nth + 1 }, { nth }))
    await client.ingest(`${lines.join('\n')}\n`)
    await shell('certificates', { LAKE_NAME: 'localhost' })
    const [key, cert] = await Promise.all([readFile(join(folder, 'lake.key')), readFile(join(folder, 'lake.pem'))])
    proxy = await startTlsProxy(server.url, { key, cert })
    ownFolder = join(folder, 'own')
    await mkdir(ownFolder)
    await copyFile(join(server.directory, 'ca.pem'), join(ownFolder, 'lake-ca.pem'))
    for (const { name, language, file } of programs) {
      for (const place of [folder, ownFolder]) await writeFile(join(place, file), block(language, name))
    }
  })

  after(async () => {
    await proxy?.close()
    await server?.close()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  function isHere(context: TestContext, { needs: [command = '', ...parameters] }: Program): boolean {
    if (spawnSync(command, parameters, { stdio: 'ignore' }).status === 0) return true
    context.skip(`${command} is not on this machine`)
    return false
  }

  for (const program of programs) {
    test(`${program.name}: with its setting the rows arrive`, async context => {
      if (!isHere(context, program)) return
      if (program.name === 'java') await shell('truststore', {})
      const { exitCode, stdout, stderr } = await run(program.command, { ...lake(), ...setting(program.name) })
      assert.deepEqual([exitCode, stdout.trim()], [0, String(rowCount)], stderr)
    })

    test(`${program.name}: the same with the lake's own certificate`, async context => {
      if (!isHere(context, program)) return
      if (program.name === 'java') await shell('truststore', {}, ownFolder)
      const environment = { ...lake(), LAKE_URL: server.tlsUrl ?? assert.fail(), ...setting(program.name, ownFolder) }
      const { exitCode, stdout, stderr } = await run(program.command, environment, ownFolder)
      assert.deepEqual([exitCode, stdout.trim()], [0, String(rowCount)], stderr)
    })

    test(`${program.name}: without it the connection is refused`, async context => {
      if (!isHere(context, program)) return
      const { exitCode, stdout, stderr } = await run(program.command, lake())
      assert.notEqual(exitCode, 0)
      assert.equal(stdout.trim(), '')
      assert.match(stderr, /certificate|SSL|x509|PKIX/i)
    })
  }

  test('an MCP entry gives its server everything it needs', async () => {
    const { mcpServers } = JSON.parse(block('json', 'mcp')) as {
      mcpServers: Record<string, { env: Record<string, string> }>
    }
    const { env } = Object.values(mcpServers)[0]!
    assert.deepEqual(Object.keys(env), ['LAKE_URL', 'CLIENT_ID', 'CLIENT_SECRET', 'NODE_EXTRA_CA_CERTS'])
    const filled = { ...lake(), ...setting('node') }
    const own = Object.fromEntries(Object.keys(env).map(name => [name, filled[name as keyof typeof filled]!]))
    const { stdout, stderr } = await run([process.execPath, 'lake.mjs'], own)
    assert.equal(stdout.trim(), String(rowCount), stderr)
  })

  test('behind the proxy the lake names itself by the https address, without it by its own', async () => {
    const { access_token: token } = (await requestToken(server.firstRun)).json as { access_token: string }
    const script = `
      const { apiHosts } = await (await fetch(process.env.LAKE_URL + '/whoami/v1',
        { headers: { authorization: 'Bearer ${token}' } })).json()
      console.log(apiHosts.global, apiHosts.dataRegion)`
    const command = [process.execPath, '--input-type=module', '-e', script]
    const through = await run(command, { ...lake(), ...setting('node') })
    assert.equal(through.stdout.trim(), `${proxy.url} ${proxy.url}`, through.stderr)
    const direct = await run(command, { ...lake(), LAKE_URL: server.url })
    assert.equal(direct.stdout.trim(), `${server.url} ${server.url}`, direct.stderr)
  })

  test('the command makes a principal that gets a token', async () => {
    const command = block('sh', 'principal').trim()
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const { exitCode, stdout, stderr } = await run(['sh', '-c', `cd '${root}' && ${command}`], {
      ...surroundings,
      EDR_LAKE_DATA: server.directory,
    })
    assert.equal(exitCode, 0, stderr)
    const { clientId, clientSecret, role } = JSON.parse(stdout) as Record<string, string>
    assert.equal(role, 'forensics')
    const answer = await requestToken({ url: server.url, clientId: clientId!, clientSecret: clientSecret! })
    assert.equal(answer.status, 200, answer.text)
  })

  test('the page switches no check off', () => {
    const switches =
      /verify\s*=\s*False|--insecure|\bcurl [^\n]*-\w*k|rejectUnauthorized|TLS_REJECT|InsecureSkip|SkipCertif/
    assert.doesNotMatch(page, switches)
  })

  test('every block that has a name is run here', () => {
    const named = [...page.matchAll(/^```(\w+) (\w+)$/gm)].map(([, language, name]) => `${language} ${name}`)
    const known = programs.flatMap(({ language, name }) => [`${language} ${name}`, `env ${name}`])
    assert.deepEqual(named.sort(), [...known, 'sh principal', 'sh certificates', 'sh truststore', 'json mcp'].sort())
  })
})
