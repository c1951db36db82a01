import { isExactNumber } from '../client/exact-json.ts'
import type { ResultItem, ResultPageColumn } from '../client/results.ts'
import { cutToWidth, displayWidth, harmlessText, padToWidth } from './display.ts'

// Rows for a person: a table where it fits the terminal, else one block a row with a line a column.

const cellWidthMax = 60
const numberTypes = new Set(['int', 'long', 'double'])

/** The rows as text, each line ended. `width` is the terminal's. */
export function renderRows(columns: readonly ResultPageColumn[], items: readonly ResultItem[], width: number): string {
  const cells = items.map(item => columns.map(column => cutToWidth(cellText(item[column.name]), cellWidthMax)))
  const widths = columns.map((column, index) => columnWidth(column.name, cells, index))
  const total = widths.reduce((sum, each) => sum + each + 2, -2)
  return total <= width ? renderTable(columns, cells, widths) : renderBlocks(columns, items, width)
}

/** A value in one line, harmless to the terminal. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'string') return harmlessText(value)
  if (isExactNumber(value)) return value.rawJSON
  return harmlessText(typeof value === 'object' ? JSON.stringify(value) : String(value))
}

function columnWidth(name: string, cells: readonly (readonly string[])[], index: number): number {
  return cells.reduce((most, row) => Math.max(most, displayWidth(row[index] ?? '')), displayWidth(harmlessText(name)))
}

function renderTable(
  columns: readonly ResultPageColumn[],
  cells: readonly (readonly string[])[],
  widths: readonly number[],
): string {
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) =>
        padToWidth(cell, widths[index] ?? 0, numberTypes.has(columns[index]?.type ?? '') ? 'left' : 'right'),
      )
      .join('  ')
      .trimEnd()
  const names = columns.map(column => harmlessText(column.name))
  const rules = widths.map(each => '─'.repeat(each))
  return [names, rules, ...cells].map(row => `${line(row)}\n`).join('')
}

function renderBlocks(columns: readonly ResultPageColumn[], items: readonly ResultItem[], width: number): string {
  const names = columns.map(column => harmlessText(column.name))
  const nameWidth = Math.max(...names.map(displayWidth))
  const valueWidth = Math.max(20, width - nameWidth - 2)
  return items
    .map((item, index) => {
      const lines = columns.map((column, at) => {
        const name = padToWidth(names[at] ?? '', nameWidth, 'right')
        return `${name}  ${cutToWidth(cellText(item[column.name]), valueWidth)}\n`
      })
      const title = `── row ${index + 1} `
      return `${title.padEnd(Math.max(title.length + 3, Math.min(width, 80)), '─')}\n${lines.join('')}`
    })
    .join('')
}
