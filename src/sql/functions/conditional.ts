import type { BoundCall, FunctionRules } from './rule.ts'
import { callSql, rewrite } from './rule.ts'

/** greatest and least are NULL as soon as one argument is; the engine's own skip NULLs. */
function strict(target: string): (call: BoundCall) => string {
  return call => {
    const args = call.args.map(arg => arg.sql)
    const anyNull = args.map(sql => `${sql} IS NULL`).join(' OR ')
    const isDouble = call.result.kind === 'double' || call.result.kind === 'real'
    const value = isDouble ? presentNumber(target, args) : callSql(target, ...args)
    return `CASE WHEN ${anyNull} THEN NULL ELSE ${value} END`
  }
}

/** NaN is passed over, on either side. */
function presentNumber(target: string, args: readonly string[]): string {
  const values = args.map(sql => `CASE WHEN NOT isnan(${sql}) THEN ${sql} END`)
  return `coalesce(${callSql(target, ...values)}, ${args[0]})`
}

export const conditionalRules: FunctionRules = {
  greatest: rewrite(strict('greatest')),
  least: rewrite(strict('least')),
}
