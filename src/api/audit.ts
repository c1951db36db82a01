import Type, { type Static } from 'typebox'
import type { AuditEntry } from '../model/audit.ts'
import { formatInstant } from '../model/time-range.ts'
import { NumberedPages, numberedPageParameters } from './page.ts'
import { present } from './query-runs.ts'

// `/lake/v1/account/audit`: what was done in the name of a partner or an organization itself. What was done to a tenant
// is in its table `lake_audit`.

export const WireAuditEntry = Type.Object({
  at: Type.String(),
  action: Type.String(),
  outcome: Type.Enum(['done', 'refused', 'interrupted']),
  principalId: Type.Optional(Type.String()),
  role: Type.Optional(Type.String()),
  address: Type.String(),
  requestId: Type.String(),
  target: Type.Optional(Type.String()),
  sql: Type.Optional(Type.String()),
  details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  count: Type.Optional(Type.Integer({ description: 'of refused calls: how many alike in a minute' })),
})
export type WireAuditEntry = Static<typeof WireAuditEntry>

export const AuditList = Type.Object({ items: Type.Array(WireAuditEntry), pages: NumberedPages })

export const AuditListQuery = Type.Object({ ...numberedPageParameters })

export function toWireAuditEntry(entry: AuditEntry): WireAuditEntry {
  const { at, action, outcome, actor, address, requestId, target, sql, details, count } = entry
  return {
    ...{ at: formatInstant(at), action, outcome, address, requestId },
    ...present({ principalId: actor?.principalId, role: actor?.role, target, sql, count }),
    ...(details === undefined ? {} : { details: { ...details } }),
  }
}
