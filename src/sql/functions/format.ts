import { type Span, SqlRefusal } from '../diagnostics.ts'
import { toText } from '../rewrite/casts.ts'
import type { Typed } from '../rewrite/context.ts'
import { isInteger, isNumeric, quoteText, typeText } from '../sql-type.ts'

const directive = /%(?:(\d+)\$)?([-#+ 0,(]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g

/** Java's format string over `args`, as the engine's format(): `%s %d %5.2f %x %,d %05d`. */
export function formatSql(pattern: string, span: Span, args: readonly Typed[]): string {
  let used = 0
  const values: string[] = []
  const literal = (text: string) => text.replace(/[{}]/g, '$&$&')
  let out = ''
  let at = 0
  for (const match of pattern.matchAll(directive)) {
    out += literal(refusePercent(pattern.slice(at, match.index), span))
    at = match.index + match[0].length
    const [, position, flags = '', width, precision, kind] = match
    if (kind === '%' || kind === 'n') {
      out += kind === 'n' ? '\n' : '%'
      continue
    }
    const arg = args[position === undefined ? used++ : Number(position) - 1]
    if (arg === undefined) throw new SqlRefusal(`format has no argument for '${match[0]}'`, span)
    const item = formatItem(kind!, flags, width, precision, arg, span, match[0])
    out += item.spec
    values.push(item.sql)
  }
  out += literal(refusePercent(pattern.slice(at), span))
  return `format(${[quoteText(out), ...values].join(', ')})`
}

function refusePercent(text: string, span: Span): string {
  if (text.includes('%')) throw new SqlRefusal("format: '%' without a known letter after it", span)
  return text
}

/** One directive as the engine's own place and its value: a text, so that NULL reads `null` as Java prints it. */
function formatItem(
  kind: string,
  flags: string,
  width: string | undefined,
  precision: string | undefined,
  arg: Typed,
  span: Span,
  shown: string,
): { spec: string; sql: string } {
  const refusal = () => new SqlRefusal(`format cannot print ${typeText(arg.type)} with '${shown}'`, span)
  if (/[#( ]/.test(flags)) throw refusal()
  const align = width === undefined ? '' : flags.includes('-') ? `<${width}` : `>${width}`
  const number = numberText(kind, flags, width, precision, arg)
  const text = number ?? plainText(kind, precision, arg)
  if (text === undefined) throw refusal()
  const word = kind === 'b' || kind === 'B' ? 'false' : 'null'.slice(0, precision === undefined ? 4 : Number(precision))
  const missing = quoteText(/[A-Z]/.test(kind) ? word.toUpperCase() : word)
  const value = arg.type.kind === 'unknown' ? missing : `coalesce(${text}, ${missing})`
  return { spec: align === '' ? '{}' : `{:${align}}`, sql: value }
}

function plainText(kind: string, precision: string | undefined, arg: Typed): string | undefined {
  if ((kind === 'b' || kind === 'B') && arg.type.kind === 'boolean') {
    return kind === 'b' ? `CAST(${arg.sql} AS VARCHAR)` : `upper(CAST(${arg.sql} AS VARCHAR))`
  }
  if (kind !== 's' && kind !== 'S') return undefined
  const text = javaText(arg)
  if (text === undefined) return undefined
  const cut = precision === undefined ? text : `left(${text}, ${Number(precision)})`
  return kind === 'S' ? `trino_upper(${cut})` : cut
}

/** A value as Java's toString prints it. */
function javaText({ sql, type }: Typed): string | undefined {
  switch (type.kind) {
    case 'unknown':
      return 'NULL'
    case 'double':
      return `trino_java_double(${sql})`
    case 'timestamp':
      return type.precision <= 6 ? `trino_java_time(${sql})` : undefined
    case 'real':
    case 'timestamptz':
    case 'time':
    case 'intervalDay':
    case 'intervalMonth':
      return undefined
    default:
      return toText(sql, type)
  }
}

/** A number as the engine's format() prints it; the width fills with zeros there, with blanks outside. */
function numberText(
  kind: string,
  flags: string,
  width: string | undefined,
  precision: string | undefined,
  arg: Typed,
): string | undefined {
  const sign = flags.includes('+') ? '+' : ''
  const zero = flags.includes('0') && width !== undefined ? `0${width}` : ''
  const comma = flags.includes(',') ? ',' : ''
  const digits = precision ?? '6'
  const isFraction = isNumeric(arg.type) && !isInteger(arg.type) && arg.type.kind !== 'real'
  if (kind === 'd' && isInteger(arg.type)) return printed(`${sign}${zero}${comma}d`, arg.sql)
  if ((kind === 'x' || kind === 'X') && isInteger(arg.type)) {
    const negative = `hex(CAST(${arg.sql} AS BIGINT))`
    const cased = kind === 'x' ? `lower(${negative})` : negative
    return `CASE WHEN ${arg.sql} < 0 THEN ${cased} ELSE ${printed(`${zero}${kind}`, arg.sql)} END`
  }
  if (kind === 'f' && isFraction) {
    // Java rounds the shortest decimal text of a double, halves away from zero.
    const rounded = `TRY_CAST(CAST(abs(${arg.sql}) AS VARCHAR) AS DECIMAL(38,${Number(digits)}))`
    const size = `coalesce(CAST(${rounded} AS DOUBLE), CAST(abs(${arg.sql}) AS DOUBLE))`
    return printed(`${sign}${zero}${comma}.${digits}f`, `CASE WHEN ${arg.sql} < 0 THEN - ${size} ELSE ${size} END`)
  }
  if ((kind === 'e' || kind === 'E') && isFraction)
    return printed(`${sign}${zero}.${digits}${kind}`, `CAST(${arg.sql} AS DOUBLE)`)
  return undefined
}

function printed(spec: string, sql: string): string {
  return `format(${quoteText(spec === 'd' ? '{}' : `{:${spec}}`)}, ${sql})`
}
