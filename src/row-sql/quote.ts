// SQL text for values and names that come from outside. Everything this folder puts into a statement goes through here.

/** A string literal. A NUL character cannot stand in SQL text, so it is spelled with `chr(0)`. */
export function quoteText(text: string): string {
  const literal = `'${text.replaceAll("'", "''")}'`
  return literal.includes('\0') ? `(${literal.replaceAll('\0', "' || chr(0) || '")})` : literal
}

/** A quoted identifier. Column names come from agents: any character may occur. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A whole number as a literal; throws on anything else, so that no caller can smuggle text. */
export function quoteInteger(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number`)
  return String(value)
}
