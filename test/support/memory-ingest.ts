import type { AppDependencies } from '../../src/http/dependencies.ts'
import type { LineCounts } from '../../src/ingest/ingest.ts'
import type { AcceptOptions, AcceptResult } from '../../src/ingest/intake.ts'

/** Ingest in memory for tests of the HTTP interface: keeps the bodies it was given. */
export type MemoryIngest = AppDependencies['ingest'] & {
  readonly bodies: { readonly tenantId: string; readonly text: string; readonly options: AcceptOptions | undefined }[]
  answer: AcceptResult
  /** What is said of the open tail. */
  tail: {
    readonly oldest: number | undefined
    readonly newest: number | undefined
    readonly counts: ReadonlyMap<string, LineCounts>
    readonly size: { readonly lines: number; readonly bytes: number }
  }
  readonly positions: Map<string, number>
  /** That the open tail has rows of. */
  readonly tables: Set<string>
}

export function memoryIngest(): MemoryIngest {
  const self: MemoryIngest = {
    bodies: [],
    answer: { accepted: 1, duplicates: 0, rejected: { count: 0, first: [] } },
    positions: new Map(),
    tables: new Set(),
    tail: { oldest: undefined, newest: undefined, counts: new Map(), size: { lines: 0, bytes: 0 } },
    async importPositions(tenantId, importIds) {
      const known = importIds.flatMap(id => {
        const nextLine = self.positions.get(`${tenantId}/${id}`)
        return nextLine === undefined ? [] : [[id, nextLine] as const]
      })
      return new Map(known)
    },
    tailKeys: async () => ({
      ...{ queryNames: [], decorations: [], tables: self.tables, isComplete: true },
      ...{ oldest: self.tail.oldest, newest: self.tail.newest },
    }),
    counts: () => self.tail.counts,
    openSize: () => self.tail.size,
    async accept(tenantId, body, options) {
      const chunks: Buffer[] = []
      for await (const chunk of Buffer.isBuffer(body) ? [body] : body) chunks.push(chunk)
      const text = Buffer.concat(chunks).toString('utf8')
      self.bodies.push({ tenantId, text, options })
      return self.answer
    },
  }
  return self
}
