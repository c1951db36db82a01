import { AppError } from '../model/errors.ts'

// The words of an SQL text as SQLite reads it (https://sqlite.org/lang.html, its tokenizer): what agents run is SQLite,
// not the lake's dialect. Comments and white space are left out; nothing is known of grammar here.

export type SqliteTokenKind =
  /** A keyword or a bare identifier. */
  | 'word'
  /** An identifier in double quotes, backticks or brackets; also text, where SQLite is lenient. */
  | 'quoted'
  | 'string'
  | 'blob'
  | 'number'
  /** `?1`, `:name`, `@name`, `$name`: a place for a bound value. */
  | 'parameter'
  /** One character of punctuation, or `||`, `<>`, `>=` … as one. */
  | 'sign'

export interface SqliteToken {
  readonly kind: SqliteTokenKind
  /** Half-open range of UTF-16 offsets into the text. */
  readonly start: number
  readonly end: number
}

const patterns: readonly (readonly [SqliteTokenKind | 'space', RegExp])[] = [
  ['space', /[ \t\r\n\f]+|--[^\n]*|\/\*(?:[^*]|\*(?!\/))*\*\//y],
  ['blob', /[xX]'[^']*'/y],
  ['string', /'[^']*(?:''[^']*)*'/y],
  ['quoted', /"[^"]*(?:""[^"]*)*"|`[^`]*(?:``[^`]*)*`|\[[^\]]*\]/y],
  ['number', /0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['word', /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y],
  ['parameter', /\?\d*|[:@$][\w$\u0080-\uffff]+/y],
  ['sign', /->>|->|\|\||<<|>>|<=|>=|<>|==|!=|[-+*/%&|~<>=!(),.;]/y],
]

/** What begins a token that has no end. */
const openings: Readonly<Record<string, string>> = {
  "'": 'a string is not closed',
  '"': 'a quoted name is not closed',
  '`': 'a quoted name is not closed',
  '[': 'a name in brackets is not closed',
  '/': 'a comment is not closed',
}

/** Throws `invalid_argument` with the place of what is no token of SQLite. */
export function sqliteTokens(text: string): readonly SqliteToken[] {
  const tokens: SqliteToken[] = []
  // The engine's own text ends there, whatever stands behind it.
  const nul = text.indexOf('\u0000')
  if (nul >= 0) throw sqliteRefusal(text, { start: nul, end: nul + 1 }, 'a NUL character is not SQL')
  let at = 0
  while (at < text.length) {
    const isOpenComment = text.startsWith('/*', at) && text.indexOf('*/', at + 2) < 0
    const found = isOpenComment ? undefined : tokenAt(text, at)
    if (found === undefined) {
      const reason = openings[text[at]!] ?? `${JSON.stringify(text[at])} is not SQL`
      throw sqliteRefusal(text, { start: at, end: at + 1 }, reason)
    }
    if (found.kind !== 'space') tokens.push({ kind: found.kind, start: at, end: found.end })
    at = found.end
  }
  return tokens
}

function tokenAt(text: string, at: number): { kind: SqliteTokenKind | 'space'; end: number } | undefined {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at
    if (pattern.test(text)) return { kind, end: pattern.lastIndex }
  }
  return undefined
}

/** The words of a refusal with the place: line and column from 1, offset from 0, in UTF-16 units. */
export function sqliteRefusal(text: string, span: { readonly start: number; readonly end: number }, reason: string) {
  const before = text.slice(0, span.start)
  const line = before.split('\n').length
  const column = span.start - before.lastIndexOf('\n')
  const details = { line, column, offset: span.start, length: span.end - span.start }
  return new AppError('invalid_argument', `line ${line}:${column}: ${reason}`, { details })
}
