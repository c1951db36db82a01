/** A part of a partner's tenants under principals of its own. */
export interface Organization {
  readonly id: string
  readonly partnerId: string
  readonly name: string
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number
}
