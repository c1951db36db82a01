import { STATUS_CODES } from 'node:http'
import { Problem, TokenError, XdrError } from '../api/errors.ts'
import { HecError } from '../api/hec.ts'
import { AgentError } from '../api/osquery.ts'
import { isAgentPath } from './agent-error.ts'
import type { KnownRoute } from './known-routes.ts'
import type { RouteAccess } from './route-access.ts'

// The reference: an OpenAPI 3.1 document made of the routes themselves, so that it cannot say what they do not do.

type Json = Readonly<Record<string, unknown>>

/** The document for the app's routes, in the order of their paths. */
export function openApiDocument(routes: readonly KnownRoute[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {}
  // Files of the console have no summary: they are no part of the API.
  const listed = routes.filter(route => route.schema?.summary !== undefined)
  for (const route of listed.toSorted((a, b) => (a.url < b.url ? -1 : 1))) {
    const path = route.url.replaceAll(/:(\w+)/g, '{$1}')
    for (const method of route.methods) {
      if (method === 'HEAD') continue
      const operations = paths[path] ?? {}
      operations[method.toLowerCase()] = operationOf(route, method)
      paths[path] = operations
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'edr-lake', version, description: 'An open EDR data lake over the Sophos XDR Query API.' },
    components: {
      schemas: { XdrError, TokenError, Problem, HecError, AgentError },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        hec: { type: 'apiKey', in: 'header', name: 'Authorization', description: '`Splunk <ingest token>`' },
      },
    },
    paths,
  }
}

function operationOf({ url, access, schema }: KnownRoute, method: string): Json {
  // What agents show stands in their bodies.
  const isPublic = access === undefined || access.kind === 'public' || access.kind === 'agent'
  const parameters = [
    ...headerParameters(access),
    ...pathParameters(url),
    ...declaredParameters('query', schema?.querystring),
    ...declaredParameters('header', schema?.headers),
  ]
  return {
    operationId: `${method.toLowerCase()}${url.replaceAll(/[^A-Za-z0-9]+(\w)/g, (_, letter) => letter.toUpperCase())}`,
    ...(schema?.summary === undefined ? {} : { summary: schema.summary }),
    ...(isPublic ? {} : { security: isHec(access) ? [{ hec: [] }, { bearer: [] }] : [{ bearer: [] }] }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...requestBody(schema?.body, schema?.bodyTypes),
    responses: { ...successes(schema?.response ?? unsaid(method), schema?.responseTypes), ...failures(url) },
  }
}

const accountHeaders: Readonly<Partial<Record<RouteAccess['kind'], string>>> = {
  tenant: 'X-Tenant-ID',
  partner: 'X-Partner-ID',
  organization: 'X-Organization-ID',
}

function headerParameters(access: RouteAccess | undefined): readonly Json[] {
  const name = access === undefined ? undefined : accountHeaders[access.kind]
  // HEC's clients send an ingest token, which says whose it is.
  const required = !isHec(access)
  return name === undefined ? [] : [{ name, in: 'header', required, schema: { type: 'string', format: 'uuid' } }]
}

function isHec(access: RouteAccess | undefined): boolean {
  return access?.kind === 'tenant' && access.schemes === 'hec'
}

function pathParameters(url: string): readonly Json[] {
  return [...url.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', ...(/id$/i.test(name ?? '') ? { format: 'uuid' } : {}) },
  }))
}

function declaredParameters(place: 'query' | 'header', declared: unknown): readonly Json[] {
  const { properties = {} } = (declared ?? {}) as { properties?: Readonly<Record<string, Json>> }
  return Object.entries(properties).map(([name, schema]) => ({ name, in: place, required: false, schema }))
}

function requestBody(schema: unknown, types: readonly string[] | undefined): Json {
  if (schema === undefined && types === undefined) return {}
  const media = { schema: schema ?? {} }
  return { requestBody: { content: Object.fromEntries((types ?? ['application/json']).map(type => [type, media])) } }
}

/** Of a route that declares no answer: a deletion has no body. */
function unsaid(method: string): Json {
  return method === 'DELETE' ? { 204: undefined } : { 200: undefined }
}

function successes(response: unknown, types: readonly string[] | undefined): Json {
  if (types !== undefined) {
    const schema = { type: 'string' }
    return { 200: { description: 'OK', content: Object.fromEntries(types.map(type => [type, { schema }])) } }
  }
  const entries = Object.entries(response as Readonly<Record<string, unknown>>)
  return Object.fromEntries(
    entries.map(([status, schema]) => {
      const hasBody = schema !== undefined && ('type' in (schema as Json) || 'anyOf' in (schema as Json))
      const content = hasBody ? { content: { 'application/json': { schema } } } : {}
      return [status, { description: STATUS_CODES[status] ?? 'OK', ...content }]
    }),
  )
}

/** Every route may answer with an error, and every error of a path has one form. */
function failures(url: string): Json {
  const [name, type] = url.startsWith('/api/v2/oauth2/')
    ? ['TokenError', 'application/json']
    : /^\/(?:lake|livez|readyz|metrics|version|docs|openapi\.json|\.well-known)/.test(url)
      ? ['Problem', 'application/problem+json']
      : url.startsWith('/services/collector')
        ? ['HecError', 'application/json']
        : isAgentPath(url) || url.startsWith('/:')
          ? ['AgentError', 'application/json']
          : ['XdrError', 'application/json']
  const content = { [type]: { schema: { $ref: `#/components/schemas/${name}` } } }
  return { '4XX': { description: 'refused', content }, '5XX': { description: 'failed', content } }
}
