// Random expressions by type over the columns in scope. A seed gives the same text on every machine.

export interface Draw {
  /** A whole number from 0 up to `count`, exclusive. */
  below(count: number): number
  pick<T>(items: readonly T[]): T
  chance(percent: number): boolean
}

/** A small generator of good enough numbers (mulberry32). */
export function drawFrom(seed: number): Draw {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (count: number) => Math.floor(next() * count)
  return { below, pick: items => items[below(items.length)]!, chance: percent => next() * 100 < percent }
}

export type Kind =
  | 'varchar'
  | 'bigint'
  | 'integer'
  | 'double'
  | 'decimal'
  | 'boolean'
  | 'timestamp'
  | 'date'
  | 'words'
  | 'numbers'
  | 'interval'

/** Columns by kind; an alias before each name where there is one. */
export type Columns = Readonly<Partial<Record<Kind, readonly string[]>>>

export const sampleColumns: Columns = {
  varchar: ['s', 'list', 'u', 'num', 'path', 'hex'],
  bigint: ['id', 'n'],
  integer: ['k'],
  double: ['g'],
  boolean: ['b'],
  timestamp: ['ts', 'ts2'],
}

/** An expression of `kind` over `columns`, at most `depth` operators deep. */
export function expression(draw: Draw, kind: Kind, columns: Columns, depth: number): string {
  if (depth <= 0 || draw.chance(15)) return leaf(draw, kind, columns)
  const of = (wanted: Kind) => expression(draw, wanted, columns, depth - 1)
  if (draw.chance(12)) return conditional(draw, kind, of)
  return forms[kind](draw, of)
}

function conditional(draw: Draw, kind: Kind, of: (kind: Kind) => string): string {
  return draw.pick([
    () => `CASE WHEN ${of('boolean')} THEN ${of(kind)} ELSE ${of(kind)} END`,
    () => `CASE ${of('integer')} WHEN 0 THEN ${of(kind)} WHEN 1 THEN ${of(kind)} END`,
    () => `coalesce(${of(kind)}, ${of(kind)})`,
    () => `IF(${of('boolean')}, ${of(kind)}, ${of(kind)})`,
    () => `nullif(${of(kind)}, ${of(kind)})`,
    () => `TRY(${of(kind)})`,
  ])()
}

const literals: Readonly<Record<Kind, readonly string[]>> = {
  varchar: ["'a'", "''", "'hello'", "'%l%'", "'ü'", "'1'", 'CAST(NULL AS varchar)', "'it''s'"],
  bigint: ["BIGINT '3'", '-1', '0', '100', '4294967296', 'CAST(NULL AS bigint)'],
  integer: ['1', '2', '-3', '0', 'CAST(NULL AS integer)'],
  double: ['1.5E0', '-0.25E0', '0E0', '1E3', 'CAST(NULL AS double)'],
  decimal: ['1.50', '-0.125', '100.0', "DECIMAL '12.345'", 'CAST(NULL AS decimal(10,2))'],
  boolean: ['true', 'false', 'CAST(NULL AS boolean)'],
  timestamp: ["TIMESTAMP '2024-02-29 12:00:00.000'", "TIMESTAMP '2000-01-01 00:00:00.123'"],
  date: ["DATE '2024-01-31'", "DATE '1999-12-31'", 'CAST(NULL AS date)'],
  words: ["ARRAY['a', 'b', NULL]", "ARRAY['x']", 'CAST(ARRAY[] AS array(varchar))'],
  numbers: ['ARRAY[1, 2, NULL]', 'ARRAY[5]'],
  interval: ["INTERVAL '1' DAY", "INTERVAL '90' MINUTE", "INTERVAL '-3' HOUR"],
}

function leaf(draw: Draw, kind: Kind, columns: Columns): string {
  const names = columns[kind] ?? []
  return names.length > 0 && draw.chance(75) ? draw.pick(names) : draw.pick(literals[kind])
}

type Forms = (draw: Draw, of: (kind: Kind) => string) => string

const comparisons = ['=', '<>', '<', '<=', '>', '>=']
const ordered: readonly Kind[] = ['varchar', 'bigint', 'integer', 'double', 'decimal', 'timestamp', 'date']

const forms: Readonly<Record<Kind, Forms>> = {
  varchar: (draw, of) =>
    draw.pick([
      () => `(${of('varchar')} || ${of('varchar')})`,
      () => `${draw.pick(['lower', 'trim', 'reverse', 'ltrim', 'rtrim'])}(${of('varchar')})`,
      () => `substr(${of('varchar')}, ${draw.below(4) - 1}, ${draw.below(5)})`,
      () => `replace(${of('varchar')}, ${of('varchar')}, 'q')`,
      () =>
        `CAST(${of(draw.pick(['bigint', 'integer', 'double', 'decimal', 'boolean', 'timestamp', 'date', 'interval']))} AS varchar)`,
      () => `concat(${of('varchar')}, ${of('varchar')})`,
      () => `split_part(${of('varchar')}, ',', ${1 + draw.below(3)})`,
      () => `array_join(${of('words')}, '/')`,
      () => `array_join(${of('numbers')}, ',', '-')`,
      () => `element_at(${of('words')}, ${1 + draw.below(2)})`,
      () => `regexp_replace(${of('varchar')}, '[aeiou]', '*')`,
      () => `regexp_extract(${of('varchar')}, '[a-z]+')`,
      () => `date_format(${of('timestamp')}, '%Y-%m-%d %H:%i:%s')`,
      () => `lpad(${of('varchar')}, ${draw.below(7)}, '.')`,
      () => `greatest(${of('varchar')}, ${of('varchar')})`,
      () => `CAST(${of('varchar')} AS varchar(3))`,
      () => `to_hex(to_utf8(${of('varchar')}))`,
      () => `json_extract_scalar(concat('{"a": ', CAST(${of('integer')} AS varchar), '}'), '$.a')`,
      () => `format('%s-%d', ${of('varchar')}, coalesce(${of('bigint')}, 0))`,
    ])(),
  bigint: (draw, of) =>
    draw.pick([
      () => `(${of('bigint')} ${draw.pick(['+', '-', '*'])} ${of('integer')})`,
      () => `(${of('bigint')} ${draw.pick(['/', '%'])} ${draw.pick(['3', '-2', '7'])})`,
      () => `(${of('bigint')} / nullif(${of('bigint')}, 0))`,
      () => `length(${of('varchar')})`,
      () => `abs(${of('bigint')})`,
      () => `strpos(${of('varchar')}, ${of('varchar')})`,
      () => `cardinality(${of(draw.pick(['words', 'numbers']))})`,
      () => `TRY_CAST(${of('varchar')} AS bigint)`,
      () => `CAST(${of(draw.pick(['double', 'decimal', 'boolean', 'integer']))} AS bigint)`,
      () =>
        `date_diff('${draw.pick(['day', 'month', 'hour', 'year', 'week'])}', ${of('timestamp')}, ${of('timestamp')})`,
      () => `${draw.pick(['year', 'month', 'day', 'hour', 'dow', 'week', 'quarter'])}(${of('timestamp')})`,
      () => `extract(${draw.pick(['YEAR', 'MONTH', 'DAY', 'DOY'])} FROM ${of('date')})`,
      () => `reduce(${of('numbers')}, BIGINT '0', (a, x) -> a + coalesce(x, 1), a -> a)`,
      () => `bitwise_and(${of('bigint')}, 255)`,
      () => `(- ${of('bigint')})`,
      () => `greatest(${of('bigint')}, ${of('integer')})`,
    ])(),
  integer: (draw, of) =>
    draw.pick([
      () => `(${of('integer')} ${draw.pick(['+', '-', '*'])} ${of('integer')})`,
      () => `TRY_CAST(${of('varchar')} AS integer)`,
      () => `CAST(${of('boolean')} AS integer)`,
      () => `(${of('integer')} % 5)`,
      () => `abs(${of('integer')})`,
    ])(),
  double: (draw, of) =>
    draw.pick([
      () => `(${of('double')} ${draw.pick(['+', '-', '*', '/', '%'])} ${of('double')})`,
      () => `(${of('double')} + ${of('bigint')})`,
      () => `${draw.pick(['floor', 'ceil', 'abs', 'round', 'sqrt', 'sign'])}(${of('double')})`,
      () => `round(${of('double')}, ${draw.below(3)})`,
      () => `CAST(${of(draw.pick(['bigint', 'decimal', 'integer']))} AS double)`,
      () => `to_unixtime(${of('timestamp')})`,
      () => `TRY_CAST(${of('varchar')} AS double)`,
      () => `least(${of('double')}, ${of('bigint')})`,
    ])(),
  decimal: (draw, of) =>
    draw.pick([
      () => `(${of('decimal')} ${draw.pick(['+', '-', '*'])} ${of('decimal')})`,
      () => `(${of('decimal')} / ${draw.pick(['3', '1.7', '-0.25'])})`,
      () => `(${of('decimal')} % 1.1)`,
      () => `CAST(${of('bigint')} AS decimal(20,${draw.below(3)}))`,
      () => `CAST(${of('double')} AS decimal(12,3))`,
      () => `round(${of('decimal')}, 1)`,
      () => `abs(${of('decimal')})`,
      () => `(${of('decimal')} + ${of('integer')})`,
    ])(),
  boolean: (draw, of) => {
    const kind = draw.pick(ordered)
    return draw.pick([
      () => `(${of(kind)} ${draw.pick(comparisons)} ${of(kind)})`,
      () => `(${of('boolean')} ${draw.pick(['AND', 'OR'])} ${of('boolean')})`,
      () => `(NOT ${of('boolean')})`,
      () => `(${of(kind)} IS ${draw.chance(50) ? 'NOT ' : ''}NULL)`,
      () => `(${of(kind)} ${draw.chance(30) ? 'NOT ' : ''}BETWEEN ${of(kind)} AND ${of(kind)})`,
      () => `(${of(kind)} ${draw.chance(30) ? 'NOT ' : ''}IN (${of(kind)}, ${of(kind)}))`,
      () =>
        `(${of('varchar')} ${draw.chance(30) ? 'NOT ' : ''}LIKE ${draw.pick(["'%l%'", "'h_l%'", "'%' || s || '%'", "'a'", "'%\\%'"])})`,
      () => `(${of(kind)} IS DISTINCT FROM ${of(kind)})`,
      () => `regexp_like(${of('varchar')}, '${draw.pick(['^[a-z]+$', '\\d', 'l{2}', '(?i)HELLO'])}')`,
      () => `contains(${of('words')}, ${of('varchar')})`,
      () => `any_match(${of('numbers')}, x -> x > ${of('integer')})`,
      () => `(${of('bigint')} ${draw.pick(comparisons)} ${of('double')})`,
      () => `(${of('decimal')} ${draw.pick(comparisons)} ${of('bigint')})`,
      () => `(${of('date')} ${draw.pick(comparisons)} ${of('timestamp')})`,
      () => `starts_with(${of('varchar')}, ${of('varchar')})`,
    ])()
  },
  timestamp: (draw, of) =>
    draw.pick([
      () => `(${of('timestamp')} ${draw.pick(['+', '-'])} ${of('interval')})`,
      () => `date_trunc('${draw.pick(['day', 'hour', 'month', 'week', 'year', 'quarter'])}', ${of('timestamp')})`,
      () => `date_add('${draw.pick(['day', 'month', 'minute', 'year'])}', ${of('integer')}, ${of('timestamp')})`,
      () => `CAST(${of('date')} AS timestamp(3))`,
      () => `(${of('timestamp')} + INTERVAL '1' MONTH)`,
      () => `greatest(${of('timestamp')}, ${of('timestamp')})`,
    ])(),
  date: (draw, of) =>
    draw.pick([
      () => `CAST(${of('timestamp')} AS date)`,
      () => `date_add('${draw.pick(['day', 'month', 'week'])}', ${of('integer')}, ${of('date')})`,
      () => `date_trunc('month', ${of('date')})`,
      () => `last_day_of_month(${of('timestamp')})`,
      () => `(${of('date')} + INTERVAL '2' DAY)`,
      () => `(${of('date')} - INTERVAL '1' YEAR)`,
      () => `TRY_CAST(substr(iso, 1, 10) AS date)`,
    ])(),
  words: (draw, of) =>
    draw.pick([
      () => `split(${of('varchar')}, '${draw.pick([',', 'l', ' '])}')`,
      () => `transform(${of('words')}, x -> x || ${of('varchar')})`,
      () => `filter(${of('words')}, x -> x <> ${of('varchar')})`,
      () => `array_distinct(${of('words')})`,
      () => `array_sort(${of('words')})`,
      () => `array_union(${of('words')}, ${of('words')})`,
      () => `array_except(${of('words')}, ${of('words')})`,
      () => `slice(${of('words')}, 1, 2)`,
      () => `(${of('words')} || ${of('words')})`,
      () => `ARRAY[${of('varchar')}, ${of('varchar')}]`,
      () => `reverse(${of('words')})`,
      () => `map_keys(MAP(ARRAY['p', 'q'], ARRAY[${of('bigint')}, ${of('bigint')}]))`,
    ])(),
  numbers: (draw, of) =>
    draw.pick([
      () => `ARRAY[${of('integer')}, ${of('integer')}, 4]`,
      () => `transform(${of('numbers')}, x -> x * 2)`,
      () => `filter(${of('numbers')}, x -> x IS NOT NULL)`,
      () => `sequence(1, ${1 + draw.below(4)})`,
      () => `array_remove(${of('numbers')}, 1)`,
      () => `zip_with(${of('numbers')}, ${of('numbers')}, (x, y) -> coalesce(x, y))`,
    ])(),
  interval: (draw, of) =>
    draw.pick([
      () => `(${of('timestamp')} - ${of('timestamp')})`,
      () => `(${of('interval')} * 2)`,
      () => `(${of('interval')} + ${of('interval')})`,
    ])(),
}
