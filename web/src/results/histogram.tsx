import { type ReactNode, useEffect, useMemo, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { ResultItem } from '../../../src/client/results.ts'
import { counted, instant } from '../parts/words.ts'
import { instantMs, type TimeBuckets, timeBuckets } from './time-buckets.ts'

// The loaded rows over time. Dragging over it keeps the rows of that stretch.

const heightPx = 74
const bucketsMax = 120

export function Histogram(props: {
  readonly items: readonly ResultItem[]
  readonly column: string
  readonly onRange: (fromMs: number, toMs: number) => void
}): ReactNode {
  const { items, column, onRange } = props
  const buckets = useMemo(
    () =>
      timeBuckets(
        items.flatMap(item => instantMs(item[column]) ?? []),
        bucketsMax,
      ),
    [items, column],
  )
  const summary = buckets === undefined ? undefined : summaryOf(buckets)
  const place = useRef<HTMLDivElement>(null)
  usePlot(place, buckets, onRange)
  return (
    <figure className="histogram" aria-label={summary ?? `All rows at one ${column}`}>
      {buckets === undefined ? (
        <p className="histogram-none">Every row lies at one moment of {column}.</p>
      ) : (
        <div ref={place} />
      )}
    </figure>
  )
}

function summaryOf({ starts, counts, stepMs }: TimeBuckets): string {
  const most = counts.reduce((best, number, index) => (number > (counts[best] ?? 0) ? index : best), 0)
  const iso = (ms: number | undefined): string => instant(new Date(ms ?? 0).toISOString())
  const end = (starts.at(-1) ?? 0) + stepMs
  const peak = `${iso(starts[most])}: ${counted(counts[most] ?? 0, 'row')}`
  return `Rows over time from ${iso(starts[0])} to ${iso(end)} UTC; most at ${peak}`
}

function usePlot(
  place: { readonly current: HTMLDivElement | null },
  buckets: TimeBuckets | undefined,
  onRange: (fromMs: number, toMs: number) => void,
): void {
  const latest = useRef(onRange)
  latest.current = onRange
  useEffect(() => {
    const element = place.current
    if (element === null || buckets === undefined) return
    const data: uPlot.AlignedData = [buckets.starts.map(ms => ms / 1000), [...buckets.counts]]
    const plot = new uPlot(
      plotOptions(element, buckets, range => latest.current(...range)),
      data,
      element,
    )
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: heightPx }))
    observer.observe(element)
    const scheme = new MutationObserver(() => plot.redraw(false, true))
    scheme.observe(document.documentElement, { attributes: true, attributeFilter: ['data-scheme'] })
    return () => {
      observer.disconnect()
      scheme.disconnect()
      plot.destroy()
    }
  }, [place, buckets])
}

/** The present value of a custom property, which a canvas cannot use by itself. */
function colour(element: HTMLElement, name: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${name})`
  element.append(probe)
  const value = getComputedStyle(probe).color
  probe.remove()
  return value
}

function plotOptions(
  element: HTMLElement,
  buckets: TimeBuckets,
  onRange: (range: [number, number]) => void,
): uPlot.Options {
  const stroke = (): string => colour(element, '--text-3')
  const axis: uPlot.Axis = {
    stroke,
    font: '10px Inter, system-ui, sans-serif',
    grid: { show: false },
    ticks: { show: false },
  }
  const stepSeconds = buckets.stepMs / 1000
  return {
    width: element.clientWidth,
    height: heightPx,
    padding: [6, 12, 0, 0],
    tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
    scales: {
      x: { time: true, range: (_plot, min, max) => [min, max + stepSeconds] },
      y: { range: (_plot, _min, max) => [0, max || 1] },
    },
    axes: [
      { ...axis, size: 20, gap: 2, values: axisTimes },
      {
        ...axis,
        size: 46,
        gap: 4,
        splits: (_plot, _axis, _min, max) => [0, max],
        values: (_plot, splits) => splits.map(value => Math.round(value).toLocaleString('en')),
      },
    ],
    series: [
      {},
      {
        fill: () => colour(element, '--accent-bar'),
        width: 0,
        points: { show: false },
        // Bars begin at their step's start.
        paths: uPlot.paths.bars!({ size: [0.86, 100], align: 1 }),
      },
    ],
    hooks: {
      setSelect: [
        plot => {
          const { left, width } = plot.select
          if (width < 2) return
          onRange([plot.posToVal(left, 'x') * 1000, plot.posToVal(left + width, 'x') * 1000])
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
        },
      ],
    },
  }
}

/** Times of day within a day, days beyond; 24 hours, UTC. */
function axisTimes(_plot: uPlot, splits: number[], _axis: number, _space: number, step: number): string[] {
  return splits.map(seconds => {
    const text = new Date(seconds * 1000).toISOString()
    if (step >= 86_400) return text.slice(5, 10)
    const isMidnight = text.slice(11, 16) === '00:00'
    return isMidnight ? text.slice(5, 10) : step >= 60 ? text.slice(11, 16) : text.slice(11, 19)
  })
}
