import type { HostPlatform } from './host.ts'
import type { QueryVariable } from './query-run.ts'

/** SQL over the lake kept by name. `canned` ones ship with the product and belong to every tenant. */
export interface SavedQuery {
  readonly id: string
  readonly type: 'canned' | 'custom'
  /** undefined for canned queries. */
  readonly tenantId: string | undefined
  readonly name: string
  readonly code: string | undefined
  readonly description: string
  readonly template: string
  readonly variables: readonly QueryVariable[]
  readonly categoryIds: readonly string[]
  readonly createdAt: number
  readonly updatedAt: number
}

/** A group of saved queries. `canned` ones ship with the product and belong to every tenant. */
export interface QueryCategory {
  readonly id: string
  readonly type: 'canned' | 'custom'
  /** undefined for canned categories. */
  readonly tenantId: string | undefined
  readonly name: string
  readonly code: string | undefined
  readonly description: string
  readonly icon: string
  readonly createdAt: number
  readonly updatedAt: number
}

/** SQL for hosts kept by name. They ship with the product, belong to every tenant and never change while it runs. */
export interface LiveSavedQuery extends Omit<SavedQuery, 'type' | 'tenantId' | 'createdAt' | 'updatedAt'> {
  /** Where it runs. */
  readonly platforms: readonly HostPlatform[]
}

export type LiveQueryCategory = Omit<QueryCategory, 'type' | 'tenantId' | 'createdAt' | 'updatedAt'>

export interface LiveLibrary {
  /** By name. */
  readonly queries: readonly LiveSavedQuery[]
  /** Those that a query is in, by name. */
  readonly categories: readonly LiveQueryCategory[]
}
