import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { lazy, type ReactNode, Suspense, useEffect, useMemo } from 'react'
import { linkTarget } from './run/run-link.ts'
import { noteFailure, resumeSession, type SignedIn, sessionStore } from './session/session.ts'
import { SessionContext } from './session/session-context.tsx'
import { SignIn } from './sign-in/sign-in.tsx'
import { useStore } from './state/store.ts'

// The session gate: nothing of a tenant is on screen, or in memory, unless somebody is signed in to it.

const loadHunt = () => import('./hunt/hunt-screen.tsx')
const HuntScreen = lazy(() => loadHunt().then(module => ({ default: module.HuntScreen })))

export function App(): ReactNode {
  const session = useStore(sessionStore, state => state)
  useEffect(() => {
    void resumeSession(linkTarget(location.hash)?.tenantId)
    // Loaded while the person types the secret.
    void loadHunt()
  }, [])
  if (session.mode === 'checking') return null
  if (session.mode === 'out') return <SignIn key={session.reason} reason={session.reason} />
  return <SignedInApp key={session.tenantId} session={session} />
}

function SignedInApp({ session }: { readonly session: SignedIn }): ReactNode {
  const queries = useMemo(openQueryCache, [])
  return (
    <SessionContext value={session}>
      <QueryClientProvider client={queries}>
        <Suspense fallback={null}>
          <HuntScreen />
        </Suspense>
      </QueryClientProvider>
    </SessionContext>
  )
}

/** One a tenant: switching leaves nothing of the other's behind. The client repeats what may be repeated by itself. */
function openQueryCache(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: noteFailure }),
    mutationCache: new MutationCache({ onError: noteFailure }),
    defaultOptions: { queries: { retry: false, staleTime: 60_000, refetchOnWindowFocus: false } },
  })
}
