// What the client reads of the API's answers. A server may add members; none is relied on but these.

export interface WhoAmI {
  readonly id: string
  readonly idType: 'tenant' | 'organization' | 'partner'
  readonly apiHosts: { readonly global: string; readonly dataRegion?: string }
}

export interface TenantItem {
  readonly id: string
  readonly name: string
  readonly apiHost: string
}

export interface RunAnswer {
  readonly id: string
  readonly status: 'pending' | 'started' | 'finished'
  readonly result: 'notAvailable' | 'succeeded' | 'failed' | 'canceled' | 'timedOut'
  readonly createdAt: string
  readonly from: string
  readonly to: string
  readonly finishedAt?: string
  readonly window?: RunWindowAnswer
  /** Why it failed. */
  readonly error?: { readonly message: string; readonly line?: number; readonly column?: number }
  /** One sentence for people, for instance why there are no rows. */
  readonly note?: string
  readonly truncated?: { readonly reason: string; readonly limit?: number; readonly total?: number }
  readonly warnings?: readonly { readonly message: string; readonly line?: number; readonly column?: number }[]
}

/** The window a finished run looked at, and where the tenant's data lies. */
export interface RunWindowAnswer {
  readonly from?: string
  readonly to?: string
  readonly dataOldest?: string | null
  readonly dataNewest?: string | null
}

export interface ResultColumnAnswer {
  readonly name: string
  readonly type: string
}

export interface ResultPage {
  /** Numbers beyond 2^53 are ExactNumber. */
  readonly items: readonly Readonly<Record<string, unknown>>[]
  readonly columns: readonly ResultColumnAnswer[]
  /** Rows of the whole result. */
  readonly rowCount: number | undefined
}

export interface IngestAnswer {
  readonly accepted: number
  readonly duplicates: number
  /** The first of the rejected lines; `line` counts from 1 in the body sent. */
  readonly rejected: readonly { readonly line: number; readonly reason: string }[]
  /** How many were rejected in all. */
  readonly rejectedCount: number
  /** Where the import named in the request has got to, when the server says so. */
  readonly nextLine: number | undefined
}
