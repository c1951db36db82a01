// What a run's result folder holds.

/** The rows as Parquet: columns `c0`, `c1`, … in SELECT order, one row more than the cap where there are more. */
export const resultFileName = 'result.parquet'

/** The first rows as pages show them, one JSON object a line; absent until rendered, and where that failed. */
export const firstPageFileName = 'first-page.ndjson'
