import { cpus, loadavg, totalmem } from 'node:os'

/** One line of a figure's table. */
export interface Figure {
  readonly name: string
  readonly value: string
  /** What it is held against, measured in the same run; empty where there is nothing. */
  readonly beside: string
  readonly note: string
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value below which `share` of the values lie; of an even number, the lower middle. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]!
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

export function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`
}

/** Processor, cores, memory, system and Node: what figures of two runs must share to be compared. */
export function machine(): string {
  const processors = cpus()
  const gibibytes = Math.round(totalmem() / 2 ** 30)
  const model = processors[0]?.model.trim() ?? 'unknown processor'
  return `${processors.length} × ${model}, ${gibibytes} GiB, ${process.platform} ${process.arch}, Node ${process.version}`
}

/** What else ran: figures taken beside other work are worth little. */
export function otherWork(): string {
  return `load average before the start: ${loadavg()[0]!.toFixed(1)}`
}

/** A Markdown table, so that a run's output can stand in docs/benchmarks.md as it is. */
export function table(figures: readonly Figure[]): string {
  const rows = [
    ['figure', 'measured', 'beside', 'note'],
    ...figures.map(({ name, value, beside, note }) => [name, value, beside, note]),
  ]
  const widths = [0, 1, 2, 3].map(column => Math.max(...rows.map(row => row[column]!.length)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  const rule = `|${widths.map(width => '-'.repeat(width + 2)).join('|')}|`
  return [line(rows[0]!), rule, ...rows.slice(1).map(line)].join('\n')
}
