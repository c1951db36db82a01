import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { simulateFleet } from '../../src/simulator/fleet.ts'
import { startServer } from '../support/server.ts'
import { temporaryFolder } from './temporary-folder.ts'

// The command as a person uses it, against the real server.

const root = fileURLToPath(new URL('../..', import.meta.url))
const cli = join(root, 'src', 'bin', 'cli.ts')

async function edrLake(args: readonly string[], folder: string) {
  const child = spawn(process.execPath, [cli, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, status] = await Promise.all([
    child.stdout.setEncoding('utf8').toArray(),
    child.stderr.setEncoding('utf8').toArray(),
    new Promise<number | null>(resolve => child.once('close', resolve)),
  ])
  return { status, stdout: stdout.join(''), stderr: stderr.join('') }
}

function countRows(text: string): number {
  return text
    .split('\n')
    .filter(line => line.startsWith('{'))
    .flatMap(line => {
      const { columns, snapshot, diffResults } = JSON.parse(line)
      return columns ? [columns] : (snapshot ?? [...diffResults.added, ...diffResults.removed])
    }).length
}

test('a newcomer imports the examples and asks', async t => {
  await using server = await startServer()
  const data = ['--data', server.directory]
  const folder = join(root, 'examples', 'logs')
  const texts = readdirSync(folder).map(name => readFileSync(join(folder, name), 'utf8'))
  const lines = texts.join('').trimEnd().split('\n').length
  const imported = await edrLake(['import', 'examples/logs/*.log', ...data], root)
  assert.deepEqual([imported.status, imported.stderr], [0, ''])
  assert.match(imported.stdout, new RegExp(`: ${lines.toLocaleString('en-US')} stored, 0 already there, 0 rejected\n`))

  // The command that the import shows, as it shows it.
  const [, sql = '', from = '', to = ''] = /query '([^']+)' --from (\S+) --to (\S+) --data /.exec(imported.stdout) ?? []
  const shown = await edrLake(['query', sql, '--from', from, '--to', to, ...data], root)
  assert.equal(shown.status, 0, shown.stderr)
  const rows = shown.stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as { query_name: string; n: number })
  assert.equal(
    rows.reduce((sum, row) => sum + row.n, 0),
    countRows(texts.join('')),
  )

  // Without a window: the whole span of the data, not the last day.
  const all = await edrLake(['query', 'SELECT count(*) AS n FROM xdr_data', ...data], root)
  assert.deepEqual([all.status, all.stdout], [0, `{"n":${countRows(texts.join(''))}}\n`], all.stderr)
  assert.match(all.stderr, /^window all data, 2026-02-02 \d\d:\d\d:\d\d UTC to 2026-02-/)

  const again = await edrLake(['import', 'examples/logs/*.log', ...data], root)
  assert.match(again.stdout, / 0 stored, /)

  const refused = await edrLake(['query', 'SELECT nme\nFROM xdr_data', ...data], root)
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /^edr-lake: .*nme.*\n {2}1 \| SELECT nme\n {4}\| {8}\^\^\^\n/m)

  const bad = temporaryFolder(t, { 'bad.log': 'nonsense\n' })
  const rejected = await edrLake(['import', 'bad.log', ...data], bad)
  assert.equal(rejected.status, 1)
  assert.match(rejected.stderr, /^bad\.log:1: /)
})

test('an import outlives the server, and adds only what is new when the file has grown', async t => {
  // A port of its own, so that the restarted server is where the import looks for it.
  let server = await startServer({ flags: ['--port', String(await freePort())] })
  t.after(() => server.close())
  const span = { start: 1_770_000_000, end: 1_770_086_400 }
  const fleet = simulateFleet({ seed: 'resume', hostCount: 20, span })
  const lines = fleet.hosts.flatMap(host => fleet.linesOf(host).map(line => `${line.text}\n`))
  const most = lines.slice(0, -500)
  const folder = temporaryFolder(t, { 'results.log': most.join('') })
  const importing = edrLake(['import', 'results.log', '--data', server.directory], folder)
  await untilStored(server.directory)
  await server.stop('SIGKILL')
  server = await server.restart()
  const first = await importing
  assert.equal(first.status, 0, first.stderr)
  appendFileSync(join(folder, 'results.log'), lines.slice(-500).join(''))
  const rest = await edrLake(['import', 'results.log', '--data', server.directory], folder)
  assert.equal(rest.status, 0, rest.stderr)
  writeFileSync(join(folder, 'packed.gz'), gzipSync(lines.join('')))
  const packed = await edrLake(['import', 'packed.gz', '--data', server.directory], folder)
  assert.match(packed.stdout, / 0 stored, /)
  const counted = await edrLake(['query', 'SELECT count(*) AS n FROM xdr_data', '--data', server.directory], folder)
  assert.equal(counted.stdout, `{"n":${countRows(lines.join(''))}}\n`)
})

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

/** Resolves when the first of the import's lines are on disk. */
async function untilStored(directory: string): Promise<void> {
  const segments = join(directory, 'segments')
  for (;;) {
    const files = readdirSync(segments, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
    const bytes = files.reduce((sum, file) => sum + readFileSync(join(file.parentPath, file.name)).length, 0)
    if (bytes > 1_000) return
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
