import { SqlRefusal } from '../diagnostics.ts'
import type { Call, Expression } from '../parse/ast.ts'
import { coerce } from '../rewrite/casts.ts'
import { bindCondition } from '../rewrite/condition.ts'
import {
  bind,
  type Context,
  checkLambdaDepth,
  lambdaDepth,
  lambdaName,
  type Scope,
  type Typed,
} from '../rewrite/context.ts'
import { newHoist, withHoisted } from '../rewrite/hoist.ts'
import { checkComparable, comparisonSql, unify } from '../rewrite/operators.ts'
import { bigintType, engineType, integerType, quoteText, typeText, varcharType } from '../sql-type.ts'
import { formatSql } from './format.ts'

type Special = (node: Call, context: Context) => Typed

/** Calls that are syntax in Trino, not functions: their arguments are not all evaluated, or have no common type. */
export const specialForms: ReadonlyMap<string, Special> = new Map<string, Special>([
  ['if', bindIf],
  ['coalesce', bindCoalesce],
  ['nullif', bindNullif],
  ['try', bindTry],
  ['format', bindFormat],
  ['grouping', bindGrouping],
  ['typeof', bindTypeof],
  ['position', bindPosition],
])

function bindArgs(node: Call, context: Context, min: number, max: number): { node: Expression; value: Typed }[] {
  if (node.args.length < min || node.args.length > max) {
    const wanted = min === max ? `${min}` : max === Number.POSITIVE_INFINITY ? `at least ${min}` : `${min} or ${max}`
    throw new SqlRefusal(`'${node.name}' takes ${wanted} arguments, not ${node.args.length}`, node)
  }
  return node.args.map(arg => ({ node: arg, value: bind(arg, context) }))
}

function bindIf(node: Call, context: Context): Typed {
  if (node.args.length < 2 || node.args.length > 3) bindArgs(node, context, 2, 3)
  const condition = bindCondition(node.args[0]!, context, 'if')
  const results = node.args.slice(1).map(arg => ({ node: arg, value: bind(arg, context) }))
  const type = unify(results, 'the results of if')
  const [then, otherwise] = results.map(result => coerce(result.value, type).sql)
  return { sql: `CASE WHEN ${condition} THEN ${then}${otherwise === undefined ? '' : ` ELSE ${otherwise}`} END`, type }
}

function bindCoalesce(node: Call, context: Context): Typed {
  const args = bindArgs(node, context, 2, Number.POSITIVE_INFINITY)
  const type = unify(args, 'the arguments of coalesce')
  return { sql: `coalesce(${args.map(arg => coerce(arg.value, type).sql).join(', ')})`, type }
}

function bindNullif(node: Call, context: Context): Typed {
  const [a, b] = bindArgs(node, context, 2, 2)
  const type = checkComparable(a!.value, b!.value, '=', node)
  if (type.kind === 'double' || type.kind === 'row' || type.kind === 'array' || type.kind === 'map') {
    const equal = comparisonSql('=', a!.value, b!.value, type)
    return { sql: `CASE WHEN ${equal} THEN NULL ELSE ${a!.value.sql} END`, type: a!.value.type }
  }
  return { sql: `nullif(${a!.value.sql}, ${b!.value.sql})`, type: a!.value.type }
}

function bindTry(node: Call, context: Context): Typed {
  checkLambdaDepth(context, node)
  const scope: Scope = { relations: [], lambda: new Map(), parent: context.scope, isLambda: true }
  const hoist = context.hoist ?? newHoist(lambdaDepth(context))
  const [arg] = bindArgs(node, { ...context, scope, isTry: true, hoist }, 1, 1)
  const { sql, type } = arg!.value
  // After a row that fails the engine's TRY goes on with what CASE and COALESCE remember of it (wrong values, a crash),
  // and what occurs twice is computed beforehand, outside of TRY. In a lambda each row is computed by itself.
  const isSimple = hoist.values.length === 0 && !/trino_|lambda|CASE|coalesce|nullif| AND | OR /.test(sql)
  const tried = isSimple ? `TRY(${sql})` : `TRY(list_transform([0], lambda ${lambdaName(context)}: ${sql})[1])`
  return { sql: context.hoist === undefined ? withHoisted(tried, hoist) : tried, type }
}

function bindFormat(node: Call, context: Context): Typed {
  const args = bindArgs(node, context, 2, Number.POSITIVE_INFINITY)
  const pattern = node.args[0]!
  if (pattern.kind !== 'string') throw new SqlRefusal('the pattern of format must be a string literal', pattern)
  return {
    sql: formatSql(
      pattern.value,
      pattern,
      args.slice(1).map(arg => arg.value),
    ),
    type: varcharType,
  }
}

function bindGrouping(node: Call, context: Context): Typed {
  const args = bindArgs(node, { ...context, grouping: undefined }, 1, 60)
  const stranger = args.find(arg => context.grouping?.texts.has(arg.value.sql) !== true)
  if (stranger !== undefined) throw new SqlRefusal('grouping() takes columns of GROUP BY', stranger.node)
  const type = args.length < 32 ? integerType : bigintType
  return { sql: `CAST(grouping(${args.map(arg => arg.value.sql).join(', ')}) AS ${engineType(type)})`, type }
}

/** The type is known here; for a computed text Trino also prints a length, which is not. */
function bindTypeof(node: Call, context: Context): Typed {
  const [arg] = bindArgs(node, context, 1, 1)
  const { type } = arg!.value
  const isComputed = arg!.node.kind !== 'string' && arg!.node.kind !== 'cast' && arg!.node.kind !== 'name'
  if (isComputed && /varchar|char/.test(typeText(type))) {
    throw new SqlRefusal('typeof of a computed text is not supported', node, { hint: 'the value is a varchar' })
  }
  return { sql: quoteText(typeText(type)), type: varcharType }
}

function bindPosition(node: Call, context: Context): Typed {
  const strpos: Call = { ...node, name: 'strpos' }
  return bind(strpos, context)
}
