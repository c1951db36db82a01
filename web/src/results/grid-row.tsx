import { memo, type ReactNode } from 'react'
import type { ResultItem } from '../../../src/client/results.ts'
import { cellLine } from './cell-text.ts'

/** A column as the grid draws it: only those in sight are drawn. */
export interface DrawnColumn {
  readonly id: string
  readonly left: number
  readonly width: number
  readonly type: string
  readonly isNumber: boolean
  /** From 0 among the visible columns. */
  readonly index: number
}

export interface GridRowProps {
  readonly item: ResultItem
  /** From 0 in the order on screen. */
  readonly index: number
  /** Number of the row in the result, from 1. */
  readonly number: number
  readonly top: number
  readonly width: number
  readonly columns: readonly DrawnColumn[]
  readonly isChosen: boolean
  /** The active cell's column where it is in this row. */
  readonly activeColumnId: string | undefined
}

export function cellId(index: number, column: number): string {
  return `cell-${index}-${column}`
}

/** Drawn once: scrolling mounts and unmounts rows, it does not draw them again. */
export const GridRow = memo(function GridRow(props: GridRowProps): ReactNode {
  const { item, index, number, top, width, columns, isChosen, activeColumnId } = props
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isChosen}
      className={isChosen ? 'grid-row chosen' : 'grid-row'}
      style={{ transform: `translateY(${top}px)`, width }}
      data-row={index}
    >
      <div role="rowheader" aria-colindex={1} className="grid-number">
        {number}
      </div>
      {columns.map(column => {
        const value = item[column.id]
        const isActive = column.id === activeColumnId
        return (
          <div
            key={column.id}
            role="gridcell"
            id={cellId(index, column.index)}
            aria-colindex={column.index + 2}
            className={cellClass(value, column.isNumber, isActive)}
            style={{ left: column.left, width: column.width }}
            data-column={column.index}
          >
            {value === null || value === undefined ? 'null' : cellLine(value)}
          </div>
        )
      })}
    </div>
  )
})

function cellClass(value: unknown, isNumber: boolean, isActive: boolean): string {
  const kind = value === null || value === undefined ? ' null' : isNumber ? ' number' : ''
  return `grid-cell${kind}${isActive ? ' active' : ''}`
}
