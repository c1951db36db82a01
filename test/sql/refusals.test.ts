import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../src/model/errors.ts'
import { checkStatement } from '../../src/sql/check.ts'
import { check, lakeSchema, now } from './lake.ts'

function messageOf(template: string): string {
  try {
    check(template)
  } catch (thrown) {
    assert.ok(thrown instanceof AppError, `${template}: ${String(thrown)}`)
    assert.equal(thrown.code, 'invalid_argument')
    return thrown.message
  }
  return 'accepted'
}

/** Whole messages: what an analyst reads. */
const messages: readonly (readonly [string, string])[] = [
  [
    "SELECT regexp_like(name, 'a$b') FROM xdr_data",
    'line 1:26: this regular expression goes on after $, which also stands before a last line break; write $ last in the pattern or in an alternative, or \\z for the very end of the text',
  ],
  [
    "SELECT regexp_replace(name, 'd$|\\n', ';') FROM xdr_data",
    'line 1:29: this regular expression may match up to a last line break and then the break; write \\z in place of $ for the very end of the text',
  ],
  [
    "SELECT regexp_replace(name, 'x*', ';') FROM xdr_data",
    'line 1:29: regexp_replace by a pattern that matches the empty text is not supported; let the pattern match at least one character: + in place of *',
  ],
  [
    "SELECT regexp_split(name, ',$') FROM xdr_data",
    'line 1:27: regexp_split cannot split at $; write \\z in place of $ for the very end of the text',
  ],
  [
    "SELECT regexp_like(name, '[[:alpha:]]') FROM xdr_data",
    "line 1:26: the class [:alpha:] is not supported; write the characters, for instance [A-Za-z] or [\\s], or a class of Unicode's such as \\p{L}",
  ],
  [
    "SELECT json_extract(name, '$[0][1][2][3]') FROM xdr_data",
    'line 1:27: a JSON path may have up to 3 numbers in it; take the inner value first: json_extract(json_extract(…), …)',
  ],
  ['', 'line 1:1: the statement is empty'],
  ['-- nothing', 'line 1:1: the statement is empty'],
  ['SELECT 1; SELECT 2', 'line 1:11: one statement is run at a time: this is a second one'],
  ['SELECT name, FROM xdr_data', "line 1:14: unexpected 'FROM'; is the comma before it one too many?"],
  [
    'SELECT name FROM xdr_data WHERE name = "x y"',
    "line 1:40: column 'x y' does not exist; a text is written in single quotes: 'x y'",
  ],
  [
    'SELECT CAST(name AS strin) FROM xdr_data',
    "line 1:21: type 'strin' does not exist or is not supported; write varchar",
  ],
  [
    "SELECT name FROM xdr_data WHERE pid = '5'",
    "line 1:33: cannot compare bigint = varchar(1) (column 'pid'); write the number without quotes: 5",
  ],
  [
    'SELECT now() - 5',
    "line 1:8: cannot apply operator: timestamp(3) with time zone - integer; write how long it is: INTERVAL '5' DAY",
  ],
  [
    'SELECT 1 AS ä',
    "line 1:13: unexpected character 'ä' (U+00E4); a name with letters other than a to z is written in double quotes",
  ],
  [
    'SELECT DISTINCT name FROM xdr_data ORDER BY pid',
    'line 1:45: SELECT DISTINCT is sorted by what it selects only; add it to the select list',
  ],
  [
    "SELECT TIMESTAMP '2024-03-31 02:30:00 Europe/Berlin'",
    "line 1:8: no clock of Europe/Berlin shows '2024-03-31 02:30:00': summer time begins there",
  ],
  [
    "SELECT now() AT TIME ZONE 'europe/berlin'",
    "line 1:27: 'europe/berlin' is not a time zone; did you mean 'Europe/Berlin'?",
  ],
  [
    "SELECT now() AT TIME ZONE 'EST'",
    "line 1:27: 'EST' is not a time zone; write a region or an offset: 'America/New_York', '-05:00'",
  ],
  [
    "SELECT name LIKE 'a#b' ESCAPE '#' FROM xdr_data",
    "line 1:18: '#' in this pattern must stand before '%', '_' or itself; write '##' for the character",
  ],
  ["SELECT name LIKE 'a' ESCAPE '' FROM xdr_data", 'line 1:29: ESCAPE takes one character'],
  [
    "SELECT regexp_like(name, '[a-z&&[^aeiou]]') FROM xdr_data",
    'line 1:26: this regular expression uses a class within a class such as [a-z&&[^aeiou]]: the engine has plain classes only; match more and filter the rest with a second condition',
  ],
  [
    "SELECT date_trunc('hour', DATE '2024-01-01')",
    "line 1:19: 'hour' is no unit of a date; convert it with CAST(… AS timestamp)",
  ],
  ["SELECT date_add('day', 1, TIME '10:00:00')", "line 1:17: 'day' is no unit of a time"],
  [
    "SELECT format_datetime(calendar_time, 'ZZ') FROM xdr_data",
    "line 1:39: a time without a zone has none to print; name its zone: with_timezone(…, 'UTC')",
  ],
  ['SELECT current_time', 'line 1:8: times of day with a zone are not supported; write localtime'],
  ["SELECT DATE '12024-01-01'", "line 1:8: '12024-01-01' is no date literal; write for instance DATE '2024-05-01'"],
  ['SELECT nth_value(pid, 0) OVER (ORDER BY pid) FROM xdr_data', 'line 1:23: nth_value counts from 1'],
  [
    'SELECT sum(pid) OVER (ORDER BY pid ROWS BETWEEN -1 PRECEDING AND CURRENT ROW) FROM xdr_data',
    'line 1:49: a frame does not reach back less than 0',
  ],
  [
    "SELECT json_query(raw, 'lax $.a' OMIT QUOTES) FROM mdr_ioc_all",
    'line 1:8: json_query with OMIT QUOTES is not supported; write json_value',
  ],
  [
    'SELECT 1 FROM open_socket',
    "line 1:15: table 'open_socket' does not exist; did you mean 'open_sockets'? query names with rows: open_sockets, running_processes_windows_sophos, running_processes_linux_events, running_processes_osx_events, listening_ports, windows_programs, windows_startup_items, vulnerability_dep, vulnerability_app_compatibility, access_productivity_documents, user_accounts, sophos_ips_windows, sophos_urls_windows, windows_event_user_account_changed, windows_event_invalid_logon_brute_force, windows_query_event, arp_cache, network_interfaces, disk_encryption_windows, windows_updates_patch and 4 more",
  ],
  [
    'SELECT 1 FROM xdr_data ORDER BY -1',
    'line 1:33: ORDER BY a negative position: positions count from 1; sort by -x, or use DESC',
  ],
  ['DELETE FROM xdr_data', 'line 1:1: a statement must be a query (SELECT, WITH or VALUES), not DELETE'],
  ['SELECT nam FROM xdr_data', "line 1:8: column 'nam' does not exist; did you mean 'name'?"],
  // As docs/sql.md shows it; two letters that change places are one slip.
  ['SELECT nmae FROM xdr_data', "line 1:8: column 'nmae' does not exist; did you mean 'name'?"],
  ['SELECT emna FROM xdr_data', "line 1:8: column 'emna' does not exist"],
  ['SELECT x.nam FROM xdr_data x', "line 1:8: column 'x.nam' does not exist; did you mean 'name'?"],
  ['SELECT 1\nFROM xdr_dat', "line 2:6: table 'xdr_dat' does not exist; did you mean 'xdr_data'?"],
  ['SELECT lowr(name) FROM xdr_data', "line 1:8: function 'lowr' does not exist in Trino SQL; did you mean 'lower'?"],
  [
    'SELECT 1 FROM xdr_data WHERE name = 5',
    "line 1:30: cannot compare varchar = integer (column 'name'); put the number in quotes ('5'), or convert the text with CAST(… AS bigint)",
  ],
  [
    'SELECT 1 FROM xdr_data WHERE calendar_time > 1700000000',
    "line 1:30: cannot compare timestamp(3) > integer (column 'calendar_time'); convert seconds since 1970 with from_unixtime(…), or the time with to_unixtime(…)",
  ],
  [
    "SELECT 'a' 'b'",
    'line 1:12: two string literals stand next to one another; is a comma or an operator missing between them?',
  ],
  [
    "SELECT datetime(time, 'unixepoch') FROM xdr_data",
    "line 1:8: function 'datetime' does not exist in Trino SQL; this looks like an endpoint (osquery, SQLite) query: in the lake write from_unixtime(seconds), date_format(time, pattern) or regexp_like(text, pattern)",
  ],
  [
    "SELECT name FROM xdr_data WHERE name GLOB 'a*'",
    "line 1:38: unexpected 'GLOB'; this looks like an endpoint (osquery) query: in the lake write LIKE",
  ],
  [
    'SELECT * FROM sophos_process_journal',
    "line 1:15: table 'sophos_process_journal' does not exist; this looks like an endpoint (Live Discover) query: its tables exist on the endpoint, not in the lake",
  ],
  [
    "SELECT regexp_like(name, 'a(?!b)') FROM xdr_data",
    'line 1:26: this regular expression uses look-around such as (?=…) or (?<!…): the engine matches in linear time and cannot look around; match more and filter the rest with a second condition',
  ],
  [
    'SELECT name, count(*) FROM xdr_data',
    "line 1:8: 'name' must be an aggregate or appear in GROUP BY; add it to GROUP BY, or wrap it in an aggregate such as max() or arbitrary()",
  ],
  [
    'SELECT lower(name) n FROM xdr_data GROUP BY n',
    "line 1:45: 'n' is an alias of the select list, GROUP BY needs a column; repeat the expression, or write its position: GROUP BY 1",
  ],
  [
    'SELECT name FROM xdr_data WHERE count(*) > 1',
    "line 1:33: 'count' is an aggregate and may not stand in WHERE; filter groups with HAVING, or in an outer query",
  ],
  ["SELECT 'it''s", 'line 1:8: this string literal is never closed'],
  [
    'SELECT `name` FROM xdr_data',
    'line 1:8: a backtick does not quote names; Trino SQL quotes names with double quotes: "name"',
  ],
  [
    'SELECT name FROM xdr_data LIMIT 5 OFFSET 2',
    'line 1:35: OFFSET stands before LIMIT in Trino SQL; write OFFSET n LIMIT m',
  ],
  ['SELECT a::int FROM xdr_data', "line 1:9: unexpected '::'; write CAST(value AS type)"],
  [
    'SELECT concat(name) || pid FROM xdr_data',
    'line 1:8: cannot apply operator: varchar || bigint; convert the operand that is no text with CAST(… AS varchar)',
  ],
  ['SELECT 1 UNION SELECT 1, 2', 'line 1:16: UNION needs as many columns on both sides: 1 and 2'],
  [
    'SELECT CAST(name AS text) FROM xdr_data',
    "line 1:21: type 'text' does not exist or is not supported; write varchar",
  ],
  [
    'SELECT lower(pid) FROM xdr_data',
    "line 1:8: function 'lower' does not take (bigint); forms: lower(char(x)) char(x); lower(varchar(x)) varchar(x)",
  ],
]

for (const [template, message] of messages) {
  test(`refused: ${template.slice(0, 70).replaceAll('\n', ' ')}`, () => {
    assert.equal(messageOf(template), message)
  })
}

/** Everything that is no query of Trino's, or reaches for what the tenant has not got. */
const refused: readonly string[] = [
  'EXPLAIN SELECT 1',
  'SHOW TABLES',
  'DESCRIBE xdr_data',
  'SUMMARIZE xdr_data',
  'PRAGMA version',
  'SET x = 1',
  'CALL x()',
  "COPY xdr_data TO '/tmp/x'",
  "ATTACH ':memory:' AS x",
  'CREATE TABLE t AS SELECT 1',
  'INSERT INTO xdr_data SELECT 1',
  'UPDATE xdr_data SET name = 1',
  'DROP VIEW xdr_data',
  'FROM xdr_data',
  'FROM xdr_data SELECT name',
  'PIVOT xdr_data ON name',
  'TRUNCATE TABLE xdr_data',
  'GRANT SELECT ON xdr_data TO x',
  'USE lake',
  'LOAD json',
  "INSTALL 'x'",
  'VACUUM',
  'BEGIN',
  'WITH x AS (DELETE FROM xdr_data) SELECT 1',
  'WITH x AS (INSERT INTO y SELECT 1) SELECT 1',
  'SELECT 1 INTO x FROM xdr_data',
  'SELECT name FROM xdr_data FOR UPDATE',
  'WITH FUNCTION f() RETURNS int RETURN 1 SELECT f()',
  "SELECT * FROM read_parquet('/etc/x')",
  "SELECT * FROM read_csv('/etc/passwd')",
  "SELECT * FROM '/etc/passwd'",
  'SELECT * FROM "/etc/passwd"',
  'SELECT * FROM "x.parquet"',
  "SELECT * FROM glob('/*')",
  'SELECT * FROM duckdb_settings()',
  'SELECT * FROM duckdb_views',
  'SELECT * FROM information_schema.tables',
  'SELECT * FROM pg_catalog.pg_class',
  'SELECT * FROM main.xdr_data',
  'SELECT * FROM memory.main.xdr_data',
  'SELECT * FROM system.runtime.queries',
  'SELECT * FROM other.default.xdr_data',
  'SELECT * FROM a.b.c.xdr_data',
  'SELECT * FROM "lake.default.xdr_data"',
  "SELECT * FROM query('SELECT 1')",
  "SELECT * FROM query_table('xdr_data')",
  'SELECT * FROM sqlite_master',
  'SELECT * FROM range(10)',
  'SELECT * FROM generate_series(1, 10)',
  'SELECT * FROM TABLE(sequence(1, 10))',
  'SELECT * FROM TABLE(exclude_columns(TABLE(xdr_data), DESCRIPTOR(name)))',
  'SELECT * FROM repeat_row(1, 5)',
  "SELECT current_setting('threads')",
  "SELECT getvariable('x')",
  "SELECT getenv('HOME')",
  "SELECT getenv('PATH')",
  "SELECT read_text('/etc/passwd')",
  "SELECT read_blob('/etc/passwd')",
  "SELECT json_execute_serialized_sql('x')",
  'SELECT pg_backend_pid()',
  "SELECT nextval('x')",
  "SELECT error('x')",
  'SELECT sleep_ms(1000)',
  'SELECT txid_current()',
  'SELECT hash(name) FROM xdr_data',
  "SELECT in_search_path('a', 'b')",
  'SELECT version()',
  'SELECT current_schema()',
  'SELECT current_user',
  'SELECT current_catalog',
  'SELECT trino_ip(name) FROM xdr_data',
  "SELECT main.lower('x')",
  "SELECT system.main.lower('x')",
  'SELECT COLUMNS(*) FROM xdr_data',
  'SELECT * EXCLUDE (name) FROM xdr_data',
  'SELECT * REPLACE (1 AS name) FROM xdr_data',
  "SELECT * LIKE 'a%' FROM xdr_data",
  'SELECT name FROM xdr_data QUALIFY 1 = 1',
  'SELECT #1 FROM xdr_data',
  'SELECT ? FROM xdr_data',
  'SELECT $1 FROM xdr_data',
  'SELECT $$text$$',
  "SELECT E'a'",
  'SELECT name[1:2] FROM xdr_data',
  "SELECT {'a': 1}",
  'SELECT [1, 2]',
  'SELECT MAP {1: 2}',
  "SELECT 'a' ~ 'b'",
  'SELECT 1 ** 2',
  'SELECT 5 // 2',
  "SELECT 'x' COLLATE nocase",
  'SELECT name FROM xdr_data USING SAMPLE 5',
  'SELECT 1 = 1 = 1 IN ()',
  'SELECT DISTINCT ON (name) name FROM xdr_data',
  'SELECT name FROM xdr_data ORDER BY ALL',
  'SELECT name FROM xdr_data GROUP BY ALL',
  'SELECT a FROM xdr_data ASOF JOIN xdr_data',
  'SELECT 1 FROM xdr_data POSITIONAL JOIN xdr_data',
  'VALUES',
  'SELECT',
  'SELECT FROM xdr_data',
  'SELECT * FROM',
  'SELECT 1 FROM xdr_data WHERE',
  '(((',
  ')',
  'SELECT (1',
  "SELECT X'0'",
  'SELECT 1 /* open',
  'SELECT "" FROM xdr_data',
  'SELECT 1\u0000',
  "SELECT '\u0000'",
  'SELECT \u0430 FROM xdr_data',
  'SELECT * FROM \u0445dr_data',
  'SELECT \u2018a\u2019',
  'SELECT 99999999999999999999',
  'SELECT 1e999',
  "SELECT DATE '2024-13-01'",
  "SELECT DATE '2024-02-30'",
  "SELECT TIMESTAMP 'yesterday'",
  "SELECT INTERVAL 'x' DAY",
  "SELECT INTERVAL '1' FORTNIGHT",
  'SELECT INTERVAL -3 DAY',
  "SELECT TIMESTAMP '2024-01-01 00:00:00 Mars/Base'",
  "SELECT now() AT TIME ZONE 'Nowhere'",
  'SELECT CAST(1 AS constructor)',
  'SELECT CAST(1 AS __proto__)',
  'SELECT constructor(1)',
  'SELECT __proto__(1)',
  'SELECT toString()',
  'SELECT extract(constructor FROM now())',
  "SELECT date_add('constructor', 1, now())",
  'SELECT x.y.z.w FROM xdr_data x',
  'WITH a AS (SELECT 1), a AS (SELECT 2) SELECT 1',
  'WITH a(x, y) AS (SELECT 1) SELECT 1',
  'WITH a AS (SELECT * FROM a) SELECT * FROM a',
  'WITH a AS (SELECT * FROM b), b AS (SELECT 1 x) SELECT * FROM a',
  'SELECT name FROM xdr_data a, xdr_data b',
  'SELECT a.name FROM xdr_data a JOIN xdr_data a ON 1 = 1',
  'SELECT x AS y FROM (VALUES 1) t(x) WHERE y = 1',
  'SELECT max(count(*)) FROM xdr_data',
  'SELECT row_number() FROM xdr_data',
  'SELECT lower(DISTINCT name) FROM xdr_data',
  'SELECT name FROM xdr_data WHERE row_number() OVER () = 1',
  'SELECT 1 WHERE name',
  "SELECT 1 WHERE 'x'",
  'SELECT 1 WHERE 1',
  'SELECT NOT 1',
  'SELECT -name FROM xdr_data',
  'SELECT name + 1 FROM xdr_data',
  'SELECT sum(name) FROM xdr_data',
  'SELECT avg(calendar_time) FROM xdr_data',
  "SELECT CASE WHEN true THEN 1 ELSE 'a' END",
  "SELECT coalesce(1, 'a')",
  "SELECT if(true, 1, 'a')",
  "SELECT ARRAY[1, 'a']",
  "SELECT 1 IN ('a')",
  "SELECT 'a' BETWEEN 1 AND 2",
  'SELECT (SELECT 1, 2)',
  'SELECT 1 IN (SELECT 1, 2)',
  'SELECT x -> x',
  'SELECT transform(ARRAY[1], 5)',
  'SELECT filter(ARRAY[1], (x, y) -> true)',
  'SELECT NULL LIKE 5',
  'SELECT name FROM xdr_data LIMIT -1',
  "SELECT name FROM xdr_data LIMIT '5'",
  'SELECT name FROM xdr_data LIMIT (SELECT 1)',
  'SELECT name FROM xdr_data ORDER BY 2',
  'SELECT name FROM xdr_data GROUP BY 0',
  'SELECT json_extract(name, pid) FROM xdr_data',
  "SELECT json_extract(name, '$..a') FROM xdr_data",
  "SELECT json_extract(name, 'a') FROM xdr_data",
  'SELECT date_format(calendar_time, name) FROM xdr_data',
  'SELECT 1 NATURAL JOIN x',
  'SELECT * FROM xdr_data NATURAL JOIN xdr_data',
  'SELECT * FROM xdr_data TABLESAMPLE BERNOULLI (x)',
  'SELECT * FROM xdr_data FOR VERSION AS OF 1',
  'SELECT * FROM "xdr_data$files"',
  'SELECT * FROM xdr_data@branch',
]

test('what is no query of Trino or reaches outside is refused', () => {
  const accepted = refused.filter(template => messageOf(template) === 'accepted')
  assert.deepEqual(accepted, [])
})

test('nesting, long chains and long lists end in a sentence, never in an overflow', () => {
  const deep = (open: string, close: string, count: number) => `SELECT ${open.repeat(count)}1${close.repeat(count)}`
  assert.match(messageOf(deep('(', ')', 5000)), /nests deeper than 100 levels/)
  assert.match(messageOf(deep('(SELECT ', ')', 3000)), /nests deeper than 100 levels/)
  assert.match(messageOf(deep('NOT ', '', 9000)), /nests deeper than 100 levels/)
  assert.match(messageOf(deep('-', '', 20)), /nests|unexpected|ends too early|accepted|-- /)
  assert.match(messageOf(`SELECT ${'1 + '.repeat(9000)}1`), /more than 400 operators in a row/)
  assert.match(messageOf(`SELECT 1 ${'UNION ALL SELECT 1 '.repeat(2000)}`), /more than 400 set operations in a row/)
  assert.match(messageOf(`SELECT CAST(NULL AS ${'array('.repeat(200)}int${')'.repeat(200)})`), /nests deeper/)
  assert.equal(messageOf(deep('(', ')', 30)), 'accepted')
  assert.equal(
    messageOf(`SELECT * FROM (VALUES ${Array.from({ length: 900 }, (_, i) => `(${i}, 'v${i}')`).join(', ')}) t(a, b)`),
    'accepted',
  )
  assert.equal(
    messageOf(`SELECT 1 FROM xdr_data WHERE pid IN (${Array.from({ length: 3000 }, (_, i) => i).join(', ')})`),
    'accepted',
  )
  assert.match(messageOf(`SELECT '${'x'.repeat(60_000)}'`), /the statement has 60009 characters, 50000 are allowed/)
})

test('positions and unknown names are details', () => {
  try {
    checkStatement({ template: 'SELECT\n  fresh_column\nFROM xdr_data', variables: [], schema: lakeSchema, now })
    assert.fail('accepted')
  } catch (thrown) {
    assert.ok(thrown instanceof AppError)
    assert.deepEqual(thrown.details, {
      line: 2,
      column: 3,
      offset: 9,
      length: 12,
      unknown: { kind: 'column', name: 'fresh_column' },
    })
  }
})
