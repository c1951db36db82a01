// Fingerprints of lines and small tables of them: what the net against resends remembers of a body. A fingerprint is a
// 64-bit keyed hash (the rounds of HalfSipHash-1-3, https://github.com/veorq/SipHash): who can choose what a host logs
// must not be able to make two lines alike and so hide one. The key lives as long as the process; nothing stored
// depends on it.

export type FingerprintKey = readonly [number, number]

/** The last fingerprint, as two 32-bit numbers: a result without an object, for the hot path. */
export const fingerprint = { low: 0, high: 0 }

/** Sets `fingerprint` to that of `bytes[start, end)`; `view` covers the same bytes. */
export function takeFingerprint(key: FingerprintKey, view: DataView, start: number, end: number): void {
  const k0 = key[0]
  const k1 = key[1]
  let v0 = k0
  let v1 = k1 ^ 0xee
  let v2 = 0x6c796765 ^ k0
  let v3 = 0x74656462 ^ k1
  const wholeEnd = start + ((end - start) & ~3)
  let at = start
  let word = 0
  // Whole words, then the last bytes with the length above them, then three rounds that finish.
  for (let left = ((end - start) >>> 2) + 1; left > -3; left--) {
    if (at < wholeEnd) {
      word = view.getInt32(at, true)
      at += 4
    } else if (left === 1) {
      word = (end - start) << 24
      for (let shift = 0; at < end; at++, shift += 8) word |= view.getUint8(at) << shift
    } else {
      word = 0
      if (left === 0) v2 ^= 0xee
    }
    v3 ^= word
    v0 = (v0 + v1) | 0
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
    v0 = (v0 << 16) | (v0 >>> 16)
    v2 = (v2 + v3) | 0
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
    v0 = (v0 + v3) | 0
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
    v2 = (v2 + v1) | 0
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
    v2 = (v2 << 16) | (v2 >>> 16)
    v0 ^= word
  }
  fingerprint.low = v1 ^ v3
  fingerprint.high = v0 ^ v2
}

const slotWords = 3

/** How often each fingerprint occurs: an open-addressing table of (low, high, count), 12 bytes a slot. */
export class FingerprintCounts {
  #slots: Int32Array
  #mask: number
  #used = 0

  /** Made for about `size` different fingerprints; grows when there are more. */
  constructor(size: number) {
    let capacity = 8
    while (capacity * 3 < size * 4) capacity *= 2
    this.#slots = new Int32Array(capacity * slotWords)
    this.#mask = capacity - 1
  }

  get(low: number, high: number): number {
    return this.#slots[this.#find(low, high) + 2]!
  }

  /** Counts one more and returns how many that makes. */
  increment(low: number, high: number): number {
    const count = this.get(low, high) + 1
    this.set(low, high, count)
    return count
  }

  set(low: number, high: number, count: number): void {
    let slot = this.#find(low, high)
    if (this.#slots[slot + 2] === 0) {
      if (++this.#used * 4 > (this.#mask + 1) * 3) {
        this.#grow()
        slot = this.#find(low, high)
      }
      this.#slots[slot] = low
      this.#slots[slot + 1] = high
    }
    this.#slots[slot + 2] = count
  }

  get bytes(): number {
    return this.#slots.byteLength
  }

  /** The slot of the fingerprint, or the empty one where it belongs: there is always an empty one. */
  #find(low: number, high: number): number {
    let at = low & this.#mask
    for (;;) {
      const slot = at * slotWords
      if (this.#slots[slot + 2] === 0) return slot
      if (this.#slots[slot] === low && this.#slots[slot + 1] === high) return slot
      at = (at + 1) & this.#mask
    }
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Int32Array(old.length * 2)
    this.#mask = this.#mask * 2 + 1
    for (let slot = 0; slot < old.length; slot += slotWords) {
      if (old[slot + 2] === 0) continue
      this.#slots.set(old.subarray(slot, slot + slotWords), this.#find(old[slot]!, old[slot + 1]!))
    }
  }
}
