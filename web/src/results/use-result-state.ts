import { type RefObject, useEffect, useMemo, useRef, useState } from 'react'
import type { ResultItem, ResultPageColumn } from '../../../src/client/results.ts'
import type { Pivot } from '../pivot/pivots.ts'
import { copyCells } from './copy-cells.ts'
import type { GridActions, GridChoice } from './result-grid.tsx'
import { type ResultTable, useResultTable } from './result-table.ts'
import type { ResultsActions } from './results-pane.tsx'

// What is chosen, opened and filtered in a result, and what a person can do with it.

/** The card of a column or the menu of a value, and what it stands beside. */
export interface Opened {
  readonly kind: 'card' | 'menu'
  readonly columnId: string
  readonly anchor: DOMRect
}

export interface ResultView {
  readonly table: ResultTable
  readonly choice: GridChoice
  readonly opened: Opened | undefined
  readonly isInspecting: boolean
  /** The active cell; undefined where no row is left. */
  readonly item: ResultItem | undefined
  readonly rowNumber: number
  readonly columnId: string
  readonly grid: GridActions
  filter(columnId: string, text: string): void
  /** Moves a column by `steps` among the visible ones. */
  moveBy(columnId: string, steps: number): void
  copyChosen(): void
  copyAll(form: 'tsv' | 'json'): void
  chooseColumn(name: string): void
  stepRow(steps: number): void
  pivot(to: Pivot): void
  setInspecting(isInspecting: boolean): void
  closeOpened(): void
}

/** Rows that are read ahead of the one in sight. */
const aheadRows = 4_000
const firstCell: GridChoice = { place: { row: 0, column: 0 }, anchorRow: 0 }

export function useResultState(
  columns: readonly ResultPageColumn[],
  items: readonly ResultItem[],
  actions: ResultsActions,
  gridRef: RefObject<HTMLDivElement | null>,
): ResultView {
  const table = useResultTable(columns, items)
  const [choice, setChoice] = useState(firstCell)
  const [opened, setOpened] = useState<Opened>()
  const [isInspecting, setIsInspecting] = useState(false)
  const rows = table.getRowModel().rows
  const visible = table.getVisibleLeafColumns()
  const row = rows[Math.min(Math.max(choice.place.row, 0), rows.length - 1)]
  const columnId = visible[Math.min(choice.place.column, visible.length - 1)]?.id ?? ''
  const names = visible.map(column => column.id)
  const focusGrid = (): void => gridRef.current?.focus({ preventScroll: true })

  function copyChosen(): void {
    const [from, to] = [choice.place.row, choice.anchorRow].sort((a, b) => a - b) as [number, number]
    if (from === to) return void copyCells.value(row?.original[columnId])
    const chosen = rows.slice(Math.max(0, from), to + 1).map(each => each.original)
    void copyCells.rows(names, chosen, 'tsv')
  }

  const grid = useGridActions({
    table,
    actions,
    copyChosen,
    rowsLoaded: items.length,
    setChoice,
    setOpened,
    setIsInspecting,
  })
  useFirstFocus(rows.length > 0, gridRef)
  return {
    ...{ table, choice, opened, isInspecting, columnId, grid, copyChosen },
    item: row?.original,
    rowNumber: (row?.index ?? 0) + 1,
    filter: (id, text) => {
      table.getColumn(id)?.setFilterValue(text === '' ? undefined : text)
      setChoice(({ place }) => ({ place: { ...place, row: Math.min(place.row, 0) }, anchorRow: 0 }))
    },
    moveBy: (id, steps) => {
      const target = names[names.indexOf(id) + steps]
      if (target !== undefined) moveColumn(table, id, target)
    },
    copyAll: form => {
      const all = rows.map(each => each.original)
      void copyCells.rows(names, all, form)
    },
    chooseColumn: name => {
      const column = names.indexOf(name)
      if (column >= 0) setChoice(({ place, anchorRow }) => ({ place: { ...place, column }, anchorRow }))
    },
    stepRow: steps =>
      setChoice(({ place }) => {
        const next = Math.max(0, Math.min(rows.length - 1, place.row + steps))
        return { place: { ...place, row: next }, anchorRow: next }
      }),
    pivot: to => {
      setOpened(undefined)
      actions.pivot(to)
    },
    setInspecting: next => {
      setIsInspecting(next)
      if (!next) focusGrid()
    },
    closeOpened: () => {
      setOpened(undefined)
      focusGrid()
    },
  }
}

interface GridActionParts {
  readonly table: ResultTable
  readonly actions: ResultsActions
  readonly copyChosen: () => void
  readonly rowsLoaded: number
  readonly setChoice: (choice: GridChoice) => void
  readonly setOpened: (opened: Opened) => void
  readonly setIsInspecting: (isInspecting: boolean) => void
}

/** The grid's rows are memoized: its actions keep their identity and look at the newest state when they are called. */
function useGridActions(parts: GridActionParts): GridActions {
  const latest = useRef(parts)
  latest.current = parts
  return useMemo<GridActions>(
    () => ({
      choose: choice => latest.current.setChoice(choice),
      inspect: () => latest.current.setIsInspecting(true),
      openMenu: (_place, anchor) => latest.current.setOpened({ kind: 'menu', columnId: '', anchor }),
      openCard: (columnId, anchor) => latest.current.setOpened({ kind: 'card', columnId, anchor }),
      copy: () => latest.current.copyChosen(),
      wantMore: () => latest.current.actions.readRows(latest.current.rowsLoaded + aheadRows),
      toggleSort: (id, isAdded) => latest.current.table.getColumn(id)?.toggleSorting(undefined, isAdded),
      resize: (id, width) => latest.current.table.setColumnSizing(sizes => ({ ...sizes, [id]: width })),
      move: (id, beforeId) => moveColumn(latest.current.table, id, beforeId),
    }),
    [],
  )
}

/** Puts the column where `beforeId` is; the others close up. */
function moveColumn(table: ResultTable, id: string, beforeId: string): void {
  const order = table.getAllLeafColumns().map(column => column.id)
  const without = order.filter(each => each !== id)
  const isRightwards = order.indexOf(id) < order.indexOf(beforeId)
  without.splice(without.indexOf(beforeId) + (isRightwards ? 1 : 0), 0, id)
  table.setColumnOrder(without)
}

/** The rows are where the eye goes next: the keyboard goes with it, unless it is busy elsewhere. */
function useFirstFocus(hasRows: boolean, gridRef: RefObject<HTMLDivElement | null>): void {
  useEffect(() => {
    if (hasRows && document.activeElement === document.body) gridRef.current?.focus({ preventScroll: true })
  }, [hasRows, gridRef])
}
