import type { LakeColumn, LakeSchema, LakeTable } from '../model/lake-table.ts'
import { didYouMean, nearNames, type Span, SqlRefusal } from './diagnostics.ts'
import type { Name } from './parse/ast.ts'

// Which relations a statement may name: the tenant's lake tables and one view per query name, nothing else. The grammar
// already reads nothing but queries; functions are admitted by the catalogue (functions.ts) alone.

export interface LakeRelation {
  readonly table: LakeTable
  /** Lower case: the table's name, or the query name of a view. */
  readonly relation: string
  /** Query names a view is limited to; undefined for a table. */
  readonly queryNames: readonly string[] | undefined
  readonly columns: readonly LakeColumn[]
}

/** Prefixes a table's name may carry, as other Trino clients write them. */
const ownCatalog = 'lake'
const ownSchemas = ['default', 'lake']

/** The relation `parts` names, or a refusal that says what there is instead. Lake tables win over views. */
export function findRelation(schema: LakeSchema, parts: readonly Name[], commonTables: Iterable<string>): LakeRelation {
  const last = parts.at(-1)!
  const span = { start: parts[0]!.start, end: last.end }
  refuseForeignPrefix(parts, span)
  const name = last.text.toLowerCase()
  const table = schema.tables.find(candidate => candidate.name.toLowerCase() === name)
  if (table !== undefined) return { table, relation: name, queryNames: undefined, columns: table.columns }
  const view = findView(schema, name)
  if (view !== undefined) return view
  throw unknownRelation(schema, last, commonTables)
}

function refuseForeignPrefix(parts: readonly Name[], span: Span): void {
  if (parts.length === 1) return
  const prefix = parts.slice(0, -1).map(part => part.text.toLowerCase())
  const isOurs =
    parts.length <= 3 && ownSchemas.includes(prefix.at(-1)!) && (prefix.length === 1 || prefix[0] === ownCatalog)
  if (isOurs) return
  const hint = `write the table's name alone: ${parts.at(-1)!.text}`
  throw new SqlRefusal(`there is no schema '${prefix.join('.')}'`, span, { hint })
}

function findView(schema: LakeSchema, name: string): LakeRelation | undefined {
  const same = schema.queryNames.filter(candidate => candidate.name.toLowerCase() === name)
  const table = schema.tables.find(candidate => candidate.hasQueryNames)
  if (same.length === 0 || table === undefined) return undefined
  const carried = new Set(schema.envelope.map(column => column.toLowerCase()))
  for (const query of same) for (const column of query.columns) carried.add(column.toLowerCase())
  const columns = table.columns.filter(column => carried.has(column.name.toLowerCase()))
  return { table, relation: name, queryNames: same.map(query => query.name), columns }
}

function unknownRelation(schema: LakeSchema, name: Name, commonTables: Iterable<string>): SqlRefusal {
  const unknown = { kind: 'table', name: name.text } as const
  const message = `table '${name.text}' does not exist`
  if (isEndpointTable(name.text)) {
    const hint = 'this looks like an endpoint (Live Discover) query: its tables exist on the endpoint, not in the lake'
    return new SqlRefusal(message, name, { hint, unknown })
  }
  const tables = [...commonTables, ...schema.tables.map(table => table.name)]
  const nearTable = didYouMean(name.text, tables)
  if (nearTable !== undefined) return new SqlRefusal(message, name, { hint: nearTable, unknown })
  const near = didYouMean(
    name.text,
    schema.queryNames.map(query => query.name),
  )
  const first = near ?? `tables: ${schema.tables.map(table => table.name).join(', ')};`
  return new SqlRefusal(message, name, { hint: `${first} ${queryNameList(schema, name.text)}`, unknown })
}

const queryNamesShownMax = 20

/** The query names that have rows, those that `wanted` may be a misspelling of first; at most twenty. */
export function queryNameList(schema: LakeSchema, wanted: string): string {
  const names = schema.queryNames.map(query => query.name)
  if (names.length === 0) return 'no query name has rows yet'
  const shown = [...new Set([...nearNames(wanted, names), ...names])].slice(0, queryNamesShownMax)
  const more = names.length > shown.length ? ` and ${names.length - shown.length} more` : ''
  return `query names with rows: ${shown.join(', ')}${more}`
}

/** Tables of osquery extensions that only exist on an endpoint. */
export function isEndpointTable(name: string): boolean {
  return /^sophos_\w+_(journal|info|properties|details|status)s?$/i.test(name) || /^sophos_\w+_journal_/i.test(name)
}
