import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { check, openTestLake, type TestLake } from './lake.ts'

// Whole statements in the style of real hunting queries: each runs on the engine over a few rows, second guard
// included.

let lake: TestLake

before(async () => {
  lake = await openTestLake()
  await lake.run(`INSERT INTO xdr_data (query_name, meta_hostname, endpoint_id, name, cmdline, path, pid, parent, time,
    calendar_time, numerics, sophos_pids) VALUES
    ('running_processes_windows_sophos', 'ws1', 'e1', 'cmd.exe', 'cmd /c whoami', 'C:\\Windows\\cmd.exe', 10, 1, 1714521600,
      TIMESTAMP '2024-05-01 10:00:00', false, '10:1,11:2'),
    ('running_processes_windows_sophos', 'ws1', 'e1', 'powershell.exe', 'powershell -enc dwBoAG8A', 'C:\\ps.exe', 11, 10,
      1714521660, TIMESTAMP '2024-05-01 10:01:00', false, '11:2'),
    ('running_processes_windows_sophos', 'ws2', 'e2', 'cmd.exe', NULL, 'C:\\Windows\\cmd.exe', 20, 1, 1714435200,
      TIMESTAMP '2024-04-30 10:00:00', false, NULL),
    ('listening_ports', 'ws1', 'e1', 'svchost.exe', NULL, NULL, 30, 1, 1714521600, TIMESTAMP '2024-05-01 11:00:00', true, NULL)`)
})

const processes = "query_name = 'running_processes_windows_sophos'"

const cases: readonly (readonly [string, readonly unknown[]])[] = [
  [
    `SELECT meta_hostname, count(*) AS Total FROM xdr_data WHERE ${processes} GROUP BY 1 ORDER BY Total DESC`,
    [
      ['ws1', '2'],
      ['ws2', '1'],
    ],
  ],
  [
    `SELECT array_join(array_agg(DISTINCT name), chr(10)) FROM xdr_data WHERE ${processes} AND lower(cmdline) LIKE lower('%WHOAMI%')`,
    [['cmd.exe']],
  ],
  [
    `WITH p AS (SELECT * FROM xdr_data WHERE ${processes}), q(host, n) AS (SELECT meta_hostname, max(pid) FROM p GROUP BY meta_hostname)
     SELECT p.name, q.n FROM p JOIN q ON p.meta_hostname = q.host AND p.pid = q.n ORDER BY 1`,
    [
      ['cmd.exe', '20'],
      ['powershell.exe', '11'],
    ],
  ],
  [
    `SELECT c.name, p.name parent_proc FROM xdr_data c LEFT JOIN xdr_data AS p ON c.parent = p.pid AND c.endpoint_id = p.endpoint_id
     WHERE c.${processes} ORDER BY c.pid`,
    [
      ['cmd.exe', null],
      ['powershell.exe', 'cmd.exe'],
      ['cmd.exe', null],
    ],
  ],
  [
    "SELECT s.v, count(*) n FROM xdr_data x CROSS JOIN UNNEST(SPLIT(x.sophos_pids, ',')) AS s(v) GROUP BY s.v ORDER BY n DESC, 1",
    [
      ['11:2', '2'],
      ['10:1', '1'],
    ],
  ],
  ["SELECT v FROM xdr_data, UNNEST(split(sophos_pids, ',')) AS u (v) WHERE pid = 10 ORDER BY v", [['10:1'], ['11:2']]],
  [
    "SELECT pid, n FROM xdr_data LEFT JOIN UNNEST(split(sophos_pids, ',')) WITH ORDINALITY AS u(v, n) ON TRUE WHERE pid >= 11 ORDER BY 1, 2",
    [
      ['11', '1'],
      ['20', null],
      ['30', null],
    ],
  ],
  ["SELECT date_format(from_unixtime(time), '%Y-%m-%d %H:%i') FROM xdr_data WHERE pid = 11", [['2024-05-01 00:01']]],
  ["SELECT count(*) FROM xdr_data WHERE calendar_time > now() - INTERVAL '1' DAY", [['3']]],
  [
    "SELECT count(*) FROM xdr_data WHERE to_unixtime(calendar_time) >= to_unixtime(date_add('hour', -12, now()))",
    [['3']],
  ],
  ['SELECT DISTINCT meta_hostname Host FROM xdr_data ORDER BY Host', [['ws1'], ['ws2']]],
  [
    `SELECT name, row_number() OVER (PARTITION BY meta_hostname ORDER BY time DESC) AS r FROM xdr_data WHERE ${processes} ORDER BY time`,
    [
      ['cmd.exe', '1'],
      ['cmd.exe', '2'],
      ['powershell.exe', '1'],
    ],
  ],
  [
    'SELECT pid, sum(pid) OVER w FROM xdr_data WINDOW w AS (ORDER BY pid ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) ORDER BY 1 LIMIT 2',
    [
      ['10', '10'],
      ['11', '21'],
    ],
  ],
  ['SELECT lag(pid) OVER (ORDER BY pid), pid FROM xdr_data ORDER BY pid OFFSET 1 LIMIT 1', [['10', '11']]],
  [
    'SELECT meta_hostname, count(*) FROM xdr_data GROUP BY ROLLUP (meta_hostname) ORDER BY 2',
    [
      ['ws2', '1'],
      ['ws1', '3'],
      [null, '4'],
    ],
  ],
  [
    'SELECT meta_hostname, name, count(*) c FROM xdr_data GROUP BY GROUPING SETS ((meta_hostname), (name)) ORDER BY c DESC, 1 LIMIT 1',
    [['ws1', null, '3']],
  ],
  [
    'SELECT grouping(meta_hostname), count(*) FROM xdr_data GROUP BY CUBE (meta_hostname) ORDER BY 1 DESC LIMIT 1',
    [[1, '4']],
  ],
  [
    "SELECT listagg(name, '; ') WITHIN GROUP (ORDER BY pid DESC) FROM xdr_data WHERE pid < 20",
    [['powershell.exe; cmd.exe']],
  ],
  [
    'SELECT count(*) FILTER (WHERE numerics), count(DISTINCT name), count_if(pid > 10) FROM xdr_data',
    [['1', '3', '3']],
  ],
  [
    'SELECT max_by(name, pid), min_by(name, pid), max(pid, 2) FROM xdr_data',
    [['svchost.exe', 'cmd.exe', ['30', '20']]],
  ],
  ['SELECT approx_distinct(name), approx_percentile(pid, 0.5), avg(pid) FROM xdr_data', [['3', '20', 17.75]]],
  ["SELECT map_agg(name, pid)['svchost.exe'], histogram(meta_hostname)['ws1'] FROM xdr_data", [['30', '3']]],
  [
    "SELECT multimap_agg(meta_hostname, pid)['ws2'], cardinality(map_union(MAP(ARRAY[name], ARRAY[pid]))) FROM xdr_data",
    [[['20'], '3']],
  ],
  ["SELECT reduce_agg(pid, BIGINT '0', (a, b) -> a + b, (a, b) -> a + b) FROM xdr_data", [['71']]],
  ['SELECT sum(pid) / count(*), sum(pid) % 2 FROM xdr_data HAVING count(*) > 1', [['17', '1']]],
  ['SELECT count(*) FROM LISTENING_PORTS', [['1']]],
  ['SELECT count(*) FROM lake.default.xdr_data', [['4']]],
  ['SELECT count(*) FROM xdr_data a WHERE EXISTS (SELECT 1 FROM xdr_data b WHERE b.pid = a.parent)', [['1']]],
  [
    'SELECT name FROM xdr_data WHERE pid IN (SELECT max(pid) FROM xdr_data) AND pid >= ALL (SELECT pid FROM xdr_data)',
    [['svchost.exe']],
  ],
  ['SELECT (SELECT DISTINCT name FROM xdr_data b WHERE b.pid = a.pid) FROM xdr_data a WHERE a.pid = 10', [['cmd.exe']]],
  [
    "SELECT name FROM xdr_data WHERE pid = 10 UNION ALL SELECT 'x' UNION SELECT name FROM xdr_data WHERE pid = 20 ORDER BY name DESC",
    [['x'], ['cmd.exe']],
  ],
  ["SELECT pid FROM xdr_data INTERSECT SELECT BIGINT '11' EXCEPT SELECT BIGINT '12'", [['11']]],
  [
    "SELECT name, pid FROM xdr_data WHERE pid = 10 UNION ALL SELECT 'none', CAST('0' AS bigint) ORDER BY 2",
    [
      ['none', '0'],
      ['cmd.exe', '10'],
    ],
  ],
  [
    'SELECT a.x, b.y FROM (SELECT 1 x) a FULL JOIN (SELECT 2 x, 3 y) b ON a.x = b.x ORDER BY 1',
    [
      [1, null],
      [null, 3],
    ],
  ],
  ['SELECT x, y, z FROM (SELECT 1 x, 2 y) a JOIN (SELECT 1 x, 3 z) b USING (x)', [[1, 2, 3]]],
  ['SELECT * FROM (SELECT 1 x, 2 y) a RIGHT JOIN (SELECT 5 x, 3 z) b USING (x)', [[5, null, 3]]],
  ['SELECT a.* FROM (SELECT 1 x, 2 y) a, (SELECT 1 x) b', [[1, 2]]],
  [
    "WITH RECURSIVE t(n, s) AS (SELECT 1, CAST('a' AS varchar) UNION ALL SELECT n + 1, s || 'b' FROM t WHERE n < 3) SELECT n, s FROM t ORDER BY n",
    [
      [1, 'a'],
      [2, 'ab'],
      [3, 'abb'],
    ],
  ],
  ['WITH t AS (SELECT 1 a), t2 AS (WITH t AS (SELECT 2 a) SELECT a FROM t) SELECT t.a, t2.a FROM t, t2', [[1, 2]]],
  ["WITH xdr_data AS (SELECT 'mine' AS name) SELECT name FROM XDR_data", [['mine']]],
  ['SELECT x FROM (VALUES 3, 1, 2) t(x) ORDER BY x * -1 LIMIT 2', [[3], [2]]],
  ['SELECT abs(x) AS x FROM (VALUES -3, 1) t(x) ORDER BY x', [[1], [3]]],
  ['SELECT x y FROM (VALUES 3, 1) t(x) ORDER BY upper(CAST(y AS varchar))', [[1], [3]]],
  ['SELECT l.y FROM (VALUES 1, 2) t(x) CROSS JOIN LATERAL (SELECT t.x * 10 AS y) l ORDER BY 1', [[10], [20]]],
  [
    'SELECT max(i), max(j) FROM (VALUES 1) t(s), UNNEST(sequence(1, 2)) x(i), UNNEST(sequence(i, 3)) y(j)',
    [['2', '3']],
  ],
  [
    "SELECT a, b, n FROM UNNEST(ARRAY[1, 2], ARRAY['x']) WITH ORDINALITY AS u(a, b, n) ORDER BY n",
    [
      [1, 'x', '1'],
      [2, null, '2'],
    ],
  ],
  ["SELECT k, v FROM UNNEST(MAP(ARRAY['a'], ARRAY[1])) AS u(k, v)", [['a', 1]]],
  ['SELECT ((SELECT 1) + 1), (((SELECT 2)))', [[2, 2]]],
  ['SELECT 1 WHERE (1, 2) IN ((SELECT 1, 2))', [[1]]],
  ['SELECT count(*) FROM (TABLE xdr_data)', [['4']]],
  ['(SELECT 1) UNION ALL (SELECT 2 ORDER BY 1 LIMIT 1) ORDER BY 1 DESC', [[2], [1]]],
  ["-- note\nSELECT /* inside ' */ 1 --- after\n;", [[1]]],
  ["SELECT U&'\\00e9', 'caf\u00e9', X'41' = to_utf8('A')", [['\u00e9', 'caf\u00e9', true]]],
  ['SELECT timestamp, "timestamp" FROM xgfw_data', []],
  ["SELECT raw FROM mdr_ioc_all WHERE ingestion_timestamp >= now() - interval '1' day", []],
  ["SELECT ioc_detection_id FROM xdr_ioc_view v WHERE v.query_name IN ('a', 'b')", []],
  [
    'SELECT name, round(count(*) * 1E2 / sum(count(*)) OVER (), 1) p FROM xdr_data GROUP BY name ORDER BY p DESC, name LIMIT 1',
    [['cmd.exe', 50]],
  ],
  [
    'SELECT filter(ARRAY[pid], x -> x > 10) f, count(*) FROM xdr_data GROUP BY filter(ARRAY[pid], x -> x > 10) ORDER BY 2 DESC, cardinality(f) LIMIT 1',
    [[[], '1']],
  ],
  ["SELECT max(name) FROM xdr_data HAVING max(name) > 'a' ORDER BY 'x'", [['svchost.exe']]],
  ["SELECT 9007199254740993 > 1.5, BIGINT '9007199254740993' = 9007199254740993.0, 1.5 < 2", [[true, true, true]]],
  ['SELECT sum(c) FROM (VALUES 1.25, 2.5) t(c)', [['3.75']]],
  ['SELECT avg(c), max(c) FROM (VALUES 1.25, 2.5) t(c)', [['1.88', '2.50']]],
  ["SELECT sum(i) FROM (VALUES INTERVAL '1' DAY, INTERVAL '2' HOUR) t(i)", [['1 02:00:00.000']]],
]

for (const [sql, expected] of cases) {
  test(sql.replaceAll(/\s+/g, ' ').slice(0, 110), async () => {
    assert.deepEqual(await lake.rows(sql), expected)
  })
}

test('result columns are named as typed, numbered where equal', () => {
  const { columnNames } = check(
    'SELECT 1, "pid" AS Pid, PID, pid, t.*, 2 FROM (SELECT pid, pid AS "A b" FROM xdr_data) t',
  )
  assert.deepEqual(columnNames, ['_col0', 'Pid', 'PID', 'pid', 'pid_1', 'A b', '_col6'])
})

test('star stands for the columns in the order of the table', () => {
  const { columnNames, scope } = check('SELECT * FROM xgfw_data')
  assert.equal(columnNames?.length, 31)
  assert.equal(scope.relations[0]?.columns?.length, 31)
})
