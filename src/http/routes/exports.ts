import { ExportQuery, type ExportRequest, exportHead, exportMediaTypes, parseExportRequest } from '../../api/exports.ts'
import type { Parameters } from '../../api/parameters.ts'
import type { ResultFormat } from '../../model/result-format.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import type { RouteAccess } from '../route-access.ts'
import { runIdOf } from '../run-id.ts'

// A whole result as one file, sent as fast as the client takes it. A file that could not be made whole ends without the
// last chunk of its transfer coding (RFC 9112 §7.1), which clients report. Every export leaves a line in the log.

const access: RouteAccess = { kind: 'tenant', action: 'runs.read' }

export function exportRoutes(app: App, { queries }: AppDependencies): void {
  app.get(
    '/lake/v1/runs/:runId/export',
    {
      config: { access, audit: 'results.export' },
      // Its answer to HEAD would be made whole and thrown away.
      exposeHeadRoute: false,
      schema: {
        summary: 'Export the whole result',
        querystring: ExportQuery,
        responseTypes: [...Object.values(exportMediaTypes), 'application/gzip'],
      },
    },
    async (request, reply) => {
      const { tenantId, principalId } = tenantCallerOf(request)
      const wanted = parseExportRequest(request.query as Parameters)
      const runId = runIdOf(request)
      const head = exportHead(runId, wanted, request.headers['accept-encoding'])
      const format = formatOf(wanted, wanted.isGzip || head.isEncoded)
      const { stream, rowCount } = await queries.exportResult(tenantId, runId, format, app.stopping)
      request.audited = { target: runId, details: { format: wanted.format, rows: rowCount } }
      let bytes = 0
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      stream.pause()
      stream.once('close', () => {
        const facts = { tenantId, principalId, runId, format: wanted.format, rows: rowCount, bytes }
        request.log.info({ ...facts, isWhole: stream.readableEnded }, 'result exported')
      })
      if (head.isEncoded) reply.header('content-encoding', 'gzip')
      reply.headers({
        vary: 'accept-encoding',
        'content-disposition': `attachment; filename="${head.fileName}"`,
        'x-content-type-options': 'nosniff',
      })
      return reply.type(head.mediaType).send(stream)
    },
  )
}

function formatOf({ format, escapesFormulas }: ExportRequest, isGzip: boolean): ResultFormat {
  return format === 'csv' ? { kind: 'csv', escapesFormulas, isGzip } : { kind: format, isGzip }
}
