import { lazy, type ReactNode, type RefObject, Suspense, useDeferredValue, useMemo, useState } from 'react'
import type { Run } from '../../../src/api/query-runs.ts'
import type { ResultItem, ResultPageColumn } from '../../../src/client/results.ts'
import { Inspector } from '../inspector/inspector.tsx'
import { PopoverBox } from '../parts/popover.tsx'
import type { ResultState } from '../run/run-store.ts'
import { CellMenu } from './cell-menu.tsx'
import { ColumnCard } from './column-card.tsx'
import { copyCells } from './copy-cells.ts'
import { ResultGrid } from './result-grid.tsx'
import { widthFor } from './result-table.ts'
import { ResultToolbar } from './result-toolbar.tsx'
import type { ResultsActions } from './results-pane.tsx'
import { differentFrom, equalTo } from './row-filter.ts'
import { timeColumn } from './time-buckets.ts'
import { type ResultView as ResultViewState, useResultState } from './use-result-state.ts'

const Histogram = lazy(() => import('./histogram.tsx').then(module => ({ default: module.Histogram })))

const noColumns: readonly ResultPageColumn[] = []
const noItems: readonly ResultItem[] = []

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
  const view = useResultState(columns, items, actions, gridRef)
  const time = useMemo(() => timeColumn(columns), [columns])
  const [showsTimeline, setShowsTimeline] = useState(true)
  if (result === undefined || result.rowCount === 0) return null
  return (
    <>
      <ResultToolbar
        run={run}
        result={result}
        table={view.table}
        hasTimeline={time !== undefined}
        showsTimeline={showsTimeline}
        onTimeline={() => setShowsTimeline(!showsTimeline)}
        onReadAll={() => actions.readRows(Number.POSITIVE_INFINITY)}
        onCopy={view.copyAll}
      />
      {time === undefined || !showsTimeline ? null : <Timeline view={view} column={time} />}
      <div className="result-body">
        <ResultGrid table={view.table} columns={columns} choice={view.choice} actions={view.grid} gridRef={gridRef} />
        {view.isInspecting ? <OpenRow view={view} columns={columns} /> : null}
      </div>
      <OpenedBox view={view} columns={columns} items={items} />
    </>
  )
}

function Timeline({ view, column }: { readonly view: ResultViewState; readonly column: string }): ReactNode {
  const rows = view.table.getFilteredRowModel().rows
  const items = useMemo(() => rows.map(row => row.original), [rows])
  return (
    <div className="timeline">
      <Suspense fallback={null}>
        <Histogram
          items={items}
          column={column}
          onRange={(from, to) => view.filter(column, rangeFilter(from, to, items[0]?.[column]))}
        />
      </Suspense>
    </div>
  )
}

/** Instants compare as texts, epoch seconds as numbers. */
function rangeFilter(fromMs: number, toMs: number, sample: unknown): string {
  if (typeof sample === 'number') return `${Math.floor(fromMs / 1000)}..${Math.ceil(toMs / 1000)}`
  return `${new Date(fromMs).toISOString()}..${new Date(toMs).toISOString()}`
}

function OpenRow(props: { readonly view: ResultViewState; readonly columns: readonly ResultPageColumn[] }): ReactNode {
  const { view, columns } = props
  const { item, columnId } = view
  if (item === undefined) return null
  return (
    <Inspector
      item={item}
      rowNumber={view.rowNumber}
      columns={columns}
      column={columns.find(({ name }) => name === columnId) ?? { name: columnId, type: '' }}
      actions={{
        copyValue: value => void copyCells.value(value),
        copyRow: () => void copyCells.row(item),
        keep: (id, value) => view.filter(id, equalTo(value)),
        leaveOut: (id, value) => view.filter(id, differentFrom(value)),
        pivot: view.pivot,
        chooseColumn: view.chooseColumn,
        step: view.stepRow,
        close: () => view.setInspecting(false),
      }}
    />
  )
}

function OpenedBox(props: {
  readonly view: ResultViewState
  readonly columns: readonly ResultPageColumn[]
  readonly items: readonly ResultItem[]
}): ReactNode {
  const { view, columns, items } = props
  const { opened, columnId, table, closeOpened } = view
  if (opened === undefined) return null
  if (opened.kind === 'card') {
    return (
      <PopoverBox anchor={opened.anchor} label={`Column ${opened.columnId}`} kind="dialog" onClose={closeOpened}>
        <ColumnCard
          table={table}
          columnId={opened.columnId}
          type={columns.find(({ name }) => name === opened.columnId)?.type ?? ''}
          onFilter={view.filter}
          onMove={view.moveBy}
          onFit={id => table.setColumnSizing(sizes => ({ ...sizes, [id]: widthFor(id, items) }))}
          onClose={closeOpened}
        />
      </PopoverBox>
    )
  }
  const source = { column: columnId, value: view.item?.[columnId] }
  const then = (work: () => void) => () => {
    closeOpened()
    work()
  }
  return (
    <PopoverBox anchor={opened.anchor} label={`Value of ${columnId}`} onClose={closeOpened}>
      <CellMenu
        source={source}
        onCopy={then(view.copyChosen)}
        onKeep={then(() => view.filter(columnId, equalTo(source.value)))}
        onLeaveOut={then(() => view.filter(columnId, differentFrom(source.value)))}
        onInspect={then(() => view.setInspecting(true))}
        onPivot={view.pivot}
      />
    </PopoverBox>
  )
}
