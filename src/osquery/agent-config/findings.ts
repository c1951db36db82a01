// What is wrong or odd about a configuration, each with the place of the value: `schedule.logons.interval`,
// `packs["it's mine"].queries.x`.

export interface Finding {
  /** Of the value within the configuration; '' for the whole. */
  readonly path: string
  readonly message: string
}

export interface Findings {
  /** With one of these it is not saved. */
  readonly errors: Finding[]
  /** It is saved, and whoever saved it hears of these. */
  readonly warnings: Finding[]
}

export function newFindings(): Findings {
  return { errors: [], warnings: [] }
}

/** The path of a member, or of an item by its index. */
export function at(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`
  if (/^[\w-]+$/.test(key)) return path === '' ? key : `${path}.${key}`
  return `${path}[${JSON.stringify(key)}]`
}

/** A value as a message shows it: JSON, cut. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

/** The member as an object; undefined, and an error where it is something else. */
export function objectAt(value: unknown, path: string, findings: Findings): Record<string, unknown> | undefined {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  findings.errors.push({ path, message: `${shown(value)} is no object` })
  return undefined
}

/** The items of a list of texts; an error for each that is something else. */
export function textsAt(value: unknown, path: string, findings: Findings): readonly (readonly [string, string])[] {
  if (!Array.isArray(value)) {
    findings.errors.push({ path, message: `${shown(value)} is no list of texts` })
    return []
  }
  return value.flatMap((item: unknown, index) => {
    if (typeof item === 'string' && item !== '') return [[item, at(path, index)] as const]
    findings.errors.push({ path: at(path, index), message: `${shown(item)} is no text` })
    return []
  })
}
