import { cellText } from '../results/cell-text.ts'

// A value as somebody reads it who wants to know everything about it.

export type ValueReading =
  | { readonly kind: 'null' }
  | { readonly kind: 'json'; readonly text: string }
  | { readonly kind: 'command'; readonly words: readonly string[] }
  | { readonly kind: 'text'; readonly text: string; readonly note?: string }

export function readValue(column: string, value: unknown): ValueReading {
  if (value === null || value === undefined) return { kind: 'null' }
  const text = cellText(value)
  const json = prettyJson(text, value)
  if (json !== undefined) return { kind: 'json', text: json }
  if (/(cmd|command)_?line/i.test(column) && text.length > commandCharsMin)
    return { kind: 'command', words: commandWords(text) }
  const note = noteOn(text)
  return note === undefined ? { kind: 'text', text } : { kind: 'text', text, note }
}

const commandCharsMin = 60

function prettyJson(text: string, value: unknown): string | undefined {
  if (typeof value !== 'string') return typeof value === 'object' ? JSON.stringify(value, null, 2) : undefined
  if (!/^\s*[{[]/.test(text)) return undefined
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return undefined
  }
}

/** The command line cut where a shell would: the program, then an option or argument a line. Nothing is left out. */
export function commandWords(text: string): readonly string[] {
  const words: string[] = []
  for (const [word] of text.matchAll(/(?:"[^"]*"?|'[^']*'?|[^\s"'])+/g)) {
    const before = words.at(-1)
    const isArgument =
      before !== undefined && /^[-/]/.test(before) && !/\s/.test(before) && !/^[-/]/.test(word) && !before.includes('=')
    if (isArgument) words[words.length - 1] = `${before} ${word}`
    else words.push(word)
  }
  return words
}

const hashes: Readonly<Record<number, string>> = { 32: 'MD5', 40: 'SHA-1', 64: 'SHA-256' }

function noteOn(text: string): string | undefined {
  if (/^[0-9a-f]+$/i.test(text) && hashes[text.length] !== undefined) return hashes[text.length]
  if (/^1[0-9]{9}$/.test(text))
    return `as a moment: ${new Date(Number(text) * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`
  const filetime = /^(\d+):(1[23]\d{16})$/.exec(text)
  if (filetime !== null) return `process ${filetime[1]}, started ${filetimeText(filetime[2] ?? '0')} UTC`
  return text.length > 200 ? `${text.length.toLocaleString('en')} characters` : undefined
}

/** Windows FILETIME: 100 ns since 1601. */
function filetimeText(digits: string): string {
  const ms = Number(BigInt(digits) / 10_000n - 11_644_473_600_000n)
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}
