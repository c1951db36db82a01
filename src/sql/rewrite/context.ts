import type { LakeSchema } from '../../model/lake-table.ts'
import type { ColumnBound } from '../../model/scan-scope.ts'
import { type Span, SqlRefusal } from '../diagnostics.ts'
import type { Expression, Query, WindowSpec } from '../parse/ast.ts'
import type { SqlType } from '../sql-type.ts'

// What the rewriting of one statement knows and collects. Nothing of the author's text goes into the engine's SQL but
// literals, printed anew: relations are looked up, columns resolved, every other name is made here.

/** An expression as the engine's SQL, complete in itself: it may stand anywhere an operand may. */
export interface Typed {
  readonly sql: string
  readonly type: SqlType
}

/** One place where the statement reads a lake relation; what it needs of it grows while names are resolved. */
export interface RelationUse {
  readonly table: string
  readonly relation: string
  readonly viewQueryNames: readonly string[] | undefined
  readonly columns: Set<string>
  readonly span: Span
  readonly bounds: ColumnBound[]
}

/** The column of a lake relation that a column passes on unchanged. */
export interface ColumnSource {
  readonly use: RelationUse
  readonly column: string
  /** Set where the column comes by way of a WITH query, which others may read as well. */
  readonly through?: { readonly reader: TableReader; readonly inner: ColumnSource }
}

/** One place that reads a WITH query, and what it wants of the query's columns. */
export interface TableReader {
  readonly bounds: { readonly source: ColumnSource; readonly bound: ColumnBound }[]
}

export interface BoundColumn extends Typed {
  /** As typed; compared without case. undefined: it has no name an expression could use. */
  readonly name: string | undefined
  readonly source: ColumnSource | undefined
}

/** A relation of a FROM clause, with the names its columns can be qualified by. */
export interface BoundRelation {
  /** Lower case: the alias, or the table's name. undefined: columns are known unqualified only. */
  readonly alias: string | undefined
  readonly columns: readonly BoundColumn[]
  /** Columns that USING merged: found unqualified elsewhere, and not part of `*`. */
  readonly merged: ReadonlySet<BoundColumn>
  /** True where it is printed as a name with an alias, not as a query. */
  readonly isTable?: boolean
}

export interface CommonTableBinding {
  readonly sqlName: string
  readonly columns: readonly BoundColumn[]
  readonly parent: CommonTables | undefined
  /** Every place that reads it. */
  readonly readers: TableReader[]
}

/** WITH queries by lower-case name; inner ones hide outer ones. */
export interface CommonTables {
  readonly byName: ReadonlyMap<string, CommonTableBinding>
  readonly parent: CommonTables | undefined
}

export interface Scope {
  readonly relations: readonly BoundRelation[]
  readonly lambda: ReadonlyMap<string, Typed> | undefined
  readonly parent: Scope | undefined
  /** True where `lambda` holds the parameters of a lambda, not the aliases ORDER BY sees. */
  readonly isLambda?: boolean
  /** True where `relations` stand to the left of UNNEST or LATERAL. */
  readonly isLateral?: boolean
}

/** The columns a grouped query may use outside aggregates: expressions by their SQL text. */
export interface Grouping {
  readonly texts: ReadonlySet<string>
  /** Columns met outside an aggregate and a grouped expression, until an enclosing expression turns out grouped. */
  readonly pending: { readonly name: string; readonly span: Span }[]
}

/** What a SELECT reads from outside of it, where it must bring that in: see carry.ts. */
export interface Carry {
  /** The relation's alias; undefined: watching. */
  readonly alias: string | undefined
  /** SQL of the columns of outside that were met. */
  readonly columns: string[]
}

/** What one TRY, or one call with a lambda, is handed from outside; grows while its expression is bound. */
export interface Hoist {
  /** Quoted name of the row. */
  readonly name: string
  readonly values: string[]
}

export interface Context {
  readonly session: Session
  readonly scope: Scope
  readonly tables: CommonTables | undefined
  /** What the expression is part of, for messages: `WHERE`. */
  readonly clause: string
  readonly allowsAggregate: boolean
  readonly allowsWindow: boolean
  /** Inside TRY: an error must be one that the engine can turn into NULL. */
  readonly isTry: boolean
  /** What the outermost TRY around is handed from outside. */
  readonly hoist: Hoist | undefined
  /** The columns of enclosing queries that this SELECT reads. */
  readonly carry: Carry | undefined
  readonly grouping: Grouping | undefined
  /** The SELECT's WINDOW clause, by lower-case name. */
  readonly windows: ReadonlyMap<string, WindowSpec>
}

export interface SqlNotice {
  readonly code: string
  readonly message: string
  readonly span: Span
}

export interface BoundQuery {
  readonly sql: string
  readonly columns: readonly {
    readonly name: string | undefined
    readonly type: SqlType
    readonly source?: ColumnSource | undefined
  }[]
}

export interface Session {
  readonly schema: LakeSchema
  /** Ms since the epoch: what now() means in the whole statement. */
  readonly now: number
  readonly uses: RelationUse[]
  readonly notices: SqlNotice[]
  /** Every WITH query, in the order of the text: later ones read earlier ones. */
  readonly commonTables: CommonTableBinding[]
  nextName: number
  /** The two halves of the rewriting contain one another; they meet here, so that the files need not. */
  readonly bindQuery: (query: Query, context: Context) => BoundQuery
  readonly bindExpression: (expression: Expression, context: Context) => Typed
}

/** A name the statement has not got and no lake relation has: `t1`, `t2` … with a prefix that says what it names. */
export function freshName(session: Session, prefix: string): string {
  for (;;) {
    const name = `${prefix}${++session.nextName}`
    const isTaken =
      session.schema.tables.some(table => table.name.toLowerCase() === name) ||
      session.schema.queryNames.some(query => query.name.toLowerCase() === name)
    if (!isTaken) return name
  }
}

/**
 * The quoted name of a parameter for a lambda printed here. It depends on how many lambdas stand around it only: equal
 * expressions give equal SQL, and a lambda inside another never hides its parameters.
 */
export function lambdaName(context: Context, index = 0): string {
  return `"l${lambdaDepth(context)}_${index}"`
}

/** The engine takes twice as long to plan each further lambda inside another. */
const lambdasMax = 10

/** Refuses a lambda, or a TRY, that stands in too many others. */
export function checkLambdaDepth(context: Context, span: Span): void {
  if (lambdaDepth(context) < lambdasMax) return
  throw new SqlRefusal(`lambdas and TRY nest deeper than ${lambdasMax} levels`, span)
}

/** How many lambdas stand around an expression. */
export function lambdaDepth(context: Context): number {
  let depth = 0
  for (let at: Scope | undefined = context.scope; at !== undefined; at = at.parent) if (at.isLambda === true) depth++
  return depth
}

export function bind(expression: Expression, context: Context): Typed {
  return context.session.bindExpression(expression, context)
}
