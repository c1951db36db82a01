import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Db, inTransaction, type Store } from '../db/db.ts'
import { insertLiveAnswers, type LiveAnswerPart, noteAnswersInLake } from '../db/live-answers.ts'
import { changeLiveHost } from '../db/live-hosts.ts'
import { changeLiveRun, growLiveRun } from '../db/live-runs.ts'
import { liveBatchAnswersMax, liveColumnsMax, liveRunBytesMax, liveRunRowsMax } from '../limits/live.ts'
import type { Clock } from '../model/clock.ts'
import {
  isLiveHostOpen,
  isLiveRunOpen,
  type LiveHostEvent,
  type LiveRun,
  type LiveRunEvent,
  type LiveTruncation,
  liveHostTransitions,
  liveRunTransitions,
} from '../model/live-run.ts'
import type { DistributedStats } from '../osquery/distributed.ts'
import { type Board, countHosts, type OpenHost, type OpenRun } from './live-board.ts'

// The one writer of live runs under way. What is to be written waits in one line, is written by one transaction at a
// time, as much as there is, and only then changes the board: of an answer and a deadline that race, the second finds
// the run as the first left it. Commit point of an answer: it counts once its transaction is done, whatever the lake
// does after.

export interface Answered {
  readonly event: Extract<LiveHostEvent, 'answer' | 'answer_failed' | 'give_up'>
  readonly at: number
  readonly message: string | undefined
  readonly parts: readonly DeflatedPart[]
  readonly columns: readonly string[]
  readonly droppedRows: number
  readonly stats: DistributedStats
}

export interface DeflatedPart {
  readonly deflated: Uint8Array
  readonly rowCount: number
  /** Of the rows, as JSON. */
  readonly bytes: number
}

/** Which parts of an answer are kept, by their index in it, and at which positions of the run. */
export interface KeptParts {
  readonly kept: readonly number[]
  readonly positions: readonly number[]
}

export interface Journal {
  /**
   * Resolves when the host's answer is durable; undefined: the host had answered, or the run had ended, and nothing was
   * written.
   */
  answer(open: OpenRun, hostId: string, answered: Answered): Promise<KeptParts | undefined>
  /** Ends the run; false where it had ended. At its deadline it has succeeded where one host has. */
  end(open: OpenRun, event: 'deadline' | 'cancel'): Promise<boolean>
  /** Resolves when the store knows of every hand-out so far. */
  noteHandOuts(): Promise<void>
  /** The lake has these parts; resolves when that is noted. */
  noteInLake(runNumber: number, positions: readonly number[]): Promise<void>
  /** Resolves when nothing is in line. */
  idle(): Promise<void>
}

/** What a batch makes of a run. */
interface RunDraft {
  run: LiveRun
  nextPosition: number
  openHosts: number
  storedBytes: number
  /** Hosts as the batch leaves them. */
  readonly hosts: Map<string, Pick<OpenHost, 'state' | 'hasData'>>
  readonly noted: Set<string>
  /** What ends it. */
  end: Extract<LiveRunEvent, 'all_answered' | 'all_failed' | 'deadline' | 'cancel'> | undefined
}

type Write = (transaction: Db) => Promise<void>

interface Entry {
  /** What it costs the event loop, in answers. */
  readonly weight: number
  /** Plans against the drafts; what it returns writes it. Nothing is changed before the transaction is done. */
  readonly plan: (drafts: Drafts) => Write | undefined
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

type Drafts = (open: OpenRun) => RunDraft

export function openJournal(store: Store, board: Board, clock: Clock): Journal {
  let line: Entry[] = []
  let working: Promise<void> | undefined

  function enqueue<Result>(
    plan: (drafts: Drafts, tell: (result: Result) => void) => Write | undefined,
    weight = 1,
  ): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    let result: Result
    line.push({
      weight,
      plan: drafts =>
        plan(drafts, told => {
          result = told
        }),
      done: () => resolve(result),
      failed: reject,
    })
    working ??= work().finally(() => {
      working = undefined
    })
    return promise
  }

  async function work(): Promise<void> {
    while (line.length > 0) {
      // The store works on the event loop: what came while it did so gets its turn to stand in line, so that the next
      // batch holds all of it.
      await nextTurn()
      const batch = takeBatch(line)
      line = line.slice(batch.length)
      await writeBatch(batch)
    }
  }

  async function writeBatch(batch: readonly Entry[]): Promise<void> {
    const drafts = new Map<OpenRun, RunDraft>()
    const draftOf: Drafts = open => {
      const draft = drafts.get(open) ?? newDraft(open)
      drafts.set(open, draft)
      return draft
    }
    try {
      const writes = batch.map(entry => entry.plan(draftOf))
      const now = clock()
      for (const [open, draft] of drafts) planEnd(open, draft)
      await inTransaction(store, async transaction => {
        for (const write of writes) await write?.(transaction)
        for (const [open, draft] of drafts) await writeDraft(transaction, open, draft, now)
      })
      for (const [open, draft] of drafts) apply(board, open, draft, now)
      for (const { done } of batch) done()
    } catch (error) {
      for (const { failed } of batch) failed(error)
    }
  }

  return {
    answer: (open, hostId, answered) =>
      enqueue((drafts, tell) => {
        const plan = planAnswer(open, drafts(open), hostId, answered)
        tell(plan && { kept: plan.kept, positions: plan.parts.map(part => part.position) })
        return plan?.write
      }),
    end: (open, event) =>
      enqueue((drafts, tell) => {
        const draft = drafts(open)
        const isOpen = draft.end === undefined && isLiveRunOpen(draft.run.state)
        tell(isOpen)
        if (isOpen) draft.end = event
        return undefined
      }),
    async noteHandOuts() {
      const pieces = [...board.all()].flatMap(open => piecesOf([...open.unnoted]).map(hostIds => ({ open, hostIds })))
      const note = ({ open, hostIds }: (typeof pieces)[number]) =>
        enqueue<void>(drafts => planNote(open, drafts(open), hostIds), hostIds.length / handOutsPerAnswer)
      await Promise.all(pieces.map(note))
    },
    noteInLake: (runNumber, positions) =>
      enqueue<void>(() => transaction => noteAnswersInLake(transaction, runNumber, positions)),
    idle: () => working ?? Promise.resolve(),
  }
}

/** A hand-out is one small statement. */
const handOutsPerAnswer = 4

function piecesOf(hostIds: readonly string[]): readonly string[][] {
  const size = liveBatchAnswersMax * handOutsPerAnswer
  return Array.from({ length: Math.ceil(hostIds.length / size) }, (_, n) => hostIds.slice(n * size, (n + 1) * size))
}

/** The first in line, as much as one transaction takes; at least one. */
function takeBatch(line: readonly Entry[]): readonly Entry[] {
  let weight = 0
  const end = line.findIndex((entry, index) => {
    weight += entry.weight
    return index > 0 && weight > liveBatchAnswersMax
  })
  return end < 0 ? line.slice() : line.slice(0, end)
}

function newDraft(open: OpenRun): RunDraft {
  const { run, nextPosition, openHosts } = open
  return { run, nextPosition, openHosts, storedBytes: 0, hosts: new Map(), noted: new Set(), end: undefined }
}

function planAnswer(open: OpenRun, draft: RunDraft, hostId: string, answered: Answered) {
  const host = open.hosts.get(hostId)
  const state = draft.hosts.get(hostId)?.state ?? host?.state
  if (host === undefined || state === undefined || !isLiveHostOpen(state)) return undefined
  if (draft.end !== undefined || !isLiveRunOpen(draft.run.state)) return undefined
  const next = liveHostTransitions[state][answered.event]
  if (next === state) return undefined
  const { parts, kept, droppedRows, rowCount } = takeParts(draft, hostId, answered)
  draft.hosts.set(hostId, { state: next, hasData: rowCount > 0 })
  draft.openHosts -= 1
  const { wallTimeMs, userTimeMs, systemTimeMs, memoryBytes } = answered.stats
  const change = {
    ...{ state: next, handOuts: host.handOuts, startedAt: host.startedAt ?? answered.at, finishedAt: answered.at },
    ...{ message: answered.message, rowCount, droppedRows, wallTimeMs, userTimeMs, systemTimeMs, memoryBytes },
  }
  const { number } = open.run
  const write: Write = async transaction => {
    await insertLiveAnswers(transaction, number, parts)
    await changeLiveHost(transaction, number, hostId, change)
  }
  return { parts, kept, write }
}

/** As many whole parts as the run's bounds leave room for, with their places. */
function takeParts(draft: RunDraft, hostId: string, answered: Answered) {
  const parts: LiveAnswerPart[] = []
  const kept: number[] = []
  let { rowCount, rowBytes } = draft.run
  let droppedRows = answered.droppedRows
  let truncated = addDropped(draft.run.truncated, 'answerMax', droppedRows)
  const before = rowCount
  for (const [index, part] of answered.parts.entries()) {
    const reason = beyond(rowCount + part.rowCount, rowBytes + part.bytes)
    if (reason !== undefined && part.rowCount > 0) {
      droppedRows += part.rowCount
      truncated = addDropped(truncated, reason, part.rowCount)
      continue
    }
    parts.push({
      ...{ position: draft.nextPosition, hostId, firstRow: rowCount, rowCount: part.rowCount, line: part.deflated },
    })
    kept.push(index)
    draft.nextPosition += 1
    draft.storedBytes += part.deflated.length
    rowCount += part.rowCount
    rowBytes += part.bytes
  }
  const columns = [...new Set([...draft.run.columns, ...answered.columns])].slice(0, liveColumnsMax)
  const performance = addPerformance(draft.run.performance, answered, rowBytes - draft.run.rowBytes)
  draft.run = { ...draft.run, rowCount, rowBytes, truncated, columns, performance }
  return { parts, kept, droppedRows, rowCount: rowCount - before }
}

function beyond(rows: number, bytes: number): 'rowsMax' | 'bytesMax' | undefined {
  if (rows > liveRunRowsMax) return 'rowsMax'
  return bytes > liveRunBytesMax ? 'bytesMax' : undefined
}

function addDropped(
  known: LiveTruncation | undefined,
  reason: LiveTruncation['reason'],
  rows: number,
): LiveTruncation | undefined {
  if (rows === 0) return known
  return known === undefined ? { reason, rows } : { ...known, rows: known.rows + rows }
}

function addPerformance(known: LiveRun['performance'], { stats, event }: Answered, bytes: number) {
  if (event === 'give_up') return known
  const wallTimeMs = stats.wallTimeMs ?? 0
  return {
    answers: known.answers + 1,
    measured: known.measured + (stats.wallTimeMs === undefined ? 0 : 1),
    wallTimeMsTotal: known.wallTimeMsTotal + wallTimeMs,
    wallTimeMsMax: Math.max(known.wallTimeMsMax, wallTimeMs),
    bytesTotal: known.bytesTotal + bytes,
    bytesMax: Math.max(known.bytesMax, bytes),
  }
}

/** Notes hand-outs: of hosts that have answered since, their answer says it. */
function planNote(open: OpenRun, draft: RunDraft, hostIds: readonly string[]): Write {
  const { number } = open.run
  const changes = hostIds.map(hostId => {
    const { state, handOuts, startedAt } = open.hosts.get(hostId)!
    draft.noted.add(hostId)
    return { hostId, change: { state: draft.hosts.get(hostId)?.state ?? state, handOuts, startedAt } }
  })
  return async transaction => {
    for (const { hostId, change } of changes) await changeLiveHost(transaction, number, hostId, change)
  }
}

/** When no host is left to answer, the run ends by itself; one that somebody answered in time has succeeded. */
function planEnd(open: OpenRun, draft: RunDraft): void {
  if (draft.end === 'cancel' || !isLiveRunOpen(draft.run.state)) return
  if (draft.openHosts > 0 && draft.end === undefined) return
  if (hasSuccess(open, draft)) draft.end = 'all_answered'
  else if (draft.openHosts === 0) draft.end = 'all_failed'
}

/** The event that moves the run, if any. */
function eventOf({ run, end, noted }: RunDraft): LiveRunEvent | undefined {
  return end ?? (noted.size > 0 && run.state === 'pending' ? 'first_hand_out' : undefined)
}

function hasSuccess(open: OpenRun, draft: RunDraft): boolean {
  for (const { state } of hostsAfter(open, draft)) if (state === 'succeeded') return true
  return false
}

async function writeDraft(transaction: Db, open: OpenRun, draft: RunDraft, now: number): Promise<void> {
  const { run } = draft
  if (run !== open.run) {
    await growLiveRun(transaction, run.number, { ...run, storedBytesAdded: draft.storedBytes })
  }
  const event = eventOf(draft)
  if (event === undefined) return
  const state = liveRunTransitions[run.state][event]
  const counts = isLiveRunOpen(state) ? undefined : countsOf(open, draft, state, now)
  await changeLiveRun(transaction, run.number, event, now, counts)
}

function countsOf(open: OpenRun, draft: RunDraft, state: LiveRun['state'], now: number) {
  return countHosts(hostsAfter(open, draft), state, now)
}

function* hostsAfter(open: OpenRun, draft: RunDraft): Iterable<OpenHost> {
  for (const [id, host] of open.hosts) {
    const after = draft.hosts.get(id)
    yield after === undefined ? host : { ...host, ...after }
  }
}

/** Makes the board what the store is. */
function apply(board: Board, open: OpenRun, draft: RunDraft, now: number): void {
  for (const [hostId, { state, hasData }] of draft.hosts) {
    const host = open.hosts.get(hostId)!
    host.state = state
    host.hasData = hasData
    board.leave(open, hostId)
  }
  for (const hostId of draft.noted) open.unnoted.delete(hostId)
  open.nextPosition = draft.nextPosition
  open.openHosts = draft.openHosts
  const event = eventOf(draft)
  const state = event === undefined ? draft.run.state : liveRunTransitions[draft.run.state][event]
  open.run = { ...draft.run, state, finishedAt: isLiveRunOpen(state) ? undefined : now }
  if (!isLiveRunOpen(state)) board.remove(open)
}
