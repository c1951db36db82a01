import { type Span, SqlRefusal } from '../diagnostics.ts'
import { type BoundColumn, type Carry, type Context, freshName, type Typed } from './context.ts'

// The engine cannot take a column of an enclosing query into a lambda, nor into the lambdas of our macros. A SELECT
// that does so is bound a second time: what it reads from outside comes in as the columns of one more relation of its
// FROM, `(SELECT t1."name" AS c1) AS o9`, and is then a column like any other.
//
// Modes of a SELECT: watching (columns of outside are noted and printed as they are) → carrying (they are printed as
// columns of that relation). One inside a carrying one carries at once, so the work stays quadratic in the nesting.

export function newWatch(): Carry {
  return { alias: undefined, columns: [] }
}

export function newCarry(context: Pick<Context, 'session'>): Carry {
  return { alias: freshName(context.session, 'o'), columns: [] }
}

/** A column of an enclosing query as this SELECT prints it. */
export function carried(column: BoundColumn, carry: Carry | undefined): Typed {
  if (carry === undefined) return column
  const known = carry.columns.indexOf(column.sql)
  if (known === -1) carry.columns.push(column.sql)
  if (carry.alias === undefined) return column
  const position = known === -1 ? carry.columns.length : known + 1
  return { sql: `${carry.alias}.c${position}`, type: column.type }
}

/** FROM with the relation that carries; `fromSql` is '' or the relations. */
export function withCarried(fromSql: string, carry: Carry | undefined): string {
  if (carry?.alias === undefined || carry.columns.length === 0) return fromSql
  const list = carry.columns.map((sql, index) => `${sql} AS c${index + 1}`).join(', ')
  return `${fromSql === '' ? '' : `${fromSql}, `}(SELECT ${list}) AS ${carry.alias}`
}

/** Whether SQL that was bound while watching may hold a column of outside in a lambda. */
export function mustCarry(sql: string, carry: Carry): boolean {
  return carry.columns.length > 0 && /\blambda\b|\btrino_/.test(sql)
}

/** Met while watching: the SELECT is to be bound again, carrying. */
export class OuterInLambda extends SqlRefusal {
  constructor(name: string, span: Span) {
    const hint = 'compute the value in a subquery of its own first, then use its column here'
    super(`a lambda or TRY here cannot use column '${name}' of an outer relation`, span, { hint })
  }
}
