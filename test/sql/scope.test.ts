import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ColumnBound } from '../../src/model/scan-scope.ts'
import { check, lakeSchema, now } from './lake.ts'

interface Expected {
  readonly queryNames?: readonly string[]
  readonly bounds?: readonly ColumnBound[]
}

const day = 86_400_000

const cases: readonly (readonly [string, readonly Expected[]])[] = [
  ["FROM xdr_data WHERE query_name IN ('a', 'B')", [{ queryNames: ['a', 'b'] }]],
  ["FROM xdr_data WHERE query_name = 'a' OR query_name = 'b'", [{ queryNames: ['a', 'b'] }]],
  [
    "FROM xdr_data WHERE (query_name = 'a' AND pid = 1) OR (pid = 2 AND query_name = 'b')",
    [
      {
        queryNames: ['a', 'b'],
        bounds: [
          { column: 'query_name', in: ['a', 'b'] },
          { column: 'pid', in: [1, 2] },
        ],
      },
    ],
  ],
  ["FROM xdr_data WHERE query_name = 'a' OR pid = 1", [{}]],
  ["FROM xdr_data WHERE NOT query_name = 'a'", [{}]],
  ["FROM xdr_data WHERE query_name <> 'a'", [{}]],
  ["FROM xdr_data WHERE query_name NOT IN ('a')", [{}]],
  ["FROM xdr_data WHERE query_name LIKE 'a%'", [{}]],
  ["FROM xdr_data WHERE lower(query_name) = 'a'", [{ queryNames: ['a'] }]],
  ["FROM xdr_data WHERE lower(name) = 'a'", [{ bounds: [] }]],
  ["FROM xdr_data WHERE query_name = 'a' AND query_name = 'b'", [{ queryNames: [] }]],
  ["FROM listening_ports WHERE query_name = 'other'", [{ queryNames: [] }]],
  ['FROM listening_ports', [{ queryNames: ['listening_ports'] }]],
  [
    "FROM xdr_data a JOIN xdr_data b ON a.pid = b.pid AND b.query_name = 'b' WHERE a.query_name = 'a'",
    [{ queryNames: ['a'] }, { queryNames: ['b'] }],
  ],
  [
    "FROM xdr_data a LEFT JOIN xdr_data b ON a.pid = b.pid AND a.query_name = 'a' AND b.query_name = 'b'",
    [{}, { queryNames: ['b'] }],
  ],
  ["FROM xdr_data a RIGHT JOIN xdr_data b ON a.query_name = 'a' AND b.query_name = 'b'", [{ queryNames: ['a'] }, {}]],
  ["FROM xdr_data a FULL JOIN xdr_data b ON a.query_name = 'a' AND b.query_name = 'b'", [{}, {}]],
  ["FROM xdr_data a FULL JOIN xdr_data b ON a.pid = b.pid WHERE a.query_name = 'a'", [{ queryNames: ['a'] }, {}]],
  ["FROM (SELECT * FROM xdr_data) WHERE query_name = 'a'", [{ queryNames: ['a'] }]],
  ["FROM (SELECT query_name AS q, pid FROM xdr_data) s WHERE s.q IN ('a', 'b')", [{ queryNames: ['a', 'b'] }]],
  [
    "FROM (SELECT query_name, count(*) c FROM xdr_data GROUP BY query_name) WHERE query_name = 'a'",
    [{ queryNames: ['a'] }],
  ],
  ["FROM (SELECT query_name, count(*) c FROM xdr_data GROUP BY ROLLUP (query_name)) WHERE query_name = 'a'", [{}]],
  ["FROM (SELECT query_name FROM xdr_data LIMIT 5) WHERE query_name = 'a'", [{}]],
  ["FROM (SELECT query_name, rank() OVER (ORDER BY pid) r FROM xdr_data) WHERE query_name = 'a'", [{}]],
  ["FROM (SELECT lower(query_name) query_name FROM xdr_data) WHERE query_name = 'a'", [{}]],
  ["FROM (SELECT query_name FROM xdr_data UNION ALL SELECT name FROM xdr_data) WHERE query_name = 'a'", [{}, {}]],
  [
    "FROM (SELECT a.query_name FROM xdr_data a LEFT JOIN xdr_data b ON a.pid = b.pid) WHERE query_name = 'a'",
    [{ queryNames: ['a'] }, {}],
  ],
  ["FROM (SELECT DISTINCT query_name FROM xdr_data) x LEFT JOIN xdr_ioc_view y ON x.query_name = 'a'", [{}, {}]],
  [
    "FROM xdr_data WHERE pid IN (SELECT pid FROM xdr_data WHERE query_name = 'b') AND query_name = 'a'",
    [{ queryNames: ['a'] }, { queryNames: ['b'] }],
  ],
  [
    "FROM xdr_data WHERE calendar_time >= now() - INTERVAL '7' DAY",
    [{ bounds: [{ column: 'calendar_time', min: now - 7 * day }] }],
  ],
  [
    "FROM xdr_data WHERE calendar_time BETWEEN TIMESTAMP '2024-04-01 00:00:00' AND TIMESTAMP '2024-04-02 00:00:00'",
    [{ bounds: [{ column: 'calendar_time', min: Date.UTC(2024, 3, 1), max: Date.UTC(2024, 3, 2) }] }],
  ],
  [
    "FROM xdr_data WHERE date_add('day', -1, now()) < calendar_time AND time < 5 + 5",
    [
      {
        bounds: [
          { column: 'calendar_time', min: now - day },
          { column: 'time', max: 10 },
        ],
      },
    ],
  ],
  [
    'FROM xdr_data WHERE calendar_time > from_unixtime(1714521600)',
    [{ bounds: [{ column: 'calendar_time', min: 1714521600000 }] }],
  ],
  [
    "FROM xdr_data WHERE calendar_time > CAST('2024-04-01' AS date)",
    [{ bounds: [{ column: 'calendar_time', min: Date.UTC(2024, 3, 1) }] }],
  ],
  ['FROM xdr_data WHERE time > to_unixtime(now()) - 3600', [{ bounds: [{ column: 'time', min: now / 1000 - 3600 }] }]],
  ["FROM xdr_data WHERE endpoint_id = 'e1' AND name > 'a'", [{ bounds: [{ column: 'endpoint_id', in: ['e1'] }] }]],
  ['FROM xdr_data WHERE coalesce(pid, 1) = 1', [{ bounds: [] }]],
  ["FROM xdr_data WHERE CASE WHEN query_name = 'a' THEN true ELSE true END", [{}]],
  ["FROM xdr_data WHERE (query_name = 'a') IS NULL", [{}]],
  ["FROM xdr_data WHERE (query_name = 'a') = false", [{}]],
]

for (const [from, expected] of cases) {
  test(from.slice(0, 110), () => {
    const { scope } = check(`SELECT count(*) ${from}`)
    assert.equal(scope.relations.length, expected.length)
    for (const [index, want] of expected.entries()) {
      const relation = scope.relations[index]!
      assert.deepEqual(relation.queryNames, want.queryNames)
      if (want.bounds !== undefined) assert.deepEqual(relation.bounds, want.bounds)
    }
  })
}

test('a WITH query read twice is one scan, its condition counts, that of its readers does not', () => {
  const { scope } = check(
    "WITH a AS (SELECT pid, name FROM xdr_data WHERE query_name = 'x') SELECT 1 FROM a JOIN a b ON a.pid = b.pid WHERE a.name = 'y'",
  )
  assert.deepEqual(scope.relations, [
    {
      table: 'xdr_data',
      relation: 'xdr_data',
      queryNames: ['x'],
      columns: ['name', 'pid', 'query_name'],
      bounds: [{ column: 'query_name', in: ['x'] }],
    },
  ])
})

const readers: readonly (readonly [string, readonly string[] | undefined])[] = [
  ["WITH a AS (SELECT query_name, pid FROM xdr_data) SELECT 1 FROM a WHERE query_name = 'x'", ['x']],
  ["WITH a AS (SELECT query_name, pid FROM xdr_data) SELECT 1 FROM a, a b WHERE a.query_name = 'x'", undefined],
  [
    "WITH a AS (SELECT query_name, pid FROM xdr_data) SELECT 1 FROM a, a b WHERE a.query_name = 'x' AND b.query_name = 'y'",
    ['x', 'y'],
  ],
  ["WITH a (q) AS (SELECT query_name FROM xdr_data), b AS (SELECT q FROM a) SELECT 1 FROM b WHERE q = 'x'", ['x']],
  [
    "WITH a (q) AS (SELECT query_name FROM xdr_data), b AS (SELECT q FROM a) SELECT 1 FROM b, a WHERE b.q = 'x'",
    undefined,
  ],
  [
    "WITH a (q) AS (SELECT query_name FROM xdr_data), b AS (SELECT q FROM a WHERE q = 'y') SELECT 1 FROM a WHERE q = 'x'",
    ['x', 'y'],
  ],
  [
    "WITH RECURSIVE a (q) AS (SELECT query_name FROM xdr_data UNION ALL SELECT q || 'x' FROM a WHERE length(q) < 3) SELECT 1 FROM a WHERE q = 'x'",
    undefined,
  ],
]

for (const [template, queryNames] of readers) {
  test(template.slice(0, 110), () => {
    assert.deepEqual(
      check(template).scope.relations.map(relation => relation.queryNames?.toSorted()),
      [queryNames],
    )
  })
}

test('a wide table without query names is a warning with its place', () => {
  assert.deepEqual(check('SELECT count(*)\nFROM xdr_data').warnings, [
    {
      code: 'no_query_name',
      message: 'nothing limits query_name here: the rows of every query in xdr_data are read',
      line: 2,
      column: 6,
      offset: 21,
      length: 8,
    },
  ])
})

test('a query name without rows is a warning that lists those with rows, near ones first', () => {
  const [warning] = check("SELECT pid FROM xdr_data WHERE query_name = 'lisening_ports'").warnings
  assert.equal(warning?.code, 'unknown_query_name')
  assert.equal(
    warning?.message,
    "no row has query_name 'lisening_ports'; did you mean 'listening_ports'? query names with rows: listening_ports, " +
      'running_processes_windows_sophos, running_processes_linux_events, running_processes_osx_events, open_sockets, ' +
      'windows_programs, windows_startup_items, vulnerability_dep, vulnerability_app_compatibility, ' +
      'access_productivity_documents, user_accounts, sophos_ips_windows, sophos_urls_windows, ' +
      'windows_event_user_account_changed, windows_event_invalid_logon_brute_force, windows_query_event, arp_cache, ' +
      'network_interfaces, disk_encryption_windows, windows_updates_patch and 4 more',
  )
  const some = "SELECT pid FROM xdr_data WHERE query_name IN ('listening_ports', 'nowhere')"
  assert.deepEqual(check(some).warnings, [])
  const empty = { ...lakeSchema, queryNames: [] }
  const none = check("SELECT pid FROM xdr_data WHERE query_name = 'open_sockets'", empty).warnings
  assert.equal(none[0]?.message, "no row has query_name 'open_sockets'; no query name has rows yet")
})
