import { type DragEvent, memo, type PointerEvent, type ReactNode } from 'react'
import { Icon } from '../parts/icon.tsx'
import { cellId, type DrawnColumn } from './grid-row.tsx'
import type { ResultTable } from './result-table.ts'

export interface HeaderActions {
  toggleSort(id: string, isAdded: boolean): void
  openCard(id: string, anchor: DOMRect): void
  resize(id: string, width: number): void
  /** Puts the column where `beforeId` is. */
  move(id: string, beforeId: string): void
}

/** The headings in sight. `activeColumn`: where the keyboard is; −1: elsewhere. */
export const GridHead = memo(function GridHead(props: {
  readonly table: ResultTable
  readonly drawn: readonly DrawnColumn[]
  readonly width: number
  readonly activeColumn: number
  readonly actions: HeaderActions
}): ReactNode {
  const { table, drawn, width, activeColumn, actions } = props
  return (
    <div role="rowgroup" className="grid-head" style={{ width }}>
      <div role="row" aria-rowindex={1}>
        <div role="columnheader" aria-colindex={1} className="grid-number">
          <span className="visually-hidden">Row</span>
        </div>
        {drawn.map(column => (
          <GridHeaderCell
            key={column.id}
            column={column}
            sort={table.getColumn(column.id)?.getIsSorted() || undefined}
            isFiltered={table.getColumn(column.id)?.getIsFiltered() ?? false}
            isActive={activeColumn === column.index}
            actions={actions}
          />
        ))}
      </div>
    </div>
  )
})

interface GridHeaderCellProps {
  readonly column: DrawnColumn
  readonly sort: 'asc' | 'desc' | undefined
  readonly isFiltered: boolean
  readonly isActive: boolean
  readonly actions: HeaderActions
}

const dragType = 'application/x-edr-lake-column'
const ariaSorts = { asc: 'ascending', desc: 'descending' } as const
const widthMin = 48

const GridHeaderCell = memo(function GridHeaderCell(props: GridHeaderCellProps): ReactNode {
  const { column, sort, isFiltered, isActive, actions } = props
  const { id, index, left, width, type } = column

  function drop(event: DragEvent): void {
    const dragged = event.dataTransfer.getData(dragType)
    if (dragged === '') return
    event.preventDefault()
    if (dragged !== id) actions.move(dragged, id)
  }

  return (
    <div
      role="columnheader"
      id={cellId(-1, index)}
      aria-colindex={index + 2}
      aria-sort={sort === undefined ? 'none' : ariaSorts[sort]}
      className={`grid-head-cell${isActive ? ' active' : ''}${isFiltered ? ' filtered' : ''}`}
      style={{ left, width }}
      draggable
      onDragStart={event => event.dataTransfer.setData(dragType, id)}
      onDragOver={event => {
        if (event.dataTransfer.types.includes(dragType)) event.preventDefault()
      }}
      onDrop={drop}
    >
      <button
        type="button"
        tabIndex={-1}
        className="grid-head-name"
        title={`${id} · ${type}`}
        onClick={event => actions.toggleSort(id, event.shiftKey)}
      >
        <span>
          {id}
          {sort === undefined ? null : <Icon name={sort === 'asc' ? 'up' : 'fall'} />}
          {isFiltered ? <Icon name="filter" /> : null}
        </span>
        <small>{type}</small>
      </button>
      <button
        type="button"
        tabIndex={-1}
        className="grid-head-card"
        aria-label={`Column ${id}: filter, top values, order`}
        onClick={event => actions.openCard(id, event.currentTarget.getBoundingClientRect())}
      >
        <Icon name="down" />
      </button>
      <div
        className="grid-resize"
        aria-hidden="true"
        onPointerDown={event => followResize(event, width, next => actions.resize(id, next))}
      />
    </div>
  )
})

function followResize(event: PointerEvent<HTMLElement>, width: number, onWidth: (width: number) => void): void {
  event.preventDefault()
  event.stopPropagation()
  const handle = event.currentTarget
  const startX = event.clientX
  const move = (next: globalThis.PointerEvent): void => onWidth(Math.max(widthMin, width + next.clientX - startX))
  const end = (): void => {
    handle.removeEventListener('pointermove', move)
    handle.removeEventListener('pointerup', end)
    handle.removeEventListener('pointercancel', end)
  }
  handle.setPointerCapture(event.pointerId)
  handle.addEventListener('pointermove', move)
  handle.addEventListener('pointerup', end)
  handle.addEventListener('pointercancel', end)
}
