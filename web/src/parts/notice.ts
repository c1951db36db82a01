import { openStore } from '../state/store.ts'

/** What just happened ("Copied 12 rows"), said once in the status bar and to screen readers. */
export const noticeStore = openStore<{ readonly text: string; readonly number: number }>({ text: '', number: 0 })

export function say(text: string): void {
  noticeStore.set(({ number }) => ({ text, number: number + 1 }))
}
