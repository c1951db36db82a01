import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'

// `npm test` tries a part of what takes long, another part at each commit; `npm run test:attack` tries all of it.

const isWhole = process.env['EDR_LAKE_ATTACK'] === 'all'

/** From the environment, else from the commit; a failure is repeated with EDR_LAKE_SEED. */
export function commitSeed(): number {
  const given = process.env['EDR_LAKE_SEED']
  if (given !== undefined) return Number(given)
  let commit = 'none'
  try {
    commit = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    // Not a checkout: the same part each time.
  }
  return createHash('sha256').update(commit).digest().readUInt32BE(0)
}

export interface Sample<Item> {
  readonly items: readonly Item[]
  /** For the test's output. */
  readonly note: string
}

/** One in `of` of the items, chosen by the commit; all of them in the whole suite. */
export function sample<Item>(items: readonly Item[], of: number): Sample<Item> {
  if (isWhole) return { items, note: `all ${items.length}` }
  const seed = commitSeed()
  const chosen = items.filter((_, index) => (index + seed) % of === 0)
  return { items: chosen, note: `${chosen.length} of ${items.length}, EDR_LAKE_SEED=${seed}` }
}
