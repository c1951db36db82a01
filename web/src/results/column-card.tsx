import { type ReactNode, useDeferredValue, useMemo, useState } from 'react'
import { Icon } from '../parts/icon.tsx'
import { count } from '../parts/words.ts'
import type { ResultTable } from './result-table.ts'
import { differentFrom, equalTo } from './row-filter.ts'
import { topValues } from './top-values.ts'

const valuesShown = 12
const widthMin = 48

/** Everything about one column: order, filter, commonest values, place and width. */
export function ColumnCard(props: {
  readonly table: ResultTable
  readonly columnId: string
  readonly type: string
  readonly onFilter: (columnId: string, text: string) => void
  readonly onMove: (columnId: string, steps: number) => void
  readonly onFit: (columnId: string) => void
  readonly onClose: () => void
}): ReactNode {
  const { table, columnId, type, onFilter, onMove, onFit, onClose } = props
  const column = table.getColumn(columnId)
  if (column === undefined) return null
  const sorted = column.getIsSorted()
  const resize = (px: number): void => {
    const size = Math.max(widthMin, column.getSize() + px)
    table.setColumnSizing(sizes => ({ ...sizes, [columnId]: size }))
  }
  return (
    <div className="column-card">
      <div className="column-card-head">
        <strong>{columnId}</strong> <span className="badge">{type}</span>
      </div>
      <FilterField columnId={columnId} filter={String(column.getFilterValue() ?? '')} onFilter={onFilter} />
      <div className="column-card-row">
        <button
          type="button"
          className="button"
          aria-pressed={sorted === 'asc'}
          onClick={() => column.toggleSorting(false)}
        >
          <Icon name="up" /> Ascending
        </button>
        <button
          type="button"
          className="button"
          aria-pressed={sorted === 'desc'}
          onClick={() => column.toggleSorting(true)}
        >
          <Icon name="fall" /> Descending
        </button>
        <button type="button" className="button" disabled={sorted === false} onClick={() => column.clearSorting()}>
          As it came
        </button>
      </div>
      <TopValueList table={table} columnId={columnId} onFilter={onFilter} />
      <div className="column-card-row">
        <button type="button" className="button quiet" onClick={() => onMove(columnId, -1)}>
          Move left
        </button>
        <button type="button" className="button quiet" onClick={() => onMove(columnId, 1)}>
          Move right
        </button>
        <button type="button" className="button quiet" onClick={() => onFit(columnId)}>
          Fit
        </button>
        <button type="button" className="button quiet" onClick={() => resize(-40)}>
          Narrower
        </button>
        <button type="button" className="button quiet" onClick={() => resize(40)}>
          Wider
        </button>
        <button
          type="button"
          className="button quiet"
          onClick={() => {
            onClose()
            column.toggleVisibility(false)
          }}
        >
          Hide
        </button>
      </div>
    </div>
  )
}

function FilterField(props: {
  readonly columnId: string
  readonly filter: string
  readonly onFilter: (columnId: string, text: string) => void
}): ReactNode {
  const { columnId, filter, onFilter } = props
  const [text, setText] = useState(filter)
  const change = (next: string): void => {
    setText(next)
    onFilter(columnId, next)
  }
  return (
    <div className="column-card-filter">
      <input
        className="field mono"
        aria-label={`Filter ${columnId}`}
        placeholder="contains · =is · !not · >5 · a..b · null"
        value={text}
        data-autofocus
        spellCheck={false}
        onChange={event => change(event.target.value)}
      />
      <button type="button" className="button" disabled={text === ''} onClick={() => change('')}>
        Clear
      </button>
    </div>
  )
}

function TopValueList(props: {
  readonly table: ResultTable
  readonly columnId: string
  readonly onFilter: (columnId: string, text: string) => void
}): ReactNode {
  const { columnId, onFilter } = props
  const rows = useDeferredValue(props.table.getFilteredRowModel().rows)
  const top = useMemo(
    () =>
      topValues(
        rows.map(row => row.original[columnId]),
        valuesShown,
      ),
    [rows, columnId],
  )
  const most = top.values[0]?.rows ?? 1
  return (
    <section aria-label="Top values">
      <h3>
        Top values · {count(top.distinct)} different in {count(top.rows)} rows
      </h3>
      <ul className="top-values">
        {top.values.map(({ value, text, rows: number }) => (
          <li key={value === null ? 'null' : `=${text}`}>
            <button
              type="button"
              className="top-value"
              title={`Keep only ${text}`}
              onClick={() => onFilter(columnId, equalTo(value))}
            >
              <span className="top-value-bar" style={{ width: `${(number / most) * 100}%` }} />
              <span className={value === null ? 'top-text null' : 'top-text'}>
                {value === null ? 'null' : text || '(empty)'}
              </span>
              <span className="top-count">{count(number)}</span>
            </button>
            <button
              type="button"
              className="button quiet icon-only"
              aria-label={`Leave out ${text}`}
              title="Leave out"
              onClick={() => onFilter(columnId, differentFrom(value))}
            >
              <Icon name="exclude" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
