import type { AuditEntry, AuditLog, Refusal } from '../../src/model/audit.ts'

/** An audit log in memory for tests of the HTTP interface. */
export type MemoryAudit = AuditLog & { readonly entries: AuditEntry[]; readonly refusals: Refusal[] }

export function memoryAudit(): MemoryAudit {
  const entries: AuditEntry[] = []
  const refusals: Refusal[] = []
  return {
    entries,
    refusals,
    async record(entry) {
      entries.push(entry)
    },
    refused(refusal) {
      refusals.push(refusal)
    },
  }
}
