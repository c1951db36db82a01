import { AppError } from './errors.ts'

// Sizes as people write them: `512M`, `1.5 g`, `2GiB`.

const units: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 }

/** Bytes, at least 1. Throws `invalid_argument` naming what was written. */
export function parseBytes(text: string): number {
  const match = /^(\d{1,12}(?:\.\d{1,3})?)\s?([kmgt]?)(?:i?b)?$/i.exec(text.trim())
  const bytes = match === null ? 0 : Math.floor(Number(match[1]) * (units[match[2]?.toLowerCase() ?? ''] ?? 0))
  if (bytes < 1) throw new AppError('invalid_argument', `${JSON.stringify(text)} is not a size like 512M or 2G`)
  return bytes
}

/** In the largest unit that needs no more than a half, so that it can be written as a setting again. */
export function formatBytes(bytes: number): string {
  const [unit, factor] = Object.entries(units).findLast(([, each]) => bytes >= each && (bytes * 2) % each === 0) ?? [
    '',
    1,
  ]
  return `${bytes / factor}${unit.toUpperCase()}`
}
