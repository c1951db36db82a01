import { didYouMean, type Span, SqlRefusal } from '../diagnostics.ts'
import type { Name } from '../parse/ast.ts'
import { fieldName, quoteText, type SqlType } from '../sql-type.ts'
import { carried, OuterInLambda } from './carry.ts'
import type { BoundColumn, BoundRelation, Context, Scope, Typed } from './context.ts'
import { hoisted } from './hoist.ts'

/** A column found, and the fields of it that the rest of the name selects. */
interface Found {
  readonly column: BoundColumn
  readonly fields: readonly Name[]
  /** True where the column is one of this query's own FROM clause, not of an enclosing query's. */
  readonly isLocal: boolean
}

/** The value `a`, `t.a` or `t.a.field` stands for; the lake column it reads is noted as needed. */
export function bindName(parts: readonly Name[], context: Context): Typed {
  const parameter = findLambdaParameter(context.scope, parts[0]!)
  if (parameter !== undefined) return selectFields(parameter, parts.slice(1))
  const alias = findAlias(context.scope, parts[0]!)
  // What an alias of the select list stands for is computed before any TRY of ORDER BY.
  if (alias !== undefined) return selectFields(hoisted(alias, context), parts.slice(1))
  const found = findColumn(context, parts)
  const span = spanOf(parts)
  if (found === undefined) throw unknownColumn(context, parts, span)
  noteUse(found.column)
  if (context.grouping !== undefined && found.isLocal) {
    context.grouping.pending.push({ name: parts.map(part => part.text).join('.'), span })
  }
  return selectFields(found.isLocal ? found.column : carried(found.column, carryOf(context)), found.fields)
}

/** A grouped query outside of its aggregates has no use for one more ungrouped column. */
function carryOf(context: Context): Context['carry'] {
  return context.grouping === undefined ? context.carry : undefined
}

/** The lake column behind a plain column name, without noting a use; undefined where there is none. */
export function findSource(scope: Scope, parts: readonly Name[]): BoundColumn | undefined {
  if (findParameter(scope, parts[0]!) !== undefined) return undefined
  const found = findLocal(scope.relations, parts)
  return found === undefined || found.fields.length > 0 ? undefined : found.column
}

export function noteUse(column: BoundColumn): void {
  column.source?.use.columns.add(column.source.column)
}

function spanOf(parts: readonly Name[]): Span {
  return { start: parts[0]!.start, end: parts.at(-1)!.end }
}

function findLambdaParameter(scope: Scope, name: Name): Typed | undefined {
  const found = findParameter(scope, name)
  return found?.isAlias === false ? found.value : undefined
}

/** What an alias of the select list stands for, where ORDER BY names it. */
function findAlias(scope: Scope, name: Name): Typed | undefined {
  const found = findParameter(scope, name)
  return found?.isAlias === true ? found.value : undefined
}

function findParameter(scope: Scope, name: Name): { readonly value: Typed; readonly isAlias: boolean } | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    const value = at.lambda?.get(name.text.toLowerCase())
    if (value !== undefined) return { value, isAlias: at.isLambda !== true }
    if (at.lambda === undefined && at.relations.length > 0) return undefined
  }
  return undefined
}

function findColumn(context: Context, parts: readonly Name[]): Found | undefined {
  const isCarrying = carryOf(context)?.alias !== undefined
  let isLocal = true
  let isInLambda = false
  for (let at: Scope | undefined = context.scope; at !== undefined; at = at.parent) {
    const found = findLocal(at.relations, parts)
    if (found !== undefined) {
      const isCaptured = isInLambda && (isLocal ? at.isLateral === true : !isCarrying)
      if (isCaptured) throw new OuterInLambda(parts.map(part => part.text).join('.'), spanOf(parts))
      return { ...found, isLocal }
    }
    if (at.isLambda === true) isInLambda = true
    // A lambda's scope is inside the query that holds it.
    if (at.lambda === undefined) isLocal = false
  }
  return undefined
}

function findLocal(relations: readonly BoundRelation[], parts: readonly Name[]): Omit<Found, 'isLocal'> | undefined {
  return findQualified(relations, parts) ?? findUnqualified(relations, parts)
}

/** `alias.column`, also with the schema or catalog a table was written with in front. */
function findQualified(
  relations: readonly BoundRelation[],
  parts: readonly Name[],
): Omit<Found, 'isLocal'> | undefined {
  for (let index = 0; index < parts.length - 1 && index < 3; index++) {
    const alias = parts[index]!.text.toLowerCase()
    const named = relations.filter(relation => relation.alias === alias)
    const columnName = parts[index + 1]!
    const columns = named.flatMap(relation => relation.columns.filter(column => isNamed(column, columnName)))
    if (columns.length > 1) throw ambiguous(columnName)
    if (columns.length === 1) return { column: columns[0]!, fields: parts.slice(index + 2) }
  }
  return undefined
}

function findUnqualified(
  relations: readonly BoundRelation[],
  parts: readonly Name[],
): Omit<Found, 'isLocal'> | undefined {
  const name = parts[0]!
  const columns = relations.flatMap(relation =>
    relation.columns.filter(column => isNamed(column, name) && !relation.merged.has(column)),
  )
  if (columns.length > 1) throw ambiguous(name)
  return columns.length === 0 ? undefined : { column: columns[0]!, fields: parts.slice(1) }
}

function isNamed(column: BoundColumn, name: Name): boolean {
  return column.name !== undefined && column.name.toLowerCase() === name.text.toLowerCase()
}

function ambiguous(name: Name): SqlRefusal {
  const hint = 'write the table or its alias in front of it'
  return new SqlRefusal(`column '${name.text}' is ambiguous`, name, { hint })
}

function selectFields(value: Typed, fields: readonly Name[]): Typed {
  return fields.reduce((base, field) => selectField(base, field), value)
}

/** The field `name` of a row. */
export function selectField(base: Typed, name: Name): Typed {
  if (base.type.kind === 'any') return { sql: `struct_extract(${base.sql}, ${quoteText(name.text)})`, type: base.type }
  const fields = base.type.kind === 'row' ? base.type.fields : undefined
  const wanted = name.text.toLowerCase()
  const index = fields?.findIndex(field => field.name?.toLowerCase() === wanted) ?? -1
  if (fields === undefined || index === -1) {
    const names = fields?.flatMap(field => field.name ?? []) ?? []
    const hint = didYouMean(name.text, names)
    const message =
      fields === undefined ? `'.${name.text}': this value has no fields` : `there is no field '${name.text}'`
    throw new SqlRefusal(message, name, hint === undefined ? {} : { hint })
  }
  return fieldAt(base, index)
}

/** The field at `index` of a row, counted from 0. */
export function fieldAt(base: Typed, index: number): Typed {
  const fields = (base.type as Extract<SqlType, { kind: 'row' }>).fields
  const field = fields[index]!
  return { sql: `struct_extract(${base.sql}, ${quoteText(fieldName(field, index))})`, type: field.type }
}

function unknownColumn(context: Context, parts: readonly Name[], span: Span): SqlRefusal {
  const relations: BoundRelation[] = []
  for (let at: Scope | undefined = context.scope; at !== undefined; at = at.parent) relations.push(...at.relations)
  const first = parts[0]!
  const isQualified = parts.length > 1 && relations.some(relation => relation.alias === first.text.toLowerCase())
  const name = isQualified ? parts[1]! : parts.at(-1)!
  const candidates = relations
    .filter(relation => !isQualified || relation.alias === first.text.toLowerCase())
    .flatMap(relation => relation.columns.flatMap(column => column.name ?? []))
  const full = parts.map(part => part.text).join('.')
  const unknown = { kind: 'column', name: name.text } as const
  const hint = columnHint(context, parts, candidates, name, isQualified)
  return new SqlRefusal(`column '${full}' does not exist`, span, hint === undefined ? { unknown } : { hint, unknown })
}

function columnHint(
  context: Context,
  parts: readonly Name[],
  candidates: readonly string[],
  name: Name,
  isQualified: boolean,
): string | undefined {
  if (parts.length > 1 && !isQualified) {
    const aliases = context.scope.relations.flatMap(relation => relation.alias ?? [])
    return aliases.length === 0 ? undefined : `tables here: ${aliases.join(', ')}`
  }
  if (context.scope.relations.length === 0 && context.scope.parent === undefined) {
    return "there is no FROM here; text stands in single quotes: 'text'"
  }
  // Other engines read an unknown quoted name as a text.
  const isQuoted = name.end - name.start > name.text.length
  const near = didYouMean(name.text, candidates)
  return near ?? (isQuoted ? `a text is written in single quotes: '${name.text.slice(0, 40)}'` : undefined)
}
