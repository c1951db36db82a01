import { text as readText } from 'node:stream/consumers'
import type { Run } from '../../api/query-runs.ts'
import type { LakeClient } from '../../client/client.ts'
import { pageRowsMax } from '../../limits.ts'
import { AppError } from '../../model/errors.ts'
import { type ConnectionFlags, connect } from '../connection.ts'
import { countOf, formatCount, formatSeconds, formatTime, harmlessText } from '../display.ts'
import { type CliEffects, printLine } from '../effects.ts'
import { exitCodes, failureOf, placeOf, pointAt } from '../failure.ts'
import { openProgress } from '../progress.ts'
import { type RowFormat, tableRowsDefault, writePages } from '../row-format.ts'

// `edr-lake query 'SELECT …'`: one run from start to the last row. Rows go to standard output; the window, the progress
// and everything else for the person to standard error.

export interface QueryFlags extends ConnectionFlags {
  /** Instant, date or ISO duration ago, as the API takes them. Both absent: the whole span of the data. */
  readonly from?: string
  readonly to?: string
  /** Absent: a table on a terminal, one JSON object a line otherwise. */
  readonly format?: RowFormat
  readonly limit?: number
}

interface Window {
  readonly from: string | undefined
  readonly to: string | undefined
}

export async function query(effects: CliEffects, sqlArgument: string, flags: QueryFlags): Promise<number> {
  const sql = sqlArgument === '-' ? await readText(effects.stdin) : sqlArgument
  const client = await connect(effects, flags)
  const format = flags.format ?? (effects.stdout.isTerminal ? 'table' : 'ndjson')
  const startedAt = effects.clock()
  try {
    const window = await chooseWindow(effects, client, flags)
    const started = await client.startRun({ template: sql, ...window }, effects.signal)
    await printLine(effects.stderr, `window ${formatTime(started.from)} to ${formatTime(started.to)}`)
    const run = await finish(effects, client, started.id, startedAt)
    if (run.result !== 'succeeded') throw runFailure(run)
    const limit = flags.limit ?? (format === 'table' ? tableRowsDefault : Number.POSITIVE_INFINITY)
    await printRows(effects, client, run, { format, limit, startedAt })
    return exitCodes.done
  } catch (error) {
    return await explain(effects, sql, error)
  }
}

/** With neither end given: from the oldest row there is, as the lake says on a run that reads nothing. */
async function chooseWindow(effects: CliEffects, client: LakeClient, flags: QueryFlags): Promise<Window> {
  if (flags.from !== undefined || flags.to !== undefined) return { from: flags.from, to: flags.to }
  const template = 'SELECT count(*) AS n FROM xdr_data WHERE false'
  const probe = await client.startRun({ template, name: 'span of the data' }, effects.signal)
  const { window } = await client.awaitRun(probe.id, { signal: effects.signal })
  if (window?.dataOldest === undefined) return { from: undefined, to: undefined }
  // Open at the end where the data reaches the default window, so that rows arriving now count too.
  const isRecent = window.dataNewest === undefined || window.dataNewest >= window.from
  return { from: window.dataOldest, to: isRecent ? undefined : window.dataNewest }
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
