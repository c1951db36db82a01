import { useSyncExternalStore } from 'react'

// The smallest thing that holds a value several components look at.

export interface Store<State> {
  get(): State
  set(change: (state: State) => State): void
  /** Returns the function that ends the subscription. */
  subscribe(listener: () => void): () => void
}

export function openStore<State>(initial: State): Store<State> {
  let state = initial
  const listeners = new Set<() => void>()
  return {
    get: () => state,
    set(change) {
      const next = change(state)
      if (Object.is(next, state)) return
      state = next
      for (const listener of [...listeners]) listener()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** `select` must return the same reference for the same state. */
export function useStore<State, Part>(store: Store<State>, select: (state: State) => Part): Part {
  return useSyncExternalStore(store.subscribe, () => select(store.get()))
}
