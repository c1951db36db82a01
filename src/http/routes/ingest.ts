import type { FastifyRequest } from 'fastify'
import { IngestQuery, IngestReply, IngestTable, parseImportPosition } from '../../api/ingest.ts'
import type { Parameters } from '../../api/parameters.ts'
import { present } from '../../api/query-runs.ts'
import { bodyStream } from '../body-stream.ts'
import type { AppDependencies } from '../dependencies.ts'
import { ingestLines } from '../ingest-lines.ts'
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
    async request => acceptBody(deps, request, undefined),
  )
  app.post(
    '/lake/v1/ingest/tables/:table',
    {
      config: { access: { kind: 'tenant', action: 'rows.write' } },
      schema: {
        summary: 'Store rows of a table, one JSON object a line',
        params: IngestTable,
        querystring: IngestQuery,
        bodyTypes: lineTypes,
        response: { 200: IngestReply },
      },
    },
    async request => {
      const { table } = request.params as IngestTable
      const { tenantId } = tenantCallerOf(request)
      return deps.tables.into(tenantId, table, name => acceptBody(deps, request, name))
    },
  )
}

/** `table`: what the lines are rows of; undefined: osquery's result lines. */
async function acceptBody(
  deps: AppDependencies,
  request: FastifyRequest,
  table: string | undefined,
): Promise<IngestReply> {
  const { tenantId } = tenantCallerOf(request)
  const position = parseImportPosition(request.query as Parameters)
  const body = bodyStream(request, deps.settings.bodyBytesMax)
  const options = table === undefined ? position : { ...position, table }
  const result = await deps.ingest.accept(tenantId, body, options)
  ingestLines(deps.metrics)(position !== undefined ? 'import' : table === undefined ? 'lines' : 'table', result)
  const { accepted, duplicates, rejected, nextLine, overCap, ingestOff } = result
  return {
    ...{ accepted, duplicates, rejectedCount: rejected.count },
    rejected: rejected.first.map(({ line, reason }) => ({ line, reason })),
    ...present({ nextLine, overCap, ingestOff }),
  }
}
