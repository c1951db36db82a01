// Waiting jobs, fair between tenants: each turn takes the oldest job of the next tenant in the round, so a tenant's
// tenth query waits behind another's first.

export interface FairQueue<Item> {
  readonly size: number
  add(tenantId: string, item: Item): void
  take(): Item | undefined
  /** False where it is no longer waiting. */
  remove(tenantId: string, item: Item): boolean
}

export function makeFairQueue<Item>(): FairQueue<Item> {
  // Insertion order is the round: a tenant that had its turn goes to the end.
  const waiting = new Map<string, Item[]>()
  let size = 0
  return {
    get size() {
      return size
    },
    add(tenantId, item) {
      const items = waiting.get(tenantId)
      if (items === undefined) waiting.set(tenantId, [item])
      else items.push(item)
      size += 1
    },
    take() {
      for (const [tenantId, items] of waiting) {
        const item = items.shift()
        waiting.delete(tenantId)
        if (items.length > 0) waiting.set(tenantId, items)
        size -= 1
        return item
      }
      return undefined
    },
    remove(tenantId, item) {
      const items = waiting.get(tenantId)
      const index = items?.indexOf(item) ?? -1
      if (items === undefined || index < 0) return false
      items.splice(index, 1)
      if (items.length === 0) waiting.delete(tenantId)
      size -= 1
      return true
    },
  }
}
