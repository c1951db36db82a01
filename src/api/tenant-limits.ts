import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { retentionDaysMax } from '../limits.ts'
import { budgetLevels } from '../model/budget-level.ts'
import { AppError } from '../model/errors.ts'
import { type TenantLimits, type TenantLimitsChange, tenantLimitNames } from '../model/tenant-limits.ts'
import { firstError } from './body.ts'
import { present } from './present.ts'

// `/lake/v1/tenants/{id}/limits`: how long a tenant's rows are kept, how much its hosts may send, how much disk it may
// take. A bound that the tenant has not of its own is the lake's setting.

const Bytes = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })
const Days = Type.Integer({ minimum: 1, maximum: retentionDaysMax })
const orNull = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

const ownBounds = {
  uploadCapHostBytes: Type.Optional(Bytes),
  uploadCapTenantBytes: Type.Optional(Bytes),
  diskBudgetBytes: Type.Optional(Bytes),
}

export const TenantLimitsReply = Type.Object({
  retentionDays: Days,
  queryRetentionDays: Type.Record(Type.String(), Days, {
    description: 'by query name in lower case, where it is not retentionDays',
  }),
  ...ownBounds,
  inForce: Type.Object(ownBounds, { description: "the tenant's own bounds, else the lake's; absent: no bound" }),
  use: Type.Object({
    bytes: Type.Integer({ description: 'of disk, as of a minute ago at most' }),
    percent: Type.Optional(Type.Integer({ description: 'of the budget in force' })),
    level: Type.Enum([...budgetLevels]),
    daysLeft: Type.Optional(Type.Number()),
  }),
})
export type TenantLimitsReply = Static<typeof TenantLimitsReply>

/** Members left out stay as they are. A tenant's own principals may change nothing but retention. */
export const TenantLimitsBody = Type.Object({
  retentionDays: Type.Optional(Days),
  queryRetentionDays: Type.Optional(
    Type.Record(Type.String(), orNull(Days), { description: "by query name; null: the tenant's days again" }),
  ),
  uploadCapHostBytes: Type.Optional(orNull(Bytes)),
  uploadCapTenantBytes: Type.Optional(orNull(Bytes)),
  diskBudgetBytes: Type.Optional(orNull(Bytes)),
})

export interface TenantLimitsWish {
  readonly retentionDays?: number
  /** null: the tenant's days again. */
  readonly queryRetentionDays: ReadonlyMap<string, number | null>
  readonly bounds: TenantLimitsChange
}

const limitsBody = Compile(TenantLimitsBody)
const queryNameCharsMax = 1_000

/** Here a null means something, so it is no member left out. */
export function parseTenantLimits(body: unknown): TenantLimitsWish {
  if (!limitsBody.Check(body)) throw new AppError('invalid_argument', firstError(limitsBody.Errors(body)))
  const names = Object.entries(body.queryRetentionDays ?? {})
  const odd = names.find(([name]) => name === '' || name.length > queryNameCharsMax)
  if (odd !== undefined) {
    throw new AppError('invalid_argument', `a query name has 1 to ${queryNameCharsMax} characters`)
  }
  const given = tenantLimitNames.filter(name => body[name] !== undefined)
  return {
    ...present({ retentionDays: body.retentionDays }),
    queryRetentionDays: new Map(names),
    bounds: Object.fromEntries(given.map(name => [name, body[name]])),
  }
}

export function toWireBounds(limits: TenantLimits | undefined): TenantLimitsReply['inForce'] {
  const { uploadCapHostBytes, uploadCapTenantBytes, diskBudgetBytes } = limits ?? {}
  return present({ uploadCapHostBytes, uploadCapTenantBytes, diskBudgetBytes })
}
