import { SqlRefusal } from '../diagnostics.ts'
import { whitespace } from '../rewrite/literals.ts'
import { isSameStorage } from '../sql-type.ts'
import { isConstantText } from './array.ts'
import type { BoundCall, FunctionRules } from './rule.ts'
import { callSql, macro, native, refused, rewrite } from './rule.ts'

const sqlOf = (call: BoundCall): string[] => call.args.map(arg => arg.sql)

/** A char is as long as its type says, blanks included. */
function lengthOf(call: BoundCall): string {
  const type = call.actual[0]
  const { sql } = call.args[0]!
  if (type?.kind === 'char' && type.length !== undefined) return `CASE WHEN ${sql} IS NOT NULL THEN ${type.length} END`
  return callSql(type?.kind === 'varbinary' ? 'octet_length' : 'length', sql)
}

function trimmed(target: string): (call: BoundCall) => string {
  return call => callSql(target, call.args[0]!.sql, call.args[1]?.sql ?? whitespace)
}

/** The engine pads text only, and counts in 32 bits. */
function padded(target: string): (call: BoundCall) => string {
  return call => {
    const [text, size, fill] = sqlOf(call)
    if (call.actual[0]?.kind === 'varbinary') {
      return `unhex(${callSql(target, `hex(${text})`, `trino_pad_size(${size}, hex(${fill})) * 2`, `hex(${fill})`)})`
    }
    const [, sizeNode, fillNode] = call.node.args
    const isPlain = sizeNode!.kind === 'number' && fillNode!.kind === 'string' && fillNode!.value !== ''
    return callSql(target, text!, isPlain ? `CAST(${size} AS INTEGER)` : `trino_pad_size(${size}, ${fill})`, fill!)
  }
}

/** Text, bytes or arrays end to end; an array and an element as well. */
function concat(call: BoundCall): string {
  const args = sqlOf(call)
  const [a, b] = call.args.map(arg => arg.type)
  if (args.length === 2 && a?.kind === 'array' && !isSameStorage(a, b!))
    return withElement('list_append', args, args[1]!)
  if (args.length === 2 && b?.kind === 'array' && !isSameStorage(a!, b))
    return withElement('list_prepend', args, args[0]!)
  return `(${args.join(' || ')})`
}

/** An element of NULL makes the whole NULL. */
function withElement(target: string, args: readonly string[], element: string): string {
  return `CASE WHEN ${element} IS NOT NULL THEN ${callSql(target, ...args)} END`
}

function concatWithSeparator(call: BoundCall): string {
  const [separator, list] = sqlOf(call)
  if (call.actual[1]?.kind !== 'array') return callSql('concat_ws', ...sqlOf(call))
  const join = isConstantText(call.node.args[0]!) ? 'trino_join_constant' : 'trino_join'
  return callSql(join, list!, separator!)
}

/** Functions of text. */
export const textRules: FunctionRules = {
  chr: rewrite(call => `chr(CAST(${call.args[0]!.sql} AS INTEGER))`),
  codepoint: macro('trino_codepoint'),
  concat: rewrite(concat),
  concat_ws: rewrite(concatWithSeparator),
  ends_with: native('ends_with'),
  hamming_distance: macro('trino_hamming'),
  length: rewrite(lengthOf),
  levenshtein_distance: macro('trino_levenshtein'),
  lower: native('lower'),
  upper: macro('trino_upper'),
  lpad: rewrite(padded('lpad')),
  rpad: rewrite(padded('rpad')),
  ltrim: rewrite(trimmed('ltrim')),
  rtrim: rewrite(trimmed('rtrim')),
  trim: rewrite(trimmed('trim')),
  luhn_check: macro('trino_luhn'),
  normalize: rewrite(call => {
    const form = call.node.args[1]
    if (form?.kind === 'string' && form.value !== 'NFC') {
      throw new SqlRefusal('normalize supports the form NFC only', form)
    }
    return callSql('nfc_normalize', call.args[0]!.sql)
  }),
  replace: rewrite(call => {
    const [text, part, by = "''"] = sqlOf(call)
    const search = call.node.args[1]!
    const isPlain = search.kind === 'string' && search.value !== ''
    return callSql(isPlain ? 'replace' : 'trino_replace', text!, part!, by)
  }),
  reverse: rewrite(call => {
    const kind = call.actual[0]?.kind
    const target = kind === 'array' ? 'list_reverse' : kind === 'varbinary' ? 'trino_reverse_bytes' : 'trino_reverse'
    return callSql(target, call.args[0]!.sql)
  }),
  soundex: macro('trino_soundex'),
  split: rewrite(call => {
    const delimiter = call.node.args[1]!
    const isPlain = delimiter.kind === 'string' && delimiter.value !== ''
    const target = call.args.length > 2 ? 'trino_split' : isPlain ? 'string_split' : 'trino_split_all'
    return callSql(target, ...sqlOf(call))
  }),
  split_part: macro('trino_split_part'),
  split_to_map: macro('trino_split_to_map'),
  split_to_multimap: macro('trino_split_to_multimap'),
  starts_with: native('starts_with'),
  strpos: rewrite(call => callSql(call.args.length === 2 ? 'strpos' : 'trino_strpos', ...sqlOf(call))),
  substr: rewrite(substring),
  substring: rewrite(substring),
  title_case: refused('write upper(substr(x, 1, 1)) || lower(substr(x, 2))'),
  translate: native('translate'),
  word_stem: refused('the engine has no stemmer; compare with lower(x) LIKE instead'),
  bar: refused('it draws for a terminal; format numbers on the client'),
  color: refused('it colours for a terminal; format on the client'),
  render: refused('it colours for a terminal; format on the client'),
  rgb: refused('it colours for a terminal; format on the client'),
}

function substring(call: BoundCall): string {
  const isBinary = call.actual[0]?.kind === 'varbinary'
  const target = call.args.length === 2 ? 'from' : ''
  if (isBinary) return callSql(target === '' ? 'trino_bytes' : 'trino_bytes_from', ...sqlOf(call))
  return callSql(target === '' ? 'trino_substr' : 'trino_substr_from', ...sqlOf(call))
}
