// The unit of isolation. Every function that touches tenant data takes the tenant's id as its first parameter.

export interface Tenant {
  readonly id: string
  readonly name: string
  /** The name people see; the wire contract has both. */
  readonly showAs: string
  /** Two letters (`IE`, `US`); never part of a host name. */
  readonly dataGeography: string
  /** Slug like `eu01`. */
  readonly dataRegion: string
  readonly billingType: 'term' | 'trial' | 'usage'
  readonly status: 'active' | 'suspended'
  readonly partnerId: string | undefined
  readonly organizationId: string | undefined
  /** Age in days, by time of ingestion, at which rows are dropped. At least 1. */
  readonly retentionDays: number
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number
  /** Whom to ask, as it was given when the tenant was created; members are the wire contract's. */
  readonly contact?: Readonly<Record<string, unknown>>
}

/** The region a geography's data is kept in, as clients know them; other geographies have the first European one. */
const regions: Readonly<Record<string, string>> = {
  US: 'us01',
  IE: 'eu01',
  DE: 'eu02',
  CA: 'ca01',
  AU: 'au01',
  JP: 'jp01',
  BR: 'br01',
  IN: 'in01',
}

export function regionOf(geography: string): string {
  return regions[geography] ?? 'eu01'
}
