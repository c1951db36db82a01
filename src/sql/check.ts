import { templateCharsMax } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import type { LakeSchema } from '../model/lake-table.ts'
import type { QueryVariable } from '../model/query-run.ts'
import type { ScanScope } from '../model/scan-scope.ts'
import { didYouMean, positionOf, refusalError, type Span, SqlRefusal } from './diagnostics.ts'
import { keepsFewRows } from './few-rows.ts'
import { queryNameList } from './gate.ts'
import { parseStatement } from './parse.ts'
import type { RelationUse, SqlNotice } from './rewrite/context.ts'
import { rewriteStatement } from './rewrite.ts'
import { scanScope } from './scope.ts'
import { substituteVariables } from './variables.ts'

// The road of one statement, in order: variables, grammar, names and types, the engine's SQL and what it needs to scan.
// Pure: the same input gives the same output, and nothing is read or kept.

export interface SqlInput {
  readonly template: string
  readonly variables: readonly QueryVariable[]
  readonly schema: LakeSchema
  /** Ms since the epoch: what now() means in the statement. */
  readonly now: number
  readonly limits?: { readonly templateCharsMax?: number }
}

export interface CheckedStatement {
  /**
   * The statement for DuckDB: reads the relations of `scope` by their bare quoted lower-case names, and nothing else.
   */
  readonly duckdbSql: string
  /** One name a result column, as typed; `_col0` where there is none, a repeated one numbered. */
  readonly columnNames: readonly string[] | undefined
  /** Trino's name of each result column's type: `bigint`, `array(varchar)`. */
  readonly columnTypes: readonly string[]
  readonly scope: ScanScope
  /** It sorts what it reads and keeps few rows: see few-rows.ts. Undefined, of statements of older programs: false. */
  readonly keepsFewRows?: boolean
  /** It says in which order its rows come; undefined: perhaps. */
  readonly isOrdered?: boolean
  readonly warnings: readonly SqlWarning[]
}

export interface SqlWarning {
  readonly code: string
  readonly message: string
  readonly line?: number
  readonly column?: number
  readonly offset?: number
  readonly length?: number
}

/**
 * The statement checked and rewritten. Throws `invalid_argument` for everything that is no query of Trino's or names
 * what the lake has not got; `details` hold `{line, column, offset, length, hint?, unknown?}` in the template, and
 * `unknown` says that a newer schema might help.
 */
export function checkStatement(input: SqlInput): CheckedStatement {
  checkTemplate(input)
  let toTemplate = (span: Span): Span => span
  try {
    const substituted = substituteVariables(input.template, input.variables)
    toTemplate = substituted.toTemplate
    const query = parseStatement(substituted.text)
    const rewritten = rewriteStatement(query, input.schema, input.now)
    const { sql: duckdbSql, columnNames, columnTypes, uses, notices } = rewritten
    const scope = scanScope(uses)
    const found = [...notices, ...unboundNotices(input.schema, scope, uses), ...unknownNameNotices(input.schema, uses)]
    const warnings = found.map(({ code, message, span }) => ({
      code,
      message,
      ...positionOf(input.template, toTemplate(span)),
    }))
    return {
      duckdbSql,
      columnNames,
      columnTypes,
      scope,
      keepsFewRows: keepsFewRows(query),
      isOrdered: query.orderBy.length > 0,
      warnings,
    }
  } catch (thrown) {
    if (thrown instanceof SqlRefusal) throw refusalError(thrown, input.template, toTemplate)
    // Nesting is bounded by the grammar; this is for what a small stack of the caller's leaves.
    if (thrown instanceof RangeError) {
      throw new AppError('invalid_argument', 'the statement nests too deeply', { cause: thrown })
    }
    throw thrown
  }
}

function checkTemplate(input: SqlInput): void {
  const max = input.limits?.templateCharsMax ?? templateCharsMax
  if (input.template.length > max) {
    const message = `the statement has ${input.template.length} characters, ${max} are allowed`
    throw new AppError('invalid_argument', message, { details: { limit: max } })
  }
}

/** Query names of which none has rows: they may come to have some, so it is no error, and they are often misspelt. */
function unknownNameNotices(schema: LakeSchema, uses: readonly RelationUse[]): SqlNotice[] {
  const known = schema.queryNames.map(query => query.name)
  return uses.flatMap(({ bounds, span }) => {
    const wanted = bounds.flatMap(bound => (bound.column === 'query_name' && 'in' in bound ? bound.in.map(String) : []))
    const [name] = wanted
    if (name === undefined || wanted.some(each => known.includes(each))) return []
    const near = didYouMean(name, known)
    const list = queryNameList(schema, name)
    const hint = near === undefined ? list : `${near} ${list}`
    return [
      { code: unknownQueryName, message: `no row has query_name '${name.slice(0, nameCharsShown)}'; ${hint}`, span },
    ]
  })
}

/** Code of the warning of a query name that has no rows. */
export const unknownQueryName = 'unknown_query_name'
const nameCharsShown = 100

/** Code of the warning of a table that is read whole. */
export const noQueryName = 'no_query_name'

/** A wide table read without its query names is read whole: rarely what was meant. */
function unboundNotices(schema: LakeSchema, scope: ScanScope, uses: readonly RelationUse[]): SqlNotice[] {
  const wide = new Set(schema.tables.filter(table => table.hasQueryNames).map(table => table.name.toLowerCase()))
  return scope.relations.flatMap((relation, index) => {
    if (!wide.has(relation.table) || relation.queryNames !== undefined) return []
    const message = `nothing limits query_name here: the rows of every query in ${relation.table} are read`
    return [{ code: noQueryName, message, span: uses[index]!.span }]
  })
}
