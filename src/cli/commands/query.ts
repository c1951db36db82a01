import { text as readText } from 'node:stream/consumers'
import type { Run } from '../../api/query-runs.ts'
import type { LakeClient } from '../../client/client.ts'
import { pageRowsMax } from '../../limits.ts'
import { AppError } from '../../model/errors.ts'
import { dayMs, formatInstant } from '../../model/time-range.ts'
import { type ConnectionFlags, connect } from '../connection.ts'
import { countOf, formatCount, formatSeconds, formatTime, harmlessText } from '../display.ts'
import { type CliEffects, printLine } from '../effects.ts'
import { exitCodes, failureOf, placeOf, pointAt } from '../failure.ts'
import { openProgress } from '../progress.ts'
import { type RowFormat, tableRowsDefault, writePages } from '../row-format.ts'

// `edr-lake query 'SELECT …'`: one run from start to the last row. Rows go to standard output; the window, progress and
// everything else for the person to standard error.

export interface QueryFlags extends ConnectionFlags {
  /** Instant, date or ISO duration ago, as the API takes them. Both absent: the whole span of the data. */
  readonly from?: string
  readonly to?: string
  /** Absent: a table on a terminal, one JSON object a line otherwise. */
  readonly format?: RowFormat
  readonly limit?: number
}

/** The window is around the data by this much, or by what the lake's bound on windows leaves. */
const marginMsMax = 44 * dayMs
/** The lake's clock is not this one's. */
const clockSlackMs = 60_000

export async function query(effects: CliEffects, sqlArgument: string, flags: QueryFlags): Promise<number> {
  const sql = sqlArgument === '-' ? await readText(effects.stdin) : sqlArgument
  const client = await connect(effects, flags)
  const format = flags.format ?? (effects.stdout.isTerminal ? 'table' : 'ndjson')
  const startedAt = effects.clock()
  try {
    const started = await start(effects, client, sql, flags)
    const run = await finish(effects, client, started.id, startedAt)
    if (run.result !== 'succeeded') throw runFailure(run)
    await printLine(effects.stderr, windowLine(run, flags))
    const limit = flags.limit ?? (format === 'table' ? tableRowsDefault : Number.POSITIVE_INFINITY)
    await printRows(effects, client, run, { format, limit, startedAt })
    return exitCodes.done
  } catch (error) {
    return await explain(effects, sql, error)
  }
}

/** With neither end given the window is around all data there is, as wide as the lake's bound on windows lets it be. */
async function start(effects: CliEffects, client: LakeClient, sql: string, flags: QueryFlags): Promise<Run> {
  const { from, to } = flags
  if (!isWholeSpan(flags)) return client.startRun({ template: sql, from, to }, effects.signal)
  const span = await findSpan(effects, client)
  if (span === undefined) return client.startRun({ template: sql }, effects.signal)
  const startAround = (marginMs: number) =>
    client.startRun({ template: sql, ...windowAround(span, marginMs, effects.clock()) }, effects.signal)
  try {
    return await startAround(marginMsMax)
  } catch (error) {
    const limitMs = windowLimitOf(error)
    const marginMs = ((limitMs ?? 0) - clockSlackMs - (span.newest - span.oldest)) / 2
    if (limitMs === undefined || marginMs < 0) throw error
    return startAround(Math.floor(marginMs))
  }
}

interface Span {
  readonly oldest: number
  readonly newest: number
}

/** Where the data lies, as the lake says on a run that reads nothing. Rows that came just now may lie beside it. */
async function findSpan({ signal }: CliEffects, client: LakeClient): Promise<Span | undefined> {
  const probe = await client.startRun({ template: 'SELECT 1 AS n', name: 'span of the data' }, signal)
  const { window } = await client.awaitRun(probe.id, { signal })
  const { dataOldest, dataNewest } = window ?? {}
  if (dataOldest === undefined || dataNewest === undefined) return undefined
  return { oldest: Date.parse(dataOldest), newest: Date.parse(dataNewest) }
}

/** Open at the end where it reaches the present, so that rows arriving now, and from clocks that run ahead, count. */
function windowAround({ oldest, newest }: Span, marginMs: number, now: number): { from: string; to?: string } {
  const from = formatInstant(Math.min(now, oldest - marginMs))
  return newest + marginMs >= now ? { from } : { from, to: formatInstant(newest + marginMs) }
}

/** The longest window the lake allows, where that is why it refused. */
function windowLimitOf(error: unknown): number | undefined {
  const limitMs = error instanceof AppError ? error.details?.['limitMs'] : undefined
  return typeof limitMs === 'number' ? limitMs : undefined
}

function isWholeSpan({ from, to }: QueryFlags): boolean {
  return from === undefined && to === undefined
}

/** The window asked for; for the whole span, where the data lies in it. */
function windowLine({ window, from, to }: Run, flags: QueryFlags): string {
  const { dataOldest, dataNewest } = window ?? {}
  if (!isWholeSpan(flags) || dataOldest === undefined || dataNewest === undefined) {
    return `window ${formatTime(from)} to ${formatTime(to)}`
  }
  return `window all data, ${formatTime(dataOldest)} to ${formatTime(dataNewest)}`
}

/** Waits for the run; when the person stops, the run is stopped too. */
async function finish(effects: CliEffects, client: LakeClient, id: string, startedAt: number): Promise<Run> {
  const progress = openProgress(effects.stderr, effects.clock)
  const states: Run[] = []
  try {
    return await client.awaitRun(id, {
      signal: effects.signal,
      onPoll: run => {
        states.push(run)
        void progress.show(`running  ${formatSeconds(effects.clock() - startedAt)}`)
      },
    })
  } catch (error) {
    // Best effort: without it the lake ends the run by its own deadline.
    if (effects.signal.aborted) await client.cancelRun(id).catch(() => {})
    throw error
  } finally {
    await progress.clear()
  }
}

async function printRows(
  effects: CliEffects,
  client: LakeClient,
  run: Run,
  { format, limit, startedAt }: { format: RowFormat; limit: number; startedAt: number },
): Promise<void> {
  const pageSize = Math.min(pageRowsMax, limit)
  const pages = client.resultPages(run.id, { pageSize, signal: effects.signal })
  const { rows, total = rows } = await writePages(effects.stdout, format, pages, limit)
  const shown = total > rows ? `${formatCount(rows)} of ${countOf(total, 'row')}` : countOf(rows, 'row')
  const more = total > rows && format === 'table' ? ' (--limit for more, --format ndjson|json|csv for all)' : ''
  await printLine(effects.stderr, `${shown} in ${formatSeconds(effects.clock() - startedAt)}${more}`)
  if (run.note !== undefined) await printLine(effects.stderr, harmlessText(run.note))
  if (run.truncated !== undefined) {
    const { reason, limit: bound } = run.truncated
    await printLine(effects.stderr, `rows are missing: ${reason}${bound === undefined ? '' : ` ${formatCount(bound)}`}`)
  }
}

function runFailure(run: Run): AppError {
  if (run.result === 'canceled') return new AppError('canceled', 'the run was canceled')
  if (run.result === 'timedOut') return new AppError('timed_out', run.error?.message ?? 'the run took too long')
  const { message = 'the run failed', ...place } = run.error ?? {}
  return new AppError('internal', message, { details: place })
}

/** The failure, and where it names a place in the SQL, that place. */
async function explain(effects: CliEffects, sql: string, error: unknown): Promise<number> {
  const { text, exitCode } = failureOf(error)
  await printLine(effects.stderr, text)
  const details = error instanceof AppError ? error.details : undefined
  const place = placeOf(details)
  const pointed = place === undefined ? undefined : pointAt(sql, place)
  if (pointed !== undefined) await printLine(effects.stderr, pointed)
  const hint = details?.['hint']
  if (typeof hint === 'string' && !text.includes(hint)) await printLine(effects.stderr, `  ${harmlessText(hint)}`)
  return exitCode
}
