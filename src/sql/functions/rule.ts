import type { Call } from '../parse/ast.ts'
import type { Context, Typed } from '../rewrite/context.ts'
import type { SqlType } from '../sql-type.ts'

/** A call whose form is chosen and whose arguments are converted to what the form takes. */
export interface BoundCall {
  readonly name: string
  /** A lambda's SQL is the engine's keyword form, with parameters named here. */
  readonly args: readonly Typed[]
  /** For a lambda its body with these SQL operands in place of its parameters. */
  readonly bodies: readonly (((params: readonly string[]) => string) | undefined)[]
  /** The arguments' types before conversion. */
  readonly actual: readonly SqlType[]
  readonly result: SqlType
  readonly node: Call
  readonly context: Context
}

/** What the engine is sent for a scalar function. */
export type ScalarRule =
  /** The engine's function, or our macro, of that name with the same arguments. */
  | { readonly how: 'native' | 'renamed' | 'macro'; readonly target: string; readonly result?: ResultRule }
  | { readonly how: 'rewrite'; readonly emit: (call: BoundCall) => string; readonly result?: ResultRule }
  | { readonly how: 'refused'; readonly reason: string }

export type ResultRule = (call: Omit<BoundCall, 'result'>) => SqlType | undefined

/** What the engine is sent for an aggregate: its own, so that DISTINCT, ORDER BY, FILTER and OVER keep their place. */
export type AggregateRule =
  | {
      readonly how: 'native' | 'renamed' | 'rewrite'
      readonly target: string
      /** Another target where the form decides. */
      readonly targetOf?: (call: BoundCall) => string
      /** The engine's arguments; the same ones where absent. */
      readonly args?: (call: BoundCall) => readonly string[]
      /** What is made of the aggregate's value. */
      readonly wrap?: (sql: string, call: BoundCall) => string
      readonly result?: ResultRule
    }
  | { readonly how: 'refused'; readonly reason: string }

export type FunctionRules = Readonly<Record<string, ScalarRule>>
export type AggregateRules = Readonly<Record<string, AggregateRule>>

export function native(target: string, result?: ResultRule): ScalarRule {
  return result === undefined ? { how: 'native', target } : { how: 'native', target, result }
}

export function renamed(target: string, result?: ResultRule): ScalarRule {
  return result === undefined ? { how: 'renamed', target } : { how: 'renamed', target, result }
}

export function macro(target: string, result?: ResultRule): ScalarRule {
  return result === undefined ? { how: 'macro', target } : { how: 'macro', target, result }
}

export function rewrite(emit: (call: BoundCall) => string, result?: ResultRule): ScalarRule {
  return result === undefined ? { how: 'rewrite', emit } : { how: 'rewrite', emit, result }
}

export function refused(reason: string): { readonly how: 'refused'; readonly reason: string } {
  return { how: 'refused', reason }
}

/** `name(a, b)` */
export function callSql(name: string, ...args: readonly string[]): string {
  return `${name}(${args.join(', ')})`
}
