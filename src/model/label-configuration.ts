// The configuration of a label: one layer of what agents of its hosts are given. Versions of it are numbered from 1
// without a gap and never change; version 0 is the empty layer that every label has before anything was saved.

export interface ConfigurationLayer {
  /** As osquery reads it; checked. */
  readonly config: Readonly<Record<string, unknown>>
  /** Whether the lake's own queries are under it; undefined: what the layers below say, at last yes. */
  readonly hasShippedQueries?: boolean | undefined
  /** The same of the lake's own decorators. */
  readonly hasShippedDecorators?: boolean | undefined
}

/** Who and why of one version. */
export interface ConfigurationChange {
  readonly tenantId: string
  readonly label: string
  readonly layer: ConfigurationLayer
  readonly comment: string
  readonly createdAt: number
  /** A principal's id. */
  readonly createdBy: string
  /** The version it is a copy of. */
  readonly restoredVersion?: number | undefined
}

export interface ConfigurationVersion extends ConfigurationChange {
  readonly version: number
}

export const emptyLayer: ConfigurationLayer = { config: {} }
