import { useEffect } from 'react'
import { say } from '../parts/notice.ts'
import { linkTarget } from '../run/run-link.ts'
import { useSession } from '../session/session-context.tsx'
import { openTab } from '../tabs/tabs.ts'
import type { HuntStores } from './hunt-stores.ts'

/** Follows `#run=<id>`: the run of the address opens in a tab with its statement, variables and window. */
export function useLinkedRun(stores: HuntStores): void {
  const { client } = useSession()
  useEffect(() => {
    const abort = new AbortController()
    const follow = async (): Promise<void> => {
      const target = linkTarget(location.hash)
      if (target === undefined) return
      history.replaceState(null, '', location.pathname)
      try {
        const { id, name, template, variables, from, to } = await client.getRun(target.runId, abort.signal)
        const window = { kind: 'between' as const, from, to }
        stores.tabs.set(all =>
          openTab(all, { title: name ?? '', template, variables: variables ?? [], window, runId: id }),
        )
      } catch (error) {
        if (!abort.signal.aborted)
          say(`The run of this link cannot be shown: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    void follow()
    window.addEventListener('hashchange', follow)
    return () => {
      abort.abort()
      window.removeEventListener('hashchange', follow)
    }
  }, [client, stores])
}
