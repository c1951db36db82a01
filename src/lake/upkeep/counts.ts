// What upkeep has done since the process started, by tenant: for metrics.

export const upkeepCountNames = [
  'merges',
  'failedMerges',
  /** Files whose rows were past their age. */
  'retainedFiles',
  /** Files that went because a disk budget was used up, and what was in them. */
  'budgetFiles',
  'budgetRows',
  'budgetBytes',
  /** Unlinked: dropped files that no run needed any more, consumed segments, files that no row names. */
  'collectedFiles',
  'collectedSegments',
  'orphans',
] as const
export type UpkeepCountName = (typeof upkeepCountNames)[number]

export type UpkeepCount = { readonly [Name in UpkeepCountName]: number }

export interface UpkeepCounts {
  add(tenantId: string, name: UpkeepCountName, amount?: number): void
  all(): ReadonlyMap<string, UpkeepCount>
}

const zeros = Object.fromEntries(upkeepCountNames.map(name => [name, 0])) as UpkeepCount

export function openUpkeepCounts(): UpkeepCounts {
  const counts = new Map<string, UpkeepCount>()
  return {
    add(tenantId, name, amount = 1) {
      if (amount === 0) return
      const before = counts.get(tenantId) ?? zeros
      counts.set(tenantId, { ...before, [name]: before[name] + amount })
    },
    all: () => counts,
  }
}
