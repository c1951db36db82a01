import type { Variable } from '../../../src/api/query-runs.ts'
import type { WireSavedQuery } from '../../../src/api/saved-queries.ts'
import { cellText } from '../results/cell-text.ts'
import { type PivotType, pivotTypesOf } from './pivot-types.ts'

// Where a value can lead: to the prepared queries that take it, and to what the lake holds with the same value.

export interface Pivot {
  readonly id: string
  readonly title: string
  readonly description: string
  readonly template: string
  readonly variables: readonly Variable[]
  /** True where every variable has its value: it can run at once. */
  readonly isComplete: boolean
  readonly kind: 'savedQuery' | 'sameValue'
}

export interface PivotSource {
  readonly column: string
  readonly value: unknown
}

/**
 * First the prepared queries that are about such a value, then what carries the same value, then the prepared queries
 * that can be narrowed to it (their variable has a value of its own); each in the library's order.
 */
export function pivotsFor(
  source: PivotSource,
  library: readonly WireSavedQuery[],
  lakeColumns: ReadonlySet<string>,
): readonly Pivot[] {
  const types = pivotTypesOf(source.column, source.value)
  const prepared = types.flatMap(type => library.flatMap(query => savedPivot(query, type, source)))
  const unique = prepared.filter(({ pivot }, at) => prepared.findIndex(each => each.pivot.id === pivot.id) === at)
  const about = unique.filter(each => !each.isNarrowing).map(each => each.pivot)
  const narrowed = unique.filter(each => each.isNarrowing).map(each => each.pivot)
  return [...about, ...sameValue(source, lakeColumns), ...narrowed]
}

interface SavedPivot {
  readonly pivot: Pivot
  readonly isNarrowing: boolean
}

function savedPivot(query: WireSavedQuery, type: PivotType, { value }: PivotSource): SavedPivot[] {
  const target = query.variables.find(({ pivotType }) => pivotType === type)
  if (target === undefined) return []
  const variables = query.variables.map(each => (each === target ? { ...each, value: cellText(value) } : each))
  const { id, name, description, template } = query
  const isComplete = variables.every(each => each.value !== undefined && each.value !== '')
  const pivot: Pivot = { id, title: name, description, template, variables, isComplete, kind: 'savedQuery' }
  return [{ pivot, isNarrowing: target.value !== undefined && target.value !== '' }]
}

const rowsMax = 1_000
const valueCharsMax = 4_000

/** What else carries this value in the column it came from, where that is a column of the lake and a text. */
function sameValue({ column, value }: PivotSource, lakeColumns: ReadonlySet<string>): Pivot[] {
  const name = column.toLowerCase()
  if (typeof value !== 'string' || value === '' || value.length > valueCharsMax || !lakeColumns.has(name)) return []
  const literal = `'${value.replaceAll("'", "''")}'`
  const where = `FROM xdr_data\nWHERE ${name} = ${literal}`
  const plain = { variables: [], isComplete: true, kind: 'sameValue' as const }
  return [
    {
      ...plain,
      id: 'same-value-names',
      title: `What reports this ${name}`,
      description: 'Query names and hosts that carry the value, with first and last time',
      template:
        'SELECT query_name, meta_hostname, count(*) AS row_count, min(calendar_time) AS first_seen,\n' +
        `  max(calendar_time) AS last_seen\n${where}\nGROUP BY query_name, meta_hostname\nORDER BY last_seen DESC`,
    },
    {
      ...plain,
      id: 'same-value-rows',
      title: `Rows with this ${name}`,
      description: 'Every column, newest first',
      template: `SELECT *\n${where}\nORDER BY calendar_time DESC\nLIMIT ${rowsMax}`,
    },
  ]
}
