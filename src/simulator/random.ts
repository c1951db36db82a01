import { sha256Hex } from '../model/ids.ts'

// Chance that repeats: the same seed draws the same values on every machine.

export interface Random {
  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number
  /** True with this probability. */
  chance(probability: number): boolean
  pick<Value>(values: readonly Value[]): Value
  /** Draws in proportion to the weights. */
  pickWeighted<Value extends { readonly weight: number }>(values: readonly Value[]): Value
  hex(digits: number): string
  /** A version-4 UUID. */
  uuid(): string
}

/** Seeds that differ in one character have nothing in common. */
export function openRandom(seed: string): Random {
  let state = Number.parseInt(sha256Hex(seed).slice(0, 8), 16)

  /** mulberry32: 32 bits of state, even over its period of 2^32. */
  function next(): number {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  function integer(min: number, max: number): number {
    return min + Math.floor(next() * (max - min + 1))
  }

  function pick<Value>(values: readonly Value[]): Value {
    const value = values[integer(0, values.length - 1)]
    if (value === undefined) throw new RangeError('nothing to pick from')
    return value
  }

  function hex(digits: number): string {
    let text = ''
    while (text.length < digits) text += integer(0, 15).toString(16)
    return text
  }

  return {
    integer,
    pick,
    hex,
    chance: probability => next() < probability,
    pickWeighted(values) {
      let left = next() * values.reduce((sum, value) => sum + value.weight, 0)
      for (const value of values) {
        left -= value.weight
        if (left < 0) return value
      }
      return pick(values)
    },
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${pick(['8', '9', 'a', 'b'])}${hex(3)}-${hex(12)}`,
  }
}
