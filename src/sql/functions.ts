import { aggregateRules, windowRules } from './functions/aggregate.ts'
import { scalarRules } from './functions/scalar.ts'
import { specialForms } from './functions/special.ts'
import { type FunctionKind, trinoFunctions } from './functions/trino-functions.ts'

// The catalogue: every function of live Trino and what becomes of it here. The gate admits by it, the editor completes
// from it, the reference is generated from it.

export type FunctionTreatment = 'native' | 'renamed' | 'macro' | 'rewrite' | 'refused'

export interface CatalogueEntry {
  readonly name: string
  readonly kind: FunctionKind
  /** `(varchar(x), bigint) varchar(x)`, as Trino lists them. */
  readonly signatures: readonly string[]
  readonly how: FunctionTreatment
  /** Why it is refused and what to write instead; undefined where it works. */
  readonly reason: string | undefined
}

/** One entry a function, by name. */
export const functionCatalogue: readonly CatalogueEntry[] = Object.entries(trinoFunctions)
  .map(([name, { kind, forms }]) => ({ name, kind, signatures: forms, ...treatmentOf(name) }))
  .sort((a, b) => (a.name < b.name ? -1 : 1))

function treatmentOf(name: string): Pick<CatalogueEntry, 'how' | 'reason'> {
  const rule = scalarRules.get(name) ?? aggregateRules.get(name)
  if (rule !== undefined) return { how: rule.how, reason: rule.how === 'refused' ? rule.reason : undefined }
  if (specialForms.has(name)) return { how: 'rewrite', reason: undefined }
  if (windowRules.has(name)) return { how: 'native', reason: undefined }
  return { how: 'refused', reason: 'it has no counterpart in this engine' }
}
