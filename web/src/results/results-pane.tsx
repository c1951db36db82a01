import { type ReactNode, type RefObject, useEffect, useState } from 'react'
import type { Run } from '../../../src/api/query-runs.ts'
import { Icon } from '../parts/icon.tsx'
import { seconds } from '../parts/words.ts'
import type { Pivot } from '../pivot/pivots.ts'
import type { RunFailure, RunPhase } from '../run/run-store.ts'
import { BannerList } from './banner-list.tsx'
import { type Banner, bannersOf, emptyReason } from './banners.ts'
import { ResultView } from './result-view.tsx'
import { StartHints } from './start-hints.tsx'
import './results.css'

export interface ResultsActions {
  cancel(): void
  readRows(rows: number): void
  pivot(pivot: Pivot): void
  searchAll(): void
  showPlace(failure: Pick<RunFailure, 'details'>): void
  /** A query for somebody who does not know where to begin. */
  open(template: string): void
}

/** Below the editor: what became of the tab's run. */
export function ResultsPane(props: {
  readonly phase: RunPhase
  readonly actions: ResultsActions
  readonly gridRef: RefObject<HTMLDivElement | null>
}): ReactNode {
  const { phase, actions, gridRef } = props
  switch (phase.kind) {
    case 'idle':
      return <StartHints onOpen={actions.open} />
    case 'starting':
      return <Progress startedAt={phase.startedAt} text="Checking the statement" onCancel={actions.cancel} />
    case 'running':
      return (
        <Progress
          startedAt={phase.startedAt}
          text={phase.isCanceling ? 'Canceling' : progressText(phase.run)}
          percent={phase.run.progress?.percent}
          runId={phase.run.id}
          isCanceling={phase.isCanceling}
          onCancel={actions.cancel}
        />
      )
    case 'refused':
      return <Refusal failure={phase.failure} onShowPlace={() => actions.showPlace(phase.failure)} />
    case 'lost':
      if (phase.failure.code === 'not_found') return <Expired />
      return <Refusal failure={phase.failure} title="That run cannot be shown" />
    case 'finished':
      return <Finished phase={phase} actions={actions} gridRef={gridRef} />
  }
}

function Finished(props: {
  readonly phase: Extract<RunPhase, { kind: 'finished' }>
  readonly actions: ResultsActions
  readonly gridRef: RefObject<HTMLDivElement | null>
}): ReactNode {
  const { phase, actions, gridRef } = props
  const { run, result } = phase
  const banners = bannersOf(run, result)
  const onAction = (action: NonNullable<Banner['action']>): void => {
    if (action === 'searchAll') actions.searchAll()
    else if (action === 'readAgain') actions.readRows((result?.items.length ?? 0) + 1)
    else actions.showPlace({ details: { ...run.error } })
  }
  return (
    <>
      <BannerList banners={banners} onAction={onAction} />
      {result?.rowCount === 0 ? <EmptyResult reason={emptyReason(run)} onSearchAll={actions.searchAll} /> : null}
      {run.result === 'succeeded' ? (
        <ResultView key={run.id} run={run} result={result} actions={actions} gridRef={gridRef} />
      ) : null}
    </>
  )
}

/** Runs are kept for a while only; a tab remembers its statement longer. */
function Expired(): ReactNode {
  return (
    <div className="empty" role="status">
      <h2>The rows of the last run have expired</h2>
      <p>Run it again to see them.</p>
    </div>
  )
}

function EmptyResult(props: { readonly reason: Banner; readonly onSearchAll: () => void }): ReactNode {
  const { title, text, action } = props.reason
  return (
    <div className="empty" role="status">
      <h2>{title}</h2>
      <p>{text}</p>
      {action === 'searchAll' ? (
        <button type="button" className="button" onClick={props.onSearchAll}>
          <Icon name="clock" /> Search all data
        </button>
      ) : null}
    </div>
  )
}

const tickMs = 100

const phaseTitles = {
  queued: 'Waiting for a worker',
  opening: 'Opening the files',
  executing: 'Running',
  writing: 'Writing the result',
} as const

function progressText({ progress }: Run): string {
  if (progress === undefined) return 'Running'
  const percent = progress.percent === undefined ? '' : ` · ${progress.percent} %`
  return `${phaseTitles[progress.phase] ?? 'Running'}${percent}`
}

function Progress(props: {
  readonly startedAt: number
  readonly text: string
  readonly percent?: number | undefined
  readonly runId?: string
  readonly isCanceling?: boolean
  readonly onCancel: () => void
}): ReactNode {
  const [now, setNow] = useState(() => performance.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), tickMs)
    return () => clearInterval(timer)
  }, [])
  return (
    <div className="progress">
      {props.percent === undefined ? (
        <div className="progress-bar" />
      ) : (
        <progress className="progress-done" max={100} value={props.percent} aria-label="Progress" />
      )}
      <p role="status">
        <span className="spinner" /> {props.text}
      </p>
      <p className="progress-time" aria-hidden="true">
        {seconds(Math.max(0, now - props.startedAt))}
      </p>
      {props.runId === undefined ? null : <p className="muted mono">run {props.runId}</p>}
      <button type="button" className="button" onClick={props.onCancel} disabled={props.isCanceling === true}>
        <Icon name="stop" /> Cancel
      </button>
    </div>
  )
}

function Refusal(props: {
  readonly failure: RunFailure
  readonly title?: string
  readonly onShowPlace?: () => void
}): ReactNode {
  const { failure, title, onShowPlace } = props
  const { hint, requestId, offset } = failure.details
  return (
    <div className="refusal" role="alert">
      <h2>
        <Icon name="warning" />{' '}
        {title ?? (failure.code === 'invalid_argument' ? 'The lake refused this statement' : 'It did not run')}
      </h2>
      <p className="refusal-message">{failure.message}</p>
      {typeof hint === 'string' && !failure.message.includes(hint) ? <p className="muted">{hint}</p> : null}
      {typeof requestId === 'string' ? <p className="muted mono">request {requestId}</p> : null}
      {onShowPlace !== undefined && typeof offset === 'number' ? (
        <button type="button" className="button" onClick={onShowPlace}>
          Show the place
        </button>
      ) : null}
    </div>
  )
}
