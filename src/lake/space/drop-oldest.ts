import type { Store } from '../../db/db.ts'
import { consumedSegmentAgeMsMin } from '../../limits.ts'
import type { Log } from '../../model/log.ts'
import { commitBudgetDrop } from '../commit.ts'
import { listOldestFiles } from '../data-files.ts'
import { auditTable } from '../tables.ts'
import { type Budgets, sumOf } from './budgets.ts'

// `--when-full drop-oldest`: the janitor drops the oldest data files of a tenant that is over its budget, and of the
// largest tenants when the whole lake is over its own: whoever fills the disk pays, a quiet tenant loses nothing to a
// loud one. What goes is noted with the time of its rows, so that every run over that time says so. The audit log
// never goes: nobody may flood it away. Nor do rows of the last two hours: their lines as they came are still there as
// well, and go by themselves; where those alone fill a budget, lines are refused until they have.

export interface Dropped {
  readonly files: number
  readonly rows: number
  readonly bytes: number
}

export interface DropDeps {
  readonly store: Store
  readonly budgets: Budgets
  readonly clock: () => number
  readonly log: Log
}

/** Drops at most `filesMax` files, over all tenants. Resolves with what went, by tenant. */
export async function dropOverBudget(deps: DropDeps, filesMax: number): Promise<ReadonlyMap<string, Dropped>> {
  const { budgets } = deps
  const dropped = new Map<string, Dropped>()
  await budgets.refresh()
  if (budgets.whenFull !== 'drop-oldest') return dropped
  let left = filesMax
  const note = (tenantId: string, more: Dropped) => {
    left -= more.files
    if (more.files === 0) return
    const { files, rows, bytes } = dropped.get(tenantId) ?? none
    dropped.set(tenantId, { files: files + more.files, rows: rows + more.rows, bytes: bytes + more.bytes })
  }
  for (const tenantId of budgets.sizes().keys()) {
    const { use, budgetBytes } = budgets.statusOf(tenantId)
    const over = budgetBytes === undefined ? 0 : sumOf(use) - use.droppedFiles - budgetBytes
    if (over > 0 && left > 0) {
      const more = await dropOldest(deps, tenantId, over, left)
      note(tenantId, more)
      budgets.setStuck(tenantId, more.files === 0)
    } else if (over <= 0) budgets.setStuck(tenantId, false)
  }
  await dropFromLargest(deps, dropped, () => left, note)
  for (const [tenantId, { files, rows, bytes }] of dropped) {
    deps.log.warn({ tenantId, files, rows, bytes }, 'oldest data files dropped: a disk budget is used up')
  }
  return dropped
}

const none: Dropped = { files: 0, rows: 0, bytes: 0 }

/** While the whole lake is over its budget: files of whichever tenant has most in data files, and then of the next. */
async function dropFromLargest(
  deps: DropDeps,
  dropped: ReadonlyMap<string, Dropped>,
  left: () => number,
  note: (tenantId: string, more: Dropped) => void,
): Promise<void> {
  const { budgets } = deps
  const { usedBytes, budgetBytes = Number.POSITIVE_INFINITY } = budgets.total()
  const going = [...budgets.sizes().values()].reduce((sum, size) => sum + size.dropped_bytes, 0)
  const gone = () => [...dropped.values()].reduce((sum, { bytes }) => sum + bytes, 0)
  const liveOf = (tenantId: string, bytes: number) => bytes - (dropped.get(tenantId)?.bytes ?? 0)
  const candidates = new Set(budgets.sizes().keys())
  let over = usedBytes - going - gone() - budgetBytes
  while (over > 0 && left() > 0 && candidates.size > 0) {
    const [first, second] = [...budgets.sizes().values()]
      .filter(({ tenantId }) => candidates.has(tenantId))
      .map(({ tenantId, bytes }) => ({ tenantId, bytes: liveOf(tenantId, bytes) }))
      .sort((a, b) => b.bytes - a.bytes)
    if (first === undefined) break
    // Down to the size of the next one, so that the two then take turns.
    const share = Math.max(1, Math.min(over, first.bytes - (second?.bytes ?? 0)))
    const more = await dropOldest(deps, first.tenantId, share, left())
    if (more.files === 0) candidates.delete(first.tenantId)
    note(first.tenantId, more)
    over -= more.bytes
  }
  budgets.setStuck(undefined, over > 0 && candidates.size === 0)
}

/** One commit: the tenant's oldest files that together have at least so many bytes, or all it has. */
async function dropOldest(
  { store, clock }: DropDeps,
  tenantId: string,
  overBytes: number,
  filesMax: number,
): Promise<Dropped> {
  const chosen = []
  let [rows, bytes] = [0, 0]
  const before = clock() - consumedSegmentAgeMsMin
  for (const file of await listOldestFiles(store, tenantId, auditTable, before, filesMax)) {
    if (bytes >= overBytes) break
    chosen.push(file)
    bytes += file.bytes
    rows += file.rows
  }
  if (chosen.length > 0) await commitBudgetDrop(store, tenantId, chosen, clock())
  return { files: chosen.length, rows, bytes }
}
