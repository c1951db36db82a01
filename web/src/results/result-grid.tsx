import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type MouseEvent, type ReactNode, type RefObject, useEffect, useMemo } from 'react'
import type { ResultPageColumn } from '../../../src/client/results.ts'
import { isNumberType } from './cell-text.ts'
import { GridHeaderCell, type HeaderActions } from './grid-header.tsx'
import { type GridPlace, placeAfter } from './grid-keys.ts'
import { cellId, type DrawnColumn, GridRow } from './grid-row.tsx'
import type { ResultTable } from './result-table.ts'
import './grid.css'

// The rows, drawn only where they are in sight, both ways. One stop for the Tab key: inside, the arrows move an active
// cell that assistive technology follows by aria-activedescendant.

const rowPx = 26
const headPx = 42
const numberPx = 56

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
  const types = useMemo(() => new Map(columns.map(({ name, type }) => [name, type])), [columns])
  const virtualRows = useVirtualizer({
    count: rows.length,
    getScrollElement: () => gridRef.current,
    estimateSize: () => rowPx,
    overscan: 6,
    scrollMargin: headPx,
    scrollPaddingStart: headPx,
  })
  const virtualColumns = useVirtualizer({
    count: visible.length,
    getScrollElement: () => gridRef.current,
    estimateSize: index => visible[index]?.getSize() ?? 100,
    horizontal: true,
    overscan: 2,
    paddingStart: numberPx,
    scrollPaddingStart: numberPx,
  })
  const sizes = visible.map(column => column.getSize()).join(' ')
  // biome-ignore lint/correctness/useExhaustiveDependencies: measured again when a width changes
  useEffect(() => virtualColumns.measure(), [sizes, virtualColumns])

  const items = virtualColumns.getVirtualItems()
  const inSight = `${items[0]?.index}-${items.at(-1)?.index} ${sizes} ${visible.map(column => column.id).join(' ')}`
  const drawn = useMemo(
    () =>
      items.flatMap(({ index, start, size }): DrawnColumn[] => {
        const column = visible[index]
        if (column === undefined) return []
        return [{ id: column.id, index, left: start, width: size, isNumber: isNumberType(types.get(column.id) ?? '') }]
      }),
    // biome-ignore lint/correctness/useExhaustiveDependencies: `inSight` says when these change
    [inSight, types],
  )
  const width = virtualColumns.getTotalSize()
  const lastRow = virtualRows.getVirtualItems().at(-1)?.index ?? 0
  useEffect(() => {
    if (lastRow >= rows.length - 60) actions.wantMore()
  }, [lastRow, rows.length, actions])

  const { place, anchorRow } = choice
  useEffect(() => {
    if (place.row >= 0) virtualRows.scrollToIndex(place.row, { align: 'auto' })
    virtualColumns.scrollToIndex(place.column, { align: 'auto' })
  }, [place, virtualRows, virtualColumns])

  const activeId = visible[place.column]?.id
  const [from, to] = [Math.min(place.row, anchorRow), Math.max(place.row, anchorRow)]
  const size = { rows: rows.length, columns: visible.length, page: 20 }
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
      <div role="rowgroup" className="grid-head" style={{ width }}>
        <div role="row" aria-rowindex={1}>
          <div role="columnheader" aria-colindex={1} className="grid-number">
            <span className="visually-hidden">Row</span>
          </div>
          {drawn.map(column => (
            <GridHeaderCell
              key={column.id}
              column={column}
              type={types.get(column.id) ?? ''}
              sort={table.getColumn(column.id)?.getIsSorted() || undefined}
              isFiltered={table.getColumn(column.id)?.getIsFiltered() ?? false}
              isActive={place.row === -1 && place.column === column.index}
              actions={actions}
            />
          ))}
        </div>
      </div>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the grid above has the keys */}
      <div
        role="rowgroup"
        className="grid-body"
        style={{ height: virtualRows.getTotalSize(), width }}
        onClick={event => onPointer(event, choice, found => actions.choose(found))}
        onDoubleClick={() => actions.inspect()}
        onContextMenu={event => onContext(event, choice, actions)}
      >
        {virtualRows.getVirtualItems().map(({ index, start }) => {
          const row = rows[index]
          if (row === undefined) return null
          return (
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
