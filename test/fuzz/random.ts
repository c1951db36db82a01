/** A small generator of numbers: the same seed gives the same statements on every machine. */
export interface Random {
  /** 0 ≤ n < `below`. */
  int(below: number): number
  pick<Item>(items: readonly Item[]): Item
  chance(probability: number): boolean
}

/** Mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    int: below => Math.floor(next() * below),
    pick: items => items[Math.floor(next() * items.length)] as (typeof items)[number],
    chance: probability => next() < probability,
  }
}
