import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCommand } from '../support/command.ts'
import { startServer } from '../support/server.ts'
import { connect } from '../support/xdr-client.ts'
import { temporaryFolder } from './temporary-folder.ts'

// The commands on a data directory, as an operator types them.

const now = Math.floor(Date.now() / 1000)
const line = (host: string, n: number) =>
  JSON.stringify({
    name: 'Ports',
    hostIdentifier: host,
    unixTime: now - n,
    columns: { pid: String(n) },
    action: 'added',
  })
const body = (host: string, first: number, count: number) =>
  Array.from({ length: count }, (_, at) => `${line(host, first + at)}\n`).join('')

function dataFiles(directory: string): string[] {
  const names = readdirSync(join(directory, 'lake'), { recursive: true, withFileTypes: true })
  return names.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}

test('a lake is backed up while it runs, restored, checked, merged, kept, erased from and counted', async t => {
  const folder = temporaryFolder(t)
  const [backup, restored] = [join(folder, 'backup'), join(folder, 'restored')]
  await using server = await startServer()
  const client = await connect(server.firstRun)
  await client.ingest(body('alpha', 1, 30))
  await client.ingest(body('beta', 1, 20))
  const data = ['--data', server.directory]

  for (const words of [['fsck'], ['compact'], ['erase', '--host', 'x']]) {
    const refused = await runCommand([...words, ...data])
    assert.equal(refused.exitCode, 1)
    assert.match(refused.stderr, /^edr-lake: another server is running on the data directory /)
  }
  // What a server may change while it runs is asked of it.
  for (const [words, said] of [
    [['--days', '5'], 'rows are kept 5 days (through the server)'],
    [['--query-name', 'Ports', '--days', '3'], 'rows of Ports are kept 3 days (through the server)'],
    [['--query-name', 'Ports', '--reset'], "rows of Ports are kept as long as their tenant's (through the server)"],
  ] as const) {
    const changed = await runCommand(['retention', 'set', ...words, ...data])
    assert.deepEqual([changed.exitCode, changed.stdout, changed.stderr], [0, `${said}\n`, ''])
  }
  const taken = await runCommand(['backup', backup, ...data])
  assert.deepEqual([taken.exitCode, taken.stderr], [0, ''])
  assert.equal(taken.stdout, `backed up to ${backup}: 0 data files (0 B), 1 open segment\n`)
  const stats = await runCommand(['stats', ...data])
  assert.match(stats.stdout, /^tenant \S+ \(Default\), rows kept 5 days\n {2}not in data files yet: 1 segment, /)

  const made = await runCommand(['restore', backup, '--data', restored])
  assert.deepEqual([made.exitCode, made.stderr], [0, ''])
  const clean = await runCommand(['fsck', '--data', restored])
  assert.deepEqual(
    [clean.exitCode, clean.stdout, clean.stderr],
    [0, '', 'read 0 data files and 1 segment: no difference\n'],
  )
  const again = await runCommand(['restore', backup, '--data', restored])
  assert.deepEqual([again.exitCode, again.stderr], [1, `edr-lake: ${restored} is not empty\n`])

  const hostId = /"h":"([^"]+)","hi":"beta"/.exec(tailText(restored))?.[1] ?? ''
  const erased = await runCommand(['erase', '--host', hostId, '--data', restored])
  assert.deepEqual([erased.stdout, erased.stderr], ['40 rows erased from 2 data files\n', ''])
  const checked = await runCommand(['fsck', '--data', restored])
  assert.match(checked.stderr, /: no difference(?:;|$)/m)
  const kept = await runCommand(['retention', 'set', '--query-name', 'Ports', '--days', '7', '--data', restored])
  assert.equal(kept.stdout, 'rows of Ports are kept 7 days\n')
  const merged = await runCommand(['compact', '--data', restored])
  assert.match(merged.stdout, /^0 merges, 0 failed: 3 data files before, 3 now\n$/)
  const counted = await runCommand(['stats', '--data', restored])
  assert.match(counted.stdout, / {2}xdr_data: 30 rows, 1 file, \S+ KiB, \d+ bytes a row, 20/)

  const [first] = dataFiles(restored)
    .filter(path => path.includes('xdr_data'))
    .slice(-1)
  const bytes = readFileSync(first ?? '')
  bytes.writeUInt8(bytes.readUInt8(30) ^ 255, 30)
  writeFileSync(first ?? '', bytes)
  const found = await runCommand(['fsck', '--data', restored])
  assert.equal(found.exitCode, 1)
  assert.match(found.stdout, /^damagedFile \S+ \S+\.parquet: is not what was written: its hash differs/)
})

function tailText(directory: string): string {
  const folder = join(directory, 'segments')
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  return names.map(entry => readFileSync(join(entry.parentPath, entry.name), 'utf8')).join('')
}

test('what is no data directory, or no backup, is said', async t => {
  const folder = temporaryFolder(t)
  const nowhere = join(folder, 'nowhere')
  mkdirSync(join(folder, 'some'))
  for (const words of [['fsck'], ['compact'], ['stats']]) {
    const refused = await runCommand([...words, '--data', nowhere])
    assert.deepEqual([refused.exitCode, refused.stderr], [1, `edr-lake: ${nowhere} is no data directory\n`])
  }
  const refused = await runCommand(['restore', join(folder, 'some'), '--data', nowhere])
  assert.equal(refused.exitCode, 1)
  assert.match(refused.stderr, /is no whole backup: it has no readable backup\.json\n$/)
})
