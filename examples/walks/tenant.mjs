// Getting started as a tenant: `node examples/walks/tenant.mjs`, with the lake of `npm start` running in this folder,
// or with EDR_LAKE_URL, EDR_LAKE_CLIENT_ID and EDR_LAKE_CLIENT_SECRET set. FROM and TO may be given as arguments.

import { readFile } from 'node:fs/promises'
import { authorize, readCredentials, runQuery, whoAmI } from './lake.mjs'

const [from, to] = process.argv.slice(2)
const template = await readFile(new URL('../query.sql', import.meta.url), 'utf8')

// 1  A token.
const credentials = await readCredentials('tenant')
const authorization = await authorize(credentials)

// 2  Who am I? A tenant learns its id and the host of its region.
const { id, idType, apiHosts } = await whoAmI(credentials.url, authorization)
if (idType !== 'tenant') throw new Error(`these are the credentials of a ${idType}: run ${idType}.mjs`)
console.log(`tenant ${id} at ${apiHosts.dataRegion}`)

// 3  Start a run, poll it, page through its result.
const host = { apiHost: apiHosts.dataRegion, tenantId: id, authorization }
const { run, rows } = await runQuery({ ...host, template, from, to })
console.log(`run ${run.id} ${run.result}, ${run.from} to ${run.to}`)
console.log(`${rows.length} rows`)
for (const row of rows.slice(0, 3)) console.log(JSON.stringify(row))
