import type { Variable } from '../../../src/api/query-runs.ts'

// The `$$variables$$` of a statement and what a person gave for them.

export const dataTypes = ['text', 'integer', 'double', 'boolean', 'dateTime'] as const
export type DataType = (typeof dataTypes)[number]

/** One entry a name in the text: what is known of it, else a text without a value. */
export function neededVariables(names: readonly string[], given: readonly Variable[]): readonly Variable[] {
  return names.map(name => given.find(each => each.name === name) ?? { name, dataType: 'text' as const })
}

/** Those with a value, as a request carries them: an empty one means "not supplied". */
export function suppliedVariables(variables: readonly Variable[]): readonly Variable[] {
  return variables.filter(({ value }) => value !== undefined && value !== '')
}

export function missingNames(variables: readonly Variable[]): readonly string[] {
  return variables.filter(({ value }) => value === undefined || value === '').map(({ name }) => name)
}

export function withVariable(given: readonly Variable[], changed: Variable): readonly Variable[] {
  return given.some(each => each.name === changed.name)
    ? given.map(each => (each.name === changed.name ? changed : each))
    : [...given, changed]
}

const checks: Readonly<Record<DataType, RegExp>> = {
  text: /^/,
  integer: /^[+-]?\d+$/,
  double: /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/,
  boolean: /^(true|false)$/i,
  dateTime: /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/,
}

/** The server has the last word; this only marks what cannot be meant. */
export function fitsType(value: string, dataType: DataType): boolean {
  return checks[dataType].test(value.trim())
}
