import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { importIdsAskedMax } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import { dropNulls, firstError } from './body.ts'
import { countParameter, type Parameters, textParameter } from './parameters.ts'

// `POST /lake/v1/ingest/osquery`: osquery result-log lines as NDJSON or one JSON array, `Content-Encoding: gzip` or
// not, whatever the content type. A file import adds `?importId=<text>&firstLine=<n>`: a name for the file that stays
// the same when the import is resumed, and the number (from 1) of the body's first line in that file. The lake
// remembers how far each import has come, so that lines sent again after an interruption are not stored again; the
// answer, and `POST /lake/v1/ingest/imports` for many files at once, say where to go on.

export const IngestReply = Type.Object({
  accepted: Type.Integer({ description: 'lines that are now durable and visible to queries' }),
  duplicates: Type.Integer({ description: 'lines that were stored before; not stored again' }),
  rejected: Type.Array(Type.Object({ line: Type.Integer(), reason: Type.String() }), {
    description: 'the first rejected lines; all of them are counted, and kept for the operator',
  }),
  rejectedCount: Type.Integer(),
  ingestOff: Type.Optional(
    Type.Integer({ description: 'accepted lines of hosts whose ingest is switched off: counted, not stored' }),
  ),
  overCap: Type.Optional(Type.Integer({ description: 'accepted lines over an upload cap: counted, not stored' })),
  nextLine: Type.Optional(
    Type.Integer({ description: 'of an import: number of the first line of the file that is not in the lake yet' }),
  ),
})
export type IngestReply = Static<typeof IngestReply>

export const IngestQuery = Type.Object({
  importId: Type.Optional(Type.String({ description: 'the same for every piece of one file' })),
  firstLine: Type.Optional(Type.Integer({ minimum: 1, description: "number of the body's first line in that file" })),
})

/** `POST /lake/v1/ingest/tables/{table}`: one JSON object a line, its keys the columns; else as for osquery's lines. */
export const IngestTable = Type.Object({ table: Type.String({ description: 'table the rows are of' }) })
export type IngestTable = Static<typeof IngestTable>

/** Where in a file the body's lines come from. */
export interface ImportPosition {
  readonly importId: string
  /** Number of the body's first line in the file, from 1. */
  readonly firstLine: number
}

const importIdPattern = /^[\w.:-]{1,128}$/

/** The import the request belongs to; undefined when it is none. `firstLine` without `importId` is refused. */
export function parseImportPosition(parameters: Parameters): ImportPosition | undefined {
  const importId = textParameter(parameters, 'importId')
  const firstLine = countParameter(parameters, 'firstLine')
  if (importId === undefined) {
    if (firstLine !== undefined) throw new AppError('invalid_argument', 'firstLine needs importId')
    return undefined
  }
  if (!importIdPattern.test(importId)) {
    throw new AppError('invalid_argument', 'importId must be 1 to 128 letters, digits, or any of _ . : -')
  }
  return { importId, firstLine: firstLine ?? 1 }
}

const ImportId = Type.String({ pattern: importIdPattern.source })

/** The body of `POST /lake/v1/ingest/imports`. */
export const ImportsBody = Type.Object({ ids: Type.Array(ImportId, { minItems: 1, maxItems: importIdsAskedMax }) })

export const ImportsReply = Type.Object({
  positions: Type.Record(Type.String(), Type.Integer(), {
    description: 'by import id: number of the first line that is not in the lake yet; absent: nothing is known',
  }),
})

const importsBody = Compile(ImportsBody)

/** The import ids asked about. */
export function parseImportsBody(body: unknown): readonly string[] {
  const members = dropNulls(body)
  if (!importsBody.Check(members)) throw new AppError('invalid_argument', firstError(importsBody.Errors(members)))
  return members.ids
}
