import { SqlRefusal } from '../diagnostics.ts'
import type { Expression } from '../parse/ast.ts'
import { quoteText } from '../sql-type.ts'
import {
  canBeEmpty,
  hasEnd,
  hasEndsOnlyLast,
  isOptionalGroup,
  isZeroWidth,
  mayMatchBreakAfterEnd,
  type Pattern,
  patternText,
  readPattern,
  withCapturedEnds,
  withoutLastEnd,
} from './pattern.ts'
import type { BoundCall, FunctionRules } from './rule.ts'
import { callSql, rewrite } from './rule.ts'

// Regular expressions. Trino's are Java's, the engine's RE2, which never backtracks: what needs backtracking is refused
// where the pattern is a literal; a computed one that needs it fails the run with the engine's message.

const unsupported: readonly (readonly [RegExp, string])[] = [
  [/\(\?<?[=!]/, 'look-around such as (?=…) or (?<!…): the engine matches in linear time and cannot look around'],
  [/\(\?>/, 'atomic groups (?>…)'],
  [/[*+?}]\+/, 'possessive quantifiers such as *+'],
  [/\\[1-9]/, 'back references such as \\1'],
  [/\\k</, 'back references such as \\k<name>'],
  [/\(\?[a-wyz]*x/, 'spaces and comments inside, (?x)'],
  [/\[&\]/, 'a class within a class such as [a-z&&[^aeiou]]: the engine has plain classes only'],
  [/\\[GRXhH]/, 'the escapes \\G, \\R, \\X and \\h'],
]

/** The pattern with a letter for each escape and classes emptied, so that `[(?=]` is not mistaken for look-around. */
function skeleton(pattern: string): string {
  return pattern
    .replace(/\\Q[\s\S]*?(\\E|$)/g, 'x')
    .replace(/\\\\/g, 'x')
    .replace(/\\[pP]\{[^}]*\}/g, 'x')
    .replace(/\\[^1-9kGRXhH]/g, 'x')
    .replace(/\[([^\]]*)\]/g, (_, members: string) => (/&&|\[(?!:)/.test(members) ? '[&]' : '[]'))
}

function checkShape(pattern: string, node: Expression): void {
  const shape = skeleton(pattern)
  for (const [sign, reason] of unsupported) {
    if (!sign.test(shape)) continue
    const hint = 'match more and filter the rest with a second condition'
    throw new SqlRefusal(`this regular expression uses ${reason}`, node, { hint })
  }
}

/** A line break at the very end, and the end: what stands for `$`, which takes that line break with it. */
const breakAndEnd = '(?:\\n?\\z)'

/** The pattern where it is written out, read and checked. */
function writtenPattern(call: BoundCall): Pattern | undefined {
  const node = call.node.args[1]!
  const text = literalText(node)
  if (text === undefined) return undefined
  checkShape(text, node)
  const pattern = readPattern(text, node)
  if (!hasEndsOnlyLast(pattern.branches)) {
    const hint = 'write $ last in the pattern or in an alternative, or \\z for the very end of the text'
    throw new SqlRefusal('this regular expression goes on after $, which also stands before a last line break', node, {
      hint,
    })
  }
  if (pattern.isMultiline && canBeEmpty(pattern.branches) && /(?:^|[^[\\])\^/.test(text)) {
    const hint = 'let the pattern match at least one character: + in place of *'
    throw new SqlRefusal('(?m) with ^ in a pattern that matches the empty text is not supported', node, { hint })
  }
  return pattern
}

/** `'a' || '$'` is written out as well. */
function literalText(node: Expression): string | undefined {
  if (node.kind === 'string') return node.value
  if (node.kind !== 'concat') return undefined
  const [left, right] = [literalText(node.left), literalText(node.right)]
  return left === undefined || right === undefined ? undefined : left + right
}

const patternSql = (pattern: Pattern) => quoteText(patternText(pattern, breakAndEnd))

/** A computed pattern: what the engine reads otherwise than Trino fails the run where the text shows it. */
function computedPattern(call: BoundCall): string {
  return `trino_regexp_pattern(${call.args[0]!.sql}, ${call.args[1]!.sql})`
}

/** The match, or a group of it, without a line break that only `$` stands before; NULL where there is none. */
function extracted(call: BoundCall): string {
  const text = call.args[0]!.sql
  const pattern = writtenPattern(call)
  const number = group(call, pattern)
  if (pattern === undefined) {
    const regex = computedPattern(call)
    return `CASE WHEN regexp_matches(${text}, ${regex}) THEN regexp_extract(${text}, ${regex}, ${number}) END`
  }
  const branches = branchesOf(pattern, number)
  const wanted = wantedGroup(pattern, number) ?? withBreak(pattern, number)
  const [sql, ends] = [quoteText(wanted.text), wanted.ends ?? []]
  const mayMiss = number > 0 && canBeEmpty(branches) && isOptionalGroup(pattern, number)
  const found = mayMiss
    ? `regexp_extract_all(${text}, ${sql}, ${wanted.number})[1]`
    : `regexp_extract(${text}, ${sql}, ${wanted.number})`
  const isBreak = ends.map(end => `regexp_extract(${text}, ${sql}, ${end}) = chr(10)`).join(' OR ')
  const cut = isBreak === '' ? found : `CASE WHEN ${isBreak} THEN left(${found}, -1) ELSE ${found} END`
  if (mayMiss) return cut
  // The engine gives the empty text where nothing matches.
  if (!canBeEmpty(branches)) return `nullif(${cut}, '')`
  return `CASE WHEN regexp_matches(${text}, ${sql}) THEN ${cut} END`
}

interface WantedGroup {
  readonly text: string
  readonly number: number
  /** Groups with a line break that is not part of the wanted one. */
  readonly ends?: readonly number[]
}

function branchesOf(pattern: Pattern, number: number): Pattern['branches'] {
  return number === 0 ? pattern.branches : pattern.groups[number - 1]!.branches
}

/** The pattern and the group that gives what Trino gives; undefined where a `$` inside it takes a line break along. */
function wantedGroup(pattern: Pattern, number: number): WantedGroup | undefined {
  if (!hasEnd(branchesOf(pattern, number))) return { text: patternText(pattern, breakAndEnd), number }
  const before = number === 0 ? withoutLastEnd(pattern) : undefined
  return before === undefined ? undefined : { text: `(${before})${breakAndEnd}`, number: 1 }
}

function withBreak(pattern: Pattern, number: number): WantedGroup {
  const { text, ends, numbers } = withCapturedEnds(pattern)
  return { text, number: numbers[number]!, ends }
}

/** What the functions that go on after a match cannot do with `$`: a second match at the last line break. */
function checkRepeated(call: BoundCall, pattern: Pattern): void {
  if (!hasEnd(pattern.branches)) return
  const node = call.node.args[1]!
  if (mayMatchBreakAfterEnd(pattern)) {
    const hint = 'write \\z in place of $ for the very end of the text'
    throw new SqlRefusal('this regular expression may match up to a last line break and then the break', node, { hint })
  }
}

function checkNotEmpty(call: BoundCall, pattern: Pattern): void {
  if (!canBeEmpty(pattern.branches)) return
  const hint = 'let the pattern match at least one character: + in place of *'
  const message = `${call.name} by a pattern that matches the empty text is not supported`
  throw new SqlRefusal(message, call.node.args[1]!, { hint })
}

function replaced(call: BoundCall): string {
  const text = call.args[0]!.sql
  const pattern = writtenPattern(call)
  const by = call.args.length === 2 ? "''" : replacement(call, pattern)
  if (pattern === undefined) return callSql('regexp_replace', text, computedPattern(call), by, "'g'")
  // After a match the engine skips the empty one beside it.
  if (by !== "''" && (!isZeroWidth(pattern) || hasEnd(pattern.branches))) checkNotEmpty(call, pattern)
  if (!hasEnd(pattern.branches)) return callSql('regexp_replace', text, patternSql(pattern), by, "'g'")
  checkRepeated(call, pattern)
  const { sql, put } = replacedBeforeEnd(call, pattern, by)
  return callSql('regexp_replace', text, sql, put, "'g'")
}

/** The line break that `$` took is put back behind the replacement. */
function replacedBeforeEnd(call: BoundCall, pattern: Pattern, by: string): { sql: string; put: string } {
  const { text, ends, numbers } = withCapturedEnds(pattern)
  const before = withoutLastEnd(pattern)
  const shift = before === undefined ? 0 : 1
  const wanted = [...by.matchAll(/\\(\\|\d)/g)].flatMap(([, sign]) => (sign === '\\' ? [] : [Number(sign)]))
  const isWhole = wanted.every(number => (number === 0 ? shift === 1 : !hasEnd(branchesOf(pattern, number))))
  const isLiteral = by.startsWith("'") && numbers.length + ends.length + shift <= 10
  if (!isWhole || !isLiteral) {
    const hint = 'write $ once, at the end of the whole pattern, or \\z for the very end of the text'
    throw new SqlRefusal('regexp_replace cannot take this pattern with $', call.node.args[1]!, { hint })
  }
  // `$0` is the match without the line break: a group around all but the `$`.
  const put = by.replace(/\\(\\|\d)/g, (all, sign: string) => {
    if (sign === '\\') return all
    return `\\${(numbers[Number(sign)] ?? 0) + shift}`
  })
  const breaks = ends.map(end => `\\${end + shift}`).join('')
  const sql = before === undefined ? text : `(${before})(\\n?)\\z`
  return { sql: quoteText(sql), put: `${put.slice(0, -1)}${breaks}'` }
}

function splitText(call: BoundCall): string {
  const pattern = writtenPattern(call)
  if (pattern === undefined) return callSql('regexp_split_to_array', call.args[0]!.sql, computedPattern(call))
  checkNotEmpty(call, pattern)
  if (hasEnd(pattern.branches)) {
    const hint = 'write \\z in place of $ for the very end of the text'
    throw new SqlRefusal('regexp_split cannot split at $', call.node.args[1]!, { hint })
  }
  return callSql('regexp_split_to_array', call.args[0]!.sql, patternSql(pattern))
}

/** `number`: the group that is wanted; undefined where only their count is. */
function allMatches(call: BoundCall, pattern: Pattern | undefined, number: number | undefined): string {
  const text = call.args[0]!.sql
  if (pattern === undefined) return callSql('regexp_extract_all', text, computedPattern(call), String(number ?? 0))
  // At its end the engine finds the empty text twice.
  if (/[$^]|\\[bBAzZ]/.test(patternText(pattern, '$'))) checkNotEmpty(call, pattern)
  checkRepeated(call, pattern)
  if (number === undefined) return callSql('regexp_extract_all', text, patternSql(pattern))
  const wanted = wantedGroup(pattern, number)
  if (wanted === undefined) {
    const hint = 'write $ once, at the end of the whole pattern: (?:a|b)$'
    throw new SqlRefusal('regexp_extract_all cannot take a part with $ inside it', call.node.args[1]!, { hint })
  }
  return callSql('regexp_extract_all', text, quoteText(wanted.text), String(wanted.number))
}

function position(call: BoundCall): string {
  if (call.args.length > 2) {
    throw new SqlRefusal('regexp_position takes the text and the pattern only', call.node.args[2]!)
  }
  const pattern = writtenPattern(call)
  return callSql('trino_regexp_position', call.args[0]!.sql, pattern ? patternSql(pattern) : computedPattern(call))
}

/** `$1` and `${name}` become `\1`; a backslash makes the next character plain. */
function replacement(call: BoundCall, pattern: Pattern | undefined): string {
  const node = call.node.args[2]!
  if (node.kind === 'lambda') {
    throw new SqlRefusal('regexp_replace with a lambda is not supported', node, { hint: 'give a replacement with $1' })
  }
  if (node.kind !== 'string') return `trino_regexp_replacement(${call.args[2]!.sql})`
  let out = ''
  for (let at = 0; at < node.value.length; at++) {
    const char = node.value[at]!
    const next = node.value[at + 1]
    if (char === '\\' && next !== undefined) {
      out += next === '\\' ? '\\\\' : next
      at++
    } else if (char === '$' && next !== undefined && /\d/.test(next)) {
      checkGroup(Number(next), pattern, node)
      out += `\\${next}`
      at++
    } else if (char === '$') {
      throw new SqlRefusal("'$' in a replacement needs the number of a group, or a backslash before it", node)
    } else out += char
  }
  return quoteText(out)
}

/** The number of a group is part of the engine's plan: a literal. */
function group(call: BoundCall, pattern: Pattern | undefined): number {
  const node = call.node.args[2]
  if (node === undefined) return 0
  if (node.kind !== 'number' || !/^\d{1,2}$/.test(node.text)) {
    throw new SqlRefusal('the group of a regular expression must be a number', node)
  }
  checkGroup(Number(node.text), pattern, node)
  return Number(node.text)
}

function checkGroup(wanted: number, pattern: Pattern | undefined, node: Expression): void {
  if (pattern === undefined || wanted <= pattern.groups.length) return
  throw new SqlRefusal(`the pattern has ${pattern.groups.length} groups, there is no group ${wanted}`, node)
}

export const regexRules: FunctionRules = {
  regexp_like: rewrite(call => {
    const pattern = writtenPattern(call)
    return callSql('regexp_matches', call.args[0]!.sql, pattern ? patternSql(pattern) : computedPattern(call))
  }),
  regexp_extract: rewrite(extracted),
  regexp_extract_all: rewrite(call => {
    const pattern = writtenPattern(call)
    return allMatches(call, pattern, group(call, pattern))
  }),
  regexp_replace: rewrite(replaced),
  regexp_split: rewrite(splitText),
  regexp_count: rewrite(call => `len(${allMatches(call, writtenPattern(call), undefined)})`),
  regexp_position: rewrite(position),
}
