import { makeHosts, type SimulatedHost } from './hosts.ts'
import type { Item } from './inventory.ts'
import { liveProcesses, type Span } from './processes.ts'
import { openRandom } from './random.ts'
import { type Report, resultLines } from './result-line.ts'
import { type HostLife, type SimulatedQuery, schedule } from './scheduled-queries.ts'
import { makeStory, type Story, storyProcesses } from './story.ts'

// A fleet of osquery agents and the result logs they write over a span of time, drawn from a seed: the same seed, count
// and span give the same lines on every machine.

export interface FleetOptions {
  readonly seed: string
  readonly hostCount: number
  readonly span: Span
}

export interface SimulatedFleet {
  readonly hosts: readonly SimulatedHost[]
  /** undefined for fleets and spans too small for one. */
  readonly story: Story | undefined
  /** The result log of one host, in the order its agent writes it. */
  linesOf(host: SimulatedHost): readonly SimulatedLine[]
}

export interface SimulatedLine {
  /** Seconds since the epoch: when the agent wrote it. */
  readonly time: number
  /** Without the line end. */
  readonly text: string
}

export function simulateFleet({ seed, hostCount, span }: FleetOptions): SimulatedFleet {
  const hosts = makeHosts(openRandom(`${seed}/hosts`), hostCount, span.start)
  const story = makeStory(hosts, span)
  return {
    hosts,
    story,
    linesOf(host) {
      const random = openRandom(`${seed}/${host.identifier}`)
      const processes = liveProcesses(host, random, span, storyProcesses(story, host))
      const life = { host, random, processes, story }
      const reports = schedule
        .filter(query => query.platforms.includes(host.platform))
        .flatMap(query => reportsOf(query, life, span))
        .sort((one, other) => one.time - other.time)
      return reports.flatMap(report => resultLines(host, report).map(text => ({ time: report.time, text })))
    },
  }
}

/** Executions of one query over the span; the first comes within its interval, as agents spread their load. */
function reportsOf(query: SimulatedQuery, life: HostLife, span: Span): readonly Report[] {
  const items = query.items(life)
  const reports: Report[] = []
  const offset = life.random.integer(1, Math.min(query.intervalSeconds, span.end - span.start - 1))
  let previous: number | undefined
  // Event tables count from 1, all others from 0.
  let counter = query.kind === 'events' ? 1 : 0
  for (let time = span.start + offset; time < span.end; time += query.intervalSeconds) {
    reports.push({ queryName: query.name, time, counter, content: contentOf(query, items, previous, time) })
    previous = time
    counter += 1
  }
  return reports
}

function contentOf(
  { kind }: SimulatedQuery,
  items: readonly Item[],
  previous: number | undefined,
  time: number,
): Report['content'] {
  const isThere = (item: Item, at: number): boolean => item.since <= at && at < item.until
  if (kind === 'snapshot') return { kind, rows: items.filter(item => isThere(item, time)).map(item => item.row) }
  const wasThere = (item: Item): boolean => previous !== undefined && isThere(item, previous)
  const isNew = (item: Item): boolean =>
    kind === 'events'
      ? item.since <= time && item.since > (previous ?? Number.NEGATIVE_INFINITY)
      : isThere(item, time) && !wasThere(item)
  const added = items.filter(isNew)
  const removed = kind === 'events' ? [] : items.filter(item => wasThere(item) && !isThere(item, time))
  return { kind: 'differences', added: added.map(item => item.row), removed: removed.map(item => item.row) }
}
