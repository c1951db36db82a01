import type { Run } from '../../../src/api/query-runs.ts'
import { count, counted, instant } from '../parts/words.ts'
import type { ResultState } from '../run/run-store.ts'

// What a reader of a result must know before believing it: that rows are missing and by what, or why there are none.

export interface Banner {
  readonly tone: 'info' | 'warn' | 'bad'
  readonly title: string
  readonly text?: string
  readonly action?: 'searchAll' | 'readAgain' | 'showPlace'
}

export function bannersOf(run: Run, result: ResultState | undefined): readonly Banner[] {
  if (run.result !== 'succeeded') return [endBanner(run)]
  const banners: Banner[] = []
  if (run.truncated !== undefined) banners.push(truncatedBanner(run.truncated, result))
  if (result?.failure !== undefined) {
    const title = `Only the first ${counted(result.items.length, 'row')} could be read`
    banners.push({ tone: 'bad', title, text: result.failure.message, action: 'readAgain' })
  }
  // A result without rows says it in its own place.
  if (run.note !== undefined && result?.rowCount !== 0) banners.push({ tone: 'info', title: run.note })
  const future = run.window?.futureRows ?? 0
  if (future > 0) {
    banners.push({
      tone: 'warn',
      title: `${counted(future, 'row')} carry a time in the future: a host's clock is wrong`,
    })
  }
  return banners
}

function endBanner(run: Run): Banner {
  if (run.result === 'canceled') return { tone: 'info', title: 'Canceled' }
  if (run.result === 'timedOut') {
    const text = run.error?.message ?? 'A shorter window, or a query name to limit it to, makes it faster.'
    return { tone: 'bad', title: 'Ran too long and was stopped', text }
  }
  const message = run.error?.message ?? 'the server gave no reason'
  const hasPlace = run.error?.line !== undefined
  return { tone: 'bad', title: 'Failed', text: message, ...(hasPlace ? { action: 'showPlace' as const } : {}) }
}

const reasons: Readonly<Record<string, string>> = {
  rowsMax: 'the limit of rows',
  bytesMax: 'the limit of bytes',
  uploadCap: 'an upload cap: the hosts sent more than is kept',
  ingestOff: 'ingest that is switched off for some hosts',
  diskBudget: 'a disk budget: data files of this time went before their age',
  damagedSegment: 'a damaged segment',
  quarantinedSegment: 'a segment that cannot be read',
}

function truncatedBanner(
  { reason, limit, total }: NonNullable<Run['truncated']>,
  result: ResultState | undefined,
): Banner {
  const shown = result?.rowCount
  const of = total === undefined ? '' : ` of ${count(total)}`
  const by = limit === undefined ? '' : ` (${count(limit)})`
  const title = shown === undefined ? 'Rows are missing' : `${counted(shown, 'row')}${of}: the rest is missing`
  return { tone: 'warn', title, text: `Cut by ${reasons[reason] ?? reason}${by}.` }
}

/** Why a result has no rows, and what to try. */
export function emptyReason(run: Run): Banner {
  const window = run.window
  const newest = window?.dataNewest
  const oldest = window?.dataOldest
  const isOutside = (newest !== undefined && newest < run.from) || (oldest !== undefined && oldest > run.to)
  const span =
    oldest === undefined || newest === undefined
      ? ''
      : ` The data lies between ${instant(oldest)} and ${instant(newest)} UTC.`
  const text = run.note ?? `Nothing matched between ${instant(run.from)} and ${instant(run.to)} UTC.${span}`
  return {
    tone: 'info',
    title: 'No rows',
    text,
    ...(isOutside || oldest !== undefined ? { action: 'searchAll' as const } : {}),
  }
}
