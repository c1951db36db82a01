import { type Span, SqlRefusal } from '../diagnostics.ts'

// Patterns of times: MySQL's (date_format, date_parse) and Joda's (format_datetime, parse_datetime) in the engine's
// strftime letters. A letter Trino refuses, or that has no counterpart, is refused with its place.

type Use = 'format' | 'parse'

const mysqlLetters = new Map(
  Object.entries({
    a: '%a',
    b: '%b',
    c: '%-m',
    d: '%d',
    e: '%-d',
    f: '%f',
    H: '%H',
    h: '%I',
    I: '%I',
    i: '%M',
    j: '%j',
    k: '%-H',
    l: '%-I',
    M: '%B',
    m: '%m',
    p: '%p',
    r: '%I:%M:%S %p',
    S: '%S',
    s: '%S',
    T: '%H:%M:%S',
    v: '%V',
    W: '%A',
    x: '%G',
    Y: '%Y',
    y: '%y',
    '%': '%%',
  }),
)

/** `%Y-%m-%d %H:%i:%s` */
export function mysqlPattern(pattern: string, span: Span, use: Use): string {
  void use
  let out = ''
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!
    if (char !== '%') {
      out += char
      continue
    }
    const letter = pattern[++at]
    if (letter === undefined) throw new SqlRefusal("the pattern ends with a lone '%'", span)
    if ('DUuVwX'.includes(letter)) throw new SqlRefusal(`'%${letter}' is not supported by Trino's date functions`, span)
    out += mysqlLetters.get(letter) ?? letter
  }
  return out
}

const jodaRuns: readonly (readonly [RegExp, string])[] = [
  [/^y{3,}$|^Y{3,}$|^u{3,}$|^[yYu]$/, '%Y'],
  [/^[yY]{2}$/, '%y'],
  [/^M{4,}$/, '%B'],
  [/^MMM$/, '%b'],
  [/^MM$/, '%m'],
  [/^M$/, '%-m'],
  [/^dd$/, '%d'],
  [/^d$/, '%-d'],
  [/^DDD$/, '%j'],
  [/^D$/, '%-j'],
  [/^E{4,}$/, '%A'],
  [/^E{1,3}$/, '%a'],
  [/^e$/, '%u'],
  [/^HH$/, '%H'],
  [/^H$/, '%-H'],
  [/^hh$/, '%I'],
  [/^h$/, '%-I'],
  [/^mm$/, '%M'],
  [/^m$/, '%-M'],
  [/^ss$/, '%S'],
  [/^s$/, '%-S'],
  [/^SSS$/, '%g'],
  [/^S{6}$/, '%f'],
  [/^a$/, '%p'],
  [/^ww$/, '%V'],
  [/^x{4}$/, '%G'],
]

/** Where the zone goes: characters no pattern holds, replaced once the rest is text. */
export const zonePlaces = { offset: '\u0001', digits: '\u0002', name: '\u0003' } as const

/** `yyyy-MM-dd HH:mm:ss`, with text in single quotes. */
export function jodaPattern(pattern: string, span: Span, use: Use): string {
  let out = ''
  for (let at = 0; at < pattern.length; ) {
    const char = pattern[at]!
    if (char === "'") {
      const close = pattern.indexOf("'", at + 1)
      if (close === -1) throw new SqlRefusal('a quote in the pattern is never closed', span)
      out += close === at + 1 ? "'" : pattern.slice(at + 1, close).replaceAll('%', '%%')
      at = close + 1
      continue
    }
    if (!/[A-Za-z]/.test(char)) {
      out += char === '%' ? '%%' : char
      at++
      continue
    }
    let end = at
    while (pattern[end] === char) end++
    out += jodaRun(pattern.slice(at, end), span, use)
    at = end
  }
  return out
}

function jodaRun(run: string, span: Span, use: Use): string {
  const letters = jodaRuns.find(([sign]) => sign.test(run))?.[1]
  const isZone = /^[Zz]+$/.test(run)
  if (isZone && use === 'parse') return '%z'
  if (isZone) return /^ZZ$/.test(run) ? zonePlaces.offset : /^Z$/.test(run) ? zonePlaces.digits : zonePlaces.name
  if (use === 'parse' && letters === '%y')
    throw new SqlRefusal(`'${run}' cannot be parsed: which century it means moves`, span)
  if (letters === undefined) throw new SqlRefusal(`'${run}' in this pattern is not supported`, span)
  return letters
}
