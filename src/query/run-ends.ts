// Who waits for a run to end, and hears of it at once. Best effort: a run that ends in a way nobody tells of is found
// by asking the store, so whoever waits asks now and then as well.

export interface RunEnds {
  /** Calls the listener when the run ends; what it returns ends that. */
  watch(runId: string, listener: () => void): () => void
  tell(runId: string): void
}

export function openRunEnds(): RunEnds {
  const listeners = new Map<string, Set<() => void>>()
  return {
    watch(runId, listener) {
      const waiting = listeners.get(runId) ?? new Set()
      listeners.set(runId, waiting.add(listener))
      return () => {
        waiting.delete(listener)
        if (waiting.size === 0 && listeners.get(runId) === waiting) listeners.delete(runId)
      }
    },
    tell(runId) {
      for (const listener of listeners.get(runId) ?? []) listener()
    },
  }
}
