import Type from 'typebox'
import { LakeSchemaReply, type SchemaColumn } from '../../api/lake-schema.ts'
import { present } from '../../api/present.ts'
import { listQueryNames, type SeenName } from '../../db/query-names.ts'
import { learnTail } from '../../lake/learn.ts'
import { schemaOf } from '../../lake/schema.ts'
import { grownFieldIdMin } from '../../limits.ts'
import type { LakeColumn, LakeSchema } from '../../model/lake-table.ts'
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
      const body = toWireSchema(await schemaOf(store, tenantId), await listQueryNames(store, tenantId))
      const text = JSON.stringify(body)
      const etag = etagOf(text)
      reply.headers({ etag, 'cache-control': 'private, no-cache' })
      if (isEtagMatch(request.headers['if-none-match'], etag)) return reply.code(304).send(undefined)
      // Printed once, for the tag: it passes through as it is, the schema is for the reference.
      return reply.type('application/json; charset=utf-8').send(text as never)
    },
  )
}

function toWireSchema(schema: LakeSchema, names: readonly SeenName[]): LakeSchemaReply {
  return {
    tables: schema.tables.map(({ name, timeColumn, hasQueryNames, columns, description, isDeclared }) => ({
      ...{ name, timeColumn, hasQueryNames },
      ...present({ description, isDeclared }),
      columns: columns.map(toWireColumn),
    })),
    queryNames: names.map(({ name, table, columns, firstSeen, lastSeen, rows }) => ({
      ...{ name, table, rows },
      columns: [...columns],
      firstSeen: formatInstant(firstSeen),
      lastSeen: formatInstant(lastSeen),
    })),
    envelope: [...schema.envelope],
  }
}

function toWireColumn({ name, type, fieldId, description }: LakeColumn): SchemaColumn {
  return {
    ...{ name, type },
    ...(description === undefined ? {} : { description }),
    ...(fieldId >= grownFieldIdMin ? { isGrown: true } : {}),
  }
}
