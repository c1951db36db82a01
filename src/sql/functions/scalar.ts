import { arrayRules } from './array.ts'
import { binaryRules, sketchRules } from './binary.ts'
import { conditionalRules } from './conditional.ts'
import { jsonRules } from './json.ts'
import { mapRules } from './map.ts'
import { mathRules } from './math.ts'
import { regexRules } from './regex.ts'
import type { ScalarRule } from './rule.ts'
import { type Form, parseForm } from './signature.ts'
import { textRules } from './text.ts'
import { timeRules } from './time.ts'
import { type FunctionKind, trinoFunctions } from './trino-functions.ts'

/** What the engine is sent for each scalar function, by name. */
export const scalarRules: ReadonlyMap<string, ScalarRule> = new Map(
  [
    textRules,
    regexRules,
    jsonRules,
    timeRules,
    arrayRules,
    mapRules,
    mathRules,
    binaryRules,
    sketchRules,
    conditionalRules,
  ].flatMap(rules => Object.entries(rules)),
)

export interface TrinoFunction {
  readonly kind: FunctionKind
  readonly texts: readonly string[]
  readonly forms: readonly Form[]
}

/** Forms that Trino's grammar fills up with defaults before they become a call. */
const syntaxForms: ReadonlyMap<string, readonly string[]> = new Map([
  ['normalize', ['(varchar(x)) varchar']],
  ['listagg', ['(varchar(x)) varchar', '(varchar(x), varchar(y)) varchar']],
])

const functions: ReadonlyMap<string, TrinoFunction> = new Map(
  Object.entries(trinoFunctions).map(([name, { kind, forms }]) => {
    const texts = [...(syntaxForms.get(name) ?? []), ...forms]
    return [name, { kind, texts, forms: texts.map(parseForm) }]
  }),
)

/** A function of Trino by its lower-case name. */
export function findFunction(name: string): TrinoFunction | undefined {
  return functions.get(name)
}

export function functionNames(): string[] {
  return [...functions.keys()]
}
