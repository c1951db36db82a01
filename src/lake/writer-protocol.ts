// What the writer process and its parent say to each other.

export type WriterRequest =
  | { readonly kind: 'open'; readonly id: number; readonly settings: Readonly<Record<string, string>> }
  | { readonly kind: 'run'; readonly id: number; readonly sql: string }

/** A row as JSON: 64-bit integers and times as text. */
export type WriterRow = Readonly<Record<string, unknown>>

export type WriterReply =
  | { readonly id: number; readonly rows: readonly WriterRow[] }
  | { readonly id: number; readonly error: string }
