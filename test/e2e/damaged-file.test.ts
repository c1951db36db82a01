import assert from 'node:assert/strict'
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCommand } from '../support/command.ts'
import { startServer } from '../support/server.ts'
import { connect } from '../support/xdr-client.ts'

const now = Math.floor(Date.now() / 1000)
const body = (name: string) =>
  Array.from({ length: 2_000 }, (_, n) => {
    const columns = { pid: String(n), cmdline: `${n * 7919} of ${name}` }
    return `${JSON.stringify({ name, hostIdentifier: 'alpha', unixTime: now - n, columns, action: 'added' })}\n`
  }).join('')

function dataFiles(directory: string): string[] {
  const entries = readdirSync(join(directory, 'lake'), { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}

test('over a damaged data file a run fails with its day and names, others go on, and fsck finds it', async () => {
  await using server = await startServer({ flags: ['--segment-bytes', '100k'] })
  const client = await connect(server.firstRun)
  // Each is a segment of its own, and so a file.
  await client.ingest(body('alpha_query'))
  const wait = async (files: number) => {
    while (dataFiles(server.directory).length < files) await new Promise(resolve => setTimeout(resolve, 50))
  }
  await wait(2)
  const [damaged] = dataFiles(server.directory).filter(path => path.includes('/xdr_data/'))
  await client.ingest(body('beta_query'))
  await wait(4)
  const bytes = readFileSync(damaged ?? '')
  bytes.fill(0xff, 4, Math.floor(bytes.length * 0.8))
  writeFileSync(damaged ?? '', bytes)
  const run = async (sql: string) => client.finish((await client.start({ sql })).id)

  const day = /\/(\d{4}-\d\d-\d\d)\//.exec(damaged ?? '')?.[1]
  for (const sql of ['SELECT * FROM alpha_query', 'SELECT count(cmdline) FROM xdr_data']) {
    const { result, error } = await run(sql)
    assert.equal(result, 'failed', sql)
    assert.equal(
      error?.message,
      `a data file of alpha_query received on ${day} is damaged: an operator can find and repair it with \`edr-lake fsck\``,
    )
  }
  assert.equal((await run('SELECT * FROM beta_query')).result, 'succeeded')
  truncateSync(damaged ?? '', 50)
  assert.match(
    (await run('SELECT * FROM alpha_query')).error?.message ?? '',
    /^a data file of alpha_query received on /,
  )
  assert.equal((await run('SELECT * FROM beta_query')).result, 'succeeded')

  await server.stop('SIGTERM')
  const found = await runCommand(['fsck', '--repair', '--data', server.directory])
  assert.match(found.stdout, /^damagedFile \S+ \S+: cannot be read: .*; what it was made of is still there\n$/)
  assert.equal(found.exitCode, 0)
  await using again = await server.restart()
  const rows = await (await connect(again.firstRun)).query({ sql: 'SELECT count(*) AS n FROM alpha_query' })
  assert.deepEqual(rows, [{ n: 2_000 }])
})
