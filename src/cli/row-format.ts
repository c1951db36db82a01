import { isExactNumber } from '../client/exact-json.ts'
import type { ResultItem, ResultPage, ResultPageColumn } from '../client/results.ts'
import type { Output } from './effects.ts'
import { renderRows } from './table.ts'

// Result pages as text on standard output. All but the table write each page as it comes.

export const rowFormats = ['table', 'json', 'ndjson', 'csv'] as const
export type RowFormat = (typeof rowFormats)[number]

/** Rows the table shows when nobody says how many. */
export const tableRowsDefault = 100

export interface Written {
  readonly rows: number
  /** Rows of the whole result, where known. */
  readonly total: number | undefined
}

/** Writes at most `limit` rows; reads no page beyond them. */
export async function writePages(
  output: Output,
  format: RowFormat,
  pages: AsyncIterable<ResultPage>,
  limit: number,
): Promise<Written> {
  const writer = openWriter(output, format)
  let rows = 0
  let total: number | undefined
  let columns: readonly ResultPageColumn[] = []
  for await (const page of pages) {
    const items = page.items.slice(0, limit - rows)
    columns = page.columns
    total = page.rowCount
    await writer.page(columns, items, rows)
    rows += items.length
    if (rows >= limit) break
  }
  await writer.end(columns)
  return { rows, total }
}

interface PageWriter {
  page(columns: readonly ResultPageColumn[], items: readonly ResultItem[], rowsBefore: number): Promise<void>
  end(columns: readonly ResultPageColumn[]): Promise<void>
}

function openWriter(output: Output, format: RowFormat): PageWriter {
  if (format === 'table') return tableWriter(output)
  if (format === 'csv') return csvWriter(output)
  return format === 'json' ? jsonWriter(output) : ndjsonWriter(output)
}

/** Holds its rows: the widths depend on all of them. */
function tableWriter(output: Output): PageWriter {
  const held: ResultItem[] = []
  return {
    async page(_columns, items) {
      held.push(...items)
    },
    async end(columns) {
      if (columns.length > 0) await output.write(renderRows(columns, held, output.columns))
    },
  }
}

function ndjsonWriter(output: Output): PageWriter {
  return {
    page: (_columns, items) => output.write(items.map(item => `${JSON.stringify(item)}\n`).join('')),
    end: async () => {},
  }
}

function jsonWriter(output: Output): PageWriter {
  let isOpen = false
  return {
    page: (_columns, items) => {
      const texts = items.map((item, index) => `${isOpen || index > 0 ? ',\n' : '[\n'}  ${JSON.stringify(item)}`)
      isOpen ||= items.length > 0
      return output.write(texts.join(''))
    },
    end: () => output.write(isOpen ? '\n]\n' : '[]\n'),
  }
}

/** RFC 4180 with LF; nothing between commas is null, an empty text is `""`. */
function csvWriter(output: Output): PageWriter {
  return {
    page: (columns, items, rowsBefore) => {
      const names = columns.map(column => column.name)
      const lines = items.map(item => names.map(name => csvValue(item[name])).join(','))
      if (rowsBefore === 0) lines.unshift(names.map(csvField).join(','))
      return output.write(lines.map(line => `${line}\n`).join(''))
    },
    end: async () => {},
  }
}

function csvValue(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (isExactNumber(value)) return value.rawJSON
  return csvField(typeof value === 'object' ? JSON.stringify(value) : String(value))
}

function csvField(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
