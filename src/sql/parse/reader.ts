import { type Span, SqlRefusal } from '../diagnostics.ts'
import type { Expression, Name, Query } from './ast.ts'
import type { Token } from './lexer.ts'

// The cursor every grammar file moves. Queries and expressions contain one another: the two entry points are held here,
// so that the files need not import each other in a circle.

export interface Reader {
  readonly source: string
  readonly tokens: readonly Token[]
  /** For each '(' the index of its ')'; -1 for everything else. */
  readonly closings: Int32Array
  at: number
  depth: number
  readonly parseQuery: (reader: Reader) => Query
  readonly parseExpression: (reader: Reader) => Expression
  /** An expression without predicates: what may stand before IN, AND or FROM. */
  readonly parseOperand: (reader: Reader) => Expression
}

/** Nested parentheses, subqueries, calls and CASEs: far past any real query, far from the stack's end. */
const nestingMax = 100
/** Operands of one chain of left-associative operators, each of which nests the tree once more. */
export const chainMax = 400

/** Words that no bare name may be (Trino's reserved words). */
const reserved = new Set(
  `ALTER AND AS BETWEEN BY CASE CAST CONSTRAINT CREATE CROSS CUBE CURRENT_CATALOG CURRENT_DATE CURRENT_PATH
  CURRENT_ROLE CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEALLOCATE DELETE DESCRIBE DISTINCT DROP ELSE
  END ESCAPE EXCEPT EXECUTE EXISTS EXTRACT FALSE FOR FROM FULL GROUP GROUPING HAVING IN INNER INSERT INTERSECT INTO IS
  JOIN JSON_ARRAY JSON_EXISTS JSON_OBJECT JSON_QUERY JSON_TABLE JSON_VALUE LEFT LIKE LISTAGG LOCALTIME LOCALTIMESTAMP
  NATURAL NORMALIZE NOT NULL ON OR ORDER OUTER PREPARE RECURSIVE RIGHT ROLLUP SELECT SKIP TABLE THEN TRIM TRUE UESCAPE
  UNION UNNEST USING VALUES WHEN WHERE WITH`.split(/\s+/),
)

export function peek(reader: Reader, ahead = 0): Token {
  return reader.tokens[Math.min(reader.at + ahead, reader.tokens.length - 1)]!
}

export function next(reader: Reader): Token {
  const token = peek(reader)
  if (token.kind !== 'end') reader.at++
  return token
}

/** True and past it where the next token is this word (upper case) or symbol. */
export function accept(reader: Reader, key: string): boolean {
  if (peek(reader).key !== key) return false
  reader.at++
  return true
}

/** The same for several in a row, all or none. */
export function acceptAll(reader: Reader, ...keys: string[]): boolean {
  if (!keys.every((key, index) => peek(reader, index).key === key)) return false
  reader.at += keys.length
  return true
}

export function expect(reader: Reader, key: string): Token {
  const token = peek(reader)
  if (token.key !== key) throw unexpected(reader, `'${key}'`)
  reader.at++
  return token
}

/** A refusal at the next token. */
export function unexpected(reader: Reader, expectation?: string): SqlRefusal {
  const token = peek(reader)
  const expected = expectation === undefined ? '' : `, expected ${expectation}`
  if (token.kind === 'end') return new SqlRefusal(`the statement ends too early${expected}`, token)
  const before = reader.tokens[reader.at - 1]
  if (token.kind === 'string' && before?.kind === 'string') {
    const hint = 'is a comma or an operator missing between them?'
    return new SqlRefusal('two string literals stand next to one another', token, { hint })
  }
  if (token.kind === 'string' && before?.kind === 'word') {
    return new SqlRefusal(`'${before.text}' before a string literal is not a type of Trino SQL`, before)
  }
  return new SqlRefusal(`unexpected ${describe(token)}${expected}`, token, hintAt(reader, token))
}

function describe(token: Token): string {
  const text = token.text.length > 40 ? `${token.text.slice(0, 40)}…` : token.text
  if (token.kind === 'string') return `string '${text}'`
  if (token.kind === 'quoted') return `"${text}"`
  return `'${text}'`
}

const clauses = new Set(['FROM', 'WHERE', 'GROUP', 'HAVING', 'ORDER', 'LIMIT', 'UNION', ')'])

function hintAt(reader: Reader, token: Token): { hint?: string } {
  const isAfterComma = reader.at > 0 && reader.tokens[reader.at - 1]?.key === ','
  return isAfterComma && clauses.has(token.key) ? { hint: 'is the comma before it one too many?' } : hintFor(token)
}

function hintFor(token: Token): { hint?: string } {
  if (token.key === '::') return { hint: 'write CAST(value AS type)' }
  if (token.key === ';') return { hint: 'one statement is run at a time' }
  if (token.key === 'GLOB') return { hint: 'this looks like an endpoint (osquery) query: in the lake write LIKE' }
  if (token.key === 'ILIKE') return { hint: 'write lower(value) LIKE lower(pattern)' }
  if (token.key === '?') return { hint: 'write a variable as $$name$$' }
  if (token.key === '$') return { hint: 'a variable is written $$name$$' }
  if (token.kind === 'word' && reserved.has(token.key)) {
    return { hint: `'${token.text}' is a reserved word: as a name it must be written in double quotes` }
  }
  return {}
}

/** The pairs of parentheses of `tokens`. */
export function pairParentheses(tokens: readonly Token[]): Int32Array {
  const closings = new Int32Array(tokens.length).fill(-1)
  const open: number[] = []
  for (const [index, token] of tokens.entries()) {
    if (token.key === '(') open.push(index)
    else if (token.key === ')') {
      const opening = open.pop()
      if (opening !== undefined) closings[opening] = index
    }
  }
  return closings
}

const queryStarts = new Set(['SELECT', 'WITH', 'VALUES', 'TABLE'])
const queryGoesOn = new Set(['UNION', 'INTERSECT', 'EXCEPT', 'ORDER', 'LIMIT', 'OFFSET', 'FETCH'])

/**
 * Whether the parenthesis at `at` holds a query: decided by what follows the parentheses inside it, so that nothing is
 * read twice. `((SELECT 1) UNION …)` does, `((SELECT 1) + 1)` and `((SELECT 1) a JOIN …)` do not.
 */
export function holdsQuery(reader: Reader, at: number = reader.at): boolean {
  for (let index = at; ; index++) {
    const inside = reader.tokens[index + 1]
    if (inside === undefined || reader.tokens[index]!.key !== '(') return false
    if (queryStarts.has(inside.key)) return true
    if (inside.key !== '(') return false
    const after = reader.tokens[reader.closings[index + 1]! + 1]
    if (reader.closings[index + 1] === -1 || after === undefined) return false
    if (!queryGoesOn.has(after.key) && after.key !== ')') return false
  }
}

/** Runs `parse` one level deeper; refuses text that nests deeper than any real query does. */
export function nested<T>(reader: Reader, parse: (reader: Reader) => T): T {
  if (reader.depth >= nestingMax) {
    throw new SqlRefusal(`the statement nests deeper than ${nestingMax} levels`, peek(reader))
  }
  reader.depth++
  const result = parse(reader)
  reader.depth--
  return result
}

/** Whether the next token can be a name: quoted, or a word that is not reserved. */
export function isName(reader: Reader, ahead = 0): boolean {
  const token = peek(reader, ahead)
  return token.kind === 'quoted' || (token.kind === 'word' && !reserved.has(token.key))
}

export function parseName(reader: Reader, what = 'a name'): Name {
  if (!isName(reader)) throw unexpected(reader, what)
  const token = next(reader)
  return { text: token.text, start: token.start, end: token.end }
}

/** `a.b.c` */
export function parseQualifiedName(reader: Reader, what: string): Name[] {
  const parts = [parseName(reader, what)]
  while (peek(reader).key === '.') {
    next(reader)
    parts.push(parseName(reader, what))
  }
  return parts
}

/** `(a, b)`: names only. */
export function parseNameList(reader: Reader): Name[] {
  expect(reader, '(')
  const names = [parseName(reader)]
  while (accept(reader, ',')) names.push(parseName(reader))
  expect(reader, ')')
  return names
}

export function commaList<T>(reader: Reader, parse: (reader: Reader) => T): T[] {
  const items = [parse(reader)]
  while (accept(reader, ',')) items.push(parse(reader))
  return items
}

/** From the start of `from` to the end of the last token read. */
export function spanFrom(reader: Reader, from: Span): Span {
  return { start: from.start, end: reader.tokens[reader.at - 1]?.end ?? from.end }
}
