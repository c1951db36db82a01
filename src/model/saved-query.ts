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
