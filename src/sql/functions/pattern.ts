import { type Span, SqlRefusal } from '../diagnostics.ts'

// Regular expressions that are written out, read so far that they can be written anew for the engine. Trino's are
// Java's, the engine's RE2: a dollar sign stands before a last line break too, \s has the vertical tab in it, and
// \u0041 and (?<name>…) are spelled otherwise.

type Part =
  | { readonly kind: 'text'; readonly text: string; readonly isWide: boolean; quantifier: string }
  /** `$` and `\Z`: the end, or before a last line break. */
  | { readonly kind: 'end'; quantifier: string }
  | GroupPart

interface GroupPart {
  readonly kind: 'group'
  /** `(`, `(?:`, `(?i:`, `(?P<name>`. */
  readonly open: string
  /** From 1 on; 0 where the group captures nothing. */
  readonly number: number
  readonly branches: readonly (readonly Part[])[]
  quantifier: string
}

export interface Pattern {
  readonly branches: readonly (readonly Part[])[]
  readonly groups: readonly GroupPart[]
  /** `(?m)` stands in it: `$` is the end of each line. */
  readonly isMultiline: boolean
}

/** The pattern's parts; `span` is blamed for what the engine has no word for. */
export function readPattern(text: string, span: Span): Pattern {
  const isMultiline = /\(\?[a-z]*m[a-z]*[-:)]/.test(text)
  const groups: GroupPart[] = []
  const source = { text, at: 0, span, isMultiline, groups }
  const branches = readBranches(source)
  // What is left has no opening parenthesis: the engine says so.
  if (source.at < text.length) branches.at(-1)!.push(plain(text.slice(source.at), true))
  return { branches, groups, isMultiline }
}

interface Source {
  readonly text: string
  at: number
  readonly span: Span
  readonly isMultiline: boolean
  readonly groups: GroupPart[]
}

const plain = (text: string, isWide: boolean): Part => ({ kind: 'text', text, isWide, quantifier: '' })

function readBranches(source: Source): Part[][] {
  const branches: Part[][] = [[]]
  while (source.at < source.text.length && source.text[source.at] !== ')') {
    if (source.text[source.at] === '|') {
      source.at++
      branches.push([])
    } else branches.at(-1)!.push(...readParts(source))
  }
  return branches
}

function taken(source: Source, expression: RegExp): string | undefined {
  expression.lastIndex = source.at
  const found = expression.exec(source.text)?.[0]
  source.at += found?.length ?? 0
  return found
}

function readParts(source: Source): Part[] {
  const quoted = taken(source, /\\Q[\s\S]*?(?:\\E|$)/y)
  if (quoted !== undefined) {
    const chars = [...quoted.slice(2).replace(/\\E$/, '')]
    const parts = chars.map(char => plain(char.replace(/[\\^$.|?*+()[\]{}]/, '\\$&'), true))
    return quantified(source, parts)
  }
  const flags = taken(source, /\(\?[a-zA-Z]*(?:-[a-zA-Z]+)?\)/y)
  if (flags !== undefined) return [plain(flags, false)]
  const open = taken(source, /\((?:\?(?:[a-zA-Z]*(?:-[a-zA-Z]+)?:|P?<[A-Za-z]\w*>))?/y)
  if (open !== undefined) return quantified(source, [readGroup(source, open)])
  const bracket = taken(source, /\[\^?\]?(?:\\[\s\S]|\[:\^?\w+:\]|[^\]\\])*\]/y)
  if (bracket !== undefined) return quantified(source, [plain(bracketSql(bracket, source.span), true)])
  const escaped = taken(source, /\\(?:[pP]\{[^}]*\}|x\{[^}]*\}|[\s\S])/y)
  if (escaped !== undefined) return quantified(source, [escapePart(escaped, source)])
  const char = String.fromCodePoint(source.text.codePointAt(source.at)!)
  source.at += char.length
  if (char === '$' && !source.isMultiline) return quantified(source, [{ kind: 'end', quantifier: '' }])
  return quantified(source, [plain(char, char !== '^' && char !== '$')])
}

function quantified(source: Source, parts: Part[]): Part[] {
  const quantifier = taken(source, /(?:[*+?]|\{\d+(?:,\d*)?\})[?+]?/y)
  const last = parts.at(-1)
  if (quantifier !== undefined && last !== undefined) last.quantifier = quantifier
  return parts
}

function readGroup(source: Source, open: string): Part {
  const isCapturing = open === '(' || open.endsWith('>')
  const place = isCapturing ? source.groups.length : -1
  // Inner groups are numbered after this one.
  if (isCapturing) source.groups.push(undefined as never)
  const branches = readBranches(source)
  const isClosed = source.text[source.at] === ')'
  if (!isClosed) throw new SqlRefusal('this regular expression has a ( without a )', source.span)
  source.at++
  const group: GroupPart = {
    kind: 'group',
    open: open.replace('(?<', '(?P<'),
    number: place + 1,
    branches,
    quantifier: '',
  }
  if (isCapturing) source.groups[place] = group
  return group
}

const notSpace = String.raw`\x00-\x08\x0e-\x1f\x21-\x{10ffff}`

function escapePart(escaped: string, source: Source): Part {
  switch (escaped) {
    case '\\s':
      return plain(String.raw`[\s\x0b]`, true)
    case '\\S':
      return plain(String.raw`[^\s\x0b]`, true)
    case '\\Z':
      return { kind: 'end', quantifier: '' }
    case '\\u':
      return plain(hexadecimal(source), true)
    default:
      return plain(escaped, !/^\\[bBAz]$/.test(escaped))
  }
}

function hexadecimal(source: Source): string {
  const digits = taken(source, /[0-9a-fA-F]{4}/y)
  if (digits === undefined) throw new SqlRefusal('\\u needs four hexadecimal digits', source.span)
  return `\\x{${digits}}`
}

/** Named classes mean letters and spaces of every script to Trino, of English alone to the engine. */
function bracketSql(bracket: string, span: Span): string {
  const named = /\[:\^?(\w+):\]/.exec(bracket)?.[1]
  if (named !== undefined && named !== 'ascii' && named !== 'xdigit') {
    const hint = "write the characters, for instance [A-Za-z] or [\\s], or a class of Unicode's such as \\p{L}"
    throw new SqlRefusal(`the class [:${named}:] is not supported`, span, { hint })
  }
  return bracket.replace(/\\(?:u([0-9a-fA-F]{4})|[\s\S])/g, (escaped, digits?: string) => {
    if (digits !== undefined) return `\\x{${digits}}`
    if (escaped === '\\s') return String.raw`\s\x0b`
    return escaped === '\\S' ? notSpace : escaped
  })
}

/** The pattern for the engine; `end` is what stands for `$`. */
export function patternText({ branches }: Pattern, end: string): string {
  return branchesText(branches, end)
}

export interface CapturedEnds {
  readonly text: string
  /** The engine's numbers of the groups that capture the line break each `$` stands before. */
  readonly ends: readonly number[]
  /** The engine's number of each group of the pattern, from 1 on. */
  readonly numbers: readonly number[]
}

/** The pattern for the engine with a group of its own for the line break that each `$` takes. */
export function withCapturedEnds({ branches, groups }: Pattern): CapturedEnds {
  let count = 0
  const ends: number[] = []
  const numbers: number[] = new Array(groups.length + 1).fill(0)
  const render = (part: Part): string => {
    if (part.kind === 'text') return part.text
    if (part.kind === 'end') {
      ends.push(++count)
      return '(\\n?)\\z'
    }
    if (part.number > 0) numbers[part.number] = ++count
    return `${part.open}${joined(part.branches, render)})`
  }
  return { text: joined(branches, render), ends, numbers }
}

function joined(branches: readonly (readonly Part[])[], render: (part: Part) => string): string {
  return branches.map(parts => parts.map(part => render(part) + part.quantifier).join('')).join('|')
}

function branchesText(branches: readonly (readonly Part[])[], end: string): string {
  const render = (part: Part): string => {
    if (part.kind === 'text') return part.text
    return part.kind === 'end' ? end : `${part.open}${joined(part.branches, render)})`
  }
  return joined(branches, render)
}

function anyPart(branches: readonly (readonly Part[])[], is: (part: Part) => boolean): boolean {
  return branches.some(parts => parts.some(part => is(part) || (part.kind === 'group' && anyPart(part.branches, is))))
}

export function hasEnd(branches: readonly (readonly Part[])[]): boolean {
  return anyPart(branches, part => part.kind === 'end')
}

const isOptional = (quantifier: string) => /^(?:[*?]|\{0)/.test(quantifier)
const isRepeated = (quantifier: string) => /^(?:[*+]|\{(?!0?1\}|0,1\}))/.test(quantifier)

/** Whether `branches` can match without a character. */
export function canBeEmpty(branches: readonly (readonly Part[])[]): boolean {
  return branches.some(parts =>
    parts.every(part => {
      if (part.kind === 'end' || isOptional(part.quantifier)) return true
      return part.kind === 'text' ? !part.isWide : canBeEmpty(part.branches)
    }),
  )
}

/** Whether nothing in it takes a character: `^`, `\b`, the empty pattern. */
export function isZeroWidth({ branches }: Pattern): boolean {
  return !anyPart(branches, part => part.kind === 'text' && part.isWide)
}

/** Whether every `$` is the last of what is matched, however the match goes. */
export function hasEndsOnlyLast(branches: readonly (readonly Part[])[]): boolean {
  return branches.every(parts =>
    parts.every((part, index) => {
      if (part.kind === 'text') return true
      const isLast = parts.slice(index + 1).every(next => next.kind === 'end' && next.quantifier === '')
      if (part.kind === 'end') return isLast && part.quantifier === ''
      if (!hasEnd(part.branches)) return true
      return isLast && !isRepeated(part.quantifier) && hasEndsOnlyLast(part.branches)
    }),
  )
}

/** Whether group `number` may take no part in a match. */
export function isOptionalGroup(pattern: Pattern, number: number): boolean {
  const within = (branches: readonly (readonly Part[])[], isOpen: boolean): boolean | undefined => {
    for (const part of branches.flat()) {
      if (part.kind !== 'group') continue
      const isMissing = isOpen || branches.length > 1 || isOptional(part.quantifier)
      const found = part.number === number ? isMissing : within(part.branches, isMissing)
      if (found !== undefined) return found
    }
    return undefined
  }
  return within(pattern.branches, false) ?? false
}

/** The one `$` that ends the whole pattern taken away; undefined where there are others or alternatives. */
export function withoutLastEnd({ branches }: Pattern): string | undefined {
  const [parts, ...more] = branches
  if (parts === undefined || more.length > 0 || parts.at(-1)?.kind !== 'end') return undefined
  const before = [parts.slice(0, -1)]
  return hasEnd(before) ? undefined : branchesText(before, '')
}

/**
 * Whether the pattern may first match up to a last line break by `$` and then the line break itself: not where what
 * stands before each `$` takes the line break with it.
 */
export function mayMatchBreakAfterEnd(pattern: Pattern): boolean {
  if (!matches(patternText(pattern, ''), '\n')) return false
  return !takesBreak(pattern.branches)
}

function takesBreak(branches: readonly (readonly Part[])[]): boolean {
  return branches.every(parts => {
    const end = parts.findIndex(part => part.kind === 'end')
    const last = end === -1 ? parts.at(-1) : parts[end - 1]
    if (last === undefined || last.kind === 'end') return false
    if (last.kind === 'group') return last.quantifier === '' && takesBreak(last.branches)
    if (end === -1 && !matches(last.text, '\n')) return true
    return /^(?:[*+]|\{\d+,\})$/.test(last.quantifier) && matches(last.text, '\n')
  })
}

/** Whether `pattern` matches the whole of `text`; true where JavaScript cannot read the pattern. */
function matches(pattern: string, text: string): boolean {
  const own = pattern
    .replace(/\(\?P</g, '(?<')
    .replace(/\(\?[a-zA-Z]+\)/g, '')
    .replace(/\\x\{([0-9a-fA-F]+)\}/g, '\\u{$1}')
  try {
    return new RegExp(`^(?:${own})$`, 'u').test(text)
  } catch {
    return true
  }
}
