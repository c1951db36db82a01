import type { ResultItem } from '../../../src/client/results.ts'
import { say } from '../parts/notice.ts'
import { counted } from '../parts/words.ts'
import { cellText } from './cell-text.ts'
import { toJson, toTsv } from './copy-rows.ts'

async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    say(`Copied ${what}`)
  } catch {
    // Refused by the browser, or the page is not served over https or from this machine.
    say('The browser did not allow copying')
  }
}

export const copyCells = {
  value: (value: unknown): Promise<void> => copy(cellText(value), 'the value'),
  row: (item: ResultItem): Promise<void> => copy(JSON.stringify(item, null, 2), 'the row as JSON'),
  rows: (names: readonly string[], items: readonly ResultItem[], form: 'tsv' | 'json'): Promise<void> => {
    const text = form === 'tsv' ? toTsv(names, items) : toJson(names, items)
    return copy(text, `${counted(items.length, 'row')} as ${form.toUpperCase()}`)
  },
}
