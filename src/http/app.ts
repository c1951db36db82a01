import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { fastify, LogController } from 'fastify'
import { requestBytesMax } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import { newId } from '../model/ids.ts'
import { answerHeaders } from './answer-headers.ts'
import { connectionOptions } from './connection-options.ts'
import type { AppDependencies } from './dependencies.ts'
import { answerBrokenRequest, sendError } from './error-handler.ts'
import type { App } from './instance.ts'
import { knownRoutes } from './known-routes.ts'
import { watchConnections } from './open-connections.ts'
import { guardRoutes } from './plugins/access.ts'
import { auditRequests } from './plugins/audit.ts'
import { readBodiesWhole } from './plugins/bodies.ts'
import { openCallCounter } from './plugins/call-limits.ts'
import { consoleRoutes } from './plugins/console.ts'
import { logRequests } from './plugins/request-log.ts'
import { agentFilesRoutes } from './routes/agent-files.ts'
import { auditRoutes } from './routes/audit.ts'
import { configurationImportRoutes } from './routes/configuration-imports.ts'
import { configurationRoutes } from './routes/configurations.ts'
import { declaredTableRoutes } from './routes/declared-tables.ts'
import { endpointRoutes } from './routes/endpoints.ts'
import { enrollSecretRoutes } from './routes/enroll-secrets.ts'
import { exportRoutes } from './routes/exports.ts'
import { hecRoutes } from './routes/hec.ts'
import { hostConfigurationRoutes } from './routes/host-configuration.ts'
import { hostRoutes } from './routes/hosts.ts'
import { importRoutes } from './routes/imports.ts'
import { ingestRoutes } from './routes/ingest.ts'
import { ingestTokenRoutes } from './routes/ingest-tokens.ts'
import { keptRunRoutes } from './routes/kept-runs.ts'
import { labelRoutes } from './routes/labels.ts'
import { liveQueryRoutes } from './routes/live-queries.ts'
import { liveResultRoutes } from './routes/live-results.ts'
import { liveRunRoutes } from './routes/live-runs.ts'
import { managedTenantRoutes } from './routes/managed-tenants.ts'
import { manyRunRoutes } from './routes/many-runs.ts'
import { operationRoutes } from './routes/operations.ts'
import { organizationRoutes } from './routes/organizations.ts'
import { osqueryRoutes } from './routes/osquery.ts'
import { principalRoutes } from './routes/principals.ts'
import { queryLibraryRoutes } from './routes/query-library.ts'
import { referenceRoutes } from './routes/reference.ts'
import { resultRoutes } from './routes/results.ts'
import { runLimitRoutes } from './routes/run-limits.ts'
import { runRoutes } from './routes/runs.ts'
import { savedQueryRoutes } from './routes/saved-queries.ts'
import { schemaRoutes } from './routes/schema.ts'
import { settingRoutes } from './routes/settings.ts'
import { sqlToolRoutes } from './routes/sql-tools.ts'
import { statsRoutes } from './routes/stats.ts'
import { tenantLimitRoutes } from './routes/tenant-limits.ts'
import { tenantRoutes } from './routes/tenants.ts'
import { tokenRoutes } from './routes/token.ts'
import { whoamiRoutes } from './routes/whoami.ts'

/**
 * The whole HTTP interface over its dependencies; never listens. The caller owns what it hands in: closing the app lets
 * requests in flight finish and closes nothing else.
 */
export function buildApp(deps: AppDependencies): App {
  const app = newApp(deps)
  const known = knownRoutes()
  app.addHook('onRoute', route => known.add(route))
  app.decorateRequest('refusal', undefined)
  app.setErrorHandler((error, request, reply) => sendError(deps.clock, error, request, reply))
  app.setNotFoundHandler((request, reply) => sendError(deps.clock, known.refusal(request, reply), request, reply))
  // Input is checked by the functions of api/, which are tolerant in ways a schema cannot say.
  app.setValidatorCompiler(() => () => true)

  app.decorate('routeList', known.list)

  const stopping = new AbortController()
  app.decorate('stopping', stopping.signal)
  app.addHook('preClose', async () => stopping.abort())
  const endConnections = watchConnections(app.server)
  app.addHook('preClose', async () => endConnections())
  app.addHook('onSend', async (_request, reply) => {
    if (stopping.signal.aborted) reply.header('connection', 'close')
  })
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(answerHeaders(request))
    // RFC 9112 §3.2; before 1.1 there was none.
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1') {
      throw new AppError('invalid_argument', 'header Host is required')
    }
  })

  const calls = openCallCounter(deps.settings.callLimits, deps.clock)
  logRequests(app, deps)
  readBodiesWhole(app)
  auditRequests(app, deps)
  guardRoutes(app, deps, calls)

  tokenRoutes(app, deps)
  whoamiRoutes(app, deps)
  runRoutes(app, deps, calls)
  resultRoutes(app, deps, calls)
  exportRoutes(app, deps)
  keptRunRoutes(app, deps)
  runLimitRoutes(app, deps)
  organizationRoutes(app, deps)
  savedQueryRoutes(app, deps)
  liveQueryRoutes(app, deps)
  liveRunRoutes(app, deps, calls)
  liveResultRoutes(app, deps, calls)
  tenantRoutes(app, deps)
  endpointRoutes(app, deps)
  hostRoutes(app, deps)
  labelRoutes(app, deps)
  principalRoutes(app, deps)
  enrollSecretRoutes(app, deps)
  configurationRoutes(app, deps)
  configurationImportRoutes(app, deps)
  hostConfigurationRoutes(app, deps)
  agentFilesRoutes(app, deps)
  queryLibraryRoutes(app, deps)
  schemaRoutes(app, deps)
  declaredTableRoutes(app, deps)
  sqlToolRoutes(app, deps)
  statsRoutes(app, deps)
  operationRoutes(app, deps)
  referenceRoutes(app, deps)
  importRoutes(app, deps)
  managedTenantRoutes(app, deps)
  tenantLimitRoutes(app, deps)
  ingestTokenRoutes(app, deps)
  settingRoutes(app, deps)
  auditRoutes(app, deps)
  manyRunRoutes(app, deps)
  if (deps.settings.consoleFolder !== undefined) consoleRoutes(app, deps.settings.consoleFolder)
  app.register(async scope => ingestRoutes(scope as App, deps))
  app.register(async scope => osqueryRoutes(scope as App, deps))
  app.register(async scope => hecRoutes(scope as App, deps))
  return app
}

function newApp(deps: AppDependencies): App {
  return fastify({
    loggerInstance: deps.log,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: () => newId(),
    bodyLimit: requestBytesMax,
    trustProxy: deps.settings.trustProxy === undefined ? false : [...deps.settings.trustProxy],
    requestTimeout: connectionOptions.requestTimeout,
    keepAliveTimeout: connectionOptions.keepAliveTimeout,
    http: connectionOptions,
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: 500 },
    frameworkErrors: (error, request, reply) => {
      sendError(deps.clock, error, request, reply)
    },
    clientErrorHandler: (error, socket) => answerBrokenRequest(deps.clock, error, socket),
  }).withTypeProvider<TypeBoxTypeProvider>()
}
