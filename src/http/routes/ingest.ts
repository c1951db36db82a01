import { Readable } from 'node:stream'
import { IngestQuery, IngestReply, parseImportPosition } from '../../api/ingest.ts'
import type { Parameters } from '../../api/parameters.ts'
import { present } from '../../api/query-runs.ts'
import { AppError } from '../../model/errors.ts'
import type { AppDependencies } from '../dependencies.ts'
import { plainBody } from '../inflate.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import { readBodiesAsStreams } from '../plugins/bodies.ts'

// Rows in, over HTTP. The answer means: durable. What a body may be is described in api/ingest.ts.

const lineTypes = ['application/x-ndjson', 'application/json']

export function ingestRoutes(app: App, deps: AppDependencies): void {
  readBodiesAsStreams(app)
  app.post(
    '/lake/v1/ingest/osquery',
    {
      config: { access: { kind: 'tenant', action: 'rows.write' } },
      schema: {
        summary: 'Store osquery result-log lines',
        querystring: IngestQuery,
        bodyTypes: lineTypes,
        response: { 200: IngestReply },
      },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const position = parseImportPosition(request.query as Parameters)
      const { bodyBytesMax } = deps.settings
      // Compressed or not, more bytes than the bound cannot fit under it.
      if (Number(request.headers['content-length'] ?? 0) > bodyBytesMax) {
        throw new AppError('too_large', `the body is larger than ${bodyBytesMax} bytes`, {
          details: { limit: bodyBytesMax },
        })
      }
      const sent = request.body instanceof Readable ? request.body : Readable.from([])
      const body = plainBody(sent, request.headers['content-encoding'], bodyBytesMax)
      const { accepted, duplicates, rejected, nextLine } = await deps.ingest.accept(tenantId, body, position)
      return {
        accepted,
        duplicates,
        rejected: rejected.first.map(({ line, reason }) => ({ line, reason })),
        rejectedCount: rejected.count,
        ...present({ nextLine }),
      }
    },
  )
}
