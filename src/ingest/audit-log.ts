import { insertAccountAudit } from '../db/account-audit.ts'
import { endIntent, listIntents } from '../db/audit-intents.ts'
import type { Store } from '../db/db.ts'
import { accountAuditEntriesMax, refusalKindsMax, refusalsSummedMs } from '../limits.ts'
import type { AuditEntry, AuditLog, Refusal } from '../model/audit.ts'
import { newId } from '../model/ids.ts'
import type { Log } from '../model/log.ts'

// Where audit entries go: a tenant's into its lake, those of a partner or organization itself into the store. Refused
// calls are counted in memory and written once a minute, so nobody fills a log by being refused: of one account so many
// kinds are told apart, all others are one.

export interface AuditLogOptions {
  readonly store: Store
  readonly log: Log
  /** Makes an entry of a tenant durable. */
  readonly keep: (tenantId: string, entry: AuditEntry) => Promise<void>
  /** How often refused calls are written; 0: only by `flush`. */
  readonly flushMs?: number
}

export interface OpenAuditLog extends AuditLog {
  /**
   * Tells of what an earlier process was about to do and never said it had: how many. Called once, before the first
   * request.
   */
  recover(): Promise<number>
  /** Writes the refused calls counted so far. */
  flush(): Promise<void>
  /** Flushes a last time. */
  close(): Promise<void>
}

/** The entry as a line of the table `lake_audit`. */
export function auditLine(entry: AuditEntry): string {
  const { at, action, outcome, actor, address, requestId, target, sql, details, count } = entry
  const row = {
    // Makes the line one of its kind: two equal entries are two.
    entry_id: newId(),
    ...{ calendar_time: at, action, outcome, address, target, query_text: sql, calls: count },
    ...{ principal_id: actor?.principalId, account_type: actor?.accountType, account_id: actor?.accountId },
    ...{ role: actor?.role, request_id: requestId },
    details: details === undefined ? undefined : JSON.stringify(details),
  }
  return `${JSON.stringify(row)}\n`
}

const intentsAtOnce = 100

interface Counted extends Refusal {
  count: number
}

/** The caller calls `close()` while entries can still be kept. */
export function openAuditLog({ store, log, keep, flushMs = refusalsSummedMs }: AuditLogOptions): OpenAuditLog {
  /** By account, by kind. */
  let counted = new Map<string, Map<string, Counted>>()

  async function record(entry: AuditEntry): Promise<void> {
    if (entry.tenantId !== undefined) return keep(entry.tenantId, entry)
    const accountId = entry.actor?.accountId
    if (accountId !== undefined) await insertAccountAudit(store, accountId, entry, accountAuditEntriesMax)
  }

  function refused(refusal: Refusal): void {
    const { tenantId, actor, action, address, details } = refusal
    const accountId = tenantId ?? actor?.accountId
    if (accountId === undefined) return
    const kinds = counted.get(accountId) ?? new Map<string, Counted>()
    counted.set(accountId, kinds)
    const kind = JSON.stringify([actor?.principalId, action, address, details])
    const known = kinds.get(kind)
    if (known !== undefined) known.count += 1
    else if (kinds.size < refusalKindsMax) kinds.set(kind, { ...refusal, count: 1 })
    else addToRest(kinds, refusal)
  }

  function addToRest(kinds: Map<string, Counted>, { at, tenantId, requestId, actor }: Refusal): void {
    const rest = kinds.get('') ?? { at, tenantId, requestId, actor, action: 'others', address: '', count: 0 }
    rest.count += 1
    kinds.set('', rest)
  }

  async function flush(): Promise<void> {
    const due = counted
    counted = new Map()
    for (const kinds of due.values()) {
      for (const refusal of kinds.values()) {
        try {
          await record({ ...refusal, outcome: 'refused', target: undefined })
        } catch (error) {
          // A count of refused calls is not worth holding back, and not worth trying for ever.
          log.warn({ err: error, action: refusal.action, count: refusal.count }, 'refused calls not kept')
        }
      }
    }
  }

  const timer = flushMs === 0 ? undefined : setInterval(() => void flush(), flushMs)
  timer?.unref()
  return {
    record,
    refused,
    flush,
    async recover() {
      let told = 0
      try {
        let left = await listIntents(store, intentsAtOnce)
        for (; left.length > 0; left = await listIntents(store, intentsAtOnce)) {
          for (const { id, entry } of left) {
            // Kept first: told twice is better than never.
            await record(entry)
            await endIntent(store, id)
            told += 1
          }
        }
      } catch (error) {
        // A lake that takes no entries now must still start; the next start tells.
        log.error({ err: error }, 'interrupted calls not told of in the audit log')
      }
      return told
    },
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}
