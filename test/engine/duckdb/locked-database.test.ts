import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import type { DuckDBConnection } from '@duckdb/node-api'
import { guardStatement, lockDatabase, openDatabase } from '../../../src/engine/duckdb/locked-database.ts'
import { testFolder } from '../../support/engine-fixtures.ts'

// The second wall by itself: text that no gate has seen, on the worker's own locked connection. And the first guard by
// itself: the same kinds of text, refused before they run.

interface Locked {
  readonly connection: DuckDBConnection
  readonly folder: string
  readonly secret: string
}

async function locked(context: TestContext): Promise<Locked> {
  const folder = await testFolder(context)
  const setup = {
    memoryBytes: 256 * 2 ** 20,
    databaseBytes: 256 * 2 ** 20,
    threads: 1,
    tempBytes: 2 ** 20,
    tempFolder: join(folder, 'tmp'),
  }
  const database = await openDatabase(setup)
  context.after(() => database.close())
  const secret = join(folder, 'secret.csv')
  writeFileSync(secret, 'a,b\n1,foreign\n')
  await lockDatabase(database.connection, [join(folder, 'allowed.parquet')])
  return { connection: database.connection, folder, secret }
}

suite('the locked database', () => {
  test('opens no file but those it was given, reading or writing', async context => {
    const { connection, folder, secret } = await locked(context)
    const outside = join(folder, 'outside.parquet')
    const refused = [
      `SELECT * FROM read_csv('${secret}')`,
      `SELECT * FROM '${secret}'`,
      `SELECT * FROM read_text('/etc/passwd')`,
      `SELECT * FROM read_blob('/proc/self/environ')`,
      `SELECT * FROM glob('${folder}/*')`,
      `SELECT * FROM read_json('${folder}/../*/secret.csv')`,
      `COPY (SELECT 1) TO '${outside}'`,
      `COPY (SELECT 1) TO '${join(folder, 'x', '..', 'outside.parquet')}'`,
      `ATTACH '${join(folder, 'new.duckdb')}'`,
      `EXPORT DATABASE '${join(folder, 'export')}'`,
      'INSTALL httpfs',
      `LOAD '${secret}'`,
      `SELECT * FROM read_parquet('https://127.0.0.1:1/x.parquet')`,
    ]
    for (const sql of refused) await assert.rejects(connection.run(sql), Error, sql)
    assert.equal(existsSync(outside), false)
    await connection.run(`COPY (SELECT 1 AS one) TO '${join(folder, 'allowed.parquet')}'`)
  })

  test('changes no setting', async context => {
    const { connection } = await locked(context)
    const refused = [
      'SET enable_external_access = true',
      `SET allowed_paths = ['/etc/passwd']`,
      `SET allowed_directories = ['/']`,
      'SET lock_configuration = false',
      `SET memory_limit = '100GB'`,
      'SET threads = 64',
      `SET temp_directory = '/tmp'`,
      `SET TimeZone = 'Asia/Tokyo'`,
      'RESET memory_limit',
      'SET autoinstall_known_extensions = true',
      'PRAGMA memory_limit = "1GB"',
    ]
    for (const sql of refused)
      await assert.rejects(connection.run(sql), /configuration has been locked|Cannot|cannot|recognized/i, sql)
  })

  test('computes as Trino does where that is a setting', async context => {
    const { connection } = await locked(context)
    const reader = await connection.runAndReadAll(
      `SELECT 7 / 2 AS whole, CAST(TIMESTAMPTZ '2026-01-01 00:00:00+00' AS VARCHAR) AS utc, 7.0e0 / 2 AS half`,
    )
    assert.deepEqual(reader.getRowObjects(), [{ whole: 3, utc: '2026-01-01 00:00:00+00', half: 3.5 }])
  })

  test('the guard refuses what is no SELECT over the view', async context => {
    const { connection, secret } = await locked(context)
    const relations = new Set(['xdr_data'])
    const refused = [
      '',
      ';',
      'SELECT 1; SELECT 2',
      'SELECT 1; DROP VIEW xdr_data',
      `COPY (SELECT 1) TO 'x'`,
      'CREATE TABLE t (a INT)',
      'SELECT * FROM duckdb_settings()',
      'SELECT * FROM information_schema.tables',
      'SELECT * FROM pg_catalog.pg_tables',
      'SELECT * FROM sqlite_master',
      `SELECT * FROM '${secret}'`,
      `SELECT * FROM read_csv('${secret}')`,
      `SELECT * FROM query('SELECT 1')`,
      `SELECT * FROM query_table('xdr_data')`,
      `SELECT getvariable('x')`,
      `SELECT current_setting('temp_directory')`,
      `FROM xdr_data`.replace('xdr_data', 'other'),
      'SELECT * FROM other',
      'SELECT * FROM memory.main.other',
      'WITH xdr_data AS (SELECT 1 AS a) SELECT * FROM other',
      'DESCRIBE xdr_data',
      'SUMMARIZE xdr_data',
      'SHOW TABLES',
      'PRAGMA version',
      'SELECT * FROM range(10)',
      'SELECT 1 \0 AS x',
      'SELECT (1',
    ]
    for (const sql of refused) {
      await assert.rejects(guardStatement(connection, sql, relations), { code: 'invalid_argument' }, sql)
    }
    await guardStatement(connection, 'SELECT lower(name) AS n FROM "xdr_data" WHERE port IN (1, 2)', relations)
    await guardStatement(connection, 'WITH t AS (SELECT 1 AS a) SELECT a FROM t UNION ALL SELECT 2', relations)
  })
})
