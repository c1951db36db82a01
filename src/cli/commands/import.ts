import type { LakeClient } from '../../client/client.ts'
import { AppError } from '../../model/errors.ts'
import { formatInstant } from '../../model/time-range.ts'
import { type ConnectionFlags, connectionWords, resolveSource } from '../connection.ts'
import { countOf, formatCount, formatSeconds, formatTime, harmlessText, shellWord } from '../display.ts'
import { type CliEffects, printLine } from '../effects.ts'
import { exitCodes } from '../failure.ts'
import { type InputFile, listInputFiles } from '../file-arguments.ts'
import { findPlace } from '../import-place.ts'
import { joinSpans, type TimeSpan, timesOf } from '../line-times.ts'
import { type LogPiece, logPieces } from '../log-lines.ts'
import type { LogPlace } from '../log-names.ts'
import { piecePacker } from '../piece-packing.ts'
import { importLine, openProgress, type Progress } from '../progress.ts'

// `edr-lake import FILE…`: result logs into the lake. The lake remembers how far each file has come, so the same
// command again goes on where it stopped and adds nothing twice.

/** Rejected lines shown one by one; all are counted. */
const rejectedShownMax = 20

interface Totals {
  lines: number
  accepted: number
  duplicates: number
  rejected: number
  span: TimeSpan | undefined
  readonly shown: string[]
}

export async function importFiles(
  effects: CliEffects,
  names: readonly string[],
  flags: ConnectionFlags,
): Promise<number> {
  const files = await listInputFiles(names, effects.workingDirectory)
  const connection = await resolveSource(effects, flags)
  const client = effects.openClient(connection)
  const pack = piecePacker(connection.url)
  const totals: Totals = { lines: 0, accepted: 0, duplicates: 0, rejected: 0, span: undefined, shown: [] }
  const startedAt = effects.clock()
  const progress = openProgress(effects.stderr, effects.clock)
  try {
    for (const file of files) await importFile({ effects, client, pack, progress, totals, startedAt }, file)
  } catch (error) {
    await progress.clear()
    throw totals.lines === 0 ? error : withAdvice(error, totals)
  }
  await progress.clear()
  await printSummary(effects, files.length, totals, effects.clock() - startedAt, flags)
  return totals.rejected === 0 ? exitCodes.done : exitCodes.failed
}

interface ImportState {
  readonly effects: CliEffects
  readonly client: LakeClient
  readonly pack: ReturnType<typeof piecePacker>
  readonly progress: Progress
  readonly totals: Totals
  readonly startedAt: number
}

async function importFile(state: ImportState, file: InputFile): Promise<void> {
  const { effects, client, totals } = state
  let place: LogPlace = { wantedFrom: 1 }
  const pieces = logPieces(file, effects.stdin, effects.signal, async names => {
    place = await findPlace(client, names, effects.signal)
    return place
  })
  for await (const piece of readAhead(pieces)) {
    if (piece.kind === 'unsent') {
      totals.lines += 1
      reject(totals, file, [piece], 1)
      continue
    }
    totals.lines += piece.lines
    // Also of lines that the lake has: the summary says where the file's rows are.
    totals.span = joinSpans(totals.span, timesOf(piece.body))
    if (piece.kind === 'known') totals.duplicates += piece.lines
    else await storePiece(state, file, piece, place)
    const part = file.bytes === undefined ? undefined : piece.bytesRead / file.bytes
    const elapsedMs = effects.clock() - state.startedAt
    await state.progress.show(importLine({ name: harmlessText(file.name), part, lines: totals.lines, elapsedMs }))
  }
}

async function storePiece(state: ImportState, file: InputFile, piece: LogPiece, place: LogPlace): Promise<void> {
  const { totals } = state
  const reply = await sendPiece(state, piece)
  totals.accepted += reply.accepted
  totals.duplicates += reply.duplicates
  place.wantedFrom = Math.max(place.wantedFrom, reply.nextLine ?? 1)
  const rejected = reply.rejected.map(({ line, reason }) => ({ line: piece.firstLine + line - 1, reason }))
  reject(totals, file, rejected, reply.rejectedCount)
}

async function sendPiece({ client, pack, effects: { signal } }: ImportState, piece: LogPiece) {
  const { importId, firstLine } = piece
  const { body, isGzip } = await pack(piece.body)
  return client.ingest(body, { importId, firstLine, isGzip, signal })
}

interface RejectedLine {
  readonly line: number
  readonly reason: string
}

function reject(totals: Totals, file: InputFile, lines: readonly RejectedLine[], count: number): void {
  totals.rejected += count
  for (const { line, reason } of lines) {
    if (totals.shown.length < rejectedShownMax) totals.shown.push(harmlessText(`${file.name}:${line}: ${reason}`))
  }
}

/** Reads the next piece while the present one is on its way; one piece ahead, no more. */
async function* readAhead<Piece>(pieces: AsyncGenerator<Piece>): AsyncGenerator<Piece> {
  let next = pieces.next()
  try {
    for (;;) {
      const { done, value } = await next
      if (done) return
      next = pieces.next()
      // Looked at in the next round; until then it must not count as unhandled.
      next.catch(() => {})
      yield value
    }
  } finally {
    await pieces.return(undefined)
  }
}

function withAdvice(error: unknown, totals: Totals): unknown {
  if (!(error instanceof AppError)) return error
  const sent = `${countOf(totals.lines, 'line')} are in the lake; the same command again goes on from there`
  return new AppError(error.code, `${error.message}; ${sent}`, { cause: error })
}

async function printSummary(
  { stdout, stderr, environment }: CliEffects,
  files: number,
  totals: Totals,
  elapsedMs: number,
  flags: ConnectionFlags,
): Promise<void> {
  for (const line of totals.shown) await printLine(stderr, line)
  const hidden = totals.rejected - totals.shown.length
  if (hidden > 0) await printLine(stderr, `… and ${countOf(hidden, 'more rejected line')}`)
  await printLine(
    stdout,
    `read ${countOf(totals.lines, 'line')} of ${countOf(files, 'file')} in ${formatSeconds(elapsedMs)}: ` +
      `${formatCount(totals.accepted)} stored, ${formatCount(totals.duplicates)} already there, ` +
      `${formatCount(totals.rejected)} rejected`,
  )
  const command = environment['EDR_LAKE_COMMAND'] ?? 'edr-lake'
  const { span } = totals
  if (span !== undefined) {
    const [from, to] = [span.oldest * 1000, span.newest * 1000]
    await printLine(stdout, `their time: ${formatTime(from)} to ${formatTime(to)}; see them with`)
    await printLine(stdout, `  ${showCommand(command, flags, { from, to })}`)
  }
}

const showSql = 'SELECT query_name, count(*) AS n FROM xdr_data GROUP BY query_name ORDER BY n DESC'

function showCommand(command: string, flags: ConnectionFlags, { from, to }: { from: number; to: number }): string {
  const window = ['--from', formatInstant(from), '--to', formatInstant(to)]
  return [shellWord(command), 'query', `'${showSql}'`, ...window, ...connectionWords(flags)].join(' ')
}
