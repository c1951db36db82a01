import { SqlRefusal } from '../diagnostics.ts'
import type { Expression } from '../parse/ast.ts'
import { quoteText } from '../sql-type.ts'
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
  [/\[&\]/, 'a class within a class such as [a-z&&[^aeiou]]: the engine has plain classes only'],
  [/\\[GZRXhH]/, 'the escapes \\G, \\Z, \\R, \\X and \\h'],
]

/** The pattern with a letter for each escape and classes emptied, so that `[(?=]` is not mistaken for look-around. */
function skeleton(pattern: string): string {
  return pattern
    .replace(/\\Q[\s\S]*?(\\E|$)/g, 'x')
    .replace(/\\\\/g, 'x')
    .replace(/\\[pP]\{[^}]*\}/g, 'x')
    .replace(/\\[^1-9kGZRXhH]/g, 'x')
    .replace(/\[([^\]]*)\]/g, (_, members: string) => (/&&|\[(?!:)/.test(members) ? '[&]' : '[]'))
}

function checkPattern(node: Expression): void {
  if (node.kind !== 'string') return
  const shape = skeleton(node.value)
  for (const [sign, reason] of unsupported) {
    if (!sign.test(shape)) continue
    const hint = 'match more and filter the rest with a second condition'
    throw new SqlRefusal(`this regular expression uses ${reason}`, node, { hint })
  }
}

function pattern(call: BoundCall): string {
  const node = call.node.args[1]!
  checkPattern(node)
  // RE2 spells a named group (?P<name>…).
  if (node.kind === 'string') return quoteText(node.value.replace(/(^|[^\\])\(\?<(?=[A-Za-z])/g, '$1(?P<'))
  return call.args[1]!.sql
}

/**
 * A dollar sign stands before a last line break too, which the engine's does not. Only where nothing but the fact of a
 * match is wanted: what takes the matched text would get the line break with it.
 */
function beforeLastBreak(call: BoundCall, sql: string): string {
  const node = call.node.args[1]!
  if (node.kind !== 'string' || /\(\?[a-z]*m|\\Q/.test(node.value)) return sql
  const parts = sql.match(/\\[\s\S]|\[\^?\]?(?:\\[\s\S]|\[:\w+:\]|[^\]\\])*\]|[\s\S]/g) ?? []
  return parts.map(part => (part === '$' ? '(?:\\n?\\z)' : part)).join('')
}

/** `$1` and `${name}` become `\1`; a backslash makes the next character plain. */
function replacement(call: BoundCall): string {
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
      checkGroup(Number(next), call.node.args[1]!, node)
      out += `\\${next}`
      at++
    } else if (char === '$') {
      throw new SqlRefusal("'$' in a replacement needs the number of a group, or a backslash before it", node)
    } else out += char
  }
  return quoteText(out)
}

/** The number of a group is part of the engine's plan: a literal. */
function group(call: BoundCall): string {
  const node = call.node.args[2]
  if (node === undefined) return '0'
  if (node.kind !== 'number' || !/^\d{1,2}$/.test(node.text)) {
    throw new SqlRefusal('the group of a regular expression must be a number', node)
  }
  checkGroup(Number(node.text), call.node.args[1]!, node)
  return node.text
}

/** Groups of a pattern that is written out; undefined where they cannot be counted. */
function groupCount(node: Expression): number | undefined {
  return node.kind === 'string' ? (skeleton(node.value).match(/\((?!\?)|\(\?P?</g)?.length ?? 0) : undefined
}

function checkGroup(wanted: number, patternNode: Expression, node: Expression): void {
  const count = groupCount(patternNode)
  if (count === undefined || wanted <= count) return
  throw new SqlRefusal(`the pattern has ${count} groups, there is no group ${wanted}`, node)
}

/** Whether a group may take no part in a match: it gives NULL then, where the engine gives the empty text. */
function hasOptionalPart(node: Expression): boolean {
  return node.kind === 'string' && /\)(\?|\*|\{0)|\|/.test(skeleton(node.value))
}

/** Where a pattern matches nothing at all, Trino cuts at both ends and the engine does not. */
function refuseEmptyMatch(call: BoundCall): void {
  const node = call.node.args[1]!
  if (node.kind !== 'string') return
  const hint = 'let the pattern match at least one character: + in place of *'
  const refusal = new SqlRefusal('regexp_split by a pattern that matches the empty text is not supported', node, {
    hint,
  })
  let matchesEmpty = false
  try {
    matchesEmpty = new RegExp(node.value.replace(/\(\?[a-z]+\)/g, '')).test('')
  } catch {
    // A pattern of Java's that JavaScript does not read.
  }
  if (matchesEmpty) throw refusal
}

export const regexRules: FunctionRules = {
  regexp_like: rewrite(call => callSql('regexp_matches', call.args[0]!.sql, beforeLastBreak(call, pattern(call)))),
  regexp_extract: rewrite(call => {
    const [text, regex] = [call.args[0]!.sql, pattern(call)]
    const found = `regexp_extract(${text}, ${regex}, ${group(call)})`
    const kept = group(call) !== '0' && hasOptionalPart(call.node.args[1]!) ? `nullif(${found}, '')` : found
    return `CASE WHEN regexp_matches(${text}, ${regex}) THEN ${kept} END`
  }),
  regexp_extract_all: rewrite(call => callSql('regexp_extract_all', call.args[0]!.sql, pattern(call), group(call))),
  regexp_replace: rewrite(call => {
    const by = call.args.length === 2 ? "''" : replacement(call)
    return callSql('regexp_replace', call.args[0]!.sql, pattern(call), by, "'g'")
  }),
  regexp_split: rewrite(call => {
    refuseEmptyMatch(call)
    return callSql('regexp_split_to_array', call.args[0]!.sql, pattern(call))
  }),
  regexp_count: rewrite(call => `len(regexp_extract_all(${call.args[0]!.sql}, ${pattern(call)}))`),
  regexp_position: rewrite(call => {
    if (call.args.length > 2) {
      throw new SqlRefusal('regexp_position takes the text and the pattern only', call.node.args[2]!)
    }
    return callSql('trino_regexp_position', call.args[0]!.sql, pattern(call))
  }),
}
