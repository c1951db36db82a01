// Bounds of one tenant, beside those of the whole lake. Pure.

/** Bytes, each at least 1; undefined: no bound. */
export interface TenantLimits {
  /** Of one host's lines stored on one day (UTC). */
  readonly uploadCapHostBytes: number | undefined
  /** Of all hosts' lines stored on one day (UTC). */
  readonly uploadCapTenantBytes: number | undefined
  /** Of its data files, segments and rejected lines on the disk. */
  readonly diskBudgetBytes: number | undefined
}

export const tenantLimitNames = ['uploadCapHostBytes', 'uploadCapTenantBytes', 'diskBudgetBytes'] as const
export type TenantLimitName = (typeof tenantLimitNames)[number]

/** What is to change: null gives the tenant the lake's own bound again, what is left out stays. */
export type TenantLimitsChange = { readonly [Name in TenantLimitName]?: number | null }

/** The tenant's own bounds, and the lake's where it has none. */
export function limitsInForce(own: TenantLimits | undefined, defaults: TenantLimits): TenantLimits {
  return {
    uploadCapHostBytes: own?.uploadCapHostBytes ?? defaults.uploadCapHostBytes,
    uploadCapTenantBytes: own?.uploadCapTenantBytes ?? defaults.uploadCapTenantBytes,
    diskBudgetBytes: own?.diskBudgetBytes ?? defaults.diskBudgetBytes,
  }
}
