import { buffer } from 'node:stream/consumers'
import type { AcceptOptions, AcceptResult, RowIngest } from '../../src/http/dependencies.ts'

/** Ingest in memory for tests of the HTTP interface: keeps the bodies it was given. */
export interface MemoryIngest extends RowIngest {
  readonly bodies: { readonly tenantId: string; readonly text: string; readonly options: AcceptOptions }[]
  answer: AcceptResult
}

export function memoryIngest(): MemoryIngest {
  const self: MemoryIngest = {
    bodies: [],
    answer: { accepted: 1, duplicates: 0, rejected: { count: 0, first: [] } },
    async accept(tenantId, body, options) {
      const text = (await buffer(body)).toString('utf8')
      self.bodies.push({ tenantId, text, options })
      return self.answer
    },
  }
  return self
}
