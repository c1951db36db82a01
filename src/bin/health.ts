import { statfs } from 'node:fs/promises'
import type { Store } from '../db/db.ts'
import { findMeta } from '../db/meta.ts'
import { storeVersion } from '../db/migrate.ts'
import type { Engine } from '../engine/engine.ts'
import type { HealthCheck } from '../http/dependencies.ts'
import type { Ingest } from '../ingest/ingest.ts'
import { describeBudget } from '../lake/space/budget.ts'
import { type Budgets, describePressed } from '../lake/space/budgets.ts'

/** The disk that holds the folder; undefined where the system does not say. */
export async function diskOf(folder: string): Promise<{ freeBytes: number; totalBytes: number } | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
  } catch {
    // A fact the server does not have: the health check of the disk says why.
    return undefined
  }
}

export interface HealthDeps {
  readonly store: Store
  readonly ingest: Ingest
  readonly dataDirectory: string
  readonly diskReserveBytes: number
  readonly engine: Pick<Engine, 'isAvailable'>
  readonly budgets: Budgets
  /** undefined where it answers that there is no TLS listener. */
  readonly tls: () => HealthCheck | undefined
}

/** Tenants named by a check; metrics and the log have all of them. */
const tenantsShownMax = 5

/** Conversions waiting from which on the lake counts as behind. */
const backlogMax = 50

/** Each part by name: what an operator must mend first is in `detail`. Never rejects. */
export function healthOf(deps: HealthDeps): () => Promise<readonly HealthCheck[]> {
  return async () => {
    const tls = deps.tls()
    const others = await Promise.all([
      check('store', async () => {
        await findMeta(deps.store, 'first_run')
        return `format ${storeVersion}`
      }),
      check('lake', async () => {
        const backlog = deps.ingest.backlog()
        if (backlog > backlogMax) throw new Error(`${backlog} segments wait for conversion`)
        const stuck = [...deps.budgets.sizes().values()].reduce((sum, { quarantined }) => sum + quarantined, 0)
        return `${backlog} segments wait for conversion${stuck === 0 ? '' : `, ${stuck} could not be converted`}`
      }),
      check('workers', async () => {
        if (!deps.engine.isAvailable()) throw new Error('no engine process can be started')
        return undefined
      }),
      check('disk', async () => {
        const { bavail, bsize } = await statfs(deps.dataDirectory)
        const free = bavail * bsize
        const text = `${Math.floor(free / 2 ** 20)} MiB free`
        if (free < deps.diskReserveBytes)
          throw new Error(`${text}, the reserve is ${deps.diskReserveBytes / 2 ** 20} MiB`)
        return text
      }),
      checkBudgets(deps.budgets),
    ])
    return tls === undefined ? others : [...others, tls]
  }
}

/** Not ready only where nobody's lines are taken: a load balancer must not close the lake over one tenant's budget. */
async function checkBudgets(budgets: Budgets): Promise<HealthCheck> {
  const pressed = budgets.pressed()
  const whole = `the lake: ${describeBudget(budgets.total())}`
  const others = pressed.length === 0 ? '' : `; ${pressed.length} of its tenants nearly or quite without room`
  const operatorDetail = [whole, ...describePressed(budgets, tenantsShownMax)].join('; ')
  return { name: 'budgets', isOk: !budgets.refusesAll(), detail: `${whole}${others}`, operatorDetail }
}

async function check(name: string, probe: () => Promise<string | undefined>): Promise<HealthCheck> {
  try {
    const detail = await probe()
    return detail === undefined ? { name, isOk: true } : { name, isOk: true, detail }
  } catch (error) {
    return { name, isOk: false, detail: error instanceof Error ? error.message : String(error) }
  }
}
