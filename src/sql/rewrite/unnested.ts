import type { Expression } from '../parse/ast.ts'
import { quoteName } from '../sql-type.ts'
import { type BoundRelation, bind, type Context, freshName, type Typed } from './context.ts'

// The engine cannot carry a column into a lambda from beside it: inside LATERAL, where UNNEST is printed, lambdas, ours
// in macros included, see no column. An array made by one of a single table is made where the table is read instead.

/** A column that the table called `alias` is to compute where it is read. */
export interface Addition {
  readonly alias: string
  readonly sql: string
  readonly name: string
}

/** An argument of UNNEST; what has to be computed further left is put into `additions`. */
export function bindUnnested(
  arg: Expression,
  left: readonly BoundRelation[],
  context: Context,
  additions: Addition[],
): Typed {
  const plain = bind(arg, { ...context, scope: { ...context.scope, isLateral: false } })
  if (!/\blambda\b|\btrino_/.test(plain.sql)) return plain
  const alias = onlyTable(plain.sql, left)
  // What else there is is bound as it stands; a lambda of the statement that would fail is refused by its column.
  if (alias === undefined) return /\blambda\b/.test(plain.sql) ? bind(arg, context) : plain
  const addition = { alias, sql: plain.sql, name: quoteName(freshName(context.session, 'unnested ')) }
  additions.push(addition)
  return { sql: `${alias}.${addition.name}`, type: plain.type }
}

/** The one table whose columns the SQL reads, where it is one of those to the left and reads no query of its own. */
function onlyTable(sql: string, left: readonly BoundRelation[]): string | undefined {
  if (/\bSELECT\b/.test(sql)) return undefined
  const read = new Set([...sql.matchAll(/\bt\d+(?=\.)/g)].map(match => match[0]))
  const [alias, ...others] = read
  if (alias === undefined || others.length > 0) return undefined
  const isTable = left.some(relation => relation.isTable === true && relation.columns[0]?.sql.startsWith(`${alias}.`))
  return isTable ? alias : undefined
}

/** `"x" AS t1` as `(SELECT *, … FROM "x" AS t1) AS t1`. */
export function withAdditions(sql: string, additions: readonly Addition[]): string {
  return additions.reduce((text, { alias, sql: value, name }) => {
    return text.replace(
      new RegExp(`"[^"]+" AS ${alias}\\b`),
      found => `(SELECT *, ${value} AS ${name} FROM ${found}) AS ${alias}`,
    )
  }, sql)
}
