import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError, systemErrorCode } from '../../model/errors.ts'
import { type ConnectionFlags, resolveSource } from '../connection.ts'
import { countOf, formatCount, harmlessText } from '../display.ts'
import { type CliEffects, printLine } from '../effects.ts'
import { exitCodes } from '../failure.ts'
import { piecePacker } from '../piece-packing.ts'
import { openProgress } from '../progress.ts'
import { openCheckpoints } from '../watch/checkpoints.ts'
import { openFollower } from '../watch/follower.ts'
import { type FoundFile, findFiles } from '../watch/found-files.ts'
import { openShipper } from '../watch/shipper.ts'

// `edr-lake watch DIR|FILE|PATTERN…`: follows result logs as they grow and rotate, and sends every line once. Runs
// until it is told to stop, or with `--once` until it has caught up.

export interface WatchFlags extends ConnectionFlags {
  readonly once?: boolean
  readonly state?: string
}

/**
 * Holds a file against other processes until `release` or the process's end; throws `conflict` with the sentence where
 * one has it.
 */
export type HoldLock = (file: string, sentence: string) => { release(): void }

const pollMs = 500
/** A file that has not changed for this long has no line under way. */
const quietMs = 10_000
/** How often it is said, where nobody looks at a terminal, what was sent since. */
const plainReportMs = 60_000
/** Problems and rejected lines shown one by one; all are counted. */
const shownMax = 100

interface Totals {
  stored: number
  known: number
  rejected: number
  problems: number
}

export async function watchFiles(
  effects: CliEffects,
  names: readonly string[],
  flags: WatchFlags,
  holdLock: HoldLock,
): Promise<number> {
  const { signal: stop, stderr, clock, workingDirectory: folder } = effects
  const isOnce = flags.once === true
  const connection = await resolveSource(effects, flags)
  const stateFile = statePath(effects, names, flags.state, connection.url)
  await makeFolder(dirname(stateFile))
  const lock = holdLock(`${stateFile}.lock`, `another watch uses the state file ${stateFile}`)
  const checkpoints = await openCheckpoints(stateFile, connection.url)
  const totals: Totals = { stored: 0, known: 0, rejected: 0, problems: 0 }
  const progress = openProgress(stderr, clock, { plainMs: plainReportMs })
  const say = openSayer(effects, progress.clear)
  const shipper = openShipper({
    ...{ client: effects.openClient(connection), pack: piecePacker(connection.url), stop, isPatient: !isOnce },
    report: sentence => say.always(sentence),
  })
  const follower = openFollower({
    ...{ shipper, checkpoints, clock, quietMs: isOnce ? 0 : quietMs, signal: stop },
    onReply(file, firstLine, _lines, reply) {
      totals.stored += reply.accepted
      totals.known += reply.duplicates
      totals.rejected += reply.rejectedCount
      for (const { line, reason } of reply.rejected) say.later(`${file.name}:${firstLine + line - 1}: ${reason}`)
    },
    onKnown: lines => {
      totals.known += lines
    },
    onUnsent(file, lines) {
      totals.rejected += lines.length
      for (const { line, reason } of lines) say.later(`${file.name}:${line}: ${reason}`)
    },
  })

  async function problem(sentence: string): Promise<void> {
    if (await say.once(sentence)) totals.problems += 1
  }

  /** Sends what one look finds; returns the files there are. */
  async function pass(): Promise<readonly FoundFile[]> {
    const followed = new Set(checkpoints.ids())
    const { files, problems } = await findFiles(names, folder, id => followed.has(id))
    for (const sentence of problems) await problem(sentence)
    for (const file of files) {
      try {
        await follower.follow(file)
      } catch (error) {
        const isFiles = error instanceof AppError && ['invalid_argument', 'not_found'].includes(error.code)
        if (!isFiles || isServers(error)) throw error
        await problem(error.message)
      }
      await say.flush()
      await progress.show(progressLine(files, totals))
    }
    follower.forgetOthers(new Set(files.map(({ id }) => id)))
    return files
  }

  try {
    if (!isOnce) await say.always(`following ${names.join(', ')}; how far is kept in ${stateFile}`)
    const files = await pass()
    if (files.length === 0 && isOnce) throw new AppError('not_found', `there is no log at ${names.join(', ')}`)
    if (files.length === 0) await say.always('there is no log yet')
    while (!isOnce) {
      await delay(pollMs, undefined, { signal: stop })
      await pass()
    }
  } catch (error) {
    if (!stop.aborted) throw error
  } finally {
    await say.flush()
    await progress.clear()
    lock.release()
  }
  await printLine(effects.stdout, summary(totals))
  return isOnce && (totals.rejected > 0 || totals.problems > 0) ? exitCodes.failed : exitCodes.done
}

/** The server's own refusal has its status; a file's has none. */
function isServers(error: AppError): boolean {
  return error.details?.['status'] !== undefined
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new AppError('unavailable', `the folder ${path} cannot be made (${systemErrorCode(error)})`, { cause: error })
  }
}

/** One state for each lake and set of names; where systemd gives a directory, there. */
function statePath(
  { environment, workingDirectory }: CliEffects,
  names: readonly string[],
  given: string | undefined,
  lake: string,
): string {
  if (given !== undefined) return resolve(workingDirectory, given)
  const paths = names.map(name => resolve(workingDirectory, name)).sort()
  const key = createHash('sha256')
    .update(JSON.stringify([lake, paths]))
    .digest('hex')
    .slice(0, 16)
  const home = environment['HOME'] ?? environment['USERPROFILE'] ?? workingDirectory
  const folder =
    environment['STATE_DIRECTORY']?.split(':')[0] ??
    join(environment['XDG_STATE_HOME'] ?? join(home, '.local', 'state'), 'edr-lake')
  return join(folder, `watch-${key}.json`)
}

function progressLine(files: readonly FoundFile[], { stored, rejected }: Totals): string {
  const bad = rejected === 0 ? '' : `, ${formatCount(rejected)} rejected`
  return `${countOf(files.length, 'file')}, ${countOf(stored, 'line')} stored${bad}`
}

function summary({ stored, known, rejected }: Totals): string {
  return `${formatCount(stored)} stored, ${formatCount(known)} already there, ${formatCount(rejected)} rejected`
}

/** Sentences on standard error, each its own line that no terminal obeys. */
function openSayer({ stderr }: CliEffects, clear: () => Promise<void>) {
  const said = new Set<string>()
  let pending: string[] = []
  let shown = 0
  async function always(sentence: string): Promise<void> {
    await clear()
    await printLine(stderr, `edr-lake: ${harmlessText(sentence)}`)
  }
  return {
    always,
    /** False: it was said before. Past `shownMax` nothing more is remembered nor said. */
    async once(sentence: string): Promise<boolean> {
      if (said.has(sentence) || said.size >= shownMax) return false
      said.add(sentence)
      await always(sentence)
      return true
    },
    /** To be said with the next `flush`. */
    later(sentence: string): void {
      shown += 1
      if (shown <= shownMax) pending.push(sentence)
      if (shown === shownMax) pending.push('further rejected lines are counted, not shown')
    },
    async flush(): Promise<void> {
      const sentences = pending
      pending = []
      for (const sentence of sentences) await always(sentence)
    },
  }
}
