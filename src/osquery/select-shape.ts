import { AppError } from '../model/errors.ts'
import { type SqliteToken, sqliteRefusal, sqliteTokens } from './sqlite-tokens.ts'

// What may go to an agent as a query: one statement of SQLite that only reads. osquery's own authorizer refuses the
// rest on the host; here it is refused before a fleet has been asked. Whether its tables exist is the agent's to say.

export interface SelectShape {
  /** Names that stand where a relation can: after FROM, JOIN or a comma of a FROM list; as written, unquoted. */
  readonly relations: readonly string[]
}

/** Longest text sent to an agent, in characters: what a template of the largest size and its values make. */
const sqlCharsMax = 200_000
/** Parentheses within one another: SQLite's own parser stops at a stack of 100. */
const nestingMax = 100

/**
 * Checks that the text is one SELECT, VALUES or WITH … SELECT, with a semicolon at its end at most. Throws
 * `invalid_argument` with the place for anything else.
 */
export function checkSelect(text: string): SelectShape {
  if (text.length > sqlCharsMax) {
    throw new AppError('invalid_argument', `the SQL has ${text.length} characters: at most ${sqlCharsMax} are sent`)
  }
  const tokens = sqliteTokens(text)
  const words = tokens.map(token => (token.kind === 'word' ? text.slice(token.start, token.end).toUpperCase() : ''))
  checkVerb(text, tokens, words)
  checkTokens(text, tokens)
  return { relations: relationsOf(text, tokens, words) }
}

function checkVerb(text: string, tokens: readonly SqliteToken[], words: readonly string[]): void {
  const [first] = tokens
  if (first === undefined) throw new AppError('invalid_argument', 'the SQL is empty')
  if (words[0] === 'SELECT' || words[0] === 'VALUES') return
  if (words[0] !== 'WITH') throw sqliteRefusal(text, first, 'only SELECT, VALUES and WITH … SELECT go to agents')
  const verb = mainVerb(text, tokens, words)
  if (verb === undefined) throw sqliteRefusal(text, first, 'WITH has no SELECT')
  if (words[verb] === 'SELECT' || words[verb] === 'VALUES') return
  throw sqliteRefusal(text, tokens[verb]!, `${words[verb]} changes something: only SELECT goes to agents`)
}

const verbs: ReadonlySet<string> = new Set(['SELECT', 'VALUES', 'INSERT', 'REPLACE', 'UPDATE', 'DELETE'])

/** Index of the first verb behind the bodies of a WITH, which stand in parentheses. */
function mainVerb(text: string, tokens: readonly SqliteToken[], words: readonly string[]): number | undefined {
  let depth = 0
  for (const [index, token] of tokens.entries()) {
    const sign = signOf(text, token)
    if (sign === '(') depth++
    else if (sign === ')') depth--
    else if (depth === 0 && verbs.has(words[index]!)) return index
  }
  return undefined
}

function checkTokens(text: string, tokens: readonly SqliteToken[]): void {
  const open: SqliteToken[] = []
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'parameter') {
      throw sqliteRefusal(text, token, 'a parameter of the engine has no value here: write $$name$$')
    }
    const sign = signOf(text, token)
    if (sign === ';' && index < tokens.length - 1) {
      throw sqliteRefusal(
        text,
        tokens[index + 1]!,
        'one statement is sent at a time: there is another one behind the ;',
      )
    }
    if (sign === '(') {
      if (open.push(token) > nestingMax) throw sqliteRefusal(text, token, `nested deeper than ${nestingMax} levels`)
    }
    if (sign === ')' && open.pop() === undefined) throw sqliteRefusal(text, token, 'this ) closes nothing')
  }
  const unclosed = open.pop()
  if (unclosed !== undefined) throw sqliteRefusal(text, unclosed, 'this ( is not closed')
}

function signOf(text: string, token: SqliteToken): string {
  return token.kind === 'sign' ? text.slice(token.start, token.end) : ''
}

/** Words behind which a FROM list is over. */
const listEnds: ReadonlySet<string> = new Set([
  ...[
    'WHERE',
    'GROUP',
    'HAVING',
    'ORDER',
    'LIMIT',
    'WINDOW',
    'UNION',
    'INTERSECT',
    'EXCEPT',
    'SELECT',
    'VALUES',
    'WITH',
  ],
])

function relationsOf(text: string, tokens: readonly SqliteToken[], words: readonly string[]): readonly string[] {
  const names = new Set<string>()
  const common = new Set<string>()
  /** Whether a FROM list is open, by depth of parentheses. */
  const lists: boolean[] = [false]
  let isExpected = false
  for (const [index, token] of tokens.entries()) {
    const word = words[index]!
    const sign = signOf(text, token)
    const wasExpected: boolean = isExpected
    // `a IS DISTINCT FROM b` compares.
    const isFrom = word === 'FROM' && words[index - 1] !== 'DISTINCT'
    isExpected = isFrom || word === 'JOIN' || (sign === ',' && lists.at(-1) === true)
    if (isFrom) lists[lists.length - 1] = true
    else if (listEnds.has(word)) lists[lists.length - 1] = false
    else if (sign === ')') lists.pop()
    else if (sign === '(') {
      lists.push(wasExpected)
      isExpected = wasExpected
    } else if (wasExpected && isName(token)) names.add(unquoted(text.slice(token.start, token.end)))
    if (word === 'AS' && signOf(text, tokens[index + 1] ?? token) === '(') addCommonName(text, tokens, index, common)
  }
  return [...names].filter(name => !common.has(name.toLowerCase()))
}

/** `name AS (` and `name (a, b) AS (` of a WITH. */
function addCommonName(text: string, tokens: readonly SqliteToken[], as: number, names: Set<string>): void {
  let at = as - 1
  if (tokens[at] !== undefined && signOf(text, tokens[at]!) === ')') {
    while (at >= 0 && signOf(text, tokens[at]!) !== '(') at--
    at--
  }
  const token = tokens[at]
  if (token !== undefined) names.add(unquoted(text.slice(token.start, token.end)).toLowerCase())
}

function isName({ kind }: SqliteToken): boolean {
  return kind === 'quoted' || kind === 'word'
}

function unquoted(text: string): string {
  const quote = text[0]!
  if (quote === '[') return text.slice(1, -1)
  return quote === '"' || quote === '`' ? text.slice(1, -1).replaceAll(quote + quote, quote) : text
}
