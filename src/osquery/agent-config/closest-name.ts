/** The name that is one or two mistakes away from `name`; undefined where none is. */
export function closestName(name: string, names: readonly string[]): string | undefined {
  const mistakesMax = name.length < 5 ? 1 : 2
  const lower = name.toLowerCase()
  let best: string | undefined
  let mistakes = mistakesMax + 1
  for (const each of names) {
    if (Math.abs(each.length - lower.length) >= mistakes) continue
    const found = mistakesBetween(lower, each)
    if (found < mistakes) [best, mistakes] = [each, found]
  }
  return best
}

/** Letters to change, leave out or put in (Levenshtein), row by row of the table. */
function mistakesBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let at = 1; at <= one.length; at += 1) {
    const next = [at]
    for (let to = 1; to <= other.length; to += 1) {
      const changed = row[to - 1]! + (one[at - 1] === other[to - 1] ? 0 : 1)
      next.push(Math.min(changed, row[to]! + 1, next[to - 1]! + 1))
    }
    row = next
  }
  return row[other.length]!
}
