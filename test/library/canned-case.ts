/** What one canned query does with lines that it must find and lines that it must not. */
export interface CannedCase {
  readonly code: string
  /** Values of variables; the others have their defaults. */
  readonly given?: Readonly<Record<string, string>>
  /** Columns the statement reads beside the envelope, parted by spaces. Each has a value in a line that hits. */
  readonly reads: string
  readonly hits: readonly string[]
  /** Without the hits these give no row. */
  readonly misses: readonly string[]
  /** Every row of the result, each with those columns that the case is about. */
  readonly rows: readonly Readonly<Record<string, unknown>>[]
}
