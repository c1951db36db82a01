import type { LineKind } from './ledger.ts'

// The agent's buffered log: lines that no answer has acknowledged, kept over a restart of the agent, in the order of
// RocksDB's keys `<r|s>_<unix time>_<running number>`. Numbers are text there: within one second line 100 stands before
// line 99, so new lines may stand before older ones that were sent already.

export interface StoredLine {
  readonly kind: LineKind
  readonly mark: number
  readonly bytes: Buffer
  /** Seconds since the epoch, by the agent's clock. */
  readonly time: number
  /** The running number as text. */
  readonly number: string
}

export interface LogStore {
  readonly size: number
  add(kind: LineKind, mark: number, bytes: Buffer, time: number): void
  /** The first `max` lines, results before statuses; they stay. */
  first(max: number): readonly StoredLine[]
  remove(lines: readonly StoredLine[]): void
  /** Removes and returns the oldest lines of both kinds until `max` are left. */
  purge(max: number): readonly StoredLine[]
}

export function openLogStore(): LogStore {
  const stored: Record<LineKind, StoredLine[]> = { result: [], status: [] }
  let lastNumber = 0

  const size = (): number => stored.result.length + stored.status.length

  function removeAll(kind: LineKind, gone: ReadonlySet<StoredLine>): void {
    const lines = stored[kind]
    const kept: StoredLine[] = []
    let found = 0
    let end = 0
    // What goes stands at the front, perhaps with newer lines in between.
    for (; end < lines.length && found < gone.size; end += 1) {
      if (gone.has(lines[end]!)) found += 1
      else kept.push(lines[end]!)
    }
    lines.splice(0, end, ...kept)
  }

  function remove(lines: readonly StoredLine[]): void {
    for (const kind of ['result', 'status'] as const) {
      const gone = new Set(lines.filter(line => line.kind === kind))
      if (gone.size > 0) removeAll(kind, gone)
    }
  }

  return {
    get size() {
      return size()
    },
    add(kind, mark, bytes, time) {
      lastNumber += 1
      const line = { kind, mark, bytes, time, number: String(lastNumber) }
      const lines = stored[kind]
      let at = lines.length
      while (at > 0 && isBefore(line, lines[at - 1]!)) at -= 1
      if (at === lines.length) lines.push(line)
      else lines.splice(at, 0, line)
    },
    first(max) {
      const results = stored.result.slice(0, max)
      return [...results, ...stored.status.slice(0, max - results.length)]
    },
    remove,
    purge(max) {
      const count = size() - max
      if (count <= 0) return []
      const oldest = [...stored.result.slice(0, count), ...stored.status.slice(0, count)]
        .sort((one, other) => (isBefore(one, other) ? -1 : 1))
        .slice(0, count)
      remove(oldest)
      return oldest
    },
  }
}

/** Of keys of one kind; times have ten digits until 2286. */
function isBefore(one: StoredLine, other: StoredLine): boolean {
  return one.time === other.time ? one.number < other.number : one.time < other.time
}
