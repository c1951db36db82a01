// Numbers and times as people read them. Times are UTC everywhere: rows of many hosts lie side by side.

const whole = new Intl.NumberFormat('en')

export function count(value: number): string {
  return whole.format(value)
}

/** `1 row`, `2 rows`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${value === 1 ? noun : `${noun}s`}`
}

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let [left, unit] = [value, 0]
  while (left >= 1000 && unit < units.length - 1) [left, unit] = [left / 1000, unit + 1]
  return `${unit === 0 || left >= 100 ? Math.round(left) : left.toFixed(1)} ${units[unit]}`
}

export function seconds(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
}

/** `5 min ago`, or `just now`. */
export function ago(ms: number): string {
  return ms < nowMs ? 'just now' : `${age(ms)} ago`
}

const nowMs = 2_000

/** `now`, `12 s`, `5 min`, `3 h`, `2 d`. */
export function age(ms: number): string {
  if (ms < nowMs) return 'now'
  if (ms < 90_000) return `${Math.round(ms / 1000)} s`
  if (ms < 90 * 60_000) return `${Math.round(ms / 60_000)} min`
  if (ms < 48 * 3_600_000) return `${Math.round(ms / 3_600_000)} h`
  return `${Math.round(ms / 86_400_000)} d`
}

/** `2026-02-03 08:14:55` of an instant as the API writes it. */
export function instant(text: string): string {
  return text.slice(0, 19).replace('T', ' ')
}
