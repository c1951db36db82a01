import { decodeText, parseJson } from '../../api/body.ts'
import {
  DeclaredTableBody,
  DeclaredTableList,
  parseDeclaredTable,
  parseUndeclare,
  TableName,
  toWireDeclaredTable,
  UndeclareQuery,
  WireDeclaredTable,
} from '../../api/declared-tables.ts'
import type { Parameters } from '../../api/parameters.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import { bodyOf } from '../plugins/bodies.ts'

const base = '/lake/v1/tables'
const read = { access: { kind: 'tenant', action: 'lake.read' } } as const

function write(audit: string) {
  return { access: { kind: 'tenant', action: 'tables.write' }, audit } as const
}

export function declaredTableRoutes(app: App, { tables }: AppDependencies): void {
  app.get(
    base,
    { config: read, schema: { summary: 'List the tables the tenant declared', response: { 200: DeclaredTableList } } },
    async request => ({ items: (await tables.list(tenantCallerOf(request).tenantId)).map(toWireDeclaredTable) }),
  )

  app.get(
    `${base}/:table`,
    {
      config: read,
      schema: { summary: 'Get a declared table', params: TableName, response: { 200: WireDeclaredTable } },
    },
    async request => {
      const { table } = request.params as TableName
      return toWireDeclaredTable(await tables.get(tenantCallerOf(request).tenantId, table))
    },
  )

  app.post(
    base,
    {
      config: write('tables.declare'),
      schema: { summary: 'Declare a table', body: DeclaredTableBody, response: { 201: WireDeclaredTable } },
    },
    async (request, reply) => {
      const draft = parseDeclaredTable(parseJson(decodeText(bodyOf(request))))
      const table = await tables.declare(tenantCallerOf(request).tenantId, draft)
      request.audited = { target: table.name, details: { columns: table.columns.length } }
      return reply.code(201).send(toWireDeclaredTable(table))
    },
  )

  app.delete(
    `${base}/:table`,
    {
      config: write('tables.undeclare'),
      schema: { summary: 'Undeclare a table', params: TableName, querystring: UndeclareQuery },
    },
    async (request, reply) => {
      const { table } = request.params as TableName
      const { dropsRows } = parseUndeclare(request.query as Parameters)
      await tables.undeclare(tenantCallerOf(request).tenantId, table, dropsRows)
      request.audited = { target: table.toLowerCase(), details: { dropsRows } }
      return reply.code(204).send()
    },
  )
}
