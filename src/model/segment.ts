// An append-only log file of accepted lines. Modes: open (this process appends to it) → sealed (closed, complete,
// waiting to become data files) → consumed (its rows are in data files; the file may be unlinked once no run or
// window of resends needs it) . `quarantined` is a sealed segment that could not be converted.

export type SegmentState = 'open' | 'sealed' | 'consumed' | 'quarantined'

export interface Segment {
  /** Allotted by the catalog, unique in the store, growing; half of every row's identity. */
  readonly number: number
  readonly tenantId: string
  /** Name of the file below the segments folder. */
  readonly fileName: string
  readonly state: SegmentState
  readonly createdAt: number
}

/** First line of a segment file; has no `q`, so no reader takes it for a frame. */
export interface SegmentHeader {
  readonly format: 1
  readonly segment: number
  readonly tenant: string
  readonly createdAt: number
}

/**
 * One JSON line of a segment: the lines of one host out of one accepted body. At most `frameBytesMax` bytes.
 * `b` holds each line's exact text as a JSON string.
 */
export interface Frame {
  /** Sequence number in the segment, dense from 1. */
  readonly q: number
  /** Ordinal in the segment of this frame's first line, from 0: what makes a row's identity. */
  readonly o: number
  /** Time of receipt, ms since the epoch. */
  readonly t: number
  /** The host's id (`endpoint_id`); for rows of a table that no host reports `table/<name>`. */
  readonly h: string
  /** osquery's host identifier; for rows of such a table its name. */
  readonly hi: string
  /** The table its lines are rows of, one each; undefined: they are osquery's result lines. */
  readonly tb?: string
  /** Address that the agent was seen from. */
  readonly ip?: string
  /** Where the lines come from when they are no scheduled query's: what hosts answered to a live query. */
  readonly qs?: FrameSource
  /** Number of lines in `b`. */
  readonly n: number
  /** SHA-256 over the lines, each followed by `\n`; hex. */
  readonly s: string
  /** Where a file import has got to: its id and the number of the line after this body. In a body's last frame. */
  readonly i?: { readonly id: string; readonly next: number }
  /** More frames of the same body follow: recovery drops a body whose last frame never reached the disk. */
  readonly m?: true
  /** Lines of the host in this body that were left out because they had come before. */
  readonly d?: number
  readonly b: readonly string[]
}

export type FrameSource = 'live'

/**
 * What the nets against resends hold a frame's lines apart by. An agent tries its results and its status lines again
 * each on its own, and answers live queries in between.
 */
export function resendKeyOf({ h, tb, qs }: Pick<Frame, 'h' | 'tb' | 'qs'>): string {
  if (qs !== undefined) return `${h}/${qs}`
  return tb === undefined || isOfTable(h) ? h : `${h}/${tb}`
}

const tablePrefix = 'table/'

/** What stands in a frame for the host where a table's rows are nobody's. */
export function tableOwnerId(table: string): string {
  return `${tablePrefix}${table}`
}

/** True where `h` of a frame is no host's id. */
export function isOfTable(h: string): boolean {
  return h.startsWith(tablePrefix)
}

/** A prefix of a segment that a run reads: frames with `q <= frames`, no later one. */
export interface SegmentPin {
  readonly number: number
  readonly tenantId: string
  readonly fileName: string
  /** Number of durable frames at the moment of the pin. */
  readonly frames: number
}
