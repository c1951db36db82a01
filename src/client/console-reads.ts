import type { WireCategory } from '../api/categories.ts'
import type { ExportFormat } from '../api/exports.ts'
import type { LakeSchemaReply } from '../api/lake-schema.ts'
import type { LakeStats } from '../api/lake-stats.ts'
import type { Run } from '../api/query-runs.ts'
import type { WireSavedQuery } from '../api/saved-queries.ts'
import type { FunctionList, SqlFunction, ValidateBody, ValidateReply } from '../api/sql-tools.ts'
import type { CallRequest, LakeClient } from './client.ts'

// What somebody who writes queries reads beside the runs themselves: the schema, the functions, the library, the state
// of the lake. One function a route.

export async function readSchema(client: LakeClient, signal?: AbortSignal): Promise<LakeSchemaReply> {
  return (await client.call(get('/lake/v1/schema', signal))) as LakeSchemaReply
}

export async function readStats(client: LakeClient, signal?: AbortSignal): Promise<LakeStats> {
  return (await client.call(get('/lake/v1/stats', signal))) as LakeStats
}

export async function readFunctions(client: LakeClient, signal?: AbortSignal): Promise<readonly SqlFunction[]> {
  return ((await client.call(get('/lake/v1/sql/functions', signal))) as FunctionList).items
}

/** Also for a statement that would be refused: the reply says why and where. */
export async function validateSql(
  client: LakeClient,
  json: ValidateBody,
  signal?: AbortSignal,
): Promise<ValidateReply> {
  const request: CallRequest = { method: 'POST', path: '/lake/v1/sql/validate', json, isRepeatable: true, signal }
  return (await client.call(request)) as ValidateReply
}

export async function readCategories(client: LakeClient, signal?: AbortSignal): Promise<readonly WireCategory[]> {
  const reply = (await client.call(get('/xdr-query/v1/queries/categories', signal))) as { items: WireCategory[] }
  return reply.items
}

const savedQueriesPageSize = 250

/** The whole library, page after page. */
export async function readSavedQueries(client: LakeClient, signal?: AbortSignal): Promise<readonly WireSavedQuery[]> {
  const all: WireSavedQuery[] = []
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const query = { page, pageSize: savedQueriesPageSize, pageTotal: true }
    const reply = (await client.call({ ...get('/xdr-query/v1/queries', signal), query })) as SavedQueryPage
    pages = reply.pages.total ?? 1
    all.push(...reply.items)
  }
  return all
}

interface SavedQueryPage {
  readonly items: readonly WireSavedQuery[]
  readonly pages: { readonly total?: number }
}

/** The newest runs of the tenant that have not expired. */
export async function readRuns(client: LakeClient, pageSize: number, signal?: AbortSignal): Promise<readonly Run[]> {
  const reply = await client.call({ ...get('/xdr-query/v1/queries/runs', signal), query: { pageSize } })
  return (reply as { items: Run[] }).items
}

export function exportRun(client: LakeClient, id: string, format: ExportFormat, signal?: AbortSignal): Promise<Blob> {
  const path = `/lake/v1/runs/${encodeURIComponent(id)}/export`
  return client.download({ ...get(path, signal), query: { format } })
}

function get(path: string, signal: AbortSignal | undefined): CallRequest {
  return { method: 'GET', path, isRepeatable: true, signal }
}

export interface NewQuery {
  readonly name: string
  readonly description: string
  readonly template: string
  readonly variables: WireSavedQuery['variables']
  readonly categories: WireSavedQuery['categories']
}

/** Keeps a query in the tenant's library; `id` is a version-4 UUID of the caller's, so that a repeat does no harm. */
export async function saveQuery(client: LakeClient, id: string, json: NewQuery): Promise<WireSavedQuery> {
  const request: CallRequest = { method: 'PUT', path: `/lake/v1/saved-queries/${id}`, json, isRepeatable: true }
  return (await client.call(request)) as WireSavedQuery
}
