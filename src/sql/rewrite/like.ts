import { SqlRefusal } from '../diagnostics.ts'
import type { ExpressionOf } from '../parse/ast.ts'

/** What can be seen of an escape character without running: it is one, and each one escapes something. */
export function checkEscape({ escape: by, pattern }: ExpressionOf<'like'>): void {
  if (by?.kind !== 'string') return
  const [char, ...more] = [...by.value]
  if (char === undefined || more.length > 0) throw new SqlRefusal('ESCAPE takes one character', by)
  if (pattern.kind !== 'string') return
  const chars = [...pattern.value]
  for (let at = 0; at < chars.length; at++) {
    if (chars[at] !== char) continue
    at++
    if (chars[at] === '%' || chars[at] === '_' || chars[at] === char) continue
    const message = `'${char}' in this pattern must stand before '%', '_' or itself`
    throw new SqlRefusal(message, pattern, { hint: `write '${char}${char}' for the character` })
  }
}
