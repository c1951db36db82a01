import type { Exchange, Route } from './agent/requests.ts'

// Latencies and outcomes of a fleet's requests, by route: in buckets two percent wide, so that hours of them take no
// more memory than a minute.

export interface RouteFigures {
  readonly requests: number
  /** How often each outcome came. */
  readonly outcomes: Readonly<Record<string, number>>
  /** Milliseconds of requests that were answered, within two percent; 0 where there were none. */
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface ExchangeFigures {
  add(exchange: Exchange): void
  of(route: Route): RouteFigures
  /** Reasons of failures, the most frequent first. */
  reasons(): readonly (readonly [reason: string, count: number])[]
}

const base = Math.log(1.02)
/** From a hundredth of a millisecond to over an hour. */
const buckets = 1_000
const msMin = 0.01
const reasonsMax = 200

interface Tally {
  requests: number
  max: number
  readonly outcomes: Record<string, number>
  readonly counts: Uint32Array
}

export function openExchangeFigures(): ExchangeFigures {
  const tallies = new Map<Route, Tally>()
  const reasons = new Map<string, number>()

  function tallyOf(route: Route): Tally {
    const known = tallies.get(route)
    if (known !== undefined) return known
    const tally = { requests: 0, max: 0, outcomes: {}, counts: new Uint32Array(buckets) }
    tallies.set(route, tally)
    return tally
  }

  return {
    add({ route, ms, outcome, reason }) {
      const tally = tallyOf(route)
      tally.requests += 1
      tally.outcomes[outcome] = (tally.outcomes[outcome] ?? 0) + 1
      if (reason !== '') {
        const key = `${route}: ${reason}`
        if (reasons.has(key) || reasons.size < reasonsMax) reasons.set(key, (reasons.get(key) ?? 0) + 1)
      }
      if (outcome === 'lost' || outcome === 'late') return
      tally.max = Math.max(tally.max, ms)
      const bucket = Math.floor(Math.log(Math.max(ms, msMin) / msMin) / base)
      tally.counts[Math.min(bucket, buckets - 1)]! += 1
    },
    of(route) {
      const { requests, max, outcomes, counts } = tallyOf(route)
      return { requests, outcomes: { ...outcomes }, p50: quantile(counts, 0.5), p99: quantile(counts, 0.99), max }
    },
    reasons: () => [...reasons].sort(([, one], [, other]) => other - one),
  }
}

/** The upper end of the bucket in which the share is reached. */
function quantile(counts: Uint32Array, share: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return 0
  let seen = 0
  const bucket = counts.findIndex(count => {
    seen += count
    return seen >= total * share
  })
  return msMin * Math.exp((bucket + 1) * base)
}
