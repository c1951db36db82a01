/** An answer that says what went wrong, in one protocol's form. */
export interface RenderedError {
  readonly status: number
  readonly contentType: string
  readonly body: object
}

/** What a rendering may say of the request. */
export interface RequestFacts {
  readonly requestId: string
  /** The client's own `X-Correlation-ID` when it is a UUID. */
  readonly correlationId: string
  readonly now: number
  /** What its `Authorization` header holds: nothing, something that may be an ingest token, or something else. */
  readonly credentials: 'none' | 'token' | 'other'
}
