import { SqlRefusal } from '../diagnostics.ts'
import { failure } from '../rewrite/operators.ts'
import { isInteger, type SqlType } from '../sql-type.ts'
import type { BoundCall, FunctionRules, ResultRule } from './rule.ts'
import { callSql, macro, native, refused, renamed, rewrite } from './rule.ts'

const sqlOf = (call: BoundCall): string[] => call.args.map(arg => arg.sql)

/** The decimal result a rule of Trino's gives for a decimal argument. */
function decimalResult(rule: (precision: number, scale: number) => [number, number]): ResultRule {
  return call => {
    const type = call.args[0]!.type
    if (type.kind !== 'decimal') return undefined
    const [precision, scale] = rule(type.precision, type.scale)
    return { kind: 'decimal', precision: Math.min(38, precision), scale }
  }
}

const wholeResult = decimalResult((precision, scale) => [precision - scale + Math.min(1, scale), 0])

function round(call: BoundCall): string {
  const digits = call.node.args[1]
  if (isInteger(call.result)) {
    // Digits after the point change nothing; before it the engine's own rounding wraps around.
    if (digits === undefined || digits.kind === 'number') return call.args[0]!.sql
    if (digits.kind !== 'negate' || digits.value.kind !== 'number') {
      throw new SqlRefusal('the digits of round must be a number where a whole number is rounded', digits)
    }
    return callSql('trino_round_tens', call.args[0]!.sql, digits.value.text)
  }
  return callSql('round', ...sqlOf(call))
}

function roundResult(call: Parameters<ResultRule>[0]): SqlType | undefined {
  if (call.args.length === 1) return wholeResult(call)
  return decimalResult((precision, scale) => [precision + 1, scale])(call)
}

/** Remainder; integers and decimals fail on zero as the operator does. */
function mod(call: BoundCall): string {
  const [a, b] = sqlOf(call)
  if (call.result.kind === 'double' || call.result.kind === 'real') return callSql('trino_remainder', a!, b!)
  return `CASE WHEN ${b} = 0 THEN ${failure(call.context, 'division by zero')} ELSE ${a} % ${b} END`
}

function bitsOf(call: BoundCall): number {
  return { tinyint: 8, smallint: 16, integer: 32 }[call.result.kind as string] ?? 64
}

function random(call: BoundCall): string {
  const [a, b] = sqlOf(call)
  if (a === undefined) return 'random()'
  return b === undefined ? `floor(random() * ${a})` : `${a} + floor(random() * (${b} - ${a}))`
}

const statistics = 'the engine has no such distribution; compute it where the result is read'

export const mathRules: FunctionRules = {
  abs: native('abs'),
  acos: macro('trino_acos'),
  asin: macro('trino_asin'),
  atan: native('atan'),
  atan2: native('atan2'),
  beta_cdf: refused(statistics),
  bit_count: macro('trino_bit_count'),
  bitwise_and: rewrite(call => `(${sqlOf(call).join(' & ')})`),
  bitwise_left_shift: rewrite(call => callSql('trino_shift_left', ...sqlOf(call), String(bitsOf(call)))),
  bitwise_not: rewrite(call => `(~ ${call.args[0]!.sql})`),
  bitwise_or: rewrite(call => `(${sqlOf(call).join(' | ')})`),
  bitwise_right_shift: rewrite(call => {
    return callSql('trino_shift_right', ...sqlOf(call), String(bitsOf(call)))
  }),
  bitwise_right_shift_arithmetic: macro('trino_shift_right_signed'),
  bitwise_xor: renamed('xor'),
  cbrt: native('cbrt'),
  ceil: { how: 'native', target: 'ceil', result: wholeResult },
  ceiling: { how: 'renamed', target: 'ceil', result: wholeResult },
  cos: native('cos'),
  cosh: native('cosh'),
  degrees: native('degrees'),
  e: rewrite(() => 'exp(1)'),
  exp: native('exp'),
  floor: { how: 'native', target: 'floor', result: wholeResult },
  from_base: macro('trino_from_base'),
  infinity: rewrite(() => "CAST('Infinity' AS DOUBLE)"),
  inverse_beta_cdf: refused(statistics),
  inverse_normal_cdf: refused(statistics),
  is_finite: renamed('isfinite'),
  is_infinite: renamed('isinf'),
  is_nan: renamed('isnan'),
  ln: macro('trino_ln'),
  log: rewrite(call => `trino_divide(trino_ln(${call.args[1]!.sql}), trino_ln(${call.args[0]!.sql}))`),
  log10: macro('trino_log10'),
  log2: macro('trino_log2'),
  mod: rewrite(mod),
  nan: rewrite(() => "CAST('NaN' AS DOUBLE)"),
  normal_cdf: refused(statistics),
  pi: native('pi'),
  pow: native('pow'),
  power: renamed('pow'),
  radians: native('radians'),
  rand: rewrite(random),
  random: rewrite(random),
  round: rewrite(round, roundResult),
  sign: native(
    'sign',
    decimalResult(() => [1, 0]),
  ),
  sin: native('sin'),
  sinh: native('sinh'),
  sqrt: macro('trino_sqrt'),
  t_cdf: refused(statistics),
  t_pdf: refused(statistics),
  tan: native('tan'),
  tanh: native('tanh'),
  to_base: rewrite(call => callSql('trino_to_base', sqlOf(call)[0]!, `CAST(${sqlOf(call)[1]} AS INTEGER)`)),
  truncate: rewrite(
    call => (call.args.length === 1 ? callSql('trunc', sqlOf(call)[0]!) : callSql('trino_truncate', ...sqlOf(call))),
    call => (call.args.length === 1 ? decimalResult((p, s) => [Math.max(1, p - s), 0])(call) : call.args[0]!.type),
  ),
  width_bucket: rewrite(call =>
    callSql(call.args.length === 4 ? 'trino_width_bucket' : 'trino_bucket_of', ...sqlOf(call)),
  ),
  wilson_interval_lower: macro('trino_wilson_lower'),
  wilson_interval_upper: macro('trino_wilson_upper'),
  format_number: refused("write format('%,d', x) or round(x, 2)"),
  parse_data_size: macro('trino_data_size'),
  parse_presto_data_size: macro('trino_data_size'),
}
