import { type Span, SqlRefusal } from '../diagnostics.ts'

// Trino's tokens, and nothing more lenient: no backticks, no `E''`, no dollar quotes, no `#` comments. Every token
// keeps its place, because every refusal names one.

export type TokenKind = 'word' | 'quoted' | 'string' | 'binary' | 'integer' | 'decimal' | 'double' | 'symbol' | 'end'

export interface Token extends Span {
  readonly kind: TokenKind
  /** A word as typed, an identifier or string without its quotes, a number's or symbol's text. */
  readonly text: string
  /** A word in upper case, a symbol as it is; '' for everything else: what the grammar compares with. */
  readonly key: string
}

// Trino's own: other letters than ASCII's must be quoted, so no look-alike passes for a name.
const wordPattern = /[A-Za-z_][A-Za-z0-9_]*/y
const numberPattern =
  /(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+)|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?/y
const spacePattern = /(?:\s|\u00a0|\ufeff|--[^\r\n]*)+/y
const symbols = ['=>', '->', '<>', '!=', '<=', '>=', '||', '::', ...'=<>+-*/%(),.;[]?:{}$^&|!~'] as const

/** Tokens of `text`, closed by one of kind `end`. Refuses what can begin no Trino token, and quotes left open. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  for (;;) {
    at = skipSpace(text, at)
    if (at >= text.length) break
    const token = readToken(text, at)
    tokens.push(token)
    at = token.end
  }
  tokens.push({ kind: 'end', text: '', key: '', start: text.length, end: text.length })
  return tokens
}

function skipSpace(text: string, from: number): number {
  let at = from
  for (;;) {
    spacePattern.lastIndex = at
    if (spacePattern.test(text)) at = spacePattern.lastIndex
    if (!text.startsWith('/*', at)) return at
    const close = text.indexOf('*/', at + 2)
    if (close === -1) throw new SqlRefusal("comment '/*' is never closed", { start: at, end: at + 2 })
    at = close + 2
  }
}

function readToken(text: string, at: number): Token {
  const first = text[at]!
  if (first === "'") return quotedToken(text, at, at, 'string')
  if (first === '"') return quotedToken(text, at, at, 'quoted')
  const prefixed = readPrefixedString(text, at)
  if (prefixed !== undefined) return prefixed
  wordPattern.lastIndex = at
  const word = wordPattern.exec(text)?.[0]
  if (word !== undefined) return { kind: 'word', text: word, key: word.toUpperCase(), start: at, end: at + word.length }
  if (/\d/.test(first) || (first === '.' && /\d/.test(text[at + 1] ?? ''))) return numberToken(text, at)
  const symbol = symbols.find(candidate => text.startsWith(candidate, at))
  if (symbol !== undefined) return { kind: 'symbol', text: symbol, key: symbol, start: at, end: at + symbol.length }
  throw unexpectedCharacter(text, at)
}

function unexpectedCharacter(text: string, at: number): SqlRefusal {
  const point = text.codePointAt(at)!
  const end = at + (point > 0xffff ? 2 : 1)
  if (point === 0) return new SqlRefusal('the statement contains a NUL character', { start: at, end })
  if (point === 0x60) {
    const hint = 'Trino SQL quotes names with double quotes: "name"'
    return new SqlRefusal('a backtick does not quote names', { start: at, end }, { hint })
  }
  if ('\u2018\u2019\u201c\u201d'.includes(text.slice(at, end))) {
    const hint = 'replace typographic quotes by plain ones'
    return new SqlRefusal(`unexpected character '${text.slice(at, end)}'`, { start: at, end }, { hint })
  }
  const code = `U+${point.toString(16).toUpperCase().padStart(4, '0')}`
  const shown = point < 0x20 ? code : `'${text.slice(at, end)}' (${code})`
  const isLetter = /\p{L}/u.test(text.slice(at, end))
  const options = isLetter ? { hint: 'a name with letters other than a to z is written in double quotes' } : {}
  return new SqlRefusal(`unexpected character ${shown}`, { start: at, end }, options)
}

function quotedToken(text: string, start: number, open: number, kind: 'string' | 'quoted'): Token {
  const quote = text[open]!
  let content = ''
  let at = open + 1
  for (;;) {
    const close = text.indexOf(quote, at)
    if (close === -1) {
      const what = kind === 'string' ? 'string literal' : 'quoted name'
      throw new SqlRefusal(`this ${what} is never closed`, { start, end: Math.min(text.length, start + 40) })
    }
    content += text.slice(at, close)
    at = close + 1
    if (text[at] !== quote) break
    content += quote
    at++
  }
  const span = { start, end: at }
  if (content.includes('\0')) throw new SqlRefusal('the statement contains a NUL character', span)
  if (kind === 'quoted' && content === '') throw new SqlRefusal('a quoted name must not be empty', span)
  return { kind, text: content, key: '', ...span }
}

/** `U&'…'`, `U&"…"` is not Trino's, and `X'…'`. */
function readPrefixedString(text: string, at: number): Token | undefined {
  const isUnicode = /^[uU]&'/.test(text.slice(at, at + 3))
  if (isUnicode) return unicodeToken(text, at)
  if (!/^[xX]'/.test(text.slice(at, at + 2))) return undefined
  const token = quotedToken(text, at, at + 1, 'string')
  const digits = token.text.replace(/\s/g, '')
  if (!/^([0-9a-fA-F]{2})*$/.test(digits)) {
    throw new SqlRefusal('a binary literal holds pairs of hexadecimal digits', token)
  }
  return { ...token, kind: 'binary', text: digits }
}

function unicodeToken(text: string, at: number): Token {
  const token = quotedToken(text, at, at + 2, 'string')
  const uescape = /(?:\s|--[^\r\n]*\n)*uescape\s*'([^'])'/iy
  uescape.lastIndex = token.end
  const clause = uescape.exec(text)
  const marker = clause?.[1] ?? '\\'
  const end = clause === null ? token.end : uescape.lastIndex
  return { ...token, text: decodeUnicode(token.text, marker, token), end }
}

function decodeUnicode(content: string, marker: string, span: Span): string {
  let decoded = ''
  for (let at = 0; at < content.length; at++) {
    if (content[at] !== marker) {
      decoded += content[at]
      continue
    }
    if (content[at + 1] === marker) {
      decoded += marker
      at++
      continue
    }
    const match = /^(?:([0-9a-fA-F]{4})|\+([0-9a-fA-F]{6}))/.exec(content.slice(at + 1))
    const point = Number.parseInt(match?.[1] ?? match?.[2] ?? '', 16)
    const isUsable = point > 0 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff)
    if (match === null || !isUsable) throw new SqlRefusal('incomplete or invalid Unicode escape in this string', span)
    decoded += String.fromCodePoint(point)
    at += match[0].length
  }
  return decoded
}

function numberToken(text: string, at: number): Token {
  numberPattern.lastIndex = at
  const raw = numberPattern.exec(text)![0]
  const end = at + raw.length
  wordPattern.lastIndex = end
  const trailing = wordPattern.exec(text)?.[0]
  if (trailing !== undefined) {
    const span = { start: at, end: end + trailing.length }
    const hint = 'a name that begins with a digit must be written in double quotes'
    throw new SqlRefusal(`'${text.slice(at, span.end)}' is neither a number nor a name`, span, { hint })
  }
  const plain = raw.replaceAll('_', '')
  const token = { key: '', start: at, end }
  if (/^0[xXoObB]/.test(plain)) return { ...token, kind: 'integer', text: BigInt(plain).toString() }
  if (/[eE]/.test(plain)) return { ...token, kind: 'double', text: plain }
  return { ...token, kind: plain.includes('.') ? 'decimal' : 'integer', text: plain }
}
