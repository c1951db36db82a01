import { type ReactNode, useMemo, useState } from 'react'
import { Icon } from '../parts/icon.tsx'
import { useLibrary, useSchema } from '../state/lake-queries.ts'
import { type Pivot, type PivotSource, pivotsFor } from './pivots.ts'
import './pivot.css'

/** The queries that take the value, as buttons that run them in a tab of their own. */
export function PivotList(props: {
  readonly source: PivotSource
  readonly onPivot: (pivot: Pivot) => void
  readonly role?: 'menuitem'
  /** So many at first; undefined: all. */
  readonly shown?: number
}): ReactNode {
  const { source, onPivot, role, shown = Number.POSITIVE_INFINITY } = props
  const pivots = usePivots(source)
  const [showsAll, setShowsAll] = useState(false)
  if (pivots.length === 0) return <div className="pivot-none">No prepared query takes this value.</div>
  const list = showsAll || pivots.length <= shown + 1 ? pivots : pivots.slice(0, shown)
  const rest = pivots.length - list.length
  return (
    <>
      {list.map(pivot => (
        <button
          key={pivot.id}
          type="button"
          role={role}
          className="menu-item pivot"
          title={pivot.description}
          onClick={() => onPivot(pivot)}
        >
          <Icon name={pivot.kind === 'savedQuery' ? 'pivot' : 'search'} />
          <span>
            {pivot.title}
            {pivot.isComplete ? null : <small> needs more values</small>}
          </span>
        </button>
      ))}
      {rest === 0 ? null : (
        <button type="button" className="menu-item pivot-more" onClick={() => setShowsAll(true)}>
          {rest} more
        </button>
      )}
    </>
  )
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
