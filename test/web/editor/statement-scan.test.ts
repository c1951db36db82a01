import assert from 'node:assert/strict'
import test from 'node:test'
import { isQueryNameValue, queryNamesIn, scanStatement, variableNames } from '../../../web/src/editor/statement-scan.ts'

test('tokens cover the text, gaps are white space', () => {
  const text = "SELECT a.\"B c\", 'it''s', 1.5e3 -- x\n/* y */ FROM t WHERE b <> $$v 1$$ AND ä = '€'"
  const tokens = scanStatement(text)
  let at = 0
  for (const token of tokens) {
    assert.match(text.slice(at, token.start), /^\s*$/)
    assert.equal(text.slice(token.start, token.end), token.text)
    at = token.end
  }
  assert.deepEqual(
    tokens
      .filter(token => token.kind !== 'word' && token.kind !== 'punctuation')
      .map(({ kind, text: piece }) => [kind, piece]),
    [
      ['quoted', '"B c"'],
      ['string', "'it''s'"],
      ['number', '1.5e3'],
      ['comment', '-- x'],
      ['comment', '/* y */'],
      ['variable', '$$v 1$$'],
      ['string', "'€'"],
    ],
  )
})

test('what is open to the end says so', () => {
  const last = (text: string): boolean | undefined => scanStatement(text).at(-1)?.isClosed
  for (const text of ["'a", "'a''", '"a', '/* a', "'", '"']) assert.equal(last(text), false, text)
  for (const text of ["'a'", "'a'''", '"a"', '/* a */', '-- a', "''"]) assert.equal(last(text), true, text)
})

test('variables stand bare and in strings, never in comments, each once', () => {
  const text = "-- $$no$$\nSELECT $$a$$, '%$$b c.1$$%' FROM t /* $$no$$ */ WHERE x = $$a$$"
  assert.deepEqual(variableNames(text), ['a', 'b c.1'])
})

test('query names in use: compared, listed, or read as a view', () => {
  const known = new Set(['listening_ports', 'users', 'open sockets', 'other'])
  const names = (text: string): readonly string[] => queryNamesIn(scanStatement(text), known)
  assert.deepEqual(names("WHERE query_name = 'Listening_Ports'"), ['listening_ports'])
  assert.deepEqual(names("WHERE d.\"query_name\" IN ('users', 'other')"), ['users', 'other'])
  assert.deepEqual(names("WHERE lower(query_name) = 'users'"), ['users'])
  assert.deepEqual(names('FROM "open sockets" JOIN users'), ['open sockets', 'users'])
  assert.deepEqual(names("WHERE name = 'users'"), [])
  assert.deepEqual(names("WHERE query_name = 'nowhere'"), [])
})

test('the value of a query name is told from other strings', () => {
  const isValue = (text: string): boolean => {
    const tokens = scanStatement(text)
    return isQueryNameValue(tokens, tokens.length - 1)
  }
  assert.ok(isValue("query_name = 'a'"))
  assert.ok(isValue("query_name NOT IN ('a', 'b"))
  assert.ok(isValue("QUERY_NAME LIKE '"))
  assert.ok(!isValue("name = 'a'"))
  assert.ok(!isValue("query_name || 'a'"))
  assert.ok(!isValue("'a'"))
})
