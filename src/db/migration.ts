/** One step from a format of the store to the next; all its statements run in one transaction. */
export interface Migration {
  /** Dense from 1: the format the store has after it. */
  readonly version: number
  readonly name: string
  readonly statements: readonly string[]
}
