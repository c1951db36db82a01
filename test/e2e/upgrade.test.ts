import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { storeVersion } from '../../src/db/migrate.ts'
import { runCommand } from '../support/command.ts'
import { startServer } from '../support/server.ts'
import { connect, type ResultRow } from '../support/xdr-client.ts'

// Data directories of earlier formats, made by the programs of their time: rows in data files, a consumed segment that
// is still there, and an open one that a `kill -9` left. The present program starts on them and finds every row.

const fixtures = fileURLToPath(new URL('../fixtures/data-directories', import.meta.url))
const from = '2026-11-01T00:00:00.000Z'

/** What was ingested, in the order of the clock. */
const rows: readonly ResultRow[] = [
  { query_name: 'processes', host_identifier: 'alpha', meta_hostname: 'alpha.example', pid: 1, port: null },
  { query_name: 'processes', host_identifier: 'alpha', meta_hostname: 'alpha.example', pid: 2, port: null },
  { query_name: 'processes', host_identifier: 'alpha', meta_hostname: 'alpha.example', pid: 3, port: null },
  { query_name: 'listening_ports', host_identifier: 'alpha', meta_hostname: 'alpha.example', pid: 1, port: 22 },
  { query_name: 'listening_ports', host_identifier: 'alpha', meta_hostname: 'alpha.example', pid: 2, port: 443 },
  { query_name: 'processes', host_identifier: 'beta', meta_hostname: 'beta.example', pid: 9, port: null },
  { query_name: 'processes', host_identifier: 'beta', meta_hostname: 'beta.example', pid: 10, port: null },
  { query_name: 'logged_in_users', host_identifier: 'alpha', meta_hostname: 'alpha.example', pid: null, port: null },
]

for (const { format, hasFirewall } of [
  { format: 1, hasFirewall: false },
  { format: 2, hasFirewall: true },
]) {
  test(`a data directory of format ${format} is taken over with every row`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'edr-lake-upgrade-'))
    cpSync(join(fixtures, `format-${format}`), directory, { recursive: true })
    await using server = await startServer({ directory, flags: ['--segment-age', '1s'] })
    assert.match(server.output(), new RegExp(`"from":${format},"to":${storeVersion},.*brought to a newer format`))
    const copies = readdirSync(join(directory, 'private')).filter(name => name.includes('.format-'))
    assert.deepEqual(copies, [`store.sqlite.format-${format}`])
    // Credentials of then are good now.
    const client = await connect(server.firstRun)
    const columns = 'query_name, host_identifier, meta_hostname, pid, port'
    const sql = `SELECT ${columns} FROM xdr_data ORDER BY calendar_time, pid`
    assert.deepEqual(await client.query({ sql, from }), rows)
    const reports = await client.query({ sql: 'SELECT count(*) AS n FROM lake_reports', from })
    assert.deepEqual(reports, [{ n: 7 }])
    const homemade = await client.query({ sql: "SELECT homemade FROM processes WHERE homemade = 'yes'", from })
    assert.deepEqual(homemade, [{ homemade: 'yes' }], 'columns that agents brought are known')
    if (hasFirewall) {
      const found = await client.query({ sql: 'SELECT src_ip, dst_port FROM xgfw_data ORDER BY src_ip', from })
      assert.deepEqual(found, [
        { src_ip: '10.0.0.1', dst_port: 443 },
        { src_ip: '10.0.0.2', dst_port: null },
      ])
    }
    // What an agent sends again is known from segments of then; what it sends next is taken.
    const line = { name: 'processes', hostIdentifier: 'beta', unixTime: 1_795_500_600, columns: { pid: '11' } }
    assert.equal((await client.ingest(`${JSON.stringify(line)}\n`)).accepted, 1)
    assert.equal((await client.query({ sql, from })).length, 9)
    await server.stop('SIGTERM')
    const checked = await runCommand(['fsck', '--data', directory])
    assert.deepEqual([checked.exitCode, checked.stdout], [0, ''], checked.stderr)
    await using again = await server.restart()
    assert.doesNotMatch(again.output(), /brought to a newer format/)
    assert.equal((await (await connect(again.firstRun)).query({ sql, from })).length, 9)
    assert.ok(existsSync(join(directory, 'private', copies[0] ?? '')))
  })
}
