import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { AppError } from '../model/errors.ts'
import type { RunLimits } from '../model/run-limits.ts'
import { dropNulls, firstError } from './body.ts'
import { present } from './present.ts'

// Limits of a run as callers write them: time in seconds, all else as it is.

export const TenantRunLimits = Type.Object({
  rows: Type.Optional(Type.Integer({ minimum: 1, description: 'rows of the result' })),
  bytes: Type.Optional(Type.Integer({ minimum: 1024, description: 'bytes of the result on disk' })),
  seconds: Type.Optional(Type.Integer({ minimum: 1, description: 'from the creation of the run to its end' })),
})

/** Less than the lake's by anybody, more by a Super Admin up to the ceilings of the settings. */
export const RunLimitsBody = Type.Object({
  ...TenantRunLimits.properties,
  memoryBytes: Type.Optional(
    Type.Integer({ minimum: 67_108_864, description: 'what the statement may hold; only less than the lake gives' }),
  ),
  tempBytes: Type.Optional(
    Type.Integer({ minimum: 1_048_576, description: 'temporary disk; only less than the lake gives' }),
  ),
})
export type RunLimitsBody = Static<typeof RunLimitsBody>

const tenantRunLimits = Compile(TenantRunLimits)

/** Only the members of the contract. Throws `invalid_argument`. */
export function parseTenantRunLimits(body: unknown): Static<typeof TenantRunLimits> {
  const members = dropNulls(body)
  if (!tenantRunLimits.Check(members))
    throw new AppError('invalid_argument', firstError(tenantRunLimits.Errors(members)))
  const { rows, bytes, seconds } = members
  return present({ rows, bytes, seconds })
}

export function fromWireLimits({ seconds, ...others }: RunLimitsBody): RunLimits {
  const { rows, bytes, memoryBytes, tempBytes } = others
  const timeoutMs = seconds === undefined ? undefined : seconds * 1000
  return present({ rows, bytes, timeoutMs, memoryBytes, tempBytes })
}

export function toWireLimits({ timeoutMs, ...others }: RunLimits): RunLimitsBody {
  const { rows, bytes, memoryBytes, tempBytes } = others
  const seconds = timeoutMs === undefined ? undefined : Math.ceil(timeoutMs / 1000)
  return present({ rows, bytes, seconds, memoryBytes, tempBytes })
}
