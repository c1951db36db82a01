import Type from 'typebox'
import { present } from '../../api/query-runs.ts'
import {
  FunctionList,
  parseValidateRequest,
  type SqlError,
  type SqlReads,
  ValidateBody,
  ValidateReply,
} from '../../api/sql-tools.ts'
import type { AppError } from '../../model/errors.ts'
import type { StatementReads } from '../../query/reads.ts'
import type { Validation } from '../../query/validate.ts'
import type { AppDependencies } from '../dependencies.ts'
import { etagOf, isEtagMatch } from '../etag.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import { bodyOf } from '../plugins/bodies.ts'
import type { RouteAccess } from '../route-access.ts'
import { planWindow } from '../run-plan.ts'

// What editors ask about SQL without running it.

const config = { access: { kind: 'tenant', action: 'lake.read' } satisfies RouteAccess }

export function sqlToolRoutes(app: App, deps: AppDependencies): void {
  app.post(
    '/lake/v1/sql/validate',
    {
      config,
      schema: { summary: 'Check SQL without running it', body: ValidateBody, response: { 200: ValidateReply } },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const { window, ...statement } = parseValidateRequest(bodyOf(request))
      const planned = { ...statement, window: await planWindow(deps, tenantId, window) }
      return toWireValidation(await deps.queries.validate(tenantId, planned))
    },
  )

  const functions = JSON.stringify(toWireFunctions(deps.queries.functions))
  const etag = etagOf(functions)
  const response = { 200: FunctionList, 304: Type.Unsafe<undefined>({ description: 'as the ETag said' }) }
  app.get(
    '/lake/v1/sql/functions',
    { config, schema: { summary: 'Functions of SQL', response } },
    async (request, reply) => {
      reply.headers({ etag, 'cache-control': 'private, no-cache' })
      if (isEtagMatch(request.headers['if-none-match'], etag)) return reply.code(304).send(undefined)
      // Text passes through as it is; the schema is for the reference.
      return reply.type('application/json; charset=utf-8').send(functions as never)
    },
  )
}

function toWireValidation({ error, warnings, columns, reads }: Validation): ValidateReply {
  return {
    ok: error === undefined,
    errors: error === undefined ? [] : [toWireError(error)],
    warnings: warnings.map(warning => ({ ...warning })),
    ...present({
      columns: columns?.map(({ name, type }) => ({ name, ...present({ type }) })),
      reads: reads === undefined ? undefined : toWireReads(reads),
    }),
  }
}

function toWireError({ message, details = {} }: AppError): SqlError {
  const { line, column, offset, length, hint } = details as Omit<SqlError, 'message'>
  return { message, ...present({ line, column, offset, length, hint }) }
}

function toWireReads({ tables, queryNames, columns, files, rows, bytes }: StatementReads): SqlReads {
  return {
    tables: [...tables],
    ...present({ queryNames: queryNames && [...queryNames], columns: columns && [...columns] }),
    ...{ files, rows, bytes },
  }
}

function toWireFunctions(functions: AppDependencies['queries']['functions']): FunctionList {
  const items = functions.map(({ name, kind, signatures, how, reason }) => ({
    ...{ name, kind, signatures: signatures.map(form => `${name}${withArrow(form)}`) },
    isSupported: how !== 'refused',
    ...present({ reason }),
  }))
  return { items }
}

/** `(varchar(x), bigint) varchar(x)` with an arrow before what comes back. */
function withArrow(form: string): string {
  let depth = 0
  for (let index = 0; index < form.length; index += 1) {
    if (form[index] === '(') depth += 1
    else if (form[index] === ')') depth -= 1
    if (depth === 0) return `${form.slice(0, index + 1)} → ${form.slice(index + 1).trim()}`
  }
  return form
}
