import { useEffect, useMemo } from 'react'
import type { RunSpec } from '../run/run-request.ts'
import { openRunStore, type RunStore } from '../run/run-store.ts'
import { suppliedVariables } from '../run/variables.ts'
import { wireWindow } from '../run/window.ts'
import type { SignedIn } from '../session/session.ts'
import { useSession } from '../session/session-context.tsx'
import type { Store } from '../state/store.ts'
import { openHistory, type PastQuery, withPast } from '../tabs/history.ts'
import { openTabStore } from '../tabs/tab-store.ts'
import { activeTab, changeTab, type Tabs } from '../tabs/tabs.ts'

/** What outlives a drawing of the screen, one set a tenant. */
export interface HuntStores {
  readonly tabs: Store<Tabs>
  readonly runs: RunStore
  readonly history: Store<readonly PastQuery[]>
  /** Runs the active tab: as it stands, or as `spec` says. */
  start(spec?: RunSpec): Promise<void>
}

export function useHuntStores(): HuntStores {
  const session = useSession()
  const stores = useMemo(() => openHuntStores(session), [session])
  useEffect(() => {
    // Results of an earlier visit are still on the server: the tab that is looked at shows its own again.
    const read = (): void => readAgain(stores)
    read()
    const stop = stores.tabs.subscribe(read)
    return () => {
      stop()
      stores.runs.close()
    }
  }, [stores])
  return stores
}

function openHuntStores({ client, clientId, tenantId }: SignedIn): HuntStores {
  const owner = `${clientId}.${tenantId}`
  const tabs = openTabStore(owner)
  const runs = openRunStore(client)
  const history = openHistory(owner)
  return {
    tabs,
    runs,
    history,
    start(given) {
      const tab = activeTab(tabs.get())
      const { template, title, variables, window } = tab
      const spec = given ?? { template, variables: suppliedVariables(variables), window: wireWindow(window, {}) }
      history.set(past => withPast(past, { template, title, variables, window, at: Date.now() }))
      return runs.start(tab.id, spec, run => tabs.set(all => changeTab(all, tab.id, { runId: run.id })))
    },
  }
}

function readAgain({ tabs, runs }: HuntStores): void {
  const { id, runId } = activeTab(tabs.get())
  if (runId !== undefined && runs.phases.get()[id] === undefined) void runs.attach(id, runId)
}
