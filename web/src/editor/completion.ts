import type { LakeSchemaReply } from '../../../src/api/lake-schema.ts'
import type { SqlFunction } from '../../../src/api/sql-tools.ts'
import { isName, isQueryNameValue, queryNamesIn, scanStatement, type Token, unquote } from './statement-scan.ts'
import { offeredKeywords, typeNames } from './trino-words.ts'

// What may stand at the cursor, from the lake's own schema. Pure: the editor turns the answer into its own form.

export interface Knowledge {
  readonly schema: LakeSchemaReply | undefined
  readonly functions: readonly SqlFunction[]
}

export interface Offer {
  readonly label: string
  readonly kind: 'table' | 'view' | 'queryName' | 'column' | 'function' | 'keyword' | 'type'
  /** Beside the label: a type, a signature. */
  readonly detail?: string
  /** The longer story, when the offer is looked at. */
  readonly info?: string
  /** Larger ones come first among equal matches. */
  readonly boost: number
  /** What is put in, where it is not the label; the cursor goes to `cursor` characters before its end. */
  readonly insert?: string
  readonly cursor?: number
}

export interface Offers {
  /** Offset where the text to be replaced begins. */
  readonly from: number
  readonly offers: readonly Offer[]
}

const offered: ReadonlySet<string> = new Set(offeredKeywords)

/** `isAsked`: the person asked for it; otherwise nothing is offered before a letter is typed. */
export function offersAt(text: string, at: number, knowledge: Knowledge, isAsked: boolean): Offers | undefined {
  const tokens = scanStatement(text)
  const index = tokens.findIndex(token => token.start < at && at <= token.end)
  const inside = tokens[index]
  if (inside !== undefined && isClosedBefore(inside, at))
    return isAsked ? namesAt(text, at, tokens, knowledge) : undefined
  if (inside?.kind === 'comment' || inside?.kind === 'variable' || inside?.kind === 'number') return undefined
  if (inside?.kind === 'string') return queryNameOffers(tokens, index, knowledge)
  if (inside?.kind === 'quoted') return undefined
  if (inside?.kind !== 'word' && inside?.text !== '.' && !isAsked) return undefined
  // A keyword that is written out wants a space or a line break, not an offer in the way of Enter.
  if (!isAsked && inside?.kind === 'word' && offered.has(inside.text.toUpperCase())) return undefined
  return namesAt(text, at, tokens, knowledge)
}

/** The cursor is behind a string or comment, not in it. */
function isClosedBefore(token: Token, at: number): boolean {
  if (at < token.end || !token.isClosed) return false
  return token.kind === 'string' || token.kind === 'quoted' || (token.kind === 'comment' && token.text.startsWith('/*'))
}

function queryNameOffers(tokens: readonly Token[], index: number, { schema }: Knowledge): Offers | undefined {
  const token = tokens[index]
  if (token === undefined || schema === undefined || !isQueryNameValue(tokens, index)) return undefined
  const offers = schema.queryNames.map(each => ({
    label: each.name,
    kind: 'queryName' as const,
    detail: `${each.rows.toLocaleString('en')} rows`,
    info: each.columns.join(', '),
    boost: Math.min(20, Math.round(Math.log10(each.rows + 1) * 3)),
  }))
  return { from: token.start + 1, offers }
}

function namesAt(text: string, at: number, tokens: readonly Token[], knowledge: Knowledge): Offers {
  const word = /[\p{L}\p{N}_]*$/u.exec(text.slice(0, at))?.[0] ?? ''
  const from = at - word.length
  const before = tokens.filter(token => token.end <= from && token.kind !== 'comment')
  const fits = ({ label }: Offer): boolean => label.toLowerCase().includes(word.toLowerCase())
  return { from, offers: namesFor(before, tokens, knowledge).filter(fits) }
}

function namesFor(before: readonly Token[], tokens: readonly Token[], knowledge: Knowledge): readonly Offer[] {
  if (before.at(-1)?.text === '.') return columnOffers(tokens, knowledge)
  if (isTablePlace(before)) return [...tableOffers(knowledge), ...localTables(tokens)]
  if (/^(cast|try_cast)$/i.test(castOf(before))) return types()
  return [...columnOffers(tokens, knowledge), ...functionOffers(knowledge), ...keywordOffers()]
}

/** After FROM, JOIN, or a comma in a list of tables. */
function isTablePlace(before: readonly Token[]): boolean {
  const last = before.at(-1)?.text.toLowerCase()
  if (last === 'from' || last === 'join') return true
  if (last !== ',') return false
  let depth = 0
  for (const token of before.toReversed()) {
    if (token.text === ')') depth += 1
    if (token.text === '(') depth -= 1
    if (depth < 0) return false
    const word = token.text.toLowerCase()
    if (depth === 0 && word === 'from') return true
    if (depth === 0 && /^(select|where|by|having|on|in|values|limit)$/.test(word)) return false
  }
  return false
}

/** `cast` when the cursor stands after the AS of a CAST. */
function castOf(before: readonly Token[]): string {
  if (before.at(-1)?.text.toLowerCase() !== 'as') return ''
  let depth = 0
  for (let index = before.length - 1; index > 0; index -= 1) {
    if (before[index]?.text === ')') depth += 1
    if (before[index]?.text === '(') depth -= 1
    if (depth < 0) return before[index - 1]?.text ?? ''
  }
  return ''
}

function tableOffers({ schema }: Knowledge): readonly Offer[] {
  if (schema === undefined) return []
  const tables = schema.tables.map(table => ({
    label: table.name,
    kind: 'table' as const,
    detail: `${table.columns.length} columns`,
    ...(table.description === undefined ? {} : { info: table.description }),
    boost: 10,
  }))
  const views = schema.queryNames.map(view => ({
    label: view.name,
    kind: 'view' as const,
    detail: 'query name',
    info: view.columns.join(', '),
    boost: 5,
    ...(/^[a-z_][a-z0-9_]*$/i.test(view.name) ? {} : { insert: `"${view.name.replaceAll('"', '""')}"` }),
  }))
  return [...tables, ...views]
}

/** Names a WITH clause has defined. */
function localTables(tokens: readonly Token[]): readonly Offer[] {
  return tokens.flatMap((token, at) => {
    const isDefined = isName(token) && tokens[at + 1]?.text.toLowerCase() === 'as' && tokens[at + 2]?.text === '('
    const isInWith = /^(with|recursive|,)$/i.test(tokens[at - 1]?.text ?? '')
    return isDefined && isInWith
      ? [{ label: unquote(token.text), kind: 'table' as const, detail: 'WITH', boost: 15 }]
      : []
  })
}

/** Columns of the query names in use first, then the envelope, then every other column of the tables in use. */
function columnOffers(tokens: readonly Token[], { schema }: Knowledge): readonly Offer[] {
  if (schema === undefined) return []
  const byName = new Map(schema.queryNames.map(each => [each.name.toLowerCase(), each]))
  const used = queryNamesIn(tokens, new Set(byName.keys()))
  const own = new Set(used.flatMap(name => byName.get(name)?.columns ?? []))
  const envelope = new Set(schema.envelope)
  const tableNames = new Set(tokens.filter(isName).map(token => unquote(token.text).toLowerCase()))
  const inUse = schema.tables.filter(table => tableNames.has(table.name.toLowerCase()))
  const tables = inUse.length > 0 ? inUse : schema.tables.filter(table => table.hasQueryNames).slice(0, 1)
  const seen = new Set<string>()
  return tables.flatMap(table =>
    table.columns.flatMap(column => {
      if (seen.has(column.name)) return []
      seen.add(column.name)
      const boost = own.has(column.name) ? 30 : envelope.has(column.name) ? 12 : used.length > 0 ? -20 : 2
      const info = column.description === undefined ? {} : { info: column.description }
      return [{ label: column.name, kind: 'column' as const, detail: column.type, ...info, boost }]
    }),
  )
}

function functionOffers({ functions }: Knowledge): readonly Offer[] {
  return functions
    .filter(each => each.isSupported && /^\w+$/.test(each.name))
    .map(each => ({
      label: each.name,
      kind: 'function' as const,
      detail: each.signatures[0]?.slice(each.name.length) ?? '()',
      info: [...(each.description === undefined ? [] : [each.description]), ...each.signatures.slice(0, 6)].join('\n'),
      boost: each.kind === 'aggregate' ? 1 : 0,
      insert: `${each.name}()`,
      cursor: /\(\)/.test(each.signatures[0] ?? '') ? 0 : 1,
    }))
}

function keywordOffers(): readonly Offer[] {
  return offeredKeywords.map(label => ({ label, kind: 'keyword', boost: -1 }))
}

function types(): readonly Offer[] {
  return typeNames.map(label => ({ label, kind: 'type', boost: 1 }))
}
