import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { LakeStats } from '../../../src/api/lake-stats.ts'
import { noticeStore } from '../parts/notice.ts'
import { Popover } from '../parts/popover.tsx'
import { age, bytes, count, counted, instant } from '../parts/words.ts'
import { useStats } from '../state/lake-queries.ts'
import { useStore } from '../state/store.ts'
import { linesPerSecond } from './ingest-rate.ts'
import './health.css'

const diskLowShare = 0.1
const lagHighMs = 10 * 60_000

/** The health corner: what comes in, how late, how much room, who is silent; and what just happened on this screen. */
export function StatusBar(): ReactNode {
  const { data: stats, error } = useStats()
  return (
    <footer className="status-bar">
      {stats === undefined ? (
        <span className="muted">{error === null ? '' : `No statistics: ${error.message}`}</span>
      ) : (
        <Health stats={stats} />
      )}
      <Notice />
      <a href="/docs">API reference</a>
    </footer>
  )
}

function Health({ stats }: { readonly stats: LakeStats }): ReactNode {
  const rate = useRate(stats)
  const { lagMs } = stats.ingest
  const free = stats.disk
  const isDiskLow = free !== undefined && free.freeBytes < free.totalBytes * diskLowShare
  return (
    <>
      <Popover
        label="The lake"
        kind="dialog"
        buttonClass="status-fact"
        className="lake-card"
        button={
          <>
            <span className={`dot ${lagMs === undefined ? 'none' : lagMs > lagHighMs ? 'warn' : 'good'}`} />
            {rate === undefined ? '–' : count(Math.round(rate))} rows/s in
          </>
        }
      >
        {() => <LakeCard stats={stats} />}
      </Popover>
      <span className="status-fact" title="Age of the newest row that came in">
        lag {lagMs === undefined ? '–' : age(lagMs)}
      </span>
      {free === undefined ? null : (
        <span className={isDiskLow ? 'status-fact bad' : 'status-fact'} title={`${bytes(free.totalBytes)} in all`}>
          {bytes(free.freeBytes)} free
        </span>
      )}
      <Popover
        label="Silent hosts"
        kind="dialog"
        buttonClass={stats.hosts.silent > 0 ? 'status-fact warn' : 'status-fact'}
        button={
          <>
            {count(stats.hosts.silent)} of {counted(stats.hosts.total, 'host')} silent
          </>
        }
      >
        {() => <SilentHosts stats={stats} />}
      </Popover>
    </>
  )
}

function useRate(stats: LakeStats): number | undefined {
  const before = useRef<LakeStats>(undefined)
  const [rate, setRate] = useState<number>()
  useEffect(() => {
    if (before.current?.asOf === stats.asOf) return
    setRate(linesPerSecond(before.current, stats))
    before.current = stats
  }, [stats])
  return rate
}

function LakeCard({ stats }: { readonly stats: LakeStats }): ReactNode {
  const facts: readonly (readonly [string, string])[] = [
    ['Rows', count(stats.rows)],
    ['In files', `${bytes(stats.bytes)} · ${counted(stats.files, 'file')}`],
    ['Not in files yet', `${counted(stats.tail.lines, 'line')} · ${bytes(stats.tail.bytes)}`],
    ['Oldest', stats.oldest === undefined ? '–' : `${instant(stats.oldest)} UTC`],
    ['Newest', stats.newest === undefined ? '–' : `${instant(stats.newest)} UTC`],
  ]
  return (
    <dl>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function SilentHosts({ stats }: { readonly stats: LakeStats }): ReactNode {
  const { silent, silentAfterMs, silentFirst } = stats.hosts
  if (silent === 0) return <p className="side-note">Every host was heard of within {age(silentAfterMs)}.</p>
  return (
    <>
      <h3>Not heard of for {age(silentAfterMs)} or longer</h3>
      <ul className="silent-hosts" aria-label="Silent hosts">
        {silentFirst.map(host => (
          <li key={host.id}>
            <span className="mono">{host.hostIdentifier}</span>
            <span className="muted">
              {host.lastSeenAt === undefined ? 'never' : age(Date.parse(stats.asOf) - Date.parse(host.lastSeenAt))}
            </span>
          </li>
        ))}
      </ul>
      {silent > silentFirst.length ? <p className="side-note">and {count(silent - silentFirst.length)} more</p> : null}
    </>
  )
}

const noticeMs = 5_000

function Notice(): ReactNode {
  const { text, number } = useStore(noticeStore, state => state)
  const [shown, setShown] = useState(0)
  useEffect(() => {
    setShown(number)
    const timer = setTimeout(() => setShown(0), noticeMs)
    return () => clearTimeout(timer)
  }, [number])
  return (
    <p className="notice" role="status" aria-live="polite">
      {shown === number && number > 0 ? text : ''}
    </p>
  )
}
