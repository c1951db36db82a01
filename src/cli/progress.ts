import type { Clock } from '../model/clock.ts'
import { countOf, cutToWidth, formatCount } from './display.ts'
import type { Output } from './effects.ts'

// What is going on, on standard error: one line that is drawn again and again on a terminal, a plain line now and then
// otherwise.

export interface Progress {
  /** Shows the text now where enough time has passed since the last one. */
  show(text: string): Promise<void>
  /** Removes the line from a terminal, so that something else can be printed. */
  clear(): Promise<void>
}

const terminalMs = 100
const plainMsDefault = 5_000

/**
 * Nothing is shown before the first interval has passed: quick work needs no progress. `plainMs`: how often a plain
 * line is written.
 */
export function openProgress(output: Output, clock: Clock, { plainMs = plainMsDefault } = {}): Progress {
  let lastShownAt = clock()
  let isDrawn = false
  return {
    async show(text) {
      const now = clock()
      if (now - lastShownAt < (output.isTerminal ? terminalMs : plainMs)) return
      lastShownAt = now
      if (!output.isTerminal) return output.write(`${text}\n`)
      isDrawn = true
      return output.write(`\r\u001b[K${cutToWidth(text, output.columns - 1)}`)
    },
    async clear() {
      if (isDrawn) await output.write('\r\u001b[K')
      isDrawn = false
    },
  }
}

const barCells = 20

export interface ImportState {
  readonly name: string
  /** From 0 to 1; undefined where the end is not known. */
  readonly part: number | undefined
  readonly lines: number
  readonly elapsedMs: number
}

/** `results.log  ████████░░░░░░░░░░░░  41%  120,000 lines  85,000 lines/s`. */
export function importLine({ name, part, lines, elapsedMs }: ImportState): string {
  const filled = Math.round(Math.min(1, part ?? 0) * barCells)
  const bar = '█'.repeat(filled) + '░'.repeat(barCells - filled)
  const measure = part === undefined ? [] : [bar, `${String(Math.floor(Math.min(1, part) * 100)).padStart(3)}%`]
  const rate = elapsedMs > 0 ? [`${formatCount((lines / elapsedMs) * 1000)} lines/s`] : []
  return [name, ...measure, countOf(lines, 'line'), ...rate].join('  ')
}
