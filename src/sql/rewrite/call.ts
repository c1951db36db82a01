import { didYouMean, SqlRefusal } from '../diagnostics.ts'
import { aggregateRules } from '../functions/aggregate.ts'
import type { BoundCall, ScalarRule } from '../functions/rule.ts'
import { findFunction, functionNames, scalarRules } from '../functions/scalar.ts'
import { type ArgumentType, chooseForm, type Form } from '../functions/signature.ts'
import { specialForms } from '../functions/special.ts'
import type { Call, Expression, ExpressionOf } from '../parse/ast.ts'
import { engineType, isSameStorage, type SqlType, typeText } from '../sql-type.ts'
import { bindAggregate, bindWindowFunction } from './aggregate.ts'
import { coerce } from './casts.ts'
import { bind, type Context, checkLambdaDepth, lambdaDepth, lambdaName, type Scope, type Typed } from './context.ts'
import { foreignFunctionHint } from './foreign-functions.ts'
import { besideQueries, hoisted } from './hoist.ts'

/** A call of any kind, admitted by the catalogue or refused. */
export function bindCall(node: Call, context: Context): Typed {
  const special = specialForms.get(node.name)
  if (special !== undefined) {
    refuseClauses(node, node.name)
    return special(node, context)
  }
  const known = findFunction(node.name)
  if (known === undefined) throw unknownFunction(node)
  if (known.kind === 'aggregate') {
    const rule = aggregateRules.get(node.name)!
    if (rule.how === 'refused') throw refusedFunction(node, rule.reason)
    return bindAggregate(node, rule, context, forms => prepareCall(node, forms, argumentContext(context)))
  }
  if (known.kind === 'window') {
    return bindWindowFunction(node, context, forms => prepareCall(node, forms, argumentContext(context)))
  }
  const rule = scalarRules.get(node.name)
  if (rule === undefined || rule.how === 'refused')
    throw refusedFunction(node, rule?.reason ?? 'it is a table function')
  refuseClauses(node, node.name)
  return bindScalar(node, rule, context)
}

function argumentContext(context: Context): (node: Call) => Context {
  return node => {
    const isWindow = node.over !== undefined
    // An aggregate sees the rows of the group; a window function what the grouped query yields.
    const grouping = isWindow ? context.grouping : undefined
    const allowsAggregate = isWindow && context.allowsAggregate
    return { ...context, allowsAggregate, allowsWindow: false, grouping, hoist: undefined, isTry: false }
  }
}

function refuseClauses(node: Call, name: string): void {
  const hasClauses =
    node.isStar || node.isDistinct || node.orderBy.length > 0 || node.filter !== undefined || node.over !== undefined
  if (!hasClauses && node.withinGroup.length === 0 && !node.ignoreNulls) return
  throw new SqlRefusal(`'${name}' is no aggregate: DISTINCT, ORDER BY, FILTER, OVER and * do not apply`, node.nameSpan)
}

function refusedFunction(node: Call, reason: string): SqlRefusal {
  return new SqlRefusal(`function '${node.name}' is not supported: ${reason}`, node.nameSpan)
}

function unknownFunction(node: Call): SqlRefusal {
  const hint = foreignFunctionHint(node.name) ?? didYouMean(node.name, [...functionNames(), ...specialForms.keys()])
  const message = `function '${node.name}' does not exist in Trino SQL`
  return new SqlRefusal(message, node.nameSpan, hint === undefined ? {} : { hint })
}

function bindScalar(node: Call, rule: Exclude<ScalarRule, { how: 'refused' }>, context: Context): Typed {
  const prepared = prepareCall(node, findFunction(node.name)!.forms, () => context)
  const result = rule.result?.(prepared) ?? prepared.result
  const sql = besideQueries(prepared.args, lambdaDepth(context), args => {
    if (rule.how === 'rewrite') return rule.emit({ ...prepared, args, result })
    return `${rule.target}(${args.map(arg => arg.sql).join(', ')})`
  })
  const value = { sql: asDeclared(sql, result), type: result }
  return volatile.has(node.name) ? hoisted(value, context) : value
}

/** Each call has another value, which the engine does not let stand inside TRY. */
const volatile: ReadonlySet<string> = new Set(['rand', 'random', 'shuffle', 'uuid'])

/** The engine's functions return other widths than Trino's here and there: numbers are given the declared type. */
export function asDeclared(sql: string, type: SqlType): string {
  const isWidth = ['tinyint', 'smallint', 'integer', 'bigint', 'decimal', 'real'].includes(type.kind)
  return isWidth ? `CAST(${sql} AS ${engineType(type)})` : sql
}

/** Functions that take any number of further arguments like their last one. */
const variadic = new Set(['concat', 'concat_ws', 'greatest', 'least', 'map_concat'])

function formsFor(node: Call, forms: readonly Form[]): readonly Form[] {
  if (!variadic.has(node.name)) return forms
  const repeated: Form[] = []
  const plain: Form[] = []
  for (const form of forms) {
    const last = form.params.at(-1)!
    const missing = node.args.length - form.params.length
    const isRepeatable = node.name === 'concat_ws' ? last.name === 'varchar' : form.params.length === 1
    if (missing <= 0 || !isRepeatable) plain.push(form)
    else {
      const params = [...form.params, ...Array.from({ length: missing }, () => last)]
      repeated.push({ params, result: form.result })
    }
  }
  // Of forms that fit alike the first is taken: `concat(a, ARRAY[])` joins two arrays.
  return [...repeated, ...plain]
}

/** Binds the arguments, chooses the form and converts the arguments to it. */
export function prepareCall(node: Call, forms: readonly Form[], contextOf: (node: Call) => Context): BoundCall {
  const context = contextOf(node)
  const bound = node.args.map(arg => (arg.kind === 'lambda' ? undefined : bind(arg, context)))
  const types = node.args.map((arg, index) => argumentType(arg, bound[index], context))
  const chosen = chooseForm(formsFor(node, forms), types)
  if (chosen === undefined) throw noForm(node, bound, forms)
  const args: Typed[] = []
  const bodies: BoundCall['bodies'][number][] = []
  for (const [index, arg] of node.args.entries()) {
    const type = chosen.params[index]!
    if (arg.kind !== 'lambda') {
      args.push(convert(bound[index]!, type))
      bodies.push(undefined)
      continue
    }
    const inputs = chosen.inputs[index] ?? []
    const body = (params: readonly string[]) => coerce(bindLambda(arg, inputs, params, context), type).sql
    const names = arg.params.map((_, position) => lambdaName(context, position))
    args.push({ sql: `lambda ${names.join(', ')}: ${body(names)}`, type })
    bodies.push(body)
  }
  const actual = bound.map((value, index) => value?.type ?? chosen.params[index]!)
  return { name: node.name, args, bodies, actual, result: chosen.result, node, context }
}

function convert(value: Typed, type: SqlType): Typed {
  if (value.type.kind === 'unknown' || isSameStorage(value.type, type)) return { sql: value.sql, type }
  return coerce(value, type)
}

function argumentType(arg: Expression, bound: Typed | undefined, context: Context): ArgumentType {
  if (arg.kind !== 'lambda') return { kind: 'value', type: bound!.type }
  return {
    kind: 'lambda',
    arity: arg.params.length,
    bind: params =>
      bindLambda(
        arg,
        params,
        params.map(() => 'NULL'),
        context,
      ).type,
  }
}

function bindLambda(
  lambda: ExpressionOf<'lambda'>,
  types: readonly SqlType[],
  sql: readonly string[],
  context: Context,
): Typed {
  checkLambdaDepth(context, lambda)
  const parameters = new Map<string, Typed>()
  for (const [index, param] of lambda.params.entries()) {
    parameters.set(param.text.toLowerCase(), { sql: sql[index]!, type: types[index]! })
  }
  const scope: Scope = { relations: [], lambda: parameters, parent: context.scope, isLambda: true }
  return bind(lambda.body, { ...context, scope, allowsAggregate: false, allowsWindow: false })
}

function noForm(node: Call, bound: readonly (Typed | undefined)[], forms: readonly Form[]): SqlRefusal {
  const given = bound.map(value => (value === undefined ? 'lambda' : typeText(value.type))).join(', ')
  const shown =
    findFunction(node.name)
      ?.texts.slice(0, 4)
      .map(text => `${node.name}${text}`) ?? []
  const hint = `forms: ${shown.join('; ')}${forms.length > 4 ? '; …' : ''}`
  return new SqlRefusal(`function '${node.name}' does not take (${given})`, node, { hint })
}
