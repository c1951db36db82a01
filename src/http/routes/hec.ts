import { text as readText } from 'node:stream/consumers'
import type { FastifyRequest } from 'fastify'
import {
  HecAcksBody,
  HecAcksReply,
  HecError,
  HecQuery,
  HecReply,
  isHecChannel,
  parseHecAcks,
  parseHecFacts,
} from '../../api/hec.ts'
import type { Parameters } from '../../api/parameters.ts'
import { present } from '../../api/query-runs.ts'
import { openAckIds } from '../../auth/ack-ids.ts'
import { ingestTokenOf, verifyIngestToken } from '../../auth/ingest-token.ts'
import { type HecBody, readHecEvents, readHecRaw } from '../../ingest/formats/hec.ts'
import { openReceiptTimes } from '../../ingest/formats/receipt-times.ts'
import { requestBytesMax } from '../../limits.ts'
import { bodyStream } from '../body-stream.ts'
import type { AppDependencies } from '../dependencies.ts'
import { hecError } from '../hec-error.ts'
import { ingestLines } from '../ingest-lines.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import { readBodiesAsStreams } from '../plugins/bodies.ts'
import { publicAccess, type RouteAccess } from '../route-access.ts'

// The HTTP Event Collector, for shippers that speak it. What is answered with code 0 is durable, so an acknowledgement
// asked for later is always given.

const base = '/services/collector'
const access: RouteAccess = { kind: 'tenant', action: 'rows.write', schemes: 'hec' }
const config = { access }

export function hecRoutes(app: App, deps: AppDependencies): void {
  const { store, secretKey, clock } = deps
  const ackIds = openAckIds(secretKey, clock)
  const nextReceiptTime = openReceiptTimes(clock)
  const count = ingestLines(deps.metrics)
  readBodiesAsStreams(app)

  async function take(request: FastifyRequest, read: typeof readHecEvents): Promise<HecReply> {
    const { tenantId } = tenantCallerOf(request)
    const { channel, ...facts } = factsOf(request)
    if (channel !== undefined && !isHecChannel(channel)) throw hecError('invalidChannel')
    const defaults = { host: request.address, time: nextReceiptTime() }
    const body: HecBody = read(bodyStream(request, deps.settings.bodyBytesMax), defaults, facts)
    const result = await deps.ingest.accept(tenantId, body.lines)
    count('hec', result)
    // Only now: the events before the one that is refused are durable.
    const refusal = body.refusal()
    if (refusal !== undefined) throw hecError(refusal.kind, refusal.eventNumber)
    const ackId = channel === undefined ? undefined : ackIds.give(tenantId, channel)
    const rejectedCount = result.rejected.count === 0 ? undefined : result.rejected.count
    return { text: 'Success', code: 0, ...present({ ackId, rejectedCount }) }
  }

  const response = { 200: HecReply }
  for (const path of [base, `${base}/event`, `${base}/event/1.0`]) {
    const schema = { summary: "Store HEC's events", querystring: HecQuery, bodyTypes: ['application/json'], response }
    app.post(path, { config, schema }, async request => take(request, readHecEvents))
  }
  for (const path of [`${base}/raw`, `${base}/raw/1.0`]) {
    const schema = { summary: 'Store lines of text', querystring: HecQuery, bodyTypes: ['text/plain'], response }
    app.post(path, { config, schema }, async request => take(request, readHecRaw))
  }

  app.post(
    `${base}/ack`,
    {
      config,
      schema: { summary: 'Is it stored', querystring: HecQuery, body: HecAcksBody, response: { 200: HecAcksReply } },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const { channel } = factsOf(request)
      if (channel === undefined) throw hecError('channelMissing')
      if (!isHecChannel(channel)) throw hecError('invalidChannel')
      const ids = parseHecAcks(await readText(bodyStream(request, requestBytesMax)))
      if (ids === undefined) throw hecError('invalidDataFormat')
      return { acks: Object.fromEntries(ids.map(id => [String(id), ackIds.isGiven(tenantId, channel, id)])) }
    },
  )

  for (const path of [`${base}/health`, `${base}/health/1.0`]) {
    const schema = { summary: 'Does the collector work', response: { 200: HecReply, 400: HecError, 503: HecError } }
    app.get(path, { config: { access: publicAccess }, schema }, async request => {
      // Shippers ask with their token when they start: the best moment to say that it is wrong.
      const token = ingestTokenOf(request.headers.authorization, 'hec')
      if (token !== undefined) {
        await verifyIngestToken({ store, secretKey, clock }, token).catch(error => {
          if (error.code === 'unauthenticated') throw hecError('healthInvalidToken')
          throw error
        })
      }
      const checks = await deps.health()
      if (checks.some(({ isOk }) => !isOk)) throw hecError('unhealthy')
      return { text: 'HEC is healthy', code: 17 }
    })
  }
}

function factsOf(request: FastifyRequest) {
  return parseHecFacts(request.query as Parameters, request.headers['x-splunk-request-channel'])
}
