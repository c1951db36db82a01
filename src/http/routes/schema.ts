import Type from 'typebox'
import { LakeSchemaReply, type SchemaColumn, type SchemaQueryName, type SchemaTable } from '../../api/lake-schema.ts'
import { present } from '../../api/present.ts'
import { listQueryNames, type SeenName } from '../../db/query-names.ts'
import { learnTail } from '../../lake/learn.ts'
import { schemaOf } from '../../lake/schema.ts'
import { grownFieldIdMin } from '../../limits.ts'
import type { LakeColumn, LakeSchema, LakeTable } from '../../model/lake-table.ts'
import { formatInstant } from '../../model/time-range.ts'
import type { AppDependencies } from '../dependencies.ts'
import { etagOf, isEtagMatch } from '../etag.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import type { RouteAccess } from '../route-access.ts'

// What a tenant can name in SQL. Editors ask often and it changes seldom: the answer has an ETag (RFC 9110 §8.8.3).

const config = { access: { kind: 'tenant', action: 'lake.read' } satisfies RouteAccess }

export function schemaRoutes(app: App, { store, ingest, clock }: AppDependencies): void {
  const response = { 200: LakeSchemaReply, 304: Type.Unsafe<undefined>({ description: 'as the ETag said' }) }
  app.get(
    '/lake/v1/schema',
    { config, schema: { summary: 'Tables, columns and query names', response } },
    async (request, reply) => {
      const { tenantId } = tenantCallerOf(request)
      // What came in a moment ago can be named already: it must stand in the list too.
      await learnTail(store, tenantId, await ingest.tailKeys(tenantId), clock())
      const { bytes, etag } = printSchema(await schemaOf(store, tenantId), await listQueryNames(store, tenantId))
      reply.headers({ etag, 'cache-control': 'private, no-cache' })
      if (isEtagMatch(request.headers['if-none-match'], etag)) return reply.code(304).send(undefined)
      // It passes through as it is printed, the schema is for the reference.
      return reply.type('application/json; charset=utf-8').send(bytes as never)
    },
  )
}

interface Printed {
  readonly bytes: Buffer
  readonly etag: string
}

/** JSON of a `LakeSchemaReply`. */
function printSchema({ tables, envelope }: LakeSchema, names: readonly SeenName[]): Printed {
  const printed = tables.map(printTable)
  const rest = JSON.stringify({ queryNames: names.map(toWireQueryName), envelope })
  const pieces = printed.flatMap(({ bytes }, index) => [Buffer.from(index === 0 ? '{"tables":[' : ','), bytes])
  return {
    bytes: Buffer.concat([...pieces, Buffer.from(`],${rest.slice(1)}`)]),
    etag: etagOf(`${printed.map(({ etag }) => etag)} ${rest}`),
  }
}

/** Shipped tables, most of the answer, are the same objects for every tenant that brought no columns to them. */
const printedTables = new WeakMap<LakeTable, Printed>()

function printTable(table: LakeTable): Printed {
  const known = printedTables.get(table)
  if (known !== undefined) return known
  const text = JSON.stringify(toWireTable(table))
  const printed = { bytes: Buffer.from(text), etag: etagOf(text) }
  printedTables.set(table, printed)
  return printed
}

function toWireTable({ name, timeColumn, hasQueryNames, columns, description, isDeclared }: LakeTable): SchemaTable {
  return {
    ...{ name, timeColumn, hasQueryNames },
    ...present({ description, isDeclared }),
    columns: columns.map(toWireColumn),
  }
}

function toWireQueryName({ name, table, columns, firstSeen, lastSeen, rows }: SeenName): SchemaQueryName {
  return {
    ...{ name, table, rows },
    columns: [...columns],
    firstSeen: formatInstant(firstSeen),
    lastSeen: formatInstant(lastSeen),
  }
}

function toWireColumn({ name, type, fieldId, description }: LakeColumn): SchemaColumn {
  return {
    ...{ name, type },
    ...(description === undefined ? {} : { description }),
    ...(fieldId >= grownFieldIdMin ? { isGrown: true } : {}),
  }
}
