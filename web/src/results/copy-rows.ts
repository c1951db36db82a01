import { cellText } from './cell-text.ts'

// Rows as text for another program. Columns are those on screen, in their order.

type Row = Readonly<Record<string, unknown>>

/** A header line, then a line a row; tabs and line breaks inside values become spaces, as spreadsheets want it. */
export function toTsv(columns: readonly string[], rows: readonly Row[]): string {
  const cell = (value: unknown): string => cellText(value).replaceAll(/[\t\r\n]+/g, ' ')
  const lines = rows.map(row => columns.map(name => cell(row[name])).join('\t'))
  return [columns.join('\t'), ...lines].join('\n')
}

/** An array of objects; whole numbers keep all their digits. */
export function toJson(columns: readonly string[], rows: readonly Row[]): string {
  const objects = rows.map(row => Object.fromEntries(columns.map(name => [name, row[name] ?? null])))
  return JSON.stringify(objects, null, 2)
}
