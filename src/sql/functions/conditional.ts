import type { BoundCall, FunctionRules } from './rule.ts'
import { callSql, rewrite } from './rule.ts'

/** greatest and least are NULL as soon as one argument is; the engine's own skip NULLs. */
function strict(target: string): (call: BoundCall) => string {
  return call => {
    const args = call.args.map(arg => arg.sql)
    const anyNull = args.map(sql => `${sql} IS NULL`).join(' OR ')
    return `CASE WHEN ${anyNull} THEN NULL ELSE ${callSql(target, ...args)} END`
  }
}

export const conditionalRules: FunctionRules = {
  greatest: rewrite(strict('greatest')),
  least: rewrite(strict('least')),
}
