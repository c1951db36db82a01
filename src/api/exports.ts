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
  format: Type.Enum([...exportFormats], { description: 'required' }),
  formulas: Type.Optional(
    Type.Enum(['escape', 'keep'], {
      description:
        'csv: `escape` puts an apostrophe before texts that a spreadsheet would run; by default they are kept',
    }),
  ),
  gzip: Type.Optional(
    Type.Boolean({ description: 'csv, ndjson: the file itself is compressed, whatever Accept-Encoding says' }),
  ),
})
export type ExportQuery = Static<typeof ExportQuery>

export interface ExportRequest {
  readonly format: ExportFormat
  /** CSV only: texts that a spreadsheet would take for a formula get an apostrophe. */
  readonly escapesFormulas: boolean
  /** The file itself is compressed, for tools that write the body to a file; never Parquet, which is inside. */
  readonly isGzip: boolean
}

/** Throws `invalid_argument` for a missing or unknown format. */
export function parseExportRequest(parameters: Parameters): ExportRequest {
  const format = wordParameter(parameters, 'format', exportFormats)
  if (format === undefined) throw new AppError('invalid_argument', `format must be one of ${exportFormats.join(', ')}`)
  const formulas = wordParameter(parameters, 'formulas', ['escape', 'keep']) ?? 'keep'
  return {
    format,
    escapesFormulas: formulas === 'escape',
    isGzip: format !== 'parquet' && booleanParameter(parameters, 'gzip'),
  }
}

/** Name, type and encoding of the file that is sent for a run. */
export interface ExportHead {
  readonly fileName: string
  readonly mediaType: string
  /** Compressed on the way only: the client unpacks it. */
  readonly isEncoded: boolean
}

/** `acceptEncoding`: the request's own header; text is compressed on the way where it says gzip. */
export function exportHead(runId: string, request: ExportRequest, acceptEncoding: string | undefined): ExportHead {
  const fileName = `run-${runId}.${request.format}`
  if (request.isGzip) return { fileName: `${fileName}.gz`, mediaType: 'application/gzip', isEncoded: false }
  const isEncoded = request.format !== 'parquet' && acceptsGzip(acceptEncoding ?? '')
  return { fileName, mediaType: exportMediaTypes[request.format], isEncoded }
}

/** RFC 9110 §12.5.3: gzip is named and not with weight 0. */
function acceptsGzip(header: string): boolean {
  return header.split(',').some(each => {
    const [coding = '', ...parameters] = each.split(';').map(part => part.trim().toLowerCase())
    return (coding === 'gzip' || coding === 'x-gzip') && !parameters.some(part => /^q=0(\.0*)?$/.test(part))
  })
}
