import { functionCatalogue } from '../../src/sql/functions.ts'
import { tokenize } from '../../src/sql/parse/lexer.ts'
import { attacks } from '../attack/statements.ts'
import type { Random } from './random.ts'

// Statements of a grammar like Trino's, from a seed: mostly meaningful, sometimes with a word of an attack in them, and
// sometimes cut up afterwards.

type Kind = 'varchar' | 'bigint' | 'double' | 'boolean' | 'timestamp'

/** Leaves of each type. */
const leaves: Readonly<Record<Kind, readonly string[]>> = {
  varchar: ['name', 'query_name', 'endpoint_id', 'message_identifier', "'x'", "''", "'2026-02-01'", "U&'\\0041'"],
  bigint: ['size', 'port', '1', '-7', '0', '9223372036854775807'],
  double: ['2.5e0', '1e3', 'CAST(size AS double)', 'nan()'],
  boolean: ['true', 'false', 'port > 3', "name LIKE '%1%'"],
  timestamp: ['calendar_time', 'now()', "TIMESTAMP '2026-02-01 10:00:00'"],
}
const kinds = Object.keys(leaves) as Kind[]
const casts = ['varchar', 'bigint', 'integer', 'double', 'boolean', 'date', 'timestamp', 'json', 'decimal(20, 4)']
const oddLeaves = ['NULL', "INTERVAL '1' DAY", 'ARRAY[1, 2]', "MAP(ARRAY['a'], ARRAY[1])", "X'2F'", "DATE '2026-02-01'"]
const words = [
  ...["'/etc/passwd'", '"/etc/passwd"', "read_text('/etc/passwd')", 'sqlite_master', 'duckdb_settings()', 'filename'],
  ...["query('SELECT 1')", 'information_schema.tables', 'current_setting', 'getenv', ';', '--', '/*', '*/', '$$', '"'],
  ...["'", 'xdr_data', 'COLUMNS(*)', '::', 'rowid', 'AT', 'PIVOT', 'COPY', 'INTO', '\u0000', '\u200b', '\ufeff', '`'],
]

const working = functionCatalogue.filter(({ how, kind }) => how !== 'refused' && kind !== 'table')
/** Each working function beside one of its forms, by the type of its result. */
const formsOf = Object.groupBy(
  working.flatMap(({ name, signatures }) => signatures.map(form => ({ name, form }))),
  ({ form }) => kinds.find(kind => / (\w+)/.exec(form.slice(form.lastIndexOf(')')))?.[1] === kind) ?? 'other',
)
/** Arguments by the first letters of their type. */
const argumentsOf: readonly (readonly [start: string, values: readonly string[]])[] = [
  ['varchar', ['name', "'x'", "'a,b'", 'query_name', "''"]],
  ['char', ["'x'"]],
  ['bigint', ['size', '3', '-1', '0']],
  ['integer', ['port', '2', '10']],
  ['double', ['2.5e0', 'CAST(size AS double)', '0e0']],
  ['decimal', ['2.50']],
  ['boolean', ['true', 'port > 1']],
  ['timestamp', ['calendar_time', 'now()']],
  ['date', ["DATE '2026-02-01'", 'CAST(calendar_time AS date)']],
  ['array(varchar', ["split(name, 'n')", "ARRAY['x', name]"]],
  ['array', ['ARRAY[1, 2]', 'ARRAY[size, 3]']],
  ['map', ["MAP(ARRAY['a'], ARRAY[1])"]],
  ['varbinary', ['to_utf8(name)', "X'2F'"]],
  ['json', ["JSON '[1]'", "JSON '{}'"]],
  ['function', ['x -> x', '(x, y) -> x', 'x -> x IS NULL', '(x, y) -> x + y']],
  ['', ['name', 'size', '1', "'x'"]],
]

interface Scope {
  readonly relations: readonly string[]
  readonly depth: number
}

export function statementOf(random: Random): string {
  const text = random.chance(0.05) ? random.pick(attacks).sql : query(random, { relations: ['xdr_data'], depth: 3 })
  return random.chance(0.3) ? mutated(random, text) : text
}

/** A few tokens dropped, doubled, swapped or replaced. */
function mutated(random: Random, text: string): string {
  const tokens = safeTokens(text)
  for (let edits = 1 + random.int(3); edits > 0 && tokens.length > 0; edits -= 1) {
    const at = random.int(tokens.length)
    const kind = random.int(4)
    if (kind === 0) tokens.splice(at, 1)
    else if (kind === 1) tokens.splice(at, 0, random.pick(words))
    else if (kind === 2) tokens[at] = tokens[random.int(tokens.length)] ?? ''
    else tokens[at] = random.pick(words)
  }
  return tokens.join(random.chance(0.9) ? ' ' : '')
}

function safeTokens(text: string): string[] {
  try {
    return tokenize(text).map(token => text.slice(token.start, token.end))
  } catch {
    // Not every attack is made of tokens.
    return text.split(/\b/)
  }
}

function query(random: Random, scope: Scope): string {
  if (scope.depth > 0 && random.chance(0.2)) {
    const name = random.pick(['a', 'q1', 't', '"XDR_DATA"', 'duckdb_views'])
    const recursive = random.chance(0.1) ? 'RECURSIVE ' : ''
    const inner = query(random, deeper(scope))
    return `WITH ${recursive}${name} AS (${inner}) ${select(random, { ...scope, relations: [...scope.relations, name] })}`
  }
  if (scope.depth > 0 && random.chance(0.12)) {
    const operator = random.pick(['UNION ALL', 'UNION', 'INTERSECT', 'EXCEPT'])
    return `${select(random, deeper(scope))} ${operator} ${select(random, deeper(scope))}`
  }
  return select(random, scope)
}

function select(random: Random, scope: Scope): string {
  const isGrouped = random.chance(0.25)
  const items = Array.from({ length: 1 + random.int(3) }, () => item(random, scope, isGrouped))
  const first = random.chance(0.1) ? '*' : items.join(', ')
  const where = random.chance(0.5) ? ` WHERE ${expression(random, deeper(scope), 'boolean')}` : ''
  const group = isGrouped ? ` GROUP BY ${random.pick(['1', 'name', 'ROLLUP (name)', '()'])}` : ''
  const order = random.chance(0.3) ? ` ORDER BY 1${random.pick(['', ' DESC', ' NULLS FIRST'])}` : ''
  const limit = random.chance(0.5) ? ` LIMIT ${random.int(50)}` : ''
  return `SELECT ${random.chance(0.1) ? 'DISTINCT ' : ''}${first} FROM ${relation(random, scope)}${where}${group}${order}${limit}`
}

function item(random: Random, scope: Scope, isGrouped: boolean): string {
  const value = expression(random, deeper(scope), random.pick(kinds))
  const aggregate = random.pick(['count', 'max', 'min', 'array_agg', 'approx_distinct', 'arbitrary'])
  const text = isGrouped ? `${aggregate}(${value})` : value
  return random.chance(0.5) ? `${text} AS c${random.int(9)}` : text
}

function relation(random: Random, scope: Scope): string {
  const choice = scope.depth > 0 ? random.int(10) : 0
  if (choice < 6) return random.pick(scope.relations)
  if (choice === 6) return `(${query(random, deeper(scope))}) AS s${random.int(3)}`
  if (choice === 7) return `(VALUES (1, 'x'), (2, 'y')) AS v(port, name)`
  if (choice === 8)
    return `xdr_data CROSS JOIN UNNEST(${random.pick(["split(name, 'n')", 'ARRAY[1, 2]', 'name'])}) AS u(x)`
  const kind = random.pick(['JOIN', 'LEFT JOIN', 'FULL JOIN'])
  return `xdr_data a ${kind} xdr_data b ON a.name = b.name`
}

function expression(random: Random, scope: Scope, wanted: Kind): string {
  // Now and then of another type than its place wants.
  const kind = random.chance(0.03) ? random.pick(kinds) : wanted
  if (scope.depth <= 0 || random.chance(0.3)) return random.pick(random.chance(0.02) ? oddLeaves : leaves[kind])
  const inner = (of: Kind) => expression(random, deeper(scope), of)
  switch (random.int(6)) {
    case 0:
      return `CASE WHEN ${inner('boolean')} THEN ${inner(kind)} ELSE ${inner(kind)} END`
    case 1:
      return `coalesce(${inner(kind)}, ${inner(kind)})`
    case 2:
      return `TRY_CAST(CAST(${inner(random.pick(kinds))} AS varchar) AS ${random.chance(0.9) ? kind : random.pick(casts)})`
    case 3:
      return random.chance(0.2)
        ? `(SELECT max(${inner(kind)}) FROM ${random.pick(scope.relations)})`
        : combined(random, kind, inner)
    case 4:
      return combined(random, kind, inner)
    default:
      return call(random, kind, inner)
  }
}

function combined(random: Random, kind: Kind, inner: (of: Kind) => string): string {
  const other = random.pick(kinds)
  switch (kind) {
    case 'varchar':
      return `(${inner('varchar')} || ${inner('varchar')})`
    case 'bigint':
    case 'double':
      return `(${inner(kind)} ${random.pick(['+', '-', '*', '/', '%'])} ${inner(kind)})`
    case 'timestamp':
      return `(${inner('timestamp')} + INTERVAL '${random.int(99)}' ${random.pick(['SECOND', 'DAY', 'MONTH'])})`
    default:
      return random.pick([
        `${inner(other)} ${random.pick(['=', '<>', '<', '>=', 'IS DISTINCT FROM'])} ${inner(other)}`,
        `(${inner('boolean')} ${random.pick(['AND', 'OR'])} NOT ${inner('boolean')})`,
        `${inner(other)} ${random.pick(['IN', 'NOT IN'])} (${inner(other)}, ${inner(other)})`,
        `${inner('varchar')} LIKE '%${random.pick(['a', '_', '%', "''", '1'])}%'`,
        `${inner(other)} BETWEEN ${inner(other)} AND ${inner(other)}`,
        `${inner(other)} IS NOT NULL`,
        `EXISTS (SELECT 1 FROM xdr_data WHERE ${inner('boolean')})`,
      ])
  }
}

/** A function with arguments of the types of one of its forms, or now and then of any. */
function call(random: Random, kind: Kind, inner: (of: Kind) => string): string {
  const { name, form } = random.pick(formsOf[random.chance(0.9) ? kind : 'other'] ?? formsOf.varchar ?? [])
  const [, list = ''] = /^\((.*)\)/.exec(form) ?? []
  const wanted = list === '' ? [] : list.split(/, (?![^(]*\))/)
  const values = wanted.map(type => {
    const same = kinds.find(each => type.startsWith(each))
    if (same !== undefined && random.chance(0.4)) return inner(same)
    const [, choices] = argumentsOf.find(([start]) => type.startsWith(start)) ?? ['', ['1']]
    return random.pick(choices)
  })
  return `${name}(${values.join(', ')})`
}

function deeper(scope: Scope): Scope {
  return { ...scope, depth: scope.depth - 1 }
}
