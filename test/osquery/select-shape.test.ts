import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { AppError } from '../../src/model/errors.ts'
import { checkSelect } from '../../src/osquery/select-shape.ts'
import { randomOf } from '../fuzz/random.ts'

const accepted: readonly (readonly [string, readonly string[]])[] = [
  ['SELECT 1', []],
  ['select * from processes;', ['processes']],
  ['  -- who\n/* is */ SELECT p.name FROM processes p JOIN users AS u USING (uid)', ['processes', 'users']],
  [
    "SELECT ';', '--', '/*', 'it''s' FROM \"listening_ports\", [arp_cache], `routes`",
    ['listening_ports', 'arp_cache', 'routes'],
  ],
  ['WITH t AS (SELECT pid FROM processes) SELECT * FROM t, users', ['processes', 'users']],
  ['WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n) SELECT x FROM n LIMIT 3', []],
  ['VALUES (1), (2)', []],
  ['SELECT 1 WHERE 1 IS DISTINCT FROM 2', []],
  ['SELECT * FROM (WITH w AS (SELECT 1) SELECT * FROM w), file', ['file']],
  [
    "SELECT replace(name, 'a', 'b') FROM (SELECT name FROM programs) WHERE 1 IN (SELECT 1 FROM os_version)",
    ['programs', 'os_version'],
  ],
  ["SELECT x'00ff', 0x1F, .5e3, 1e-2 FROM time", ['time']],
  ['SELECT a ->> 1, b -> 2, "update" FROM t WHERE a <> b OR a || b != c', ['t']],
  ['SELECT count(*), max(a, b) FROM logged_in_users WHERE a IN (1, 2) ORDER BY 1, 2', ['logged_in_users']],
  ['SELECT * FROM (processes JOIN users ON processes.uid = users.uid, groups)', ['processes', 'users', 'groups']],
]

test('one statement that reads goes out, and its relations are known', () => {
  for (const [sql, relations] of accepted) assert.deepEqual(checkSelect(sql), { relations }, sql)
})

const refused: readonly (readonly [string, string])[] = [
  ['', 'the SQL is empty'],
  ['  -- nothing', 'the SQL is empty'],
  [';', 'line 1:1: only SELECT, VALUES and WITH … SELECT go to agents'],
  ['DELETE FROM processes', 'line 1:1: only SELECT, VALUES and WITH … SELECT go to agents'],
  ['PRAGMA table_info(processes)', 'line 1:1: only SELECT, VALUES and WITH … SELECT go to agents'],
  ["ATTACH 'x' AS y", 'line 1:1: only SELECT, VALUES and WITH … SELECT go to agents'],
  ['EXPLAIN SELECT 1', 'line 1:1: only SELECT, VALUES and WITH … SELECT go to agents'],
  ['"SELECT" 1', 'line 1:1: only SELECT, VALUES and WITH … SELECT go to agents'],
  ['SELECT 1; SELECT 2', 'line 1:11: one statement is sent at a time: there is another one behind the ;'],
  ['SELECT 1;\n;', 'line 2:1: one statement is sent at a time: there is another one behind the ;'],
  ['SELECT 1; DROP TABLE x', 'line 1:11: one statement is sent at a time: there is another one behind the ;'],
  ['WITH a AS (SELECT 1) DELETE FROM t', 'line 1:22: DELETE changes something: only SELECT goes to agents'],
  ['WITH a AS (SELECT 1) REPLACE INTO t SELECT 1', 'line 1:22: REPLACE changes something: only SELECT goes to agents'],
  ['WITH a AS (SELECT 1)', 'line 1:1: WITH has no SELECT'],
  ["SELECT 'open", 'line 1:8: a string is not closed'],
  ['SELECT "open', 'line 1:8: a quoted name is not closed'],
  ['SELECT [open', 'line 1:8: a name in brackets is not closed'],
  ['SELECT 1 /* open', 'line 1:10: a comment is not closed'],
  ['SELECT (1', 'line 1:8: this ( is not closed'],
  ['SELECT\n1)', 'line 2:2: this ) closes nothing'],
  ['SELECT ?1', 'line 1:8: a parameter of the engine has no value here: write $$name$$'],
  ['SELECT * FROM users WHERE uid = :uid', 'line 1:33: a parameter of the engine has no value here: write $$name$$'],
  ["SELECT '\u0000'", 'line 1:9: a NUL character is not SQL'],
  ['SELECT {}', 'line 1:8: "{" is not SQL'],
  [`SELECT ${'('.repeat(101)}1${')'.repeat(101)}`, 'line 1:108: nested deeper than 100 levels'],
  [`SELECT '${'x'.repeat(200_000)}'`, 'the SQL has 200009 characters: at most 200000 are sent'],
]

test('anything else is refused with its place', () => {
  for (const [sql, message] of refused) {
    assert.throws(
      () => checkSelect(sql),
      (error: unknown) => error instanceof AppError && error.code === 'invalid_argument' && error.message === message,
      sql.slice(0, 100),
    )
  }
})

/** What SQLite itself says of the text as a whole: nothing but its first statement is prepared. */
function isRead(database: DatabaseSync, sql: string): boolean {
  try {
    database.prepare(sql)
    return true
  } catch {
    return false
  }
}

test('what passes and SQLite can prepare never changes anything', () => {
  const random = randomOf(20_261_124)
  const pieces = [
    "'",
    '"',
    ';',
    '--',
    '/*',
    '*/',
    '(',
    ')',
    ' ',
    '\n',
    'SELECT ',
    '1',
    'WITH a AS ',
    'DELETE FROM t',
    'DROP TABLE t',
    'INSERT INTO t VALUES (1)',
    ',',
    '`',
    '[',
    ']',
    "''",
    'FROM t',
    'UPDATE t SET a = 2',
  ]
  for (let round = 0; round < 6_000; round++) {
    let sql = random.chance(0.6) ? 'SELECT 1 ' : ''
    const count = 1 + random.int(7)
    for (let n = 0; n < count; n++) sql += random.pick(pieces)
    const database = new DatabaseSync(':memory:')
    database.exec('CREATE TABLE t (a); INSERT INTO t VALUES (0)')
    let passed = true
    try {
      checkSelect(sql)
    } catch {
      passed = false
    }
    if (passed && isRead(database, sql)) {
      try {
        database.exec(sql)
      } catch {
        // A statement that fails changes nothing either.
      }
      assert.deepEqual({ ...database.prepare('SELECT group_concat(a) AS all_a FROM t').get() }, { all_a: '0' }, sql)
    }
    database.close()
  }
})
