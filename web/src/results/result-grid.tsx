import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type MouseEvent, type ReactNode, type RefObject, useEffect } from 'react'
import type { ResultPageColumn } from '../../../src/client/results.ts'
import { GridHead, type HeaderActions } from './grid-header.tsx'
import { type GridPlace, placeAfter } from './grid-keys.ts'
import { cellId, GridRow } from './grid-row.tsx'
import type { ResultTable } from './result-table.ts'
import { useDrawnColumns } from './use-drawn-columns.ts'
import './grid.css'

// The rows, drawn only where they are in sight, both ways. One stop for the Tab key: inside, the arrows move an active
// cell that assistive technology follows by aria-activedescendant.

const rowPx = 26
const headPx = 42
const numberPx = 56
/** Rows a page key moves by. */
const pageRows = 20
/** More is read when so many rows before the end come into sight. */
const moreBeforeRows = 60

export interface GridChoice {
  readonly place: GridPlace
  /** The other end of a range of rows chosen with Shift. */
  readonly anchorRow: number
}

export interface ResultGridProps {
  readonly table: ResultTable
  readonly columns: readonly ResultPageColumn[]
  readonly choice: GridChoice
  readonly actions: GridActions
  /** So that others can give it the focus. */
  readonly gridRef: RefObject<HTMLDivElement | null>
}

export interface GridActions extends HeaderActions {
  choose(choice: GridChoice): void
  /** Enter or a double click. */
  inspect(): void
  openMenu(place: GridPlace, anchor: DOMRect): void
  copy(): void
  /** The last rows came into sight. */
  wantMore(): void
}

export function ResultGrid(props: ResultGridProps): ReactNode {
  const { table, columns, choice, actions, gridRef } = props
  const rows = table.getRowModel().rows
  const visible = table.getVisibleLeafColumns()
  const { drawn, width, virtual: virtualColumns } = useDrawnColumns(gridRef, table, columns, numberPx)
  const virtualRows = useVirtualizer({
    count: rows.length,
    getScrollElement: () => gridRef.current,
    estimateSize: () => rowPx,
    overscan: 6,
    scrollMargin: headPx,
    scrollPaddingStart: headPx,
  })
  const lastRow = virtualRows.getVirtualItems().at(-1)?.index ?? 0
  useEffect(() => {
    if (lastRow >= rows.length - moreBeforeRows) actions.wantMore()
  }, [lastRow, rows.length, actions])

  const { place, anchorRow } = choice
  const sightWidth = virtualColumns.scrollRect?.width
  // biome-ignore lint/correctness/useExhaustiveDependencies: again when the grid becomes narrower
  useEffect(() => {
    if (place.row >= 0) virtualRows.scrollToIndex(place.row, { align: 'auto' })
    virtualColumns.scrollToIndex(place.column, { align: 'auto' })
  }, [place, sightWidth, virtualRows, virtualColumns])

  const activeId = visible[place.column]?.id
  const [from, to] = [Math.min(place.row, anchorRow), Math.max(place.row, anchorRow)]
  const size = { rows: rows.length, columns: visible.length, page: pageRows }
  return (
    <div
      ref={gridRef}
      role="grid"
      className="grid scroll"
      tabIndex={0}
      aria-label="Rows of the result"
      aria-rowcount={rows.length + 1}
      aria-colcount={visible.length + 1}
      aria-multiselectable="true"
      aria-activedescendant={activeId === undefined ? undefined : cellId(place.row, place.column)}
      onKeyDown={event => onKey(event, choice, size, activeId, actions)}
    >
      <GridHead
        table={table}
        drawn={drawn}
        width={width}
        activeColumn={place.row === -1 ? place.column : -1}
        actions={actions}
      />
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the grid above has the keys */}
      <div
        role="rowgroup"
        className="grid-body"
        style={{ height: virtualRows.getTotalSize(), width }}
        onClick={event => onPointer(event, choice, actions.choose)}
        onDoubleClick={actions.inspect}
        onContextMenu={event => onContext(event, choice, actions)}
      >
        {virtualRows.getVirtualItems().map(({ index, start }) => {
          const row = rows[index]
          return row === undefined ? null : (
            <GridRow
              key={row.id}
              item={row.original}
              index={index}
              number={row.index + 1}
              top={start - headPx}
              width={width}
              columns={drawn}
              isChosen={index >= from && index <= to}
              activeColumnId={index === place.row ? activeId : undefined}
            />
          )
        })}
      </div>
    </div>
  )
}

function onKey(
  event: KeyboardEvent<HTMLElement>,
  { place, anchorRow }: GridChoice,
  size: { rows: number; columns: number; page: number },
  activeId: string | undefined,
  actions: GridActions,
): void {
  if (event.target !== event.currentTarget || activeId === undefined) return
  const isCtrl = event.ctrlKey || event.metaKey
  const anchor = (): DOMRect =>
    document.getElementById(cellId(place.row, place.column))?.getBoundingClientRect() ?? new DOMRect()
  const isMenuKey = event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey) || event.key === 'p'
  const isHead = place.row === -1
  if (isHead && (event.key === 'Enter' || isMenuKey)) actions.openCard(activeId, anchor())
  else if (isHead && event.key === ' ') actions.toggleSort(activeId, event.shiftKey)
  else if (event.key === 's' && !isCtrl) actions.toggleSort(activeId, false)
  else if (event.key === 'Enter') actions.inspect()
  else if (isMenuKey) actions.openMenu(place, anchor())
  else if (event.key === 'c' && isCtrl && getSelection()?.isCollapsed !== false) actions.copy()
  else {
    const next = event.altKey ? undefined : placeAfter(place, { key: event.key, isCtrl }, size)
    if (next === undefined) return
    actions.choose({ place: next, anchorRow: event.shiftKey ? anchorRow : next.row })
  }
  event.preventDefault()
}

function placeOf(event: MouseEvent): GridPlace | undefined {
  const target = event.target as HTMLElement
  const row = target.closest<HTMLElement>('[data-row]')?.dataset['row']
  if (row === undefined) return undefined
  return { row: Number(row), column: Number(target.closest<HTMLElement>('[data-column]')?.dataset['column'] ?? 0) }
}

function onPointer(event: MouseEvent, choice: GridChoice, choose: (choice: GridChoice) => void): void {
  const place = placeOf(event)
  if (place !== undefined) choose({ place, anchorRow: event.shiftKey ? choice.anchorRow : place.row })
}

function onContext(event: MouseEvent, choice: GridChoice, actions: GridActions): void {
  const place = placeOf(event)
  if (place === undefined) return
  event.preventDefault()
  onPointer(event, choice, found => actions.choose(found))
  actions.openMenu(place, new DOMRect(event.clientX, event.clientY, 0, 0))
}
