import type { EngineOutcome } from '../engine/engine.ts'
import type { RunView } from '../model/run-view.ts'

// A segment that could not be converted stays part of the tail: its rows were acknowledged. Whatever kept it from being
// converted may keep a run from reading it, or end its engine process. So a run that fails over a view with such a
// segment, for a reason that is not the statement's own, is tried once more without it, and its result says that rows
// are missing; later runs of this process leave the segment out at once.

export interface TailReading {
  /** Executes over the view, or over as much of it as can be read. */
  read(view: RunView, execute: (readable: RunView) => Promise<EngineOutcome>): Promise<EngineOutcome>
}

/** Unreadable segments remembered: there are a few in the life of a lake. */
const unreadableMax = 1_000

export function openTailReading(): TailReading {
  const unreadable = new Set<number>()
  return {
    async read(view, execute) {
      const quarantined = quarantinedIn(view)
      const known = quarantined.filter(number => unreadable.has(number))
      const first = await execute(without(view, known))
      const left = quarantined.length - known.length
      if (first.kind === 'succeeded') return known.length === 0 ? first : withRowsMissing(first)
      if (left === 0 || first.error.code === 'invalid_argument') return first
      const second = await execute(without(view, quarantined))
      if (second.kind === 'failed') return second
      for (const number of quarantined) if (unreadable.size < unreadableMax) unreadable.add(number)
      return withRowsMissing(second)
    },
  }
}

/** Rows that are gone weigh more than rows that were not asked for. */
function withRowsMissing(outcome: Extract<EngineOutcome, { kind: 'succeeded' }>): EngineOutcome {
  return { ...outcome, truncated: { reason: 'quarantinedSegment' } }
}

function quarantinedIn({ relations }: RunView): readonly number[] {
  const pins = relations.flatMap(({ tail }) => tail.filter(({ isQuarantined }) => isQuarantined === true))
  return [...new Set(pins.map(({ number }) => number))]
}

function without(view: RunView, numbers: readonly number[]): RunView {
  if (numbers.length === 0) return view
  const relations = view.relations.map(relation => ({
    ...relation,
    tail: relation.tail.filter(({ number }) => !numbers.includes(number)),
  }))
  return { ...view, relations }
}
