// A light reading of a statement that may be half typed: enough for completion, variables and formatting, never a
// judgement: whether it is right, the server says.

export type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'comment' | 'variable' | 'punctuation'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  /** UTF-16 offsets, end exclusive. */
  readonly start: number
  readonly end: number
  /** False for a string, quoted name or block comment that runs to the end of the text. */
  readonly isClosed: boolean
}

const patterns: readonly (readonly [TokenKind, RegExp])[] = [
  ['comment', /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y],
  ['variable', /\$\$[^$\n]{1,300}\$\$/y],
  ['string', /'(?:[^']|'')*(?:'|$)/y],
  ['quoted', /"(?:[^"]|"")*(?:"|$)/y],
  ['number', /\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?/y],
  ['word', /[\p{L}_@#][\p{L}\p{N}_@#]*/uy],
  ['punctuation', /<>|!=|<=|>=|\|\||->|=>|::|[^\s]/uy],
]

export function scanStatement(text: string): readonly Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < text.length; ) {
    const space = /\s+/y
    space.lastIndex = at
    if (space.test(text)) {
      at = space.lastIndex
      continue
    }
    const token = tokenAt(text, at)
    tokens.push(token)
    at = token.end
  }
  return tokens
}

function tokenAt(text: string, start: number): Token {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = start
    if (!pattern.test(text)) continue
    const end = pattern.lastIndex
    const piece = text.slice(start, end)
    return { kind, text: piece, start, end, isClosed: isClosed(kind, piece) }
  }
  return { kind: 'punctuation', text: text[start] ?? '', start, end: start + 1, isClosed: true }
}

function isClosed(kind: TokenKind, text: string): boolean {
  if (kind === 'string') return text.length > 1 && /^'(?:[^']|'')*'$/.test(text)
  if (kind === 'quoted') return text.length > 1 && text.endsWith('"')
  return kind !== 'comment' || !text.startsWith('/*') || text.endsWith('*/')
}

/** Names of the `$$variables$$` outside comments, each once, in order. They also stand inside strings. */
export function variableNames(text: string): readonly string[] {
  const names = new Set<string>()
  for (const token of scanStatement(text)) {
    if (token.kind === 'comment') continue
    for (const [, name] of token.text.matchAll(/\$\$([^$\n]{1,300})\$\$/g)) if (name !== undefined) names.add(name)
  }
  return [...names]
}

/** Query names the text is about: compared with `query_name`, or read as a view. Lower case. */
export function queryNamesIn(tokens: readonly Token[], known: ReadonlySet<string>): readonly string[] {
  const found = new Set<string>()
  tokens.forEach((token, at) => {
    if (token.kind === 'string' && isQueryNameValue(tokens, at)) found.add(unquote(token.text).toLowerCase())
    else if (isName(token) && known.has(unquote(token.text).toLowerCase())) found.add(unquote(token.text).toLowerCase())
  })
  return [...found].filter(name => known.has(name))
}

/** True where the string at `at` is what `query_name` is compared with: `= 'x'`, `IN ('a', 'x')`, `LIKE 'x'`. */
export function isQueryNameValue(tokens: readonly Token[], at: number): boolean {
  let index = at - 1
  while (tokens[index]?.text === ',' || tokens[index]?.kind === 'string') index -= 1
  if (tokens[index]?.text === '(') index -= 1
  const operator = tokens[index]?.text.toLowerCase()
  if (operator === undefined || !['=', '<>', '!=', 'in', 'like'].includes(operator)) return false
  index -= 1
  if (tokens[index]?.text.toLowerCase() === 'not') index -= 1
  if (tokens[index]?.text === ')') index -= 1
  return unquote(tokens[index]?.text ?? '').toLowerCase() === 'query_name'
}

export function isName(token: Token): boolean {
  return token.kind === 'word' || token.kind === 'quoted'
}

export function unquote(text: string): string {
  if (text.startsWith('"'))
    return text.slice(1, text.endsWith('"') && text.length > 1 ? -1 : undefined).replaceAll('""', '"')
  if (text.startsWith("'"))
    return text.slice(1, text.endsWith("'") && text.length > 1 ? -1 : undefined).replaceAll("''", "'")
  return text
}
