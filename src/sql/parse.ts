import { SqlRefusal } from './diagnostics.ts'
import type { Query } from './parse/ast.ts'
import { parseConcat, parseExpression } from './parse/expression.ts'
import { tokenize } from './parse/lexer.ts'
import { parseQuery } from './parse/query.ts'
import { accept, pairParentheses, peek, type Reader, unexpected } from './parse/reader.ts'

// Trino's query grammar by recursive descent: the language of SqlBase.g4 from `query` downwards and nothing beyond it,
// so what is no query cannot even be read. A general SQL parser was weighed and measured against this one: it is
// lenient where Trino refuses (backticks, adjacent literals, FROM first), drops what matters (the place of a literal, a
// timestamp's zone, a comparator), and takes longer and hundreds of megabytes.

/**
 * The one query of `text`; one trailing semicolon is allowed. Refuses everything else with its place. Time is linear
 * in the text (nothing is read twice), depth is bounded.
 */
export function parseStatement(text: string): Query {
  const tokens = tokenize(text)
  const closings = pairParentheses(tokens)
  const entries = { parseQuery, parseExpression, parseOperand: parseConcat }
  const reader: Reader = { source: text, tokens, closings, at: 0, depth: 0, ...entries }
  if (peek(reader).kind === 'end') throw new SqlRefusal('the statement is empty', { start: 0, end: 0 })
  refuseOtherStatements(reader)
  const query = parseQuery(reader)
  const isSecond = accept(reader, ';') && peek(reader).kind !== 'end'
  if (isSecond) throw new SqlRefusal('one statement is run at a time: this is a second one', peek(reader))
  if (peek(reader).kind !== 'end') throw unexpected(reader)
  return query
}

const otherStatements = new Set(
  `ALTER ANALYZE ATTACH CALL CHECKPOINT COMMENT COMMIT COPY CREATE DEALLOCATE DELETE DENY DESC DESCRIBE DETACH DROP
  EXECUTE EXPLAIN EXPORT FROM GRANT IMPORT INSERT INSTALL LOAD MERGE PIVOT PRAGMA PREPARE REFRESH REPLACE RESET REVOKE
  ROLLBACK SET SHOW START SUMMARIZE TRUNCATE UNPIVOT UPDATE USE VACUUM`.split(/\s+/),
)

function refuseOtherStatements(reader: Reader): void {
  const token = peek(reader)
  if (token.kind !== 'word' || !otherStatements.has(token.key)) return
  const message = `a statement must be a query (SELECT, WITH or VALUES), not ${token.key}`
  throw new SqlRefusal(message, token)
}
