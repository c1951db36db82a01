import assert from 'node:assert/strict'
import { type SpawnSyncOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

// What somebody gets who installs the package: built, packed, installed into a folder of its own, and run from there by
// whatever Node stands first in the path.

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * The environment of a person's shell: npm scripts put the project's own programs first, which would help too much. Whom
 * the machine trusts stays.
 */
function shellEnvironment(): Record<string, string | undefined> {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter(each => !each.includes('node_modules'))
  const own = Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_(?!EXTRA_CA_CERTS$)/i.test(name))
  return { ...Object.fromEntries(own), PATH: path.join(delimiter) }
}

function run(command: string, args: readonly string[], options: SpawnSyncOptions = {}): string {
  const result = spawnSync(command, args, { encoding: 'utf8', env: shellEnvironment(), ...options })
  assert.equal(result.status, 0, `${command} ${args.join(' ')}:\n${result.stdout}\n${result.stderr}`)
  return String(result.stdout)
}

test('the package installs, and its command and its server run', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'edr-lake-package-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  run(process.execPath, [join(root, 'scripts', 'build.mjs')], { cwd: root })
  assert.deepEqual(
    readdirSync(root).filter(name => name.startsWith('dist.')),
    [],
    'nothing is left of the build but dist',
  )
  run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root })
  const [archive] = readdirSync(folder).filter(name => name.endsWith('.tgz'))
  assert.ok(archive)
  const prefix = join(folder, 'prefix')
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
  run('npm', ['install', '--global', '--prefix', prefix, ...flags, join(folder, archive)], { cwd: folder })
  const installed = join(prefix, 'lib', 'node_modules', 'edr-lake')
  assert.equal(existsSync(join(installed, 'src')), false, 'sources are not part of it')
  const command = join(prefix, 'bin', 'edr-lake')
  const { version } = JSON.parse(run('npm', ['pkg', 'get', '--json', 'version', 'name'], { cwd: root })) as {
    version: string
  }
  assert.equal(run(command, ['--version'], { cwd: folder }), `${version}\n`)
  assert.match(run(command, ['config'], { cwd: folder }), /^--port +EDR_LAKE_PORT +8480/m)

  const server = spawn(command, ['serve', '--port', '0', '--tls-port', '0', '--data', 'data'], {
    cwd: folder,
    env: shellEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => server.kill('SIGKILL'))
  const messages: string[] = []
  for await (const line of createInterface({ input: server.stdout })) {
    messages.push((JSON.parse(line) as { msg: string }).msg)
    if (messages.at(-1) !== 'ready') continue
    // In ./data, where the command looks by itself; the workers run from dist too.
    assert.equal(run(command, ['query', "SELECT 'x' AS a, 1 AS b"], { cwd: folder }), '{"a":"x","b":1}\n')
    server.kill('SIGTERM')
  }
  const code = server.exitCode ?? (await once(server, 'close'))[0]
  assert.deepEqual([code, messages.at(-1)], [0, 'stopped'])
})
