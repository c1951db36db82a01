import type { Run } from '../../../src/api/query-runs.ts'
import type { LakeClient } from '../../../src/client/client.ts'
import type { ResultItem, ResultPage, ResultPageColumn } from '../../../src/client/results.ts'
import { codeOf, noteFailure } from '../session/session.ts'
import { openStore, type Store } from '../state/store.ts'
import type { RunSpec } from './run-request.ts'

// The runs of the open tabs: at most one a tab. Phases: idle → starting → refused, or running → finished; a finished
// one that succeeded reads its pages as they are wanted. A newer run of the same tab makes the older one's answers
// count for nothing.

/** Why something failed, as the API wrote it. */
export interface RunFailure {
  readonly message: string
  readonly code: string | undefined
  readonly details: Readonly<Record<string, unknown>>
}

export interface ResultState {
  readonly columns: readonly ResultPageColumn[]
  readonly items: readonly ResultItem[]
  /** Rows of the whole result; undefined until the first page is there. */
  readonly rowCount: number | undefined
  readonly isReading: boolean
  readonly failure?: RunFailure
}

export type RunPhase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'starting'; readonly startedAt: number }
  | { readonly kind: 'refused'; readonly failure: RunFailure; readonly template: string }
  | { readonly kind: 'running'; readonly startedAt: number; readonly run: Run; readonly isCanceling: boolean }
  | { readonly kind: 'finished'; readonly run: Run; readonly result: ResultState | undefined }
  /** The run of an earlier visit is gone, or cannot be read now. */
  | { readonly kind: 'lost'; readonly failure: RunFailure }

export interface RunStore {
  readonly phases: Store<Readonly<Record<string, RunPhase>>>
  start(tabId: string, spec: RunSpec, onStarted: (run: Run) => void): Promise<void>
  /** Takes up a run that was started earlier, or elsewhere. */
  attach(tabId: string, runId: string): Promise<void>
  cancel(tabId: string): Promise<void>
  /** Reads on until `rows` rows are there, or all. */
  readRows(tabId: string, rows: number): Promise<void>
  forget(tabId: string): void
  close(): void
}

export const idle: RunPhase = { kind: 'idle' }

/** Rows a page; the API's largest. */
const pageRows = 2_000
/** While many pages are read, the screen follows this often. */
const publishMs = 400

interface Reader {
  readonly runId: string
  readonly signal: AbortSignal
  /** Undefined until the first page is asked for, and after a failure: then reading begins anew and skips. */
  pages: AsyncGenerator<ResultPage> | undefined
  columns: readonly ResultPageColumn[]
  items: readonly ResultItem[]
  rowCount: number | undefined
  isDone: boolean
  isBusy: boolean
  wanted: number
}

export function openRunStore(client: LakeClient): RunStore {
  const phases = openStore<Readonly<Record<string, RunPhase>>>({})
  const aborts = new Map<string, AbortController>()
  const readers = new Map<string, Reader>()

  const show = (tabId: string, phase: RunPhase): void => phases.set(all => ({ ...all, [tabId]: phase }))

  /** Ends whatever the tab was doing and returns the signal of what it does now. */
  function begin(tabId: string): AbortSignal {
    aborts.get(tabId)?.abort()
    readers.delete(tabId)
    const abort = new AbortController()
    aborts.set(tabId, abort)
    return abort.signal
  }

  async function follow(tabId: string, run: Run, startedAt: number, signal: AbortSignal): Promise<void> {
    const onPoll = (seen: Run): void => {
      if (!signal.aborted && seen.status !== 'finished')
        show(tabId, { kind: 'running', startedAt, run: seen, isCanceling: isCanceling(tabId) })
    }
    const finished = run.status === 'finished' ? run : await client.awaitRun(run.id, { signal, onPoll })
    if (signal.aborted) return
    show(tabId, { kind: 'finished', run: finished, result: undefined })
    if (finished.result !== 'succeeded') return
    readers.set(tabId, openReader(finished.id, signal))
    await readRows(tabId, 1)
  }

  function isCanceling(tabId: string): boolean {
    const phase = phases.get()[tabId]
    return phase?.kind === 'running' && phase.isCanceling
  }

  async function readRows(tabId: string, rows: number): Promise<void> {
    const reader = readers.get(tabId)
    if (reader === undefined) return
    reader.wanted = Math.max(reader.wanted, rows)
    if (reader.isBusy || reader.isDone || reader.items.length >= reader.wanted) return
    reader.isBusy = true
    try {
      await readOn(tabId, reader)
    } catch (error) {
      noteFailure(error)
      if (readers.get(tabId) === reader) {
        reader.pages = undefined
        reader.wanted = 0
        showResult(tabId, { ...shownOf(reader), isReading: false, failure: failureOf(error) })
      }
    } finally {
      reader.isBusy = false
    }
  }

  async function readOn(tabId: string, reader: Reader): Promise<void> {
    showResult(tabId, { isReading: true })
    let shownAt = Number.NEGATIVE_INFINITY
    while (!reader.isDone && reader.items.length < reader.wanted) {
      await readPage(client, reader)
      if (readers.get(tabId) !== reader) return
      if (performance.now() - shownAt < publishMs) continue
      shownAt = performance.now()
      showResult(tabId, { ...shownOf(reader), isReading: true })
    }
    showResult(tabId, { ...shownOf(reader), isReading: false })
  }

  function showResult(tabId: string, change: Partial<ResultState>): void {
    phases.set(all => {
      const phase = all[tabId]
      if (phase?.kind !== 'finished') return all
      const before = phase.result ?? { columns: [], items: [], rowCount: undefined, isReading: true }
      const { failure: _, ...rest } = before
      return { ...all, [tabId]: { ...phase, result: { ...rest, ...change } } }
    })
  }

  async function guarded(
    tabId: string,
    signal: AbortSignal,
    work: () => Promise<void>,
    onFail: (failure: RunFailure) => RunPhase,
  ): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (signal.aborted) return
      noteFailure(error)
      show(tabId, onFail(failureOf(error)))
    }
  }

  return {
    phases,
    readRows,
    start(tabId, { template, variables, window }, onStarted) {
      const signal = begin(tabId)
      const startedAt = performance.now()
      show(tabId, { kind: 'starting', startedAt })
      const work = async (): Promise<void> => {
        const run = await client.startRun({ template, variables, ...window }, signal)
        if (signal.aborted) return void client.cancelRun(run.id).catch(noteFailure)
        onStarted(run)
        show(tabId, { kind: 'running', startedAt, run, isCanceling: false })
        await follow(tabId, run, startedAt, signal)
      }
      return guarded(tabId, signal, work, failure => ({ kind: 'refused', failure, template }))
    },
    attach(tabId, runId) {
      const signal = begin(tabId)
      const startedAt = performance.now()
      show(tabId, { kind: 'starting', startedAt })
      const work = async (): Promise<void> => follow(tabId, await client.getRun(runId, signal), startedAt, signal)
      return guarded(tabId, signal, work, failure => ({ kind: 'lost', failure }))
    },
    async cancel(tabId) {
      const phase = phases.get()[tabId]
      if (phase?.kind === 'starting') {
        aborts.get(tabId)?.abort()
        show(tabId, idle)
      }
      if (phase?.kind !== 'running' || phase.isCanceling) return
      show(tabId, { ...phase, isCanceling: true })
      // The poll that is under way sees the run canceled; a failure here leaves it running, and says so.
      await client.cancelRun(phase.run.id).catch(error => {
        noteFailure(error)
        show(tabId, { ...phase, isCanceling: false })
        throw error
      })
    },
    forget(tabId) {
      aborts.get(tabId)?.abort()
      aborts.delete(tabId)
      readers.delete(tabId)
      phases.set(({ [tabId]: _, ...rest }) => rest)
    },
    close() {
      for (const abort of aborts.values()) abort.abort()
      readers.clear()
    },
  }
}

function openReader(runId: string, signal: AbortSignal): Reader {
  const nothing = { pages: undefined, columns: [], items: [], rowCount: undefined }
  return { runId, signal, ...nothing, isDone: false, isBusy: false, wanted: 0 }
}

function shownOf({ columns, items, rowCount }: Reader): Pick<ResultState, 'columns' | 'items' | 'rowCount'> {
  return { columns, items, rowCount }
}

/** Adds the next page; after a failure those that are there already are read again and dropped. */
async function readPage(client: LakeClient, reader: Reader): Promise<void> {
  const isAnew = reader.pages === undefined
  reader.pages ??= client.resultPages(reader.runId, { pageSize: pageRows, signal: reader.signal })
  for (let skipped = 0; ; ) {
    const { value: page, done } = await reader.pages.next()
    if (done || page === undefined) {
      reader.isDone = true
      return
    }
    if (isAnew && skipped < reader.items.length) {
      skipped += page.items.length
      continue
    }
    reader.columns = page.columns
    reader.rowCount = page.rowCount
    reader.items = reader.items.concat(page.items)
    reader.isDone = page.rowCount !== undefined && reader.items.length >= page.rowCount
    return
  }
}

export function failureOf(error: unknown): RunFailure {
  const message = error instanceof Error ? error.message : String(error)
  const details = error instanceof Error && 'details' in error ? error.details : undefined
  const known = typeof details === 'object' && details !== null ? (details as Record<string, unknown>) : {}
  return { message, code: codeOf(error), details: known }
}
