// Getting started as an organization: `node examples/walks/organization.mjs` with EDR_LAKE_URL, EDR_LAKE_CLIENT_ID and
// EDR_LAKE_CLIENT_SECRET of an organization's principal set. FROM and TO may be given as arguments. While the lake is
// stopped, `./edr-lake admin recover --new-organization NAME` makes one;
// `./edr-lake admin tenants create NAME` gives it tenants.

import { authorize, listTenants, readCredentials, runQuery, whoAmI } from './lake.mjs'

const [from, to] = process.argv.slice(2)
const template = `SELECT count(DISTINCT endpoint_id) AS hosts, count(*) AS processes
FROM xdr_data
WHERE query_name = 'running_processes_windows_sophos'`

// 1  A token, the same way as a tenant.
const credentials = await readCredentials('organization')
const authorization = await authorize(credentials)

// 2  Who am I? An organization has no region of its own: apiHosts.dataRegion is missing.
const account = await whoAmI(credentials.url, authorization)
if (account.idType !== 'organization') throw new Error(`these are the credentials of a ${account.idType}`)
console.log(`organization ${account.id}`)

// 3  Its tenants, each with the host of its region.
const tenants = await listTenants(account, authorization)
console.log(`${tenants.length} tenants`)

// 4  The same query for each: the organization's token, the tenant's id and host. One that fails does not end the walk.
for (const { id, name, apiHost } of tenants) {
  try {
    const { rows } = await runQuery({ apiHost, tenantId: id, authorization, template, from, to })
    console.log(`${name}: ${rows[0].hosts} hosts, ${rows[0].processes} processes`)
  } catch (error) {
    console.log(`${name}: ${error.message}`)
    process.exitCode = 1
  }
}
