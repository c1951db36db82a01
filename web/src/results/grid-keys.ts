// Where the arrows lead in a grid. Row −1 is the header.

export interface GridPlace {
  readonly row: number
  /** Among the visible columns. */
  readonly column: number
}

export interface GridSize {
  readonly rows: number
  readonly columns: number
  /** Rows a page key moves by. */
  readonly page: number
}

export interface KeyPress {
  readonly key: string
  readonly isCtrl: boolean
}

/** Undefined for keys that do not move. Never leaves the grid. */
export function placeAfter(place: GridPlace, press: KeyPress, size: GridSize): GridPlace | undefined {
  const moved = movedPlace(place, press, size)
  if (moved === undefined) return undefined
  const clamp = (value: number, least: number, count: number): number => Math.max(least, Math.min(value, count - 1))
  return { row: clamp(moved.row, -1, size.rows), column: clamp(moved.column, 0, size.columns) }
}

function movedPlace({ row, column }: GridPlace, { key, isCtrl }: KeyPress, size: GridSize): GridPlace | undefined {
  switch (key) {
    case 'ArrowUp':
      return { row: isCtrl ? 0 : row - 1, column }
    case 'ArrowDown':
      return { row: isCtrl ? size.rows - 1 : row + 1, column }
    case 'ArrowLeft':
      return { row, column: isCtrl ? 0 : column - 1 }
    case 'ArrowRight':
      return { row, column: isCtrl ? size.columns - 1 : column + 1 }
    case 'Home':
      return { row: isCtrl ? 0 : row, column: 0 }
    case 'End':
      return { row: isCtrl ? size.rows - 1 : row, column: size.columns - 1 }
    case 'PageUp':
      return { row: Math.max(0, row - size.page), column }
    case 'PageDown':
      return { row: row + size.page, column }
    default:
      return undefined
  }
}
