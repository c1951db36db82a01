// The calls that the three walks share: plain fetch, Node 18 or later, no package. Each function is one step of the
// getting-started guide; the comments give the request as it goes over the wire.

import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Where the lake is and who is calling: from EDR_LAKE_URL, EDR_LAKE_CLIENT_ID and EDR_LAKE_CLIENT_SECRET, else from what
 * the first start left in the data directory: a file of a tenant and one of the partner that manages it.
 */
export async function readCredentials(idType) {
  const { EDR_LAKE_URL: url, EDR_LAKE_CLIENT_ID: clientId, EDR_LAKE_CLIENT_SECRET: clientSecret } = process.env
  if (url && clientId && clientSecret) return { url, clientId, clientSecret }
  const name = idType === 'partner' ? 'first-run-partner.json' : 'first-run.json'
  return JSON.parse(await readFile(`${process.env.EDR_LAKE_DATA ?? 'data'}/${name}`, 'utf8'))
}

/** POST {token service}/api/v2/oauth2/token  →  the value of the Authorization header, good for an hour. */
export async function authorize({ url, clientId, clientSecret }) {
  const form = { grant_type: 'client_credentials', scope: 'token', client_id: clientId, client_secret: clientSecret }
  const token = await call(`${url}/api/v2/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) })
  return `Bearer ${token.access_token}`
}

/** GET {global}/whoami/v1  →  { id, idType, apiHosts }. */
export function whoAmI(url, authorization) {
  return call(`${url}/whoami/v1`, { headers: { authorization } })
}

/** GET {global}/{partner or organization}/v1/tenants?pageTotal=true, then &page=2 …  →  every tenant of the account. */
export async function listTenants({ id, idType, apiHosts }, authorization) {
  const headers = { authorization, [idType === 'partner' ? 'X-Partner-ID' : 'X-Organization-ID']: id }
  const list = `${apiHosts.global}/${idType}/v1/tenants`
  const first = await call(`${list}?pageTotal=true`, { headers })
  const tenants = first.items
  for (let page = 2; page <= first.pages.total; page += 1) {
    tenants.push(...(await call(`${list}?page=${page}`, { headers })).items)
  }
  return tenants
}

/**
 * POST {region}/xdr-query/v1/queries/runs, GET …/runs/{id} until it is finished, GET …/runs/{id}/results page by page
 * →  { run, rows }. A run that did not succeed throws with the reason that it gives.
 */
export async function runQuery({ apiHost, tenantId, authorization, template, from, to }) {
  const headers = { authorization, 'X-Tenant-ID': tenantId, 'content-type': 'application/json' }
  const runs = `${apiHost}/xdr-query/v1/queries/runs`
  const body = JSON.stringify({ adHocQuery: { template }, from, to })
  const { id } = await call(runs, { method: 'POST', headers, body })
  const run = await untilFinished(`${runs}/${id}`, headers)
  if (run.result !== 'succeeded') throw new Error(`run ${id} ${run.result}: ${run.error?.message ?? 'no reason given'}`)

  const rows = []
  let nextKey
  do {
    const query = new URLSearchParams({ pageSize: 1000, ...(nextKey && { pageFromKey: nextKey }) })
    const page = await call(`${runs}/${id}/results?${query}`, { headers })
    rows.push(...page.items)
    nextKey = page.pages.nextKey
  } while (nextKey)
  return { run, rows }
}

async function untilFinished(url, headers) {
  for (let wait = 100; ; wait = Math.min(wait * 2, 5_000)) {
    const run = await call(url, { headers })
    if (run.status === 'finished') return run
    await delay(wait)
  }
}

/** The JSON of a successful answer. A full window (429) is waited for; any other failure throws with the lake's words. */
async function call(url, init) {
  const response = await fetch(url, init)
  if (response.status === 429) {
    await delay(1_000 * Number(response.headers.get('retry-after') ?? 1))
    return call(url, init)
  }
  const body = await response.json()
  if (!response.ok) throw new Error(`${response.status} ${new URL(url).pathname}: ${body.message ?? body.error}`)
  return body
}
