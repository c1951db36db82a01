import { SqlRefusal } from '../diagnostics.ts'
import type { Expression } from '../parse/ast.ts'
import { typeText } from '../sql-type.ts'
import { bind, type Context } from './context.ts'

/** An expression that must be a truth value: WHERE, ON, HAVING, an operand of AND. */
export function bindCondition(node: Expression, context: Context, what: string): string {
  const value = bind(node, context)
  if (value.type.kind === 'boolean' || value.type.kind === 'any') return value.sql
  if (value.type.kind === 'unknown') return `CAST(${value.sql} AS BOOLEAN)`
  throw new SqlRefusal(`${what} needs a boolean, this is ${typeText(value.type)}`, node)
}
