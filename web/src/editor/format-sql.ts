import { scanStatement, type Token } from './statement-scan.ts'
import { keywords, offeredKeywords } from './trino-words.ts'

// Lays a statement out: a clause a line, its items below it, sub-queries indented, keywords in capitals. Only white
// space and the case of keywords change: where the tokens before and after differ, the text stays as it was.

const indent = '  '
const lineCharsMax = 88

const clauseStarts: ReadonlySet<string> = new Set(
  'SELECT FROM WHERE GROUP HAVING ORDER LIMIT OFFSET FETCH UNION EXCEPT INTERSECT WITH VALUES WINDOW'.split(' '),
)
const joinWords: ReadonlySet<string> = new Set('JOIN LEFT RIGHT INNER FULL CROSS NATURAL'.split(' '))
const itemClauses: ReadonlySet<string> = new Set(['SELECT', 'GROUP', 'ORDER', 'WITH', 'VALUES'])
/** Not `time`, `date`, `row` and the like: they are columns as often as keywords. */
const capitals: ReadonlySet<string> = new Set([
  ...offeredKeywords,
  'ROWS',
  'PRECEDING',
  'FOLLOWING',
  'GROUPING',
  'SETS',
])
const wordList: ReadonlySet<string> = new Set(keywords)

export function formatSql(text: string): string {
  const tokens = scanStatement(text)
  if (tokens.some(token => !token.isClosed)) return text
  const formatted = layOut(tokens)
  return isSameStatement(tokens, scanStatement(formatted)) ? formatted : text
}

function isSameStatement(before: readonly Token[], after: readonly Token[]): boolean {
  const plain = ({ kind, text }: Token): string => (kind === 'word' ? text.toLowerCase() : text.trimEnd())
  return before.length === after.length && before.every((token, at) => plain(token) === plain(after[at]!))
}

interface Level {
  /** Depth of the lines of this parenthesis. */
  readonly depth: number
  readonly isQuery: boolean
  clause: string
}

interface Page {
  readonly lines: string[]
  line: string
  depth: number
}

function breakLine(page: Page, depth: number): void {
  if (page.line.trim() !== '') page.lines.push(page.line.trimEnd())
  page.line = indent.repeat(depth)
  page.depth = depth
}

function put(page: Page, text: string, isGlued: boolean): void {
  page.line += page.line.trim() === '' || isGlued ? text : ` ${text}`
}

function layOut(tokens: readonly Token[]): string {
  const page: Page = { lines: [], line: '', depth: 0 }
  const levels: Level[] = [{ depth: 0, isQuery: true, clause: '' }]
  tokens.forEach((_token, at) => {
    putToken(page, levels, tokens, at)
  })
  breakLine(page, 0)
  return `${page.lines.join('\n')}\n`
}

function putToken(page: Page, levels: Level[], tokens: readonly Token[], at: number): void {
  const token = tokens[at]!
  const level = levels.at(-1)!
  const previous = tokens[at - 1]
  const follows = previous?.kind === 'comment' && previous.text.startsWith('--')
  if (follows && token.kind !== 'comment') breakLine(page, page.depth)
  if (token.kind === 'comment') putComment(page, token, previous, level)
  else if (token.text === '(') open(page, levels, tokens, at)
  else if (token.text === ')') close(page, levels)
  else {
    if (level.isQuery) startLine(page, level, token.kind === 'word' ? token.text.toUpperCase() : '', tokens, at)
    put(page, written(token, previous, tokens[at + 1]), isGluedTo(tokens, at))
    if (token.text === ',' && level.isQuery) breakAfterComma(page, level)
    if (token.text === ';') breakLine(page, 0)
  }
}

/** Clauses, joins and conditions begin lines of their own. */
function startLine(page: Page, level: Level, word: string, tokens: readonly Token[], at: number): void {
  const previous = tokens[at - 1]?.text.toUpperCase() ?? ''
  if (clauseStarts.has(word) && !(word === 'FROM' && level.clause === 'EXTRACT') && !isPartOfWindow(word, previous)) {
    breakLine(page, level.depth)
    level.clause = word
  } else if (joinWords.has(word) && !joinWords.has(previous) && previous !== 'OUTER' && tokens[at + 1]?.text !== '(') {
    breakLine(page, level.depth)
    level.clause = 'FROM'
  } else if ((word === 'AND' || word === 'OR') && (level.clause === 'WHERE' || level.clause === 'HAVING')) {
    if (!isBetween(tokens, at)) breakLine(page, level.depth + 1)
  } else if (level.clause === 'SELECT' && (previous === 'SELECT' || previous === 'DISTINCT') && word !== 'DISTINCT') {
    if (isLongList(tokens, at)) breakLine(page, level.depth + 1)
  }
}

function isPartOfWindow(word: string, previous: string): boolean {
  return word === 'ORDER' && previous === 'GROUP'
}

/** `x BETWEEN a AND b` is one condition. */
function isBetween(tokens: readonly Token[], at: number): boolean {
  if (tokens[at]?.text.toUpperCase() !== 'AND') return false
  for (let index = at - 1; index >= 0; index -= 1) {
    const word = tokens[index]?.text.toUpperCase() ?? ''
    if (word === 'BETWEEN') return true
    if (word === 'AND' || word === 'OR' || word === 'WHERE' || word === 'HAVING' || word === '(') return false
  }
  return false
}

/** A select list of one short item stays on its line. */
function isLongList(tokens: readonly Token[], at: number): boolean {
  let [depth, chars] = [0, 0]
  for (const token of tokens.slice(at)) {
    if (token.text === '(') depth += 1
    if (token.text === ')') depth -= 1
    if (depth < 0 || (depth === 0 && (token.text.toUpperCase() === 'FROM' || token.kind === 'comment'))) break
    if (depth === 0 && token.text === ',') return true
    chars += token.text.length + 1
  }
  return chars > lineCharsMax
}

function breakAfterComma(page: Page, level: Level): void {
  if (
    itemClauses.has(level.clause) &&
    (level.clause === 'SELECT' || level.clause === 'WITH' || page.line.length > lineCharsMax)
  ) {
    breakLine(page, level.clause === 'WITH' ? level.depth : level.depth + 1)
  }
}

function open(page: Page, levels: Level[], tokens: readonly Token[], at: number): void {
  const previous = tokens[at - 1]
  const next =
    tokens
      .slice(at + 1)
      .find(token => token.kind !== 'comment')
      ?.text.toUpperCase() ?? ''
  const isQuery = next === 'SELECT' || next === 'WITH'
  const isCall =
    previous !== undefined && (previous.kind === 'quoted' || (previous.kind === 'word' && !isSpacedWord(previous)))
  put(page, '(', isCall || previous?.text === '(')
  const depth = page.depth
  levels.push({ depth: depth + 1, isQuery, clause: '' })
  if (isQuery) breakLine(page, depth + 1)
}

/** Words that stand before a parenthesis of their own: `IN (`, `OVER (`, `AND (`. */
function isSpacedWord({ text }: Token): boolean {
  return wordList.has(text.toLowerCase()) && !/^(cast|try_cast|if|try|row|array|extract|position|unnest)$/i.test(text)
}

function close(page: Page, levels: Level[]): void {
  const level = levels.length > 1 ? levels.pop()! : levels[0]!
  if (level.isQuery) breakLine(page, level.depth - 1)
  put(page, ')', true)
}

function putComment(page: Page, token: Token, previous: Token | undefined, level: Level): void {
  if (previous?.text.toUpperCase() === 'SELECT') breakLine(page, level.depth + 1)
  const isAlone = previous === undefined || page.line.trim() === ''
  put(page, token.text.trimEnd(), isAlone)
  if (token.text.startsWith('--')) breakLine(page, isAlone ? page.depth : Math.max(page.depth, level.depth))
}

function written(token: Token, previous: Token | undefined, next: Token | undefined): string {
  if (token.kind !== 'word' || !capitals.has(token.text.toUpperCase())) return token.text
  // A column may be called like a keyword: after a dot, an AS or before a dot it is a name.
  const isColumn = previous?.text === '.' || previous?.text.toUpperCase() === 'AS' || next?.text === '.'
  return isColumn ? token.text : token.text.toUpperCase()
}

function isGluedTo(tokens: readonly Token[], at: number): boolean {
  const [before, previous, token] = [tokens[at - 2], tokens[at - 1], tokens[at]!]
  if (previous === undefined) return true
  if (token.text === ',' || token.text === ';' || token.text === '.' || token.text === ']') return true
  if (token.text === '[') return previous.kind === 'word' || previous.text === ']'
  if (previous.text === '-' && token.kind === 'number') return isOperator(before)
  return previous.text === '(' || previous.text === '.' || previous.text === '['
}

/** What a minus after it makes a sign of. */
function isOperator(token: Token | undefined): boolean {
  return (
    token === undefined ||
    /^[=<>!+\-*/%(,|]/.test(token.text) ||
    (token.kind === 'word' && wordList.has(token.text.toLowerCase()))
  )
}
