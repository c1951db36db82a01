/** What file a whole result becomes. `isGzip`: the bytes are compressed. */
export type ResultFormat =
  /** `escapesFormulas`: texts that a spreadsheet would run get an apostrophe. */
  | { readonly kind: 'csv'; readonly isGzip: boolean; readonly escapesFormulas: boolean }
  | { readonly kind: 'ndjson'; readonly isGzip: boolean }
  | { readonly kind: 'parquet'; readonly isGzip: boolean }
