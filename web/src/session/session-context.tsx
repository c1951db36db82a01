import { createContext, use } from 'react'
import type { SignedIn } from './session.ts'

export const SessionContext = createContext<SignedIn | undefined>(undefined)

/** Only below the session gate. */
export function useSession(): SignedIn {
  const session = use(SessionContext)
  if (session === undefined) throw new Error('no session above this component')
  return session
}
