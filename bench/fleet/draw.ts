// Seeded values without state: what is drawn depends on the seed and on what it is drawn for, never on what was drawn
// before. So the n-th line of a log can be made alone, and two processes can each make half of it.

/** A 32-bit unsigned value that depends on every bit of both numbers (the finalizer of MurmurHash3). */
export function mix(a: number, b: number): number {
  let h = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b)
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Evenly in `[0, 1)`. */
export function unit(a: number, b: number): number {
  return mix(a, b) / 0x1_0000_0000
}

/** Evenly in `[0, count)`. */
export function below(a: number, b: number, count: number): number {
  return Math.floor(unit(a, b) * count)
}

/** In `[0, count)`, small numbers far more often: what programs, domains and addresses of a fleet look like. */
export function skewed(a: number, b: number, count: number, power: number): number {
  return Math.floor(count * unit(a, b) ** power)
}

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Eight lower-case hex digits. */
export function hex32(value: number): string {
  return hex[value >>> 24]! + hex[(value >>> 16) & 255]! + hex[(value >>> 8) & 255]! + hex[value & 255]!
}

/** A UUID with the version and variant bits of a random one. */
export function uuid(a: number, b: number): string {
  const [w, x, y, z] = [mix(a, b), mix(a, b + 1), mix(a, b + 2), mix(a, b + 3)]
  const middle = hex32(((x & 0xffff0fff) | 0x4000) >>> 0)
  const tail = hex32(((y & 0x3fffffff) | 0x80000000) >>> 0)
  return `${hex32(w)}-${middle.slice(0, 4)}-${middle.slice(4)}-${tail.slice(0, 4)}-${tail.slice(4)}${hex32(z)}`
}

/** A public-looking IPv4 address; the same number gives the same address. */
export function address(number: number): string {
  const h = mix(number, 77)
  return `${11 + (h % 200)}.${(h >>> 8) & 255}.${(h >>> 16) & 255}.${h >>> 24}`
}
