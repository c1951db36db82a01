import {
  type Column,
  columnFilteringFeature,
  columnOrderingFeature,
  columnResizingFeature,
  columnSizingFeature,
  columnVisibilityFeature,
  createColumnHelper,
  createFilteredRowModel,
  createSortedRowModel,
  globalFilteringFeature,
  type ReactTable,
  type Row,
  rowSortingFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { useMemo, useState } from 'react'
import type { ResultItem, ResultPageColumn } from '../../../src/client/results.ts'
import { cellLine, cellText, compareValues } from './cell-text.ts'
import { parseFilter } from './row-filter.ts'

// The rows that are loaded as a table: which columns, in which order and width, which rows, sorted how. Everything
// here is about the rows on this side of the wire; the statement's own ORDER BY is the order of the rows as they come.

const features = tableFeatures({
  columnFilteringFeature,
  columnOrderingFeature,
  columnResizingFeature,
  columnSizingFeature,
  columnVisibilityFeature,
  filteredRowModel: createFilteredRowModel(),
  globalFilteringFeature,
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
})

export type ResultTable = ReactTable<typeof features, ResultItem>
export type ResultColumn = Column<typeof features, ResultItem>
export type ResultRow = Row<typeof features, ResultItem>

const helper = createColumnHelper<typeof features, ResultItem>()
const widthMin = 48

export function useResultTable(columns: readonly ResultPageColumn[], items: readonly ResultItem[]): ResultTable {
  // Widths are taken from the first page: they must not jump while more rows arrive.
  const [sample, setSample] = useState(items)
  if (sample.length === 0 && items.length > 0) setSample(items)
  const columnDefs = useMemo(
    () =>
      helper.columns(
        columns.map(({ name }) =>
          // Null is "undefined" to the table, which keeps it last whichever way it sorts.
          helper.accessor(item => item[name] ?? undefined, {
            id: name,
            size: widthFor(name, sample),
            minSize: widthMin,
            sortUndefined: 'last',
            sortDescFirst: false,
            sortFn: (a, b, id) => compareValues(a.original[id], b.original[id]),
            filterFn: filterColumn,
          }),
        ),
      ),
    [columns, sample],
  )
  return useTable({
    features,
    columns: columnDefs,
    data: items as ResultItem[],
    columnResizeMode: 'onChange',
    globalFilterFn: filterRow,
    getColumnCanGlobalFilter: () => true,
    autoResetAll: false,
  })
}

/** A filter is parsed once for the many rows it meets. */
const tests = new Map<string, ReturnType<typeof parseFilter>>()
const testsMax = 50

function testOf(text: string): ReturnType<typeof parseFilter> {
  if (!tests.has(text)) {
    if (tests.size >= testsMax) tests.clear()
    tests.set(text, parseFilter(text))
  }
  return tests.get(text)
}

function filterColumn(row: ResultRow, id: string, text: unknown): boolean {
  const test = testOf(String(text))
  return test === undefined || test(row.original[id])
}

/** Called for each column in turn until one says yes. */
function filterRow(row: ResultRow, id: string, text: unknown): boolean {
  return cellText(row.original[id]).toLowerCase().includes(String(text).toLowerCase())
}

const charPx = 7.3
const cellPaddingPx = 22
const headPaddingPx = 52
/** A SHA-256 in full. */
const widthMax = 494
const sampledRows = 100

/** Wide enough for most of the first rows and for its name. */
export function widthFor(name: string, items: readonly ResultItem[]): number {
  const lengths = items.slice(0, sampledRows).map(item => cellLine(item[name]).length)
  lengths.sort((a, b) => a - b)
  const usual = lengths[Math.floor(lengths.length * 0.95)] ?? 0
  const wanted = Math.max(name.length * charPx + headPaddingPx, usual * charPx + cellPaddingPx)
  return Math.round(Math.min(widthMax, Math.max(widthMin, wanted)))
}
