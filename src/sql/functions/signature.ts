import {
  anyType,
  commonType,
  isCoercible,
  isText,
  type SqlType,
  typeText,
  unknownType,
  varcharType,
} from '../sql-type.ts'

// Choosing a function's form by the types of its arguments, as Trino does: type variables are bound to what the
// arguments have in common, and of several forms that fit the one with the fewest conversions is taken.

/** A type with holes: `array(T)`, `varchar(x)`, `function(T,boolean)`. */
interface Pattern {
  readonly name: string
  readonly items: readonly Pattern[]
}

export interface Form {
  readonly params: readonly Pattern[]
  readonly result: Pattern
}

/** An argument: its type, or for a lambda what its body's type is for parameters of given types. */
export type ArgumentType =
  | { readonly kind: 'value'; readonly type: SqlType }
  | { readonly kind: 'lambda'; readonly arity: number; readonly bind: (params: readonly SqlType[]) => SqlType }

export interface ChosenForm {
  /** The type each argument is converted to; a lambda's is that of its result. */
  readonly params: readonly SqlType[]
  /** For a lambda the types of its parameters. */
  readonly inputs: readonly (readonly SqlType[] | undefined)[]
  readonly result: SqlType
}

type Bindings = Map<string, SqlType>

/** `(array(T), T) boolean` */
export function parseForm(text: string): Form {
  const cursor = { text, at: 1 }
  const params = parseList(cursor)
  cursor.at++
  return { params, result: parsePattern(cursor) }
}

interface Cursor {
  readonly text: string
  at: number
}

function parseList(cursor: Cursor): Pattern[] {
  const items: Pattern[] = []
  for (;;) {
    while (cursor.text[cursor.at] === ' ' || cursor.text[cursor.at] === ',') cursor.at++
    if (cursor.text[cursor.at] === ')') {
      cursor.at++
      return items
    }
    items.push(parsePattern(cursor))
  }
}

function parsePattern(cursor: Cursor): Pattern {
  const start = cursor.at
  while (cursor.at < cursor.text.length && !'(),'.includes(cursor.text[cursor.at]!)) cursor.at++
  let name = cursor.text.slice(start, cursor.at).trim()
  let items: Pattern[] = []
  if (cursor.text[cursor.at] === '(') {
    cursor.at++
    items = parseList(cursor)
    if (cursor.text.startsWith(' with time zone', cursor.at)) {
      name += ' with time zone'
      cursor.at += ' with time zone'.length
    }
  }
  return { name, items }
}

/** The form for `args`, or undefined where none fits. */
export function chooseForm(forms: readonly Form[], args: readonly ArgumentType[]): ChosenForm | undefined {
  let best: { cost: number; chosen: ChosenForm } | undefined
  for (const form of forms) {
    if (form.params.length !== args.length) continue
    const bindings: Bindings = new Map()
    const cost = matchAll(form, args, bindings)
    if (cost !== undefined && (best === undefined || cost < best.cost)) {
      best = { cost, chosen: complete(form, args, bindings) }
    }
  }
  return best?.chosen
}

function matchAll(form: Form, args: readonly ArgumentType[], bindings: Bindings): number | undefined {
  let total = 0
  for (const [index, arg] of args.entries()) {
    const pattern = form.params[index]!
    if ((arg.kind === 'lambda') !== (pattern.name === 'function')) return undefined
    if (arg.kind === 'lambda') continue
    const cost = match(pattern, arg.type, bindings)
    if (cost === undefined) return undefined
    total += cost
  }
  for (const [index, arg] of args.entries()) {
    if (arg.kind !== 'lambda') continue
    const pattern = form.params[index]!
    const inputs = pattern.items.slice(0, -1)
    if (inputs.length !== arg.arity) return undefined
    const body = arg.bind(inputs.map(input => substitute(input, bindings)))
    if (match(pattern.items.at(-1)!, body, bindings) === undefined) return undefined
  }
  return total
}

function complete(form: Form, args: readonly ArgumentType[], bindings: Bindings): ChosenForm {
  const params = form.params.map((pattern, index) => {
    const arg = args[index]!
    if (arg.kind === 'lambda') return substitute(pattern.items.at(-1)!, bindings)
    const wanted = substitute(pattern, bindings)
    // A type variable is bound to what its arguments have in common: that type, not each one's own.
    return bindings.has(pattern.name) && wanted.kind === 'decimal' ? wanted : keepDetails(wanted, arg.type)
  })
  const result = substitute(form.result, bindings)
  const inputs = form.params.map((pattern, index) => {
    const isLambda = args[index]!.kind === 'lambda'
    return isLambda ? pattern.items.slice(0, -1).map(item => substitute(item, bindings)) : undefined
  })
  return { params, inputs, result: bindings.has(form.result.name) ? result : resultDetails(result, params) }
}

/** The argument's own precision, length and zone, where the pattern leaves them open. */
function keepDetails(wanted: SqlType, actual: SqlType): SqlType {
  const isNested = wanted.kind === 'array' || wanted.kind === 'map' || wanted.kind === 'row'
  if (wanted.kind === actual.kind && !isNested) return actual
  if (wanted.kind === 'timestamptz' && actual.kind === 'timestamp') return { ...wanted, precision: actual.precision }
  if (wanted.kind === 'decimal') {
    const precision = { tinyint: 3, smallint: 5, integer: 10, bigint: 19 }[actual.kind as string]
    if (precision !== undefined) return { kind: 'decimal', precision, scale: 0 }
  }
  return wanted
}

function resultDetails(result: SqlType, params: readonly SqlType[]): SqlType {
  if (result.kind !== 'timestamp' && result.kind !== 'timestamptz' && result.kind !== 'decimal') return result
  return params.find(param => param.kind === result.kind) ?? result
}

/** What it costs to give `type` where `pattern` is wanted; undefined: it does not fit. */
function match(pattern: Pattern, type: SqlType, bindings: Bindings): number | undefined {
  if (/^[A-Z]\d?$/.test(pattern.name)) return bindVariable(pattern.name, type, bindings)
  if (type.kind === 'unknown' || type.kind === 'any') return 0
  switch (pattern.name) {
    case 'array':
      return type.kind === 'array' ? match(pattern.items[0]!, type.element, bindings) : undefined
    case 'map':
      if (type.kind !== 'map') return undefined
      return sum(match(pattern.items[0]!, type.key, bindings), match(pattern.items[1]!, type.value, bindings))
    case 'row': {
      if (type.kind !== 'row' || type.fields.length !== pattern.items.length) return undefined
      return type.fields.reduce<number | undefined>(
        (total, field, index) => sum(total, match(pattern.items[index]!, field.type, bindings)),
        0,
      )
    }
    case 'jsonpath':
    case 'joniregexp':
    case 'codepoints':
      return isText(type) ? 0 : undefined
    default:
      return matchScalar(pattern.name, type)
  }
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b
}

function bindVariable(name: string, type: SqlType, bindings: Bindings): number | undefined {
  const bound = bindings.get(name)
  if (bound === undefined) {
    bindings.set(name, type)
    return 1
  }
  const common = commonType(bound, type)
  if (common === undefined) return undefined
  bindings.set(name, common)
  return typeText(common) === typeText(bound) ? 1 : 2
}

/** Scalar kinds in the order Trino prefers them as targets of a conversion. */
const preference = ['tinyint', 'smallint', 'integer', 'bigint', 'decimal', 'real', 'double']

function matchScalar(name: string, type: SqlType): number | undefined {
  const wanted = concrete(name)
  if (wanted === undefined) return undefined
  if (wanted.kind === type.kind) return 0
  if (!isCoercible(type, wanted)) return undefined
  if (isText(wanted)) return 1
  const distance = preference.indexOf(wanted.kind) - preference.indexOf(type.kind)
  return Math.max(1, distance)
}

const concreteTypes: Readonly<Record<string, SqlType>> = {
  varchar: varcharType,
  char: { kind: 'char', length: undefined },
  decimal: { kind: 'decimal', precision: 38, scale: 0 },
  timestamp: { kind: 'timestamp', precision: 3 },
  'timestamp with time zone': { kind: 'timestamptz', precision: 3, zone: undefined },
  time: { kind: 'time', precision: 3 },
  'interval day to second': { kind: 'intervalDay' },
  'interval year to month': { kind: 'intervalMonth' },
  jsonpath: varcharType,
  joniregexp: varcharType,
  codepoints: varcharType,
  ...Object.fromEntries(
    ['boolean', 'tinyint', 'smallint', 'integer', 'bigint', 'real', 'double', 'varbinary', 'date', 'json', 'uuid'].map(
      kind => [kind, { kind } as SqlType],
    ),
  ),
  ipaddress: { kind: 'ipaddress' },
  unknown: unknownType,
}

function concrete(name: string): SqlType | undefined {
  return concreteTypes[name]
}

function substitute(pattern: Pattern, bindings: Bindings): SqlType {
  const bound = bindings.get(pattern.name)
  if (bound !== undefined) return bound
  const items = pattern.items.map(item => substitute(item, bindings))
  switch (pattern.name) {
    case 'array':
      return { kind: 'array', element: items[0]! }
    case 'map':
      return { kind: 'map', key: items[0]!, value: items[1]! }
    case 'row':
      return { kind: 'row', fields: items.map(type => ({ name: undefined, type })) }
    default:
      return concrete(pattern.name) ?? (/^[A-Z]\d?$/.test(pattern.name) ? unknownType : anyType)
  }
}
