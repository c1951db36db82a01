import type { AppDependencies } from '../../src/http/dependencies.ts'
import type { AcceptOptions, AcceptResult } from '../../src/ingest/intake.ts'

/** Ingest in memory for tests of the HTTP interface: keeps the bodies it was given. */
export type MemoryIngest = AppDependencies['ingest'] & {
  readonly bodies: { readonly tenantId: string; readonly text: string; readonly options: AcceptOptions | undefined }[]
  answer: AcceptResult
}

export function memoryIngest(): MemoryIngest {
  const self: MemoryIngest = {
    bodies: [],
    answer: { accepted: 1, duplicates: 0, rejected: { count: 0, first: [] } },
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
