// Statements that are allowed and too much: each ends failed, timed out or succeeds within its bounds, with a clear
// message, and the next honest query answers.

export interface Bomb {
  readonly kind: string
  readonly sql: string
}

const digits = '(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))'

/** FROM items that together give 10^count rows; `value` numbers them. */
function rows(count: number): { readonly from: string; readonly value: string } {
  const names = Array.from({ length: count }, (_, index) => `d${index}`)
  return {
    from: names.map(name => `${digits} AS ${name}(x)`).join(', '),
    value: names.map((name, index) => `${name}.x * ${10 ** index}`).join(' + '),
  }
}

const [six, seven, eight, fifteen] = [rows(6), rows(7), rows(8), rows(15)] as const
const nested = (open: string, middle: string, close: string, depth: number) =>
  open.repeat(depth) + middle + close.repeat(depth)

const bombsByKind: Readonly<Record<string, readonly string[]>> = {
  cpu: [
    `SELECT count(*) FROM ${fifteen.from}`,
    `SELECT sum(sin(${fifteen.value})) FROM ${fifteen.from}`,
    `SELECT max(sha256(to_utf8(CAST(${eight.value} AS varchar)))) FROM ${eight.from}`,
    `SELECT levenshtein_distance(rpad('a', 400000, 'ab'), rpad('b', 400000, 'ba')) AS n`,
    `SELECT count(*) FROM xdr_data a, xdr_data b, xdr_data c, xdr_data d, xdr_data e`,
    `SELECT count(*) FROM xdr_data a JOIN xdr_data b ON a.name < b.name JOIN xdr_data c ON b.name < c.name`,
    `SELECT regexp_like(rpad('a', 100000, 'a'), '^(a+)+$b') AS x`,
    `SELECT regexp_replace(rpad('a', 1000000, 'ab'), '(a|b|ab)*c', 'x') AS x`,
    `SELECT count(*) FROM ${six.from} WHERE regexp_like(rpad(CAST(${six.value} AS varchar), 500, 'ab'), '(.*)(.*)(.*)x')`,
    `SELECT rpad('a', 100000, 'a') LIKE '%a%a%a%a%a%a%a%a%a%a%b' AS x`,
    `SELECT count(*) FROM ${six.from} WHERE rpad('', 2000, 'ab') LIKE '%a%b%a%b%a%b%a%b%c'`,
    `WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t`,
    `WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n FROM t) SELECT max(n) FROM t`,
    `SELECT approx_distinct(${fifteen.value}) FROM ${fifteen.from}`,
    `SELECT reduce(sequence(1, 10000), 0, (s, x) -> s + reduce(sequence(1, 10000), 0, (t, y) -> t + y * x, t -> t), s -> s)`,
    `SELECT count(*) FROM (SELECT row_number() OVER (ORDER BY sin(${seven.value})) AS n FROM ${seven.from})`,
    `SELECT sum(n) FROM (SELECT count(*) OVER (ORDER BY ${six.value} ROWS BETWEEN 100000 PRECEDING AND CURRENT ROW) AS n FROM ${six.from})`,
    `SELECT (SELECT count(*) FROM ${fifteen.from} WHERE d0.x = a.pid) FROM xdr_data a`,
    `SELECT power(1.0000001, ${fifteen.value}) FROM ${fifteen.from}`,
    `SELECT array_sort(sequence(1, 10000), (x, y) -> IF(x < y, 1, IF(x = y, 0, -1)))`,
    `SELECT count(*) FROM ${eight.from} WHERE md5(to_utf8(CAST(${eight.value} AS varchar))) = X'00'`,
  ],
  memory: [
    `SELECT rpad('x', 2000000000, 'x') AS t`,
    `SELECT lpad('x', 2147483647, 'xyz') AS t`,
    `SELECT array_agg(rpad(CAST(${seven.value} AS varchar), 200, 'x')) AS t FROM ${seven.from}`,
    `SELECT listagg(rpad(CAST(${seven.value} AS varchar), 200, 'x'), ',') WITHIN GROUP (ORDER BY 1) AS t FROM ${seven.from}`,
    `SELECT map_agg(CAST(${seven.value} AS varchar), rpad('x', 100, 'x')) AS t FROM ${seven.from}`,
    `SELECT histogram(${seven.value}) AS t FROM ${seven.from}`,
    `SELECT cardinality(flatten(transform(sequence(1, 10000), x -> sequence(1, 10000)))) AS n`,
    `SELECT length(array_join(transform(sequence(1, 10000), x -> rpad('x', 100000, 'x')), ',')) AS n`,
    `SELECT repeat('x', 1000000000) AS t`,
    `SELECT transform(sequence(1, 10000), x -> repeat(rpad('x', 10000, 'x'), 1000)) AS t`,
    `SELECT array_distinct(flatten(transform(sequence(1, 10000), x -> transform(sequence(1, 10000), y -> x * y)))) AS t`,
    `SELECT count(DISTINCT rpad(CAST(${seven.value} AS varchar), 300, 'x')) AS n FROM ${seven.from}`,
    `SELECT a.v, count(*) FROM (SELECT ${six.value} AS n, rpad(CAST(${six.value} AS varchar), 2000, 'x') AS v FROM ${six.from}) a GROUP BY 1`,
    `SELECT min_by(v, n), max_by(v, n), array_agg(v) FROM (SELECT ${six.value} AS n, rpad('', 5000, CAST(${six.value} AS varchar)) AS v FROM ${six.from})`,
    `SELECT split(rpad('a', 500000000, ','), ',') AS t`,
    `SELECT regexp_extract_all(rpad('a', 200000000, 'a'), '.') AS t`,
    `SELECT replace(rpad('a', 100000000, 'a'), 'a', 'aaaaaaaaaaaaaaaaaaaa') AS t`,
    `SELECT concat(a, a, a, a, a, a, a, a) FROM (SELECT rpad('x', 200000000, 'x') AS a)`,
    `SELECT to_hex(to_utf8(rpad('x', 500000000, 'x'))) AS t`,
    `SELECT approx_percentile(v, 0.5), array_agg(v ORDER BY v) FROM (SELECT sin(${seven.value}) AS v FROM ${seven.from})`,
    `SELECT json_format(CAST(array_agg(${seven.value}) AS json)) AS t FROM ${seven.from}`,
    `SELECT lag(v, 1) OVER (ORDER BY v) FROM (SELECT rpad(CAST(${seven.value} AS varchar), 100, 'x') AS v FROM ${seven.from})`,
    `SELECT a.v FROM (SELECT ${six.value} AS n, rpad('', 1000, 'x') AS v FROM ${six.from}) a JOIN (SELECT ${six.value} AS n, rpad('', 1000, 'y') AS v FROM ${six.from}) b ON a.n = b.n AND a.v <> b.v ORDER BY b.v`,
  ],
  'temporary disk': [
    `SELECT ${eight.value} AS n FROM ${eight.from} ORDER BY sin(${eight.value})`,
    `SELECT rpad(CAST(${seven.value} AS varchar), 500, 'x') AS t FROM ${seven.from} ORDER BY sin(${seven.value})`,
    `SELECT DISTINCT rpad(CAST(${seven.value} AS varchar), 200, 'x') AS t FROM ${seven.from}`,
    `SELECT t, count(*) FROM (SELECT rpad(CAST(${seven.value} AS varchar), 200, 'x') AS t FROM ${seven.from}) GROUP BY t`,
    `SELECT * FROM (SELECT ${seven.value} AS n FROM ${seven.from}) a JOIN (SELECT ${seven.value} AS n FROM ${seven.from}) b ON a.n = b.n ORDER BY sin(a.n)`,
    `SELECT rank() OVER (PARTITION BY n % 10 ORDER BY sin(n)), n FROM (SELECT ${seven.value} AS n FROM ${seven.from})`,
    `SELECT n FROM (SELECT ${seven.value} AS n FROM ${seven.from}) INTERSECT SELECT n FROM (SELECT ${seven.value} AS n FROM ${seven.from})`,
    `SELECT n FROM (SELECT ${seven.value} AS n FROM ${seven.from}) EXCEPT SELECT n + 1 FROM (SELECT ${seven.value} AS n FROM ${seven.from})`,
    `SELECT a.n, b.n FROM (SELECT ${six.value} AS n FROM ${six.from}) a FULL JOIN (SELECT ${seven.value} AS n FROM ${seven.from}) b ON a.n = b.n + 5 ORDER BY b.n DESC`,
    `WITH t AS (SELECT rpad(CAST(${seven.value} AS varchar), 100, 'x') AS v FROM ${seven.from}) SELECT * FROM t a JOIN t b ON a.v = b.v ORDER BY a.v`,
  ],
  'output size': [
    `SELECT ${eight.value} AS n FROM ${eight.from}`,
    `SELECT sin(${seven.value}) AS a, cos(${seven.value}) AS b, tan(${seven.value}) AS c FROM ${seven.from}`,
    `SELECT rpad(CAST(random() AS varchar), 10000, CAST(random() AS varchar)) AS t FROM ${six.from}`,
    `SELECT * FROM xdr_data a CROSS JOIN xdr_data b CROSS JOIN xdr_data c`,
    `SELECT to_hex(sha256(to_utf8(CAST(${seven.value} AS varchar)))) AS t FROM ${seven.from}`,
    `SELECT sequence(1, 10000) AS t FROM ${six.from}`,
    `SELECT rpad('x', 50000000, 'x') AS t FROM ${digits} AS d(x)`,
    `SELECT u FROM ${six.from}, UNNEST(sequence(1, 10000)) AS t(u)`,
    `SELECT ${Array.from({ length: 900 }, (_, index) => `sin(${index} + d0.x) AS c${index}`).join(', ')} FROM ${six.from}`,
    `SELECT map(sequence(1, 1000), sequence(1, 1000)) AS m, ROW(1, 2) AS r FROM ${six.from}`,
    `SELECT CAST(${seven.value} AS varchar) AS a FROM ${seven.from} UNION ALL SELECT uuid || 'x' FROM (SELECT CAST(uuid() AS varchar) AS uuid FROM ${seven.from})`,
  ],
  planning: [
    `SELECT ${'1 + '.repeat(12_000)}1 AS n`,
    `SELECT ${nested('(', '1', ')', 5_000)} AS n`,
    `SELECT ${nested('abs(', '1', ')', 3_000)} AS n`,
    `SELECT ${nested('NOT ', 'true', '', 9_000)} AS n`,
    `SELECT ${nested('CASE WHEN true THEN ', '1', ' END', 1_000)} AS n`,
    `SELECT 1 AS x WHERE 1 IN (${Array.from({ length: 8_000 }, (_, index) => index).join(', ')})`,
    `SELECT name FROM xdr_data WHERE ${Array.from({ length: 1_200 }, (_, index) => `name = 'n${index}'`).join(' OR ')}`,
    Array.from({ length: 1_500 }, (_, index) => `SELECT ${index} AS n`).join(' UNION ALL '),
    `SELECT * FROM (VALUES ${Array.from({ length: 6_000 }, (_, index) => `(${index})`).join(', ')}) AS t(x)`,
    `SELECT 1 AS x FROM ${Array.from({ length: 60 }, (_, index) => `xdr_data a${index}`).join(', ')}`,
    `SELECT 1 AS x FROM xdr_data a0 ${Array.from({ length: 40 }, (_, index) => `JOIN xdr_data a${index + 1} ON a${index}.pid = a${index + 1}.pid`).join(' ')}`,
    `${Array.from({ length: 400 }, (_, index) => `${index === 0 ? 'WITH' : ','} c${index} AS (SELECT ${index === 0 ? '1 AS n' : `a.n FROM c${index - 1} a`})`).join(' ')} SELECT * FROM c399`,
    `${Array.from({ length: 28 }, (_, index) => `${index === 0 ? 'WITH' : ','} c${index} AS (SELECT ${index === 0 ? '1 AS n' : `a.n FROM c${index - 1} a CROSS JOIN c${index - 1} b`})`).join(' ')} SELECT count(*) FROM c27`,
    nested('SELECT * FROM (', 'SELECT 1 AS n', ')', 400),
    `SELECT GROUPING(${'abcdefghijkl'.split('').join(', ')}), count(*) FROM (VALUES (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)) AS t(${'abcdefghijkl'.split('').join(', ')}) GROUP BY CUBE (${'abcdefghijkl'.split('').join(', ')})`,
    `SELECT length(rpad('a', 1000000000, 'b')) AS n WHERE 1 = 0`,
    `SELECT levenshtein_distance(rpad('a', 300000, 'ab'), rpad('b', 300000, 'ba')) AS n WHERE false`,
    `SELECT cardinality(sequence(1, 1000000000)) AS n`,
    `SELECT power(10, 100000) AS n`,
    `SELECT date_add('day', 2147483647, DATE '2024-01-01') AS d`,
    `SELECT format('%1000000000d', 1) AS t`,
    `SELECT date_format(now(), '${'%Y'.repeat(20_000)}') AS t`,
    `SELECT regexp_like('a', '${nested('(', 'a', ')*', 1_000)}') AS x`,
    `SELECT regexp_like('a', 'a{1000}{1000}{1000}') AS x`,
    `SELECT regexp_like('aaa', '${'(a|b)?'.repeat(5_000)}') AS x`,
    `SELECT '${'x'.repeat(49_000)}' AS t`,
    `SELECT 1 AS "${'n'.repeat(49_000)}"`,
    `SELECT json_extract('${nested('[', '', ']', 20_000)}', '$.a') AS t`,
    `SELECT json_extract('{}', '$${'.a'.repeat(20_000)}') AS t`,
    `SELECT ${'- '.repeat(10_000)}1 AS n`,
    `SELECT transform(ARRAY[1], a -> ${nested('transform(ARRAY[1], a -> ', 'a', ')', 300)}) AS t`,
    `SELECT ${nested('ARRAY[', '1', ']', 90)} AS t`,
    `SELECT CAST(NULL AS ${nested('array(', 'bigint', ')', 500)}) AS t`,
  ],
}

export const bombs: readonly Bomb[] = Object.entries(bombsByKind).flatMap(([kind, statements]) =>
  statements.map(sql => ({ kind, sql })),
)
