import Type, { type Static } from 'typebox'
import { AppError } from '../model/errors.ts'
import { booleanParameter, type Parameters, wordParameter } from './parameters.ts'

// `GET /lake/v1/runs/{id}/export?format=csv|ndjson|parquet`: the whole result of a succeeded run as one file, streamed.

export const exportFormats = ['csv', 'ndjson', 'parquet'] as const
export type ExportFormat = (typeof exportFormats)[number]

export const exportMediaTypes: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
}

export const ExportQuery = Type.Object({
  format: Type.Enum([...exportFormats]),
  formulas: Type.Optional(
    Type.Enum(['escape', 'keep'], {
      description:
        'csv: `escape` puts an apostrophe before texts that a spreadsheet would run; by default they are kept',
    }),
  ),
})
export type ExportQuery = Static<typeof ExportQuery>

export interface ExportRequest {
  readonly format: ExportFormat
  /** CSV only: texts that a spreadsheet would take for a formula get an apostrophe. */
  readonly escapesFormulas: boolean
  /** Answer compressed whatever `Accept-Encoding` says, for tools that write the body to a file. */
  readonly isGzip: boolean
}

/** Throws `invalid_argument` for a missing or unknown format. */
export function parseExportRequest(parameters: Parameters): ExportRequest {
  const format = wordParameter(parameters, 'format', exportFormats)
  if (format === undefined) throw new AppError('invalid_argument', `format must be one of ${exportFormats.join(', ')}`)
  const formulas = wordParameter(parameters, 'formulas', ['escape', 'keep']) ?? 'keep'
  return { format, escapesFormulas: formulas === 'escape', isGzip: booleanParameter(parameters, 'gzip') }
}
