import { type Span, SqlRefusal } from '../diagnostics.ts'
import type { ArithmeticOperator, Expression } from '../parse/ast.ts'
import {
  asDecimal,
  commonType,
  engineType,
  integerType,
  isInstant,
  isInteger,
  isInterval,
  isNumeric,
  isText,
  quoteText,
  type SqlType,
  typeText,
  unknownType,
  varcharType,
} from '../sql-type.ts'
import { coerce } from './casts.ts'
import type { Context, Typed } from './context.ts'
import { fieldAt } from './names.ts'
import { fromWallClock, localTime } from './zones.ts'

/** SQL that fails the run with `message`; inside TRY in a form TRY may hold. */
export function failure(context: Pick<Context, 'isTry'>, message: string, type: SqlType = integerType): string {
  if (!context.isTry) return `error(${quoteText(message)})`
  // The engine's TRY refuses volatile functions, and error() is one: a cast that cannot succeed is not.
  const failed = `CAST(${quoteText(message)} AS INTEGER)`
  return isNumeric(type) ? failed : `CAST(${failed} AS ${isText(type) ? 'VARCHAR' : engineType(type)})`
}

export function bindArithmetic(
  operator: ArithmeticOperator,
  left: Typed,
  right: Typed,
  context: Context,
  node: Extract<Expression, { kind: 'arithmetic' }>,
): Typed {
  const pair = asPair(left, right)
  const [a, b] = pair
  if (isNumeric(a.type) && isNumeric(b.type))
    return numericResult(operator, a, b, context, isLiteralNotZero(node.right))
  const result = temporalResult(operator, a, b, context)
  if (result !== undefined) return result
  if (a.type.kind === 'any' || b.type.kind === 'any') return { sql: `(${a.sql} ${operator} ${b.sql})`, type: a.type }
  const isTime = isInstant(a.type) && isNumeric(b.type)
  const timeHint = isTime ? "write how long it is: INTERVAL '5' DAY" : undefined
  const hint = isText(a.type) || isText(b.type) ? 'convert text with CAST(… AS bigint) or CAST(… AS double)' : timeHint
  const message = `cannot apply operator: ${typeText(left.type)} ${operator} ${typeText(right.type)}`
  throw new SqlRefusal(message, node, hint === undefined ? {} : { hint })
}

/** NULL takes the other side's type. */
function asPair(left: Typed, right: Typed): [Typed, Typed] {
  if (left.type.kind === 'unknown' && right.type.kind !== 'unknown') return [coerceNull(left, right.type), right]
  if (right.type.kind === 'unknown' && left.type.kind !== 'unknown') return [left, coerceNull(right, left.type)]
  if (left.type.kind !== 'unknown') return [left, right]
  return [coerceNull(left, { kind: 'integer' }), coerceNull(right, { kind: 'integer' })]
}

function coerceNull(value: Typed, type: SqlType): Typed {
  return { sql: `CAST(${value.sql} AS ${engineType(type)})`, type }
}

function isLiteralNotZero(node: Expression): boolean {
  return node.kind === 'number' && Number(node.text) !== 0
}

function numericResult(operator: ArithmeticOperator, a: Typed, b: Typed, context: Context, isSafe: boolean): Typed {
  const type = commonType(a.type, b.type)!
  const [x, y] = [coerce(a, type).sql, coerce(b, type).sql]
  if (type.kind === 'decimal') return decimalResult(operator, a, b, context, isSafe)
  if (!isInteger(type)) {
    const divided = operator === '/' && !isSafe ? `trino_divide(${x}, ${y})` : `(${x} ${operator} ${y})`
    const sql = operator === '%' ? `trino_remainder(${x}, ${y})` : divided
    return { sql: type.kind === 'real' ? `CAST(${sql} AS REAL)` : sql, type }
  }
  const engineOperator = operator === '/' ? '//' : operator
  const plain = `CAST((${x} ${engineOperator} ${y}) AS ${engineType(type)})`
  if (isSafe || (operator !== '/' && operator !== '%')) return { sql: plain, type }
  return { sql: `CASE WHEN ${y} = 0 THEN ${failure(context, 'division by zero')} ELSE ${plain} END`, type }
}

/** Trino's rules for the precision and scale of decimal results; 38 digits at most. */
function decimalResult(operator: ArithmeticOperator, a: Typed, b: Typed, context: Context, isSafe: boolean): Typed {
  const x = asDecimal(a.type)!
  const y = asDecimal(b.type)!
  const whole = Math.max(x.precision - x.scale, y.precision - y.scale)
  const scale = Math.max(x.scale, y.scale)
  const [left, right] = [decimalOperand(a), decimalOperand(b)]
  switch (operator) {
    case '+':
    case '-':
      return decimalOf(`(${left} ${operator} ${right})`, whole + scale + 1, scale)
    case '*':
      return decimalOf(`(${left} * ${right})`, x.precision + y.precision, x.scale + y.scale)
    default:
      break
  }
  const guarded = (result: Typed) => {
    if (isSafe) return result
    const sql = `CASE WHEN ${right} = 0 THEN ${failure(context, 'division by zero')} ELSE ${result.sql} END`
    return { sql, type: result.type }
  }
  if (operator === '%') {
    const precision = Math.min(x.precision - x.scale, y.precision - y.scale) + scale
    return guarded(decimalOf(`(${left} % ${right})`, Math.max(precision, 1), scale))
  }
  const resultScale = Math.max(6, x.scale + y.precision + 1)
  const precision = x.precision - x.scale + y.scale + resultScale
  const shift = resultScale - x.scale + y.scale
  const shifted = `trino_digits(${left}) * CAST(pow(10, ${shift}) AS HUGEINT)`
  const quotient = `trino_point(trino_half_up(${shifted}, trino_digits(${right})), ${resultScale})`
  return guarded(decimalOf(quotient, precision, resultScale))
}

function decimalOperand(value: Typed): string {
  const { precision, scale } = asDecimal(value.type)!
  return value.type.kind === 'decimal' ? value.sql : `CAST(${value.sql} AS DECIMAL(${precision},${scale}))`
}

function decimalOf(sql: string, precision: number, scale: number): Typed {
  // Past 38 digits whole digits are kept before fraction digits, down to six of them.
  const whole = precision - scale
  const fitted = precision <= 38 ? scale : Math.max(38 - whole, Math.min(scale, 6))
  const type: SqlType = { kind: 'decimal', precision: Math.min(38, precision), scale: Math.max(0, fitted) }
  return { sql: `CAST(${sql} AS ${engineType(type)})`, type }
}

function temporalResult(operator: ArithmeticOperator, a: Typed, b: Typed, context: Context): Typed | undefined {
  const plain = `(${a.sql} ${operator} ${b.sql})`
  if (operator === '+' && isInterval(a.type) && isMovable(b.type)) {
    return movedInZone(operator, b, a) ?? moved(wholeDays(plain, b, a), b.type, a.type)
  }
  if ((operator === '+' || operator === '-') && isMovable(a.type) && isInterval(b.type)) {
    return movedInZone(operator, a, b) ?? moved(wholeDays(plain, a, b), a.type, b.type)
  }
  if (operator === '-' && isInstant(a.type) && isInstant(b.type)) {
    const sql = `(CAST(${a.sql} AS TIMESTAMP) - CAST(${b.sql} AS TIMESTAMP))`
    return { sql, type: { kind: 'intervalDay' } }
  }
  if ((operator === '+' || operator === '-') && isInterval(a.type) && a.type.kind === b.type.kind) {
    return { sql: plain, type: a.type }
  }
  if (operator === '*' && isInterval(a.type) && isNumeric(b.type)) return scaled(a, `* ${b.sql}`)
  if (operator === '*' && isNumeric(a.type) && isInterval(b.type)) return scaled(b, `* ${a.sql}`)
  if (operator === '/' && isInterval(a.type) && isNumeric(b.type)) {
    const { sql, type } = scaled(a, `/ CAST(${b.sql} AS DOUBLE)`)
    return { sql: `CASE WHEN ${b.sql} = 0 THEN ${failure(context, 'division by zero', type)} ELSE ${sql} END`, type }
  }
  return undefined
}

/** A date moves by whole days; less is an error. */
function wholeDays(sql: string, time: Typed, interval: Typed): string {
  if (time.type.kind !== 'date' || interval.type.kind !== 'intervalDay') return sql
  const literal = /^to_microseconds\(CAST\((-?\d+) AS BIGINT\)\)$/.exec(interval.sql)
  if (literal !== null && Number(literal[1]) % 86_400_000_000 === 0) return sql
  const failed = `CAST('a date cannot be moved by hours, minutes or seconds' AS TIMESTAMP)`
  return `CASE WHEN trino_micros(${interval.sql}) % 86400000000 <> 0 THEN ${failed} ELSE ${sql} END`
}

/** Months and years are counted on the clocks of the time's zone. */
function movedInZone(operator: ArithmeticOperator, time: Typed, interval: Typed): Typed | undefined {
  if (time.type.kind !== 'timestamptz' || time.type.zone === undefined) return undefined
  if (interval.type.kind !== 'intervalMonth') return undefined
  const local = `(${localTime(time)} ${operator} ${interval.sql})`
  return { sql: fromWallClock(local, time.type.zone, time.sql), type: time.type }
}

function isMovable(type: SqlType): boolean {
  return isInstant(type) || type.kind === 'time'
}

function moved(sql: string, type: SqlType, by: SqlType): Typed {
  const isTimestamp = type.kind === 'timestamp' || type.kind === 'timestamptz'
  // Intervals of days and less are counted in milliseconds.
  if (isTimestamp && by.kind === 'intervalDay') {
    return { sql, type: { ...type, precision: Math.max(3, type.precision) } }
  }
  if (type.kind === 'time') return { sql, type: { ...type, precision: Math.max(3, type.precision) } }
  return { sql: type.kind === 'date' ? `CAST(${sql} AS DATE)` : sql, type }
}

function scaled(interval: Typed, by: string): Typed {
  if (interval.type.kind === 'intervalMonth') {
    return { sql: `to_months(CAST(trunc(trino_months(${interval.sql}) ${by}) AS INTEGER))`, type: interval.type }
  }
  return { sql: `to_microseconds(CAST(trunc(trino_micros(${interval.sql}) ${by}) AS BIGINT))`, type: interval.type }
}

/** `a || b`: text, arrays, an array and an element, or binary. */
export function bindConcat(left: Typed, right: Typed, node: Span): Typed {
  const sql = `(${left.sql} || ${right.sql})`
  const [a, b] = [left.type, right.type]
  if (a.kind === 'array' || b.kind === 'array') return concatArrays(left, right, node)
  if (a.kind === 'varbinary' && b.kind === 'varbinary') return { sql, type: a }
  if ((isText(a) && b.kind === 'unknown') || (a.kind === 'unknown' && isText(b))) {
    throw new SqlRefusal('cannot tell what || does with NULL', node, { hint: 'write CAST(NULL AS varchar)' })
  }
  const isTextual = (type: SqlType) => isText(type) || type.kind === 'unknown' || type.kind === 'any'
  if (isTextual(a) && isTextual(b)) return { sql, type: varcharType }
  const message = `cannot apply operator: ${typeText(a)} || ${typeText(b)}`
  throw new SqlRefusal(message, node, { hint: 'convert the operand that is no text with CAST(… AS varchar)' })
}

function concatArrays(left: Typed, right: Typed, node: Span): Typed {
  const whole = commonType(left.type, right.type)
  if (whole !== undefined && left.type.kind === right.type.kind) {
    return { sql: `(${coerce(left, whole).sql} || ${coerce(right, whole).sql})`, type: whole }
  }
  const [list, item] = left.type.kind === 'array' ? [left, right] : [right, left]
  const element = list.type.kind === 'array' ? commonType(list.type.element, item.type) : undefined
  if (element === undefined) {
    throw new SqlRefusal(`cannot apply operator: ${typeText(left.type)} || ${typeText(right.type)}`, node)
  }
  const type: SqlType = { kind: 'array', element }
  const [listSql, itemSql] = [coerce(list, type).sql, coerce(item, element).sql]
  const sql = list === left ? `list_append(${listSql}, ${itemSql})` : `list_prepend(${itemSql}, ${listSql})`
  return { sql: `CASE WHEN ${itemSql} IS NOT NULL THEN ${sql} END`, type }
}

/** Refuses what Trino will not compare, naming both types and, where it is one, the column. */
export function checkComparable(
  left: Typed,
  right: Typed,
  operator: string,
  span: Span,
  names: string[] = [],
): SqlType {
  const type = commonType(left.type, right.type)
  if (type !== undefined) return type
  const named = names.length === 0 ? '' : ` (${names.join(', ')})`
  const message = `cannot compare ${typeText(left.type)} ${operator} ${typeText(right.type)}${named}`
  throw new SqlRefusal(message, span, comparisonHint(left, right))
}

/** A comparison as Trino makes it, where the engine's own differs: NaN, rows, arrays and maps. */
export function comparisonSql(operator: string, left: Typed, right: Typed, type: SqlType): string {
  const plain = `(${left.sql} ${operator} ${right.sql})`
  if (type.kind === 'double' || type.kind === 'real') return numberComparison(operator, left, right, plain)
  if (operator !== '=' && operator !== '<>') return plain
  const equal = equalSql(left, right, type)
  if (equal === undefined) return plain
  return operator === '=' ? equal : `(NOT ${equal})`
}

/** To the engine NaN equals itself and is larger than every number; to Trino it is neither equal nor larger. */
function numberComparison(operator: string, left: Typed, right: Typed, plain: string): string {
  const mayBeNaN = (value: Typed) => !/^(CAST\()?-?\(?-?[0-9.]+/.test(value.sql) && !isInteger(value.type)
  const pairs = [
    [left, right],
    [right, left],
  ] as const
  const suspects = pairs.filter(([value]) => mayBeNaN(value))
  if (suspects.length === 0) return plain
  // Beside NULL a comparison with NaN stays NULL.
  if (operator === '<>') {
    return `(${[plain, ...suspects.map(([a, b]) => `(isnan(${a.sql}) AND ${b.sql} IS NOT NULL)`)].join(' OR ')})`
  }
  return `(${[plain, ...suspects.map(([a, b]) => `(NOT isnan(${a.sql}) OR ${b.sql} IS NULL)`)].join(' AND ')})`
}

function equalSql(left: Typed, right: Typed, type: SqlType): string | undefined {
  switch (type.kind) {
    case 'row': {
      const fields = type.fields.map((field, index) => {
        const [a, b] = [fieldAt(left, index), fieldAt(right, index)]
        return comparisonSql('=', a, b, field.type)
      })
      return `(${fields.join(' AND ')})`
    }
    case 'array':
      return `trino_array_equal(${left.sql}, ${right.sql})`
    case 'map':
      return `trino_map_equal(${left.sql}, ${right.sql})`
    default:
      return undefined
  }
}

function comparisonHint(a: Typed, b: Typed): { hint?: string } {
  const types = [a.type, b.type]
  const quoted = [a, b].map(({ sql }) => /^'(-?\d+(?:\.\d+)?)'$/.exec(sql)?.[1]).find(text => text !== undefined)
  if (quoted !== undefined && types.some(isNumeric)) return { hint: `write the number without quotes: ${quoted}` }
  if (types.some(isText) && types.some(isNumeric)) {
    return { hint: "put the number in quotes ('5'), or convert the text with CAST(… AS bigint)" }
  }
  if (types.some(isInstant) && types.some(isNumeric)) {
    return { hint: 'convert seconds since 1970 with from_unixtime(…), or the time with to_unixtime(…)' }
  }
  if (types.some(isInstant) && types.some(isText)) {
    return { hint: "write TIMESTAMP '2024-05-01 00:00:00', DATE '2024-05-01' or from_iso8601_timestamp(…)" }
  }
  if (types.some(type => type.kind === 'boolean')) return { hint: 'compare a boolean with true or false' }
  return {}
}

/** The type all `values` share, or a refusal at the first that differs. */
export function unify(values: readonly { node: Expression; value: Typed }[], what: string): SqlType {
  let type: SqlType = unknownType
  for (const { node, value } of values) {
    const common = commonType(type, value.type)
    if (common === undefined) {
      const message = `${what} must have one type: ${typeText(type)} and ${typeText(value.type)}`
      throw new SqlRefusal(message, node)
    }
    type = common
  }
  return type
}
