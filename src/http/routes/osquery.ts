import type { FastifyReply, FastifyRequest } from 'fastify'
import { Counter } from 'prom-client'
import {
  AgentConfigReply,
  AgentDone,
  AgentEnrolBody,
  AgentEnrolReply,
  AgentKeyBody,
  AgentLogBody,
  AgentReadReply,
  AgentWriteBody,
} from '../../api/osquery.ts'
import { agentBodyBytesMax, distributedBodyBytesMax, enrolBodyBytesMax, logBodyBytesMax } from '../../limits.ts'
import type { Host } from '../../model/host.ts'
import { emptyDistributedRead, renderDistributedRead } from '../../osquery/distributed.ts'
import { openDistributedReader } from '../../osquery/distributed-reader.ts'
import { type AgentCall, type AgentWork, agentHandler } from '../agents/agent-handler.ts'
import { hostOf, nodeKeyIn } from '../agents/agent-key.ts'
import { enrolments } from '../agents/enrolments.ts'
import { logPosts } from '../agents/log-post.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { readBodiesAsStreams } from '../plugins/bodies.ts'
import type { RouteAccess } from '../route-access.ts'

// osquery's remote protocol: under our own paths, under Fleet's two, so that a flagfile of Fleet's needs another host
// name only, and under osctrl's, with the id of a tenant or of a declared environment in front. What agents are told
// when something goes wrong is in agent-error.ts.

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Called by every agent all the time: not worth a line of the log each. */
    isAgents?: boolean
  }
  interface FastifyRequest {
    /** The tenant whose environment the path names. */
    agentTenantId: string | undefined
  }
}

interface Operation extends AgentWork {
  readonly paths: readonly string[]
  /** Behind the environment's id. */
  readonly inEnvironment: string
  readonly summary: string
  readonly schema: { readonly body: object; readonly response: Readonly<Record<200, object>> }
}

const done = '{}'
const access: RouteAccess = { kind: 'agent' }
const environment = '/:environment'

/** The path below our own prefix and below Fleet's two. */
function everywhere(path: string): readonly string[] {
  return [`/osquery/v1/${path}`, `/api/osquery/${path}`, `/api/v1/osquery/${path}`]
}

export function osqueryRoutes(app: App, deps: AppDependencies): void {
  readBodiesAsStreams(app)
  app.decorateRequest('agentTenantId', undefined)
  for (const { paths, inEnvironment, summary, schema, ...work } of operationsOf(deps)) {
    const config = { access, isAgents: true }
    const handler = agentHandler(work, request => request.agentTenantId)
    for (const url of paths) app.post(url, { config, schema: { summary, ...schema } }, handler)
    const onRequest = (request: FastifyRequest, reply: FastifyReply) => findEnvironment(deps, request, reply)
    app.post(`${environment}/${inEnvironment}`, { config, schema: { summary, ...schema }, onRequest }, handler)
  }
}

/** An id that names nothing is no agent's path: it is answered as any other path at which there is nothing. */
async function findEnvironment(
  { agents }: AppDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const { environment: id } = request.params as { environment: string }
  request.agentTenantId = await agents.environments.tenantOf(id)
  if (request.agentTenantId !== undefined) return undefined
  reply.callNotFound()
  return reply
}

function operationsOf(deps: AppDependencies): readonly Operation[] {
  const find = counted(deps)
  return [...askingOperations(deps, find), ...tellingOperations(deps, find)]
}

type FindHost = (call: AgentCall, inBody: string | undefined) => Promise<Host>

/** Finds the host of a request; unknown keys, after which agents enrol, are counted. */
function counted({ agents, metrics }: AppDependencies): FindHost {
  const unknown = new Counter({
    name: 'edr_lake_agent_unknown_keys_total',
    help: 'requests with a node key that is known to be none: their agents enroll',
    registers: [metrics],
  })
  const hostKeys = {
    async find(nodeKey: string) {
      const host = await agents.hostKeys.find(nodeKey)
      if (host === undefined) unknown.inc()
      return host
    },
  }
  return (call, inBody) => hostOf(hostKeys, call, inBody)
}

/** What agents ask for. */
function askingOperations(deps: AppDependencies, find: FindHost): readonly Operation[] {
  const { hosts, labels, configurations, liveQueries } = deps.agents
  return [
    {
      ...{ paths: everywhere('enroll'), inEnvironment: 'enroll', summary: 'Enrol a host' },
      schema: { body: AgentEnrolBody, response: { 200: AgentEnrolReply } },
      bytesMax: enrolBodyBytesMax,
      answer: enrolments(deps),
    },
    {
      ...{ paths: everywhere('config'), inEnvironment: 'config', summary: "Get an agent's configuration" },
      schema: { body: AgentKeyBody, response: { 200: AgentConfigReply } },
      bytesMax: agentBodyBytesMax,
      async answer(call) {
        const host = await find(call, nodeKeyIn(await call.body.whole()))
        const { text, version } = await configurations.configFor(host, await labels.labelsOf(host))
        hosts.hearConfig(host, call.peerIp, version)
        return text
      },
    },
    {
      ...{ paths: everywhere('distributed/read'), inEnvironment: 'read', summary: 'Get queries to answer now' },
      schema: { body: AgentKeyBody, response: { 200: AgentReadReply } },
      bytesMax: agentBodyBytesMax,
      async answer(call) {
        const host = await find(call, nodeKeyIn(await call.body.whole()))
        hosts.hear(host, call.peerIp)
        const answer = await liveQueries.readFor(host)
        return Object.keys(answer.queries).length === 0 ? emptyDistributedRead : renderDistributedRead(answer)
      },
    },
  ]
}

/** What agents bring. */
function tellingOperations(deps: AppDependencies, find: FindHost): readonly Operation[] {
  const { hosts, liveQueries } = deps.agents
  const acceptLog = logPosts(deps, find)
  return [
    {
      ...{ paths: everywhere('log'), inEnvironment: 'log', summary: "Store an agent's log lines" },
      schema: { body: AgentLogBody, response: { 200: AgentDone } },
      bytesMax: logBodyBytesMax,
      async answer(call) {
        await acceptLog(call)
        return done
      },
    },
    {
      ...{ paths: everywhere('distributed/write'), inEnvironment: 'write', summary: 'Answer queries' },
      schema: { body: AgentWriteBody, response: { 200: AgentDone } },
      bytesMax: distributedBodyBytesMax,
      async answer(call) {
        const reader = openDistributedReader()
        for await (const chunk of call.body.chunks()) reader.push(chunk)
        const { nodeKey, answers } = reader.end()
        const host = await find(call, nodeKey)
        hosts.hear(host, call.peerIp)
        await liveQueries.write(host, answers)
        return done
      },
    },
  ]
}
