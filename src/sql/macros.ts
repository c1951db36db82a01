import { byteMacros, urlMacros } from './macros/bytes.ts'
import { jsonMacros } from './macros/json.ts'
import { listMacros } from './macros/lists.ts'
import type { Macro } from './macros/macro.ts'
import { mathMacros } from './macros/math.ts'
import { networkMacros } from './macros/network.ts'
import { regexMacros, textMacros } from './macros/text.ts'
import { timeMacros } from './macros/time.ts'

// The functions that a fresh DuckDB is given before any statement runs: what Trino's functions do and no function of
// the engine does. All are called trino_…, none hides one of the engine's own, and none is an aggregate (DISTINCT,
// FILTER and OVER would be refused there). A macro may use macros before it in this list only.

const macros: readonly Macro[] = [
  ...listMacros,
  ...textMacros,
  ...regexMacros,
  ...mathMacros,
  ...jsonMacros,
  ...timeMacros,
  ...byteMacros,
  ...urlMacros,
  ...networkMacros,
]

/** `CREATE MACRO` for each, in the order they must run. They need `json` and `icu` loaded, and `integer_division`. */
export const macroStatements: readonly string[] = macros.map(
  ({ name, params, body }) => `CREATE MACRO ${name}(${params.join(', ')}) AS ${body}`,
)

/** What the macros fail with begins with one of these sentences: the text of a cast that cannot succeed. */
export const failureTexts: readonly string[] = macros
  .flatMap(({ body }) => [...body.matchAll(/(?:CAST|trino_no_bytes)\('((?:[^']|'')+)'(?=,| (?:AS|\|\|))/g)])
  .map(match => match[1]!.replaceAll("''", "'"))
  .filter(text => text.includes(' '))

export const macroNames: readonly string[] = macros.map(({ name }) => name)

/**
 * Those of `macroStatements` that a rewritten statement can call, in order: making all of them takes DuckDB longer than
 * most statements run. A name in a string or a comment only makes one macro more.
 */
export function macroStatementsFor(duckdbSql: string): readonly string[] {
  const wanted = new Set(duckdbSql.match(macroNamePattern))
  // From the last to the first: a macro calls none that come after it.
  return macros
    .map((macro, index) => ({ ...macro, index }))
    .toReversed()
    .filter(({ name, body }) => {
      if (!wanted.has(name)) return false
      for (const called of body.match(macroNamePattern) ?? []) wanted.add(called)
      return true
    })
    .map(({ index }) => macroStatements[index]!)
    .toReversed()
}

const macroNamePattern = /\btrino_\w+/g
