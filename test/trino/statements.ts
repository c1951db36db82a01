import { type Columns, type Draw, drawFrom, expression, type Kind, sampleColumns } from './expressions.ts'

// Random statements: every clause of the grammar that real queries use, around random expressions.

export interface GeneratedCase {
  readonly about: string
  readonly sql: string
}

const kinds: readonly Kind[] = [
  'varchar',
  'bigint',
  'integer',
  'double',
  'decimal',
  'boolean',
  'timestamp',
  'date',
  'words',
  'numbers',
  'interval',
]
const simple: readonly Kind[] = ['varchar', 'bigint', 'integer', 'boolean', 'date', 'timestamp']

/** `count` statements of a seed; the shapes take turns. */
export function generate(seed: number, count: number): GeneratedCase[] {
  const draw = drawFrom(seed)
  const names = Object.keys(shapes)
  return Array.from({ length: count }, (_, index) => {
    const about = names[index % names.length]!
    return { about, sql: shapes[about]!(draw) }
  })
}

const otherColumns: Columns = {
  varchar: ['o.name'],
  bigint: ['o.id', 'o.n'],
  integer: ['o.k'],
  double: ['o.v'],
  timestamp: ['o.at'],
}

const sampleAliased: Columns = Object.fromEntries(
  Object.entries(sampleColumns).map(([kind, names]) => [kind, names.map(name => `a.${name}`)]),
)

function merged(a: Columns, b: Columns): Columns {
  return Object.fromEntries(kinds.map(kind => [kind, [...(a[kind] ?? []), ...(b[kind] ?? [])]]))
}

const joined = merged(sampleAliased, otherColumns)

function aggregate(draw: Draw, columns: Columns): string {
  const of = (kind: Kind) => expression(draw, kind, columns, 1)
  return draw.pick([
    () => 'count(*)',
    () => `count(${of(draw.pick(simple))})`,
    () => `count(DISTINCT ${of(draw.pick(simple))})`,
    () => `sum(${of(draw.pick(['bigint', 'integer', 'double', 'decimal']))})`,
    () => `avg(${of(draw.pick(['bigint', 'integer', 'double', 'decimal']))})`,
    () => `${draw.pick(['min', 'max'])}(${of(draw.pick(simple))})`,
    () => `array_sort(array_agg(DISTINCT ${of('varchar')}))`,
    () => `array_join(array_agg(${of('varchar')} ORDER BY ${columns === joined ? 'a.id, o.id, o.n, o.v' : 'id'}), ',')`,
    () => `count_if(${of('boolean')})`,
    () => `${draw.pick(['bool_and', 'bool_or'])}(${of('boolean')})`,
    () => `sum(${of('bigint')}) FILTER (WHERE ${of('boolean')})`,
    () => `count(*) FILTER (WHERE ${of('boolean')})`,
  ])()
}

const shapes: Readonly<Record<string, (draw: Draw) => string>> = {
  expression: draw => `SELECT id, ${expression(draw, draw.pick(kinds), sampleColumns, 3)} AS x FROM samples`,
  condition: draw => `SELECT id, s FROM samples WHERE ${expression(draw, 'boolean', sampleColumns, 3)}`,
  'deep expression': draw =>
    `SELECT id, TRY(${expression(draw, draw.pick(kinds), sampleColumns, 4)}) AS x FROM samples`,
  join: draw => {
    const type = draw.pick(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN'])
    const on = draw.pick([
      'a.id = o.id',
      'a.k = o.k',
      'a.s = o.name',
      'a.k = o.k AND a.n > o.n',
      'lower(a.s) = lower(o.name)',
    ])
    const list = [0, 1].map(() => expression(draw, draw.pick(simple), joined, 2))
    const where = draw.chance(50) ? ` WHERE ${expression(draw, 'boolean', joined, 2)}` : ''
    return `SELECT a.id, o.id, ${list.join(', ')} FROM samples a ${type} others o ON ${on}${where}`
  },
  'join using': draw => {
    const type = draw.pick(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN'])
    return `SELECT s, name FROM samples ${type} others USING (${draw.pick(['id', 'k', 'id, k'])})`
  },
  group: draw => {
    const key = expression(draw, draw.pick(simple), sampleColumns, 2)
    const having = draw.chance(40) ? ` HAVING count(*) > ${draw.below(2)}` : ''
    return `SELECT ${key} AS g, ${aggregate(draw, sampleColumns)}, ${aggregate(draw, sampleColumns)} FROM samples GROUP BY 1${having}`
  },
  'grouping sets': draw => {
    const sets = draw.pick(['ROLLUP (k, b)', 'CUBE (k, b)', 'GROUPING SETS ((k, b), (b), ())', 'k, ROLLUP (b)'])
    return `SELECT k, b, grouping(k, b) AS level, ${aggregate(draw, sampleColumns)} FROM samples GROUP BY ${sets}`
  },
  'join and group': draw =>
    `SELECT o.k, ${aggregate(draw, joined)}, ${aggregate(draw, joined)} FROM samples a ${draw.pick(['JOIN', 'LEFT JOIN'])} others o ON a.k = o.k GROUP BY o.k`,
  window: draw => {
    const value = expression(draw, draw.pick(['bigint', 'double', 'varchar']), sampleColumns, 1)
    const number = expression(draw, draw.pick(['bigint', 'integer']), sampleColumns, 1)
    const by = draw.pick(['', 'PARTITION BY k ', 'PARTITION BY b '])
    const frame = draw.pick([
      '',
      ' ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING',
      ' ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW',
      ' RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW',
      ' ROWS 2 PRECEDING',
    ])
    const order = draw.pick(['id', 'id DESC', 'n NULLS FIRST, id', 's, id'])
    const call = draw.pick([
      `sum(${number})`,
      `count(${value})`,
      `min(${value})`,
      `max(${value})`,
      `first_value(${value})`,
      `avg(${number})`,
    ])
    const plain = draw.pick([
      'row_number()',
      'rank()',
      'dense_rank()',
      `lag(${value})`,
      `lead(${value}, 2)`,
      'ntile(3)',
    ])
    return `SELECT id, ${call} OVER (${by}ORDER BY ${order}${frame}), ${plain} OVER (${by}ORDER BY ${order}) FROM samples`
  },
  'set operation': draw => {
    const list = [draw.pick(simple), draw.pick(simple)]
    const one = () => `SELECT ${list.map(kind => expression(draw, kind, sampleColumns, 1)).join(', ')} FROM samples`
    const operator = () => draw.pick(['UNION ALL', 'UNION', 'INTERSECT', 'EXCEPT'])
    return `${one()} ${operator()} ${one()}${draw.chance(30) ? ` ${operator()} ${one()}` : ''}`
  },
  'common table': draw => {
    const kind = draw.pick(simple)
    return `WITH a (x, y) AS (SELECT id, ${expression(draw, kind, sampleColumns, 2)} FROM samples), b AS (SELECT y, count(*) AS c FROM a GROUP BY y) SELECT a.x, b.c FROM a LEFT JOIN b ON a.y = b.y WHERE ${draw.pick(['a.x > 3', 'b.c IS NULL', 'b.c >= 1', "CAST(a.y AS varchar) <> 'q'"])}`
  },
  unnest: draw => {
    const words = expression(draw, 'words', sampleColumns, 2)
    const numbers = expression(draw, 'numbers', sampleColumns, 1)
    return draw.pick([
      `SELECT id, w FROM samples CROSS JOIN UNNEST(${words}) AS t(w)`,
      `SELECT id, w, o FROM samples, UNNEST(${words}) WITH ORDINALITY AS t(w, o)`,
      `SELECT id, w, x FROM samples CROSS JOIN UNNEST(${words}, ${numbers}) AS t(w, x)`,
      `SELECT w, count(*) FROM samples CROSS JOIN UNNEST(${words}) AS t(w) GROUP BY w`,
      `SELECT id, p, q FROM samples CROSS JOIN UNNEST(MAP(ARRAY['p', 'q'], ARRAY[n, k])) AS t(p, q)`,
      `SELECT id, w FROM samples LEFT JOIN UNNEST(${words}) AS t(w) ON true`,
    ])
  },
  subquery: draw => {
    const condition = expression(draw, 'boolean', sampleColumns, 1)
    return draw.pick([
      `SELECT id FROM samples WHERE k IN (SELECT k FROM others)`,
      `SELECT id FROM samples WHERE ${draw.pick(['k', 'id', 'n'])} NOT IN (SELECT id FROM others WHERE id IS NOT NULL) AND ${condition}`,
      `SELECT id FROM samples a WHERE EXISTS (SELECT 1 FROM others o WHERE o.k = a.k AND o.n > ${draw.below(30)})`,
      `SELECT id FROM samples a WHERE NOT EXISTS (SELECT 1 FROM others o WHERE o.id = a.id) AND ${condition}`,
      `SELECT id, (SELECT max(v) FROM others o WHERE o.k = a.k) AS m FROM samples a`,
      `SELECT id, (SELECT count(*) FROM others o WHERE o.k = a.k AND o.n > a.n) AS m FROM samples a`,
      `SELECT id FROM samples WHERE n ${draw.pick(comparisonOperators)} (SELECT avg(n) FROM others)`,
      `SELECT id FROM samples WHERE n ${draw.pick(['=', '<', '<=', '>', '>='])} ${draw.pick(['ALL', 'ANY'])} (SELECT n FROM others WHERE k ${draw.pick(comparisonOperators)} 1)`,
      `SELECT x.id, x.c FROM (SELECT id, ${expression(draw, 'varchar', sampleColumns, 1)} AS c FROM samples WHERE ${condition}) x WHERE x.c IS NOT NULL`,
      `SELECT id, l.x FROM samples a CROSS JOIN LATERAL (SELECT a.n + 1 AS x) l`,
    ])
  },
  distinct: draw =>
    `SELECT DISTINCT ${expression(draw, draw.pick(simple), sampleColumns, 1)}, ${expression(draw, draw.pick(simple), sampleColumns, 1)} FROM samples`,
  'ordered and cut': draw =>
    `SELECT id FROM samples ORDER BY ${expression(draw, draw.pick(simple), sampleColumns, 1)} ${draw.pick(['ASC', 'DESC', 'ASC NULLS FIRST', 'DESC NULLS LAST'])}, id LIMIT ${1 + draw.below(8)}`,
  values: draw =>
    `SELECT c, ${expression(draw, 'bigint', { bigint: ['a'], varchar: ['c'], double: ['d'] }, 2)} FROM (VALUES (1, 'x', 1.5E0), (2, NULL, -2E0), (NULL, 'y', 0E0)) AS t(a, c, d)`,
}

const comparisonOperators = ['=', '<>', '<', '<=', '>', '>=']
