import type { WireWindow } from './run-request.ts'

// The window of event time a run looks at, as a person chooses it. Times are UTC.

export type WindowChoice =
  | { readonly kind: 'last'; readonly duration: string }
  | { readonly kind: 'between'; readonly from: string; readonly to: string }
  | { readonly kind: 'all' }

export const presets: readonly { readonly duration: string; readonly title: string }[] = [
  { duration: 'PT15M', title: 'Last 15 minutes' },
  { duration: 'PT1H', title: 'Last hour' },
  { duration: 'PT24H', title: 'Last 24 hours' },
  { duration: 'P7D', title: 'Last 7 days' },
  { duration: 'P30D', title: 'Last 30 days' },
]

export const windowDefault: WindowChoice = { kind: 'last', duration: 'PT24H' }

/** Where the tenant's rows lie, as the statistics say. */
export interface DataSpan {
  readonly oldest?: string | undefined
  readonly newest?: string | undefined
}

export function windowTitle(choice: WindowChoice): string {
  if (choice.kind === 'all') return 'All data'
  if (choice.kind === 'last') {
    return presets.find(each => each.duration === choice.duration)?.title ?? `Last ${choice.duration.slice(1)}`
  }
  return `${shortInstant(choice.from)} – ${shortInstant(choice.to)}`
}

/** What the request says. All data: from the oldest row to now, where the statistics are known. */
export function wireWindow(choice: WindowChoice, span: DataSpan): WireWindow {
  if (choice.kind === 'last') return { from: `-${choice.duration}` }
  if (choice.kind === 'between') return { from: choice.from, to: choice.to }
  return { from: span.oldest ?? '-P30D' }
}

const instantPattern = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(\.\d{1,3})?)?)?Z?$/

/** The instant a person typed as the API wants it, or undefined. A date alone is its first moment. */
export function parseTyped(text: string): string | undefined {
  const match = instantPattern.exec(text.trim())
  if (match === null) return undefined
  const fraction = (match[4] ?? '.000').padEnd(4, '0')
  const instant = `${match[1]}T${match[2] ?? '00:00'}:${match[3] ?? '00'}${fraction}Z`
  return Number.isNaN(Date.parse(instant)) || new Date(instant).toISOString() !== instant ? undefined : instant
}

export function typedInstant(instant: string): string {
  return instant.slice(0, 19).replace('T', ' ')
}

/** `02-03 08:14` where the year is not needed to tell, never a local time. */
function shortInstant(instant: string): string {
  return instant.slice(5, 16).replace('T', ' ')
}

/** A choice from what was kept by an earlier page, which may be anything. */
export function parseWindowChoice(kept: unknown): WindowChoice {
  if (typeof kept !== 'object' || kept === null || !('kind' in kept)) return windowDefault
  const { kind, duration, from, to } = kept as Record<string, unknown>
  if (kind === 'all') return { kind }
  if (kind === 'last' && typeof duration === 'string') return { kind, duration }
  if (kind === 'between' && typeof from === 'string' && typeof to === 'string') return { kind, from, to }
  return windowDefault
}
