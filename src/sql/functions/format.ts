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
  const sign = flags.includes('+') ? '+' : ''
  const zero = flags.includes('0') ? '0' : ''
  const comma = flags.includes(',') ? ',' : ''
  if (kind === 's' || kind === 'S') {
    const text = arg.type.kind === 'unknown' ? 'NULL' : toText(arg.sql, arg.type)
    if (text === undefined) throw refusal()
    const cut = precision === undefined ? text : `left(${text}, ${Number(precision)})`
    const cased = kind === 'S' ? `upper(${cut})` : cut
    const align = width === undefined ? '' : flags.includes('-') ? `<${width}` : `>${width}`
    return { spec: align === '' ? '{}' : `{:${align}}`, sql: `coalesce(${cased}, 'null')` }
  }
  if (flags.includes('-')) throw refusal()
  if (kind === 'd' && isInteger(arg.type)) return { spec: spec(sign, zero, width, comma, 'd'), sql: arg.sql }
  if ((kind === 'x' || kind === 'X' || kind === 'o') && isInteger(arg.type)) {
    return { spec: spec('', zero, width, '', kind), sql: arg.sql }
  }
  if (kind === 'f' && isNumeric(arg.type) && !isInteger(arg.type)) {
    return { spec: spec(sign, zero, width, comma, `.${precision ?? '6'}f`), sql: `CAST(${arg.sql} AS DOUBLE)` }
  }
  if ((kind === 'e' || kind === 'E') && isNumeric(arg.type) && !isInteger(arg.type)) {
    return { spec: spec(sign, zero, width, '', `.${precision ?? '6'}${kind}`), sql: `CAST(${arg.sql} AS DOUBLE)` }
  }
  if ((kind === 'b' || kind === 'B') && arg.type.kind === 'boolean') {
    return { spec: '{}', sql: `CAST(${arg.sql} AS VARCHAR)` }
  }
  throw refusal()
}

function spec(sign: string, zero: string, width: string | undefined, comma: string, kind: string): string {
  const text = `${sign}${zero}${width ?? ''}${comma}${kind}`
  return text === 'd' ? '{}' : `{:${text}}`
}
