import { keep, readKept } from '../state/kept-value.ts'
import { openStore, type Store } from '../state/store.ts'
import { parseTabs, type Tabs } from './tabs.ts'

/** Drafts are kept per principal and tenant: two people, or two tenants, never see one another's. */
export function openTabStore(owner: string): Store<Tabs> {
  const key = `edr-lake.tabs.${owner}`
  const store = openStore(parseTabs(readKept(localStorage, key)))
  let timer: ReturnType<typeof setTimeout> | undefined
  const write = (): void => keep(localStorage, key, store.get())
  store.subscribe(() => {
    clearTimeout(timer)
    timer = setTimeout(write, keepAfterMs)
  })
  window.addEventListener('pagehide', write)
  return store
}

/** Typing is not written letter by letter. */
const keepAfterMs = 300
