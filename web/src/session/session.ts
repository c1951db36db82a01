import type { WireTenant } from '../../../src/api/tenants.ts'
import { type LakeClient, openClient } from '../../../src/client/client.ts'
import { keep, readKept } from '../state/kept-value.ts'
import { openStore } from '../state/store.ts'

// Who is signed in. Modes: checking (kept credentials are being tried) → out, in. in → out by signing out, or when the
// server refuses the credentials (expired, rotated, disabled): then `reason` says so and the drafts stay.
// Credentials live in memory and in session storage: gone with the tab, never in a URL, never in local storage.

export interface SignedIn {
  readonly mode: 'in'
  readonly clientId: string
  /** What the principal belongs to. */
  readonly accountType: 'tenant' | 'organization' | 'partner'
  /** Every tenant it may look at; for a tenant's own principal the list has one entry, known by id only. */
  readonly tenants: readonly TenantChoice[]
  readonly tenantId: string
  readonly client: LakeClient
}

export type SessionState = { readonly mode: 'checking' } | { readonly mode: 'out'; readonly reason?: string } | SignedIn

export interface TenantChoice {
  readonly id: string
  readonly name: string
}

interface KeptSession {
  readonly clientId: string
  readonly clientSecret: string
  readonly tenantId?: string
}

const key = 'edr-lake.session'
const tenantsMax = 2_000

export const sessionStore = openStore<SessionState>({ mode: 'checking' })

/** Signs in with what this tab was signed in with before it was reloaded. */
export async function resumeSession(tenantId?: string): Promise<void> {
  const kept = readKept(sessionStorage, key) as KeptSession | undefined
  if (typeof kept?.clientId !== 'string' || typeof kept.clientSecret !== 'string') {
    sessionStore.set(() => ({ mode: 'out' }))
    return
  }
  try {
    await signIn(kept.clientId, kept.clientSecret, tenantId ?? kept.tenantId)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    sessionStore.set(() => ({ mode: 'out', reason }))
  }
}

/** Rejects with the server's own words when it refuses. */
export async function signIn(clientId: string, clientSecret: string, wishedTenantId?: string): Promise<void> {
  const credentials = { url: location.origin, clientId, clientSecret }
  const general = openClient(credentials)
  const who = await general.whoami()
  const tenants = who.idType === 'tenant' ? [{ id: who.id, name: '' }] : await listTenants(general.tenants())
  const first = tenants[0]
  if (first === undefined) throw new Error(`this ${who.idType} has no tenant yet: there is nothing to look at`)
  const tenantId = tenants.find(each => each.id === wishedTenantId)?.id ?? first.id
  keep(sessionStorage, key, { clientId, clientSecret, tenantId } satisfies KeptSession)
  sessionStore.set(() => ({
    mode: 'in',
    clientId,
    accountType: who.idType,
    tenants,
    tenantId,
    client: openClient({ ...credentials, tenantId }),
  }))
}

/** Only among the tenants the principal manages. */
export function switchTenant(tenantId: string): void {
  const kept = readKept(sessionStorage, key) as KeptSession | undefined
  if (kept === undefined) return
  keep(sessionStorage, key, { ...kept, tenantId })
  const { clientId, clientSecret } = kept
  sessionStore.set(state =>
    state.mode === 'in' && state.tenants.some(each => each.id === tenantId)
      ? { ...state, tenantId, client: openClient({ url: location.origin, clientId, clientSecret, tenantId }) }
      : state,
  )
}

export function signOut(reason?: string): void {
  keep(sessionStorage, key, undefined)
  sessionStore.set(() => (reason === undefined ? { mode: 'out' } : { mode: 'out', reason }))
}

/** Any failed call: credentials that are refused end the session. */
export function noteFailure(error: unknown): void {
  if (sessionStore.get().mode !== 'in' || codeOf(error) !== 'unauthenticated') return
  signOut('Your session ended: the server no longer accepts these credentials. Your queries are kept.')
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

async function listTenants(all: AsyncGenerator<WireTenant>): Promise<readonly TenantChoice[]> {
  const tenants: TenantChoice[] = []
  for await (const { id, name, showAs } of all) {
    tenants.push({ id, name: showAs || name })
    if (tenants.length >= tenantsMax) break
  }
  return tenants.toSorted((a, b) => a.name.localeCompare(b.name))
}
