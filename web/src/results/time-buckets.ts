// Rows over time: how many fall into each of some tens of equal steps, whose width is a round one.

export interface TimeBuckets {
  /** Start of each step, ms since the epoch; ascending, without gaps. */
  readonly starts: readonly number[]
  readonly counts: readonly number[]
  readonly stepMs: number
}

const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000]
const steps = [
  1,
  10,
  100,
  second,
  5 * second,
  15 * second,
  30 * second,
  minute,
  2 * minute,
  5 * minute,
  10 * minute,
  15 * minute,
  30 * minute,
  hour,
  2 * hour,
  3 * hour,
  6 * hour,
  12 * hour,
  day,
  2 * day,
  7 * day,
  30 * day,
  365 * day,
]

/** Undefined where there is nothing to see: no instant, or all at one moment. */
export function timeBuckets(instants: readonly number[], bucketsMax: number): TimeBuckets | undefined {
  let [oldest, newest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const at of instants) {
    if (at < oldest) oldest = at
    if (at > newest) newest = at
  }
  if (!(newest > oldest)) return undefined
  const stepMs =
    steps.find(step => (newest - oldest) / step < bucketsMax - 1) ?? Math.ceil((newest - oldest) / bucketsMax)
  const first = Math.floor(oldest / stepMs)
  const length = Math.floor(newest / stepMs) - first + 1
  const counts = new Array<number>(length).fill(0)
  for (const at of instants) {
    const index = Math.floor(at / stepMs) - first
    counts[index] = (counts[index] ?? 0) + 1
  }
  return { starts: counts.map((_, index) => (first + index) * stepMs), counts, stepMs }
}

/** A result's instant (`2026-01-31T08:00:00.000Z`) or epoch seconds as ms; undefined for anything else. */
export function instantMs(value: unknown): number | undefined {
  if (typeof value === 'number') return value > 1e8 && value < 1e11 ? value * 1000 : undefined
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}/.test(value)) return undefined
  const ms = Date.parse(value.length === 10 || /Z|[+-]\d\d:?\d\d$/.test(value) ? value : `${value.replace(' ', 'T')}Z`)
  return Number.isNaN(ms) ? undefined : ms
}

/** The column rows lie on in time: the run's own time column where it is in the result. */
export function timeColumn(columns: readonly { readonly name: string; readonly type: string }[]): string | undefined {
  const usual = ['calendar_time', 'unix_time', 'ingestion_timestamp']
  const typed = columns.filter(({ type }) => type === 'timestamp')
  return usual.find(name => typed.some(each => each.name.toLowerCase() === name)) === undefined
    ? (typed[0]?.name ?? columns.find(({ name, type }) => name === 'time' && type === 'long')?.name)
    : typed.find(each => usual.includes(each.name.toLowerCase()))?.name
}
