import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { decodeText, dropNulls, firstError, parseJson } from '../../api/body.ts'
import { Run, toWireRun } from '../../api/query-runs.ts'
import { parseKeepUntil } from '../../api/run-request.ts'
import { AppError } from '../../model/errors.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { App } from '../instance.ts'
import { tenantCallerOf } from '../plugins/access.ts'
import { bodyOf } from '../plugins/bodies.ts'
import { runIdOf } from '../run-id.ts'
import { openReferences } from '../run-references.ts'

// A run and its result kept longer than others, or let go earlier.

const KeepBody = Type.Object({
  until: Type.String({ description: 'UTC timestamp in the future; the settings say how far' }),
})

const keepBody = Compile(KeepBody)

export function keptRunRoutes(app: App, { queries, store }: AppDependencies): void {
  app.put(
    '/lake/v1/runs/:runId/keep',
    {
      config: { access: { kind: 'tenant', action: 'runs.write' }, audit: 'runs.keep' },
      schema: { summary: 'Keep a run and its result until a time', body: KeepBody, response: { 200: Run } },
    },
    async request => {
      const { tenantId } = tenantCallerOf(request)
      const body = dropNulls(parseJson(decodeText(bodyOf(request))))
      if (!keepBody.Check(body)) throw new AppError('invalid_argument', firstError(keepBody.Errors(body)))
      const run = await queries.keep(tenantId, runIdOf(request), parseKeepUntil('until', body.until))
      request.audited = { target: run.id, details: { until: body.until } }
      return toWireRun(run, await openReferences(store, tenantId)(run))
    },
  )
}
