import type { LakeSchema } from '../model/lake-table.ts'
import type { Query } from './parse/ast.ts'
import { settleReaders } from './rewrite/bounds.ts'
import { toText } from './rewrite/casts.ts'
import type { Context, RelationUse, Session, SqlNotice } from './rewrite/context.ts'
import { bindExpression } from './rewrite/expression.ts'
import { bindQuery } from './rewrite/query.ts'
import { quoteName, type SqlType, typeText } from './sql-type.ts'

export interface RewrittenStatement {
  readonly sql: string
  readonly columnNames: readonly string[]
  /** Trino's name of each result column's type. */
  readonly columnTypes: readonly string[]
  readonly uses: readonly RelationUse[]
  readonly notices: readonly SqlNotice[]
}

/** The query in the engine's SQL, resolved against `schema`; throws SqlRefusal with a place in the query's text. */
export function rewriteStatement(query: Query, schema: LakeSchema, now: number): RewrittenStatement {
  const session: Session = {
    schema,
    now,
    uses: [],
    notices: [],
    commonTables: [],
    nextName: 0,
    bindQuery,
    bindExpression,
  }
  const context: Context = {
    session,
    scope: { relations: [], lambda: undefined, parent: undefined },
    tables: undefined,
    clause: 'SELECT',
    allowsAggregate: false,
    allowsWindow: false,
    isTry: false,
    hoist: undefined,
    carry: undefined,
    grouping: undefined,
    windows: new Map(),
  }
  let columnNames: string[] = []
  const bound = bindQuery(query, context, columns => {
    columnNames = resultNames(columns.map(column => column.name))
    return columns.every(column => isShownAsHeld(column.type)) ? columnNames : undefined
  })
  settleReaders(session)
  const columnTypes = bound.columns.map(column => typeText(column.type))
  const found = { columnNames, columnTypes, uses: session.uses, notices: session.notices }
  if (bound.columns.every(column => isShownAsHeld(column.type))) return { sql: bound.sql, ...found }
  const list = bound.columns.map((column, index) => {
    return `${resultValue(`result.c${index + 1}`, column.type)} AS ${quoteName(columnNames[index]!)}`
  })
  return { sql: `SELECT ${list.join(', ')} FROM (${bound.sql}) AS result`, ...found }
}

function isShownAsHeld(type: SqlType): boolean {
  return resultValue('x', type) === 'x'
}

/** As typed, `_col<n>` for what has no name; of equal names the second is called `name_1`, the third `name_2`. */
export function resultNames(names: readonly (string | undefined)[]): string[] {
  const all = names.map((name, index) => name ?? `_col${index}`)
  const reserved = new Set(all)
  const used = new Set<string>()
  return all.map(name => {
    if (!used.has(name)) {
      used.add(name)
      return name
    }
    let number = 1
    while (reserved.has(`${name}_${number}`) || used.has(`${name}_${number}`)) number++
    const numbered = `${name}_${number}`
    used.add(numbered)
    return numbered
  })
}

/** Values that the engine holds as something else are shown as Trino shows them. */
function resultValue(sql: string, type: SqlType): string {
  switch (type.kind) {
    case 'ipaddress':
    case 'ipprefix':
    case 'intervalDay':
    case 'intervalMonth':
      return toText(sql, type)!
    case 'array': {
      const inner = resultValue('"item"', type.element)
      return inner === '"item"' ? sql : `list_transform(${sql}, lambda "item": ${inner})`
    }
    default:
      return sql
  }
}
