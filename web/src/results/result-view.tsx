import {
  lazy,
  type ReactNode,
  type RefObject,
  Suspense,
  useDeferredValue,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import type { Run } from '../../../src/api/query-runs.ts'
import type { ResultItem, ResultPageColumn } from '../../../src/client/results.ts'
import { Inspector } from '../inspector/inspector.tsx'
import { PopoverBox } from '../parts/popover.tsx'
import type { Pivot } from '../pivot/pivots.ts'
import type { ResultState } from '../run/run-store.ts'
import { CellMenu } from './cell-menu.tsx'
import { ColumnCard } from './column-card.tsx'
import { copyCells } from './copy-cells.ts'
import type { GridPlace } from './grid-keys.ts'
import { type GridActions, type GridChoice, ResultGrid } from './result-grid.tsx'
import { useResultTable, widthFor } from './result-table.ts'
import { ResultToolbar } from './result-toolbar.tsx'
import type { ResultsActions } from './results-pane.tsx'
import { differentFrom, equalTo } from './row-filter.ts'
import { timeColumn } from './time-buckets.ts'

const Histogram = lazy(() => import('./histogram.tsx').then(module => ({ default: module.Histogram })))

const noColumns: readonly ResultPageColumn[] = []
const noItems: readonly ResultItem[] = []
/** Rows that are read ahead of the one in sight. */
const aheadRows = 4_000

interface Opened {
  readonly kind: 'card' | 'menu'
  readonly columnId: string
  readonly anchor: DOMRect
}

/** A finished run's rows: toolbar, timeline, grid and the row that is looked at. */
export function ResultView(props: {
  readonly run: Run
  readonly result: ResultState | undefined
  readonly actions: ResultsActions
  readonly gridRef: RefObject<HTMLDivElement | null>
}): ReactNode {
  const { run, result, actions, gridRef } = props
  const columns = result?.columns ?? noColumns
  const items = useDeferredValue(result?.items ?? noItems)
  const table = useResultTable(columns, items)
  const [choice, setChoice] = useState<GridChoice>({ place: { row: 0, column: 0 }, anchorRow: 0 })
  const [opened, setOpened] = useState<Opened>()
  const [isInspecting, setIsInspecting] = useState(false)
  const time = useMemo(() => timeColumn(columns), [columns])
  const [showsTimeline, setShowsTimeline] = useState(true)

  const rows = table.getRowModel().rows
  const visible = table.getVisibleLeafColumns()
  const row = rows[Math.min(Math.max(choice.place.row, 0), rows.length - 1)]
  const columnId = visible[Math.min(choice.place.column, visible.length - 1)]?.id ?? ''
  const filteredRows = table.getFilteredRowModel().rows
  const timelineItems = useMemo(() => filteredRows.map(each => each.original), [filteredRows])

  const filter = (id: string, text: string): void => {
    table.getColumn(id)?.setFilterValue(text === '' ? undefined : text)
    setChoice(({ place }) => ({ place: { ...place, row: Math.min(place.row, 0) }, anchorRow: 0 }))
  }
  const focusGrid = (): void => gridRef.current?.focus({ preventScroll: true })
  const closeOpened = (): void => {
    setOpened(undefined)
    focusGrid()
  }
  const pivot = (to: Pivot): void => {
    setOpened(undefined)
    actions.pivot(to)
  }
  const chosenItems = (): readonly ResultItem[] => {
    const [from, to] = [choice.place.row, choice.anchorRow].sort((a, b) => a - b) as [number, number]
    return rows.slice(Math.max(0, from), to + 1).map(each => each.original)
  }
  const names = (): readonly string[] => visible.map(column => column.id)
  const copyChosen = (): void => {
    if (choice.place.row !== choice.anchorRow) void copyCells.rows(names(), chosenItems(), 'tsv')
    else void copyCells.value(row?.original[columnId])
  }

  // The grid's rows are memoized: its actions keep their identity and look at the newest state through this.
  const latest = { filter, copyChosen, move, rowsLoaded: items.length }
  const current = useRef(latest)
  current.current = latest

  function move(id: string, beforeId: string): void {
    const order = table.getAllLeafColumns().map(column => column.id)
    const without = order.filter(each => each !== id)
    const [from, to] = [order.indexOf(id), order.indexOf(beforeId)]
    without.splice(without.indexOf(beforeId) + (from < to ? 1 : 0), 0, id)
    table.setColumnOrder(without)
  }
  function moveBy(id: string, steps: number): void {
    const ids = names()
    const target = ids[ids.indexOf(id) + steps]
    if (target !== undefined) move(id, target)
  }

  const gridActions = useMemo<GridActions>(
    () => ({
      choose: setChoice,
      inspect: () => setIsInspecting(true),
      openMenu: (_place: GridPlace, anchor) => setOpened({ kind: 'menu', columnId: '', anchor }),
      openCard: (id, anchor) => setOpened({ kind: 'card', columnId: id, anchor }),
      copy: () => current.current.copyChosen(),
      wantMore: () => actions.readRows(current.current.rowsLoaded + aheadRows),
      toggleSort: (id, isAdded) => table.getColumn(id)?.toggleSorting(undefined, isAdded),
      resize: (id, width) => table.setColumnSizing(sizes => ({ ...sizes, [id]: width })),
      move: (id, beforeId) => current.current.move(id, beforeId),
    }),
    [table, actions],
  )

  // The first rows are where the eye goes next: the keyboard goes with it, unless it is busy elsewhere.
  const hasRows = rows.length > 0
  useEffect(() => {
    if (hasRows && document.activeElement === document.body) focusGrid()
  }, [hasRows])

  if (result === undefined || result.rowCount === 0) return null
  const cell = { column: columnId, value: row?.original[columnId] }
  return (
    <>
      <ResultToolbar
        run={run}
        result={result}
        table={table}
        hasTimeline={time !== undefined}
        showsTimeline={showsTimeline}
        onTimeline={() => setShowsTimeline(!showsTimeline)}
        onReadAll={() => actions.readRows(Number.POSITIVE_INFINITY)}
        onCopy={form =>
          void copyCells.rows(
            names(),
            rows.map(each => each.original),
            form,
          )
        }
      />
      {time === undefined || !showsTimeline ? null : (
        <div className="timeline">
          <Suspense fallback={null}>
            <Histogram
              items={timelineItems}
              column={time}
              onRange={(from, to) => filter(time, rangeFilter(from, to, items[0]?.[time]))}
            />
          </Suspense>
        </div>
      )}
      <div className="result-body">
        <ResultGrid table={table} columns={columns} choice={choice} actions={gridActions} gridRef={gridRef} />
        {isInspecting && row !== undefined ? (
          <Inspector
            item={row.original}
            rowNumber={row.index + 1}
            columns={columns}
            column={columns.find(({ name }) => name === columnId) ?? { name: columnId, type: '' }}
            actions={{
              copyValue: (_column, value) => void copyCells.value(value),
              copyRow: () => void copyCells.row(row.original),
              keep: (id, value) => filter(id, equalTo(value)),
              leaveOut: (id, value) => filter(id, differentFrom(value)),
              pivot,
              chooseColumn: name => {
                const column = visible.findIndex(each => each.id === name)
                if (column >= 0) setChoice(({ place, anchorRow }) => ({ place: { ...place, column }, anchorRow }))
              },
              step: steps =>
                setChoice(({ place }) => {
                  const next = Math.max(0, Math.min(rows.length - 1, place.row + steps))
                  return { place: { ...place, row: next }, anchorRow: next }
                }),
              close: () => {
                setIsInspecting(false)
                focusGrid()
              },
            }}
          />
        ) : null}
      </div>
      {opened?.kind === 'card' ? (
        <PopoverBox anchor={opened.anchor} label={`Column ${opened.columnId}`} kind="dialog" onClose={closeOpened}>
          <ColumnCard
            table={table}
            columnId={opened.columnId}
            type={columns.find(({ name }) => name === opened.columnId)?.type ?? ''}
            onFilter={filter}
            onMove={moveBy}
            onFit={id => table.setColumnSizing(sizes => ({ ...sizes, [id]: widthFor(id, items) }))}
            onClose={closeOpened}
          />
        </PopoverBox>
      ) : null}
      {opened?.kind === 'menu' ? (
        <PopoverBox anchor={opened.anchor} label={`Value of ${columnId}`} onClose={closeOpened}>
          <CellMenu
            source={cell}
            onCopy={() => {
              closeOpened()
              copyChosen()
            }}
            onKeep={() => {
              closeOpened()
              filter(columnId, equalTo(cell.value))
            }}
            onLeaveOut={() => {
              closeOpened()
              filter(columnId, differentFrom(cell.value))
            }}
            onInspect={() => {
              closeOpened()
              setIsInspecting(true)
            }}
            onPivot={pivot}
          />
        </PopoverBox>
      ) : null}
    </>
  )
}

/** Instants compare as texts, epoch seconds as numbers. */
function rangeFilter(fromMs: number, toMs: number, sample: unknown): string {
  if (typeof sample === 'number') return `${Math.floor(fromMs / 1000)}..${Math.ceil(toMs / 1000)}`
  return `${new Date(fromMs).toISOString()}..${new Date(toMs).toISOString()}`
}
