import { setTimeout as delay } from 'node:timers/promises'

// Trino's client protocol, as far as a test needs it: a statement is posted, pages are followed to the end. Numbers
// keep their digits as text.

export interface TrinoColumn {
  readonly name: string
  readonly type: string
}

export type TrinoAnswer =
  | { readonly columns: readonly TrinoColumn[]; readonly rows: readonly (readonly unknown[])[] }
  | { readonly error: string; readonly message: string }

interface Page {
  readonly columns?: readonly TrinoColumn[]
  readonly data?: readonly (readonly unknown[])[]
  readonly nextUri?: string
  readonly error?: { readonly errorName: string; readonly message: string }
}

const headers = {
  'X-Trino-User': 'test',
  'X-Trino-Source': 'edr-lake-test',
  'X-Trino-Catalog': 'memory',
  'X-Trino-Schema': 'default',
  'X-Trino-Time-Zone': 'UTC',
  'X-Trino-Client-Capabilities': 'PARAMETRIC_DATETIME',
}

/** Answers 502 to 504 mean: ask again. */
const busy = new Set([502, 503, 504])
const busyPollMs = 100
const requestMsMax = 120_000

/** The statement's columns and rows, or the error Trino gave; throws where Trino itself is gone. */
export async function askTrino(url: string, sql: string): Promise<TrinoAnswer> {
  let page = await request(`${url}/v1/statement`, { method: 'POST', headers, body: sql })
  let columns: readonly TrinoColumn[] = []
  const rows: (readonly unknown[])[] = []
  for (;;) {
    if (page.error !== undefined) return { error: page.error.errorName, message: page.error.message }
    columns = page.columns ?? columns
    rows.push(...(page.data ?? []))
    if (page.nextUri === undefined) return { columns, rows }
    page = await request(page.nextUri, { headers })
  }
}

async function request(url: string, init: RequestInit): Promise<Page> {
  for (;;) {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(requestMsMax) })
    const text = await response.text()
    if (response.ok) return parseExactly(text) as Page
    if (!busy.has(response.status)) throw new Error(`Trino answered ${response.status}: ${text.slice(0, 200)}`)
    await delay(busyPollMs)
  }
}

type Reviver = (this: unknown, key: string, value: unknown, context?: { source: string }) => unknown

/** JSON with numbers as the text they were written as. */
function parseExactly(text: string): unknown {
  const reviver: Reviver = (_key, value, context) => (typeof value === 'number' ? (context?.source ?? value) : value)
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown)
}
