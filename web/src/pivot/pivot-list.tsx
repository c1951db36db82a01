import { type ReactNode, useMemo } from 'react'
import { Icon } from '../parts/icon.tsx'
import { useLibrary, useSchema } from '../state/lake-queries.ts'
import { type Pivot, type PivotSource, pivotsFor } from './pivots.ts'
import './pivot.css'

/** The queries that take the value, as buttons that run them in a tab of their own. */
export function PivotList(props: {
  readonly source: PivotSource
  readonly onPivot: (pivot: Pivot) => void
  readonly role?: 'menuitem'
}): ReactNode {
  const pivots = usePivots(props.source)
  if (pivots.length === 0) return <div className="pivot-none">No prepared query takes this value.</div>
  return pivots.map(pivot => (
    <button
      key={pivot.id}
      type="button"
      role={props.role}
      className="menu-item pivot"
      title={pivot.description}
      onClick={() => props.onPivot(pivot)}
    >
      <Icon name={pivot.kind === 'savedQuery' ? 'pivot' : 'search'} />
      <span>
        {pivot.title}
        {pivot.isComplete ? null : <small> needs more values</small>}
      </span>
    </button>
  ))
}

function usePivots(source: PivotSource): readonly Pivot[] {
  const library = useLibrary().data?.queries
  const tables = useSchema().data?.tables
  return useMemo(() => {
    const columns = new Set(
      (tables ?? []).filter(table => table.name === 'xdr_data').flatMap(table => table.columns.map(each => each.name)),
    )
    return pivotsFor(source, library ?? [], columns)
  }, [source, library, tables])
}
