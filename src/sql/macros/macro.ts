/** One scalar macro: parameters by name, and an expression in the engine's dialect. */
export interface Macro {
  readonly name: string
  readonly params: readonly string[]
  readonly body: string
}

/** `params` are separated by commas; a parameter may be evaluated more than once. */
export function macro(name: string, params: string, body: string): Macro {
  return { name, params: params === '' ? [] : params.split(', '), body }
}
