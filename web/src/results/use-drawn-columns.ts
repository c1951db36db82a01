import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual'
import { type RefObject, useEffect, useMemo } from 'react'
import type { ResultPageColumn } from '../../../src/client/results.ts'
import { isNumberType } from './cell-text.ts'
import type { DrawnColumn } from './grid-row.tsx'
import type { ResultTable } from './result-table.ts'

export interface DrawnColumns {
  /** Those in sight; the same reference until they change. */
  readonly drawn: readonly DrawnColumn[]
  /** Of all visible columns together, with the row numbers. */
  readonly width: number
  readonly virtual: Virtualizer<HTMLDivElement, Element>
}

/** Which of the visible columns are drawn, and where. `startPx`: what stands before the first one. */
export function useDrawnColumns(
  scroll: RefObject<HTMLDivElement | null>,
  table: ResultTable,
  columns: readonly ResultPageColumn[],
  startPx: number,
): DrawnColumns {
  // Both keep their identity while rows scroll by: nothing is worked out again for each frame.
  const visible = table.getVisibleLeafColumns()
  const sizing = table.state.columnSizing
  const virtual = useVirtualizer<HTMLDivElement, Element>({
    count: visible.length,
    getScrollElement: () => scroll.current,
    estimateSize: index => visible[index]?.getSize() ?? 100,
    horizontal: true,
    overscan: 2,
    paddingStart: startPx,
    scrollPaddingStart: startPx,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: measured again when a width or the order changes
  useEffect(() => virtual.measure(), [visible, sizing, virtual])

  const items = virtual.getVirtualItems()
  const inSight = `${items[0]?.index}-${items.at(-1)?.index}`
  // biome-ignore lint/correctness/useExhaustiveDependencies: `inSight` and `sizing` say when these change
  const drawn = useMemo(() => {
    const types = new Map(columns.map(({ name, type }) => [name, type]))
    return items.flatMap(({ index, start, size }): DrawnColumn[] => {
      const column = visible[index]
      if (column === undefined) return []
      const type = types.get(column.id) ?? ''
      return [{ id: column.id, index, left: start, width: size, type, isNumber: isNumberType(type) }]
    })
  }, [inSight, visible, sizing, columns])
  return { drawn, width: virtual.getTotalSize(), virtual }
}
