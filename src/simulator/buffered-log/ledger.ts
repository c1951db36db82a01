import type { Row } from '../result-line.ts'

// What one agent knows about its lines, each by its mark: a number from 1 in the order of logging, which the line
// carries as a decoration. A lake that loses and doubles nothing has
//   exactly once    what was acknowledged by an answer,
//   at most once    what was sent and not acknowledged, or acknowledged by an empty answer (which a proxy can give for
//                   a server that never saw the lines),
//   not at all      what was never sent.

export type LineKind = 'result' | 'status'

export type LineState =
  | 'waiting'
  | 'sent'
  | 'acknowledged'
  /** An empty body said so. */
  | 'acknowledgedByNothing'
  /** Dropped by the agent before it was ever sent: the store was full, or the line too long. */
  | 'dropped'
  /** Dropped by the agent after a request that was not acknowledged. */
  | 'droppedAfterSent'

const states: readonly LineState[] = [
  'waiting',
  'sent',
  'acknowledged',
  'acknowledgedByNothing',
  'dropped',
  'droppedAfterSent',
]

export interface LedgerLine {
  readonly mark: number
  readonly kind: LineKind
  /** The query's name as the line has it; empty for a status line. */
  readonly name: string
  /** Rows that the lake makes of it. */
  readonly rows: number
  readonly state: LineState
}

export interface Ledger {
  /** A line was logged; returns its mark. */
  add(kind: LineKind, name: string, rows: number): number
  sent(mark: number): void
  acknowledged(mark: number, isByNothing: boolean): void
  dropped(mark: number): void
  line(mark: number): LedgerLine
  /** All lines, in the order of their marks. */
  lines(): IterableIterator<LedgerLine>
  counts(): LedgerCounts
  /** Whether a line was acknowledged by now, to be asked later. */
  acknowledgedUntilNow(): (mark: number) => boolean
}

export type LedgerCounts = Readonly<Record<LineState | 'logged', number>>

/** Nine bytes a line: fleets log millions. */
export function openLedger(): Ledger {
  const names: string[] = ['']
  const numbers = new Map<string, number>([['', 0]])
  let stateOf = new Uint8Array(64)
  let nameOf = new Uint32Array(64)
  let rowsOf = new Uint32Array(64)
  let last = 0

  function grow(): void {
    const size = stateOf.length * 2
    const [oldStates, oldNames, oldRows] = [stateOf, nameOf, rowsOf]
    stateOf = new Uint8Array(size)
    nameOf = new Uint32Array(size)
    rowsOf = new Uint32Array(size)
    stateOf.set(oldStates)
    nameOf.set(oldNames)
    rowsOf.set(oldRows)
  }

  function move(mark: number, state: LineState): void {
    stateOf[mark] = states.indexOf(state)
  }

  function line(mark: number): LedgerLine {
    if (!(mark >= 1 && mark <= last)) throw new RangeError(`no line has the mark ${mark}`)
    const name = names[nameOf[mark]! >>> 1]!
    return {
      mark,
      name,
      kind: (nameOf[mark]! & 1) === 1 ? 'status' : 'result',
      rows: rowsOf[mark]!,
      state: states[stateOf[mark]!]!,
    }
  }

  return {
    add(kind, name, rows) {
      last += 1
      if (last >= stateOf.length) grow()
      let number = numbers.get(name)
      if (number === undefined) {
        number = names.push(name) - 1
        numbers.set(name, number)
      }
      nameOf[last] = number * 2 + (kind === 'status' ? 1 : 0)
      rowsOf[last] = rows
      return last
    },
    sent(mark) {
      if (line(mark).state === 'waiting') move(mark, 'sent')
    },
    acknowledged: (mark, isByNothing) => move(mark, isByNothing ? 'acknowledgedByNothing' : 'acknowledged'),
    dropped: mark => move(mark, line(mark).state === 'sent' ? 'droppedAfterSent' : 'dropped'),
    line,
    *lines() {
      for (let mark = 1; mark <= last; mark += 1) yield line(mark)
    },
    counts() {
      const counts = Object.fromEntries(states.map(state => [state, 0])) as Record<LineState, number>
      for (let mark = 1; mark <= last; mark += 1) counts[states[stateOf[mark]!]!] += 1
      return { ...counts, logged: last }
    },
    acknowledgedUntilNow() {
      const present = stateOf.slice(0, last + 1)
      const acknowledged = states.indexOf('acknowledged')
      return mark => present[mark] === acknowledged
    },
  }
}

/** What carries an agent's name and a line's mark into the lake's columns. */
export function markDecorations(agentName: string, mark: number): Row {
  return { simulator_agent: agentName, simulator_line: String(mark) }
}

/** The same for a status line, whose text is a column of the lake before any decoration of an agent's is. */
export function markedMessage(message: string, agentName: string, mark: number): string {
  return `${message} #${agentName}/${mark}`
}
