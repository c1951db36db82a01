// docs/operations.md, block by block in one shell: with the server running, then with it stopped. And every difference,
// reason and metric that the program knows has its line on the page.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { tenantMetrics } from '../../src/bin/tenant-metrics.ts'
import { startServer } from '../support/server.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = await readFile(join(root, 'docs/operations.md'), 'utf8')

/** The page's commands with this word after `sh`. */
function blocks(word: string): readonly string[] {
  return [...page.matchAll(/^```sh ?(\w*)\n(.*?)^```$/gms)].filter(match => match[1] === word).map(match => match[2]!)
}

async function run(folder: string, data: string, script: string): Promise<string> {
  const child = spawn('sh', ['-eu'], {
    cwd: folder,
    env: { PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`, EDR_LAKE_DATA: data, HOME: folder },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(script)
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  assert.equal(exitCode, 0, `${stderr}\n${stdout}`)
  return `${stdout}${stderr}`
}

test('the commands do what the page says', async t => {
  await using server = await startServer()
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-operations-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await symlink(join(root, 'edr-lake'), join(folder, 'edr-lake'))
  const said = await run(folder, server.directory, blocks('').join('\n'))
  assert.match(said, /rows are kept 60 days \(through the server\)\nrows of processes are kept 14 days/)
  assert.match(said, /"diskBudgetBytes":21474836480/)
  assert.match(said, /backed up to \S+backup-1: /)
  await server.stop('SIGTERM')
  const stopped = await run(folder, server.directory, blocks('stopped').join('\n'))
  assert.match(stopped, /restored into \S+restored: /)
  assert.equal(stopped.match(/: no difference$/gm)?.length, 2)
  assert.match(stopped, /0 rows erased from 0 data files/)
})

test('everything that can be said of a run, a directory or a tenant is on the page', async () => {
  const source = async (path: string) => readFile(join(root, path), 'utf8')
  const reasons = /reason:\s*((?:\s*\|?\s*'\w+')+)/.exec(await source('src/model/query-run.ts'))?.[1] ?? assert.fail()
  const kinds = /DifferenceKind =\s*((?:\s*\|\s*'\w+')+)/.exec(await source('src/rescue/difference.ts'))?.[1]
  const words = [...`${reasons}${kinds}`.matchAll(/'(\w+)'/g)].map(([, word = '']) => word)
  assert.ok(words.length > 15)
  const metrics = tenantMetrics.map(({ name }) => name.replace('edr_lake_', ''))
  const shown = metrics.map(name => name.replace(/^budget_dropped_(?=rows|bytes)/, '…_'))
  assert.deepEqual(
    [...words, ...shown].filter(word => !page.includes(`\`${word}\``)),
    [],
  )
})
