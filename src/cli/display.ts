// How values look to a person at a terminal.

const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * The text without anything a terminal would obey: rows come from machines that may be hostile, and an escape sequence
 * or a change of writing direction in a process name must not act on the analyst's screen.
 */
export function harmlessText(text: string): string {
  return text.replace(controls, each => escapes[each] ?? `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Cells a terminal uses for the text: wide East Asian characters and emoji take two, combining marks none. */
export function displayWidth(text: string): number {
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length
  let width = 0
  for (const character of text) width += characterWidth(character)
  return width
}

function characterWidth(character: string): number {
  if (/\p{Mark}|\u200d/u.test(character)) return 0
  const isWide = /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}/u
  return isWide.test(character) || /[\u3000-\u303f\uff01-\uff60]/u.test(character) ? 2 : 1
}

/** At most `width` cells, cut with an ellipsis. */
export function cutToWidth(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  let cut = ''
  let used = 0
  for (const character of text) {
    used += characterWidth(character)
    if (used > width - 1) break
    cut += character
  }
  return `${cut}…`
}

export function padToWidth(text: string, width: number, side: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)))
  return side === 'left' ? space + text : text + space
}

/** 1234567 → `1,234,567`. */
export function formatCount(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 line`, `2,000 lines`. */
export function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** ms → `0.4 s`, `73 s`. */
export function formatSeconds(ms: number): string {
  return `${ms < 10_000 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`
}

/** An instant for people: `2026-02-03 08:15:01 UTC`; what is no instant stays as it is. */
export function formatTime(instant: string | number): string {
  const date = new Date(instant)
  if (Number.isNaN(date.getTime())) return String(instant)
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** One word of a shell command, quoted where the shell would read more into it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
