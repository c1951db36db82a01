import type { Action } from '../auth/access.ts'
import type { TokenSchemes } from '../auth/ingest-token.ts'

/** Whom a route is for. */
export type RouteAccess =
  /** Anybody, without a token. */
  | { readonly kind: 'public' }
  /** An agent, by the enroll secret or the node key in its body. */
  | { readonly kind: 'agent' }
  /** Any principal, whatever it belongs to. */
  | { readonly kind: 'caller' }
  /** A principal that may do the action, about the tenant of its `X-Tenant-ID`. */
  | { readonly kind: 'tenant'; readonly action: Action; readonly schemes?: TokenSchemes }
  /**
   * A principal that may do the action, about what it belongs to: a partner, an organization or the one tenant. No
   * header says which.
   */
  | { readonly kind: 'account'; readonly action: Action }
  /** A principal of the partner of `X-Partner-ID`. */
  | { readonly kind: 'partner'; readonly action: Action }
  /** A principal of the organization of `X-Organization-ID`. */
  | { readonly kind: 'organization'; readonly action: Action }

export const publicAccess: RouteAccess = { kind: 'public' }
