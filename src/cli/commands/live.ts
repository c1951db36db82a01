import { text as readText } from 'node:stream/consumers'
import type { LiveRunReply } from '../../api/live-runs.ts'
import type { LakeClient } from '../../client/client.ts'
import {
  cancelLiveRun,
  getLiveRun,
  type LiveRunStart,
  readLiveFailures,
  readLiveRows,
  startLiveRun,
} from '../../client/live-runs.ts'
import { AppError } from '../../model/errors.ts'
import { parseUuid } from '../../model/ids.ts'
import type { QueryVariable } from '../../model/query-run.ts'
import { type ConnectionFlags, connect } from '../connection.ts'
import { countOf, formatCount, formatSeconds, harmlessText } from '../display.ts'
import { type CliEffects, printLine } from '../effects.ts'
import { exitCodes, failureOf, placeOf, pointAt, UsageError } from '../failure.ts'
import { openProgress } from '../progress.ts'

// `edr-lake live run 'SELECT …' --wait`: asks hosts now and prints their rows as they come, one JSON object a line.
// Rows go to standard output, everything for the person to standard error.

export interface LiveFlags extends ConnectionFlags {
  readonly all?: boolean
  readonly label?: readonly string[]
  readonly os?: readonly string[]
  readonly type?: readonly string[]
  /** Ids of hosts, or text that their names contain. */
  readonly host?: readonly string[]
  readonly name?: string
  readonly var?: readonly string[]
  /** Seconds for which hosts are waited for. */
  readonly timeout?: number
  readonly wait?: boolean
}

export async function runLive(effects: CliEffects, sqlArgument: string, flags: LiveFlags): Promise<number> {
  const sql = sqlArgument === '-' ? await readText(effects.stdin) : sqlArgument
  const client = await connect(effects, flags)
  const startedAt = effects.clock()
  try {
    const run = await startLiveRun(client, planStart(sql, flags), effects.signal)
    if (flags.wait !== true) {
      await printLine(effects.stdout, run.id)
      await printLine(effects.stderr, `asking ${countOf(run.endpointCounts.total, 'host')}; --wait prints their rows`)
      return exitCodes.done
    }
    const ended = await follow(effects, client, run, startedAt)
    await summarize(effects, client, ended, effects.clock() - startedAt)
    return ended.result === 'succeeded' ? exitCodes.done : exitCodes.failed
  } catch (error) {
    return await explain(effects, sql, error)
  }
}

/** A UUID names a query of the library; everything else is SQL. */
function planStart(sql: string, flags: LiveFlags): LiveRunStart {
  const queryId = parseUuid(sql.trim())
  return {
    ...(queryId === undefined ? { template: sql, name: flags.name } : { queryId }),
    matchEndpoints: matchOf(flags),
    variables: flags.var?.map(variableOf),
    maxDurationInSeconds: flags.timeout,
  }
}

/** What the flags say together; each `--host` beside the others is one more filter. */
function matchOf({ all, label, os, type, host }: LiveFlags): object {
  const shared = {
    ...(label === undefined ? {} : { labels: label }),
    ...(type === undefined ? {} : { type }),
    ...(os === undefined ? {} : { os: os.map(platform => ({ platform: platform === 'macos' ? 'macOS' : platform })) }),
  }
  const isFiltered = Object.keys(shared).length > 0 || host !== undefined
  if (all === true && isFiltered) throw new UsageError('--all asks every host: leave it out to ask some')
  if (all === true) return { all: true }
  if (!isFiltered) throw new UsageError('say which hosts to ask: --all, or --label, --os, --type, --host')
  if (host === undefined) return { filters: [shared] }
  const ids = host.filter(text => parseUuid(text) !== undefined)
  const names = host.filter(text => parseUuid(text) === undefined)
  return {
    filters: [
      ...(ids.length === 0 ? [] : [{ ...shared, ids }]),
      ...names.map(hostnameContains => ({ ...shared, hostnameContains })),
    ],
  }
}

/** `name=value`: a number where it looks like one, so that it may stand bare. */
function variableOf(text: string): QueryVariable {
  const at = text.indexOf('=')
  if (at < 1) throw new UsageError(`${JSON.stringify(text)} is no name=value`)
  const [name, value] = [text.slice(0, at), text.slice(at + 1)]
  return { name, dataType: /^-?\d{1,18}$/.test(value) ? 'integer' : 'text', value }
}

/** Prints rows until the run has ended and all are printed; when the person stops, the run is stopped too. */
async function follow(
  effects: CliEffects,
  client: LakeClient,
  begun: LiveRunReply,
  startedAt: number,
): Promise<LiveRunReply> {
  const { signal } = effects
  const progress = openProgress(effects.stderr, effects.clock)
  let run = begun
  let row = 0
  try {
    for (;;) {
      const isEnded = run.status === 'finished'
      for (let hasMore = run.resultCount > row || isEnded; hasMore; ) {
        const { items, nextRow } = await readLiveRows(client, run.id, row, signal)
        if (items.length > 0) await progress.clear()
        await effects.stdout.write(items.map(item => `${JSON.stringify(item)}\n`).join(''))
        row += items.length
        hasMore = nextRow !== undefined
      }
      if (isEnded) return run
      void progress.show(`${answeredOf(run)}  ${formatSeconds(effects.clock() - startedAt)}`)
      run = await getLiveRun(client, run.id, 1, signal)
    }
  } catch (error) {
    // Best effort: without it the run ends at its own deadline.
    if (signal.aborted) await cancelLiveRun(client, run.id).catch(() => {})
    throw error
  } finally {
    await progress.clear()
  }
}

function answeredOf({ endpointCounts, resultCount }: LiveRunReply): string {
  const { succeeded, failed } = endpointCounts.statuses.finished
  const answered = `${formatCount(succeeded.total + failed.total)} of ${countOf(endpointCounts.total, 'host')}`
  return `${answered} answered, ${countOf(resultCount, 'row')}`
}

async function summarize(effects: CliEffects, client: LakeClient, run: LiveRunReply, ms: number): Promise<void> {
  const { succeeded, failed, timedOut, canceled } = run.endpointCounts.statuses.finished
  const parts = [
    `${formatCount(succeeded.total)} of ${countOf(run.endpointCounts.total, 'host')} answered`,
    ...(failed.total === 0 ? [] : [`${formatCount(failed.total)} failed`]),
    ...(timedOut.total === 0 ? [] : [`${formatCount(timedOut.total)} did not answer in time`]),
    ...(canceled.total === 0 ? [] : [`${formatCount(canceled.total)} were not waited for`]),
  ]
  await printLine(effects.stderr, `${countOf(run.resultCount, 'row')}; ${parts.join(', ')}, in ${formatSeconds(ms)}`)
  const name = `'${run.queryName.replaceAll("'", "''")}'`
  await printLine(effects.stderr, harmlessText(`in the lake: SELECT * FROM xdr_data WHERE query_name = ${name}`))
  if (run.truncated !== undefined) {
    const { reason, limit = 0, total = 0 } = run.truncated
    const left = total - run.resultCount
    await printLine(effects.stderr, `${countOf(left, 'row')} left out: ${reason} ${formatCount(limit)}`)
  }
  if (failed.total > 0) await printFailures(effects, client, run.id)
}

/** What went wrong, in the agents' words, with how many of them said so. */
async function printFailures(effects: CliEffects, client: LakeClient, id: string): Promise<void> {
  const failures = await readLiveFailures(client, id, effects.signal)
  const byMessage = Map.groupBy(failures, failure => failure.statusMessage ?? 'failed')
  for (const [message, hosts] of byMessage) {
    const [first] = hosts
    const others = hosts.length === 1 ? '' : ` and ${countOf(hosts.length - 1, 'other')}`
    await printLine(effects.stderr, harmlessText(`  ${first?.hostname}${others}: ${message}`))
  }
}

/** The failure, and where it names a place in the SQL, that place. */
async function explain(effects: CliEffects, sql: string, error: unknown): Promise<number> {
  const { text, exitCode } = failureOf(error)
  await printLine(effects.stderr, text)
  const place = placeOf(error instanceof AppError ? error.details : undefined)
  const pointed = place === undefined ? undefined : pointAt(sql, place)
  if (pointed !== undefined) await printLine(effects.stderr, pointed)
  return exitCode
}
