// What a run's result folder holds.

/** The rows as Parquet: columns `c0`, `c1`, … in SELECT order, one row more than the cap where there are more. */
export const resultFileName = 'result.parquet'

/**
 * Indexes of the columns without a value in any row, a JSON array: a page writes them without reading them. Absent
 * where it could not be written.
 */
export const emptyColumnsFileName = 'empty-columns.json'

/** The first rows as pages show them, one JSON object a line; absent until rendered, and where that failed. */
export const firstPageFileName = 'first-page.ndjson'
