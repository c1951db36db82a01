import { type KeyboardEvent, type ReactNode, useId, useState } from 'react'
import { Icon, type IconName } from '../parts/icon.tsx'
import type { Store } from '../state/store.ts'
import type { PastQuery } from '../tabs/history.ts'
import type { TabDraft } from '../tabs/tabs.ts'
import { HistoryList } from './history-list.tsx'
import { SavedQueries } from './saved-queries.tsx'
import { SchemaBrowser } from './schema-browser.tsx'
import './library.css'

export interface SideActions {
  /** Opens a query in a tab. */
  open(draft: TabDraft): void
  /** Puts a name into the editor. */
  insert(text: string): void
  clearHistory(): void
}

const panels = [
  { id: 'schema', title: 'Schema', icon: 'database' },
  { id: 'queries', title: 'Queries', icon: 'library' },
  { id: 'history', title: 'History', icon: 'history' },
] as const satisfies readonly { id: string; title: string; icon: IconName }[]

type PanelId = (typeof panels)[number]['id']

/** What there is to ask about, and what was asked. */
export function SidePanel(props: {
  readonly history: Store<readonly PastQuery[]>
  readonly actions: SideActions
}): ReactNode {
  const [panel, setPanel] = useState<PanelId>('schema')
  const [search, setSearch] = useState('')
  const id = useId()

  function onKeyDown(event: KeyboardEvent): void {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (step === 0) return
    const next = panels.at((panels.findIndex(each => each.id === panel) + step) % panels.length)
    if (next === undefined) return
    setPanel(next.id)
    document.getElementById(`${id}-${next.id}`)?.focus()
    event.preventDefault()
  }

  return (
    <nav className="side" aria-label="Library">
      <div role="tablist" aria-label="Library" className="side-tabs" onKeyDown={onKeyDown}>
        {panels.map(each => (
          <button
            key={each.id}
            type="button"
            role="tab"
            id={`${id}-${each.id}`}
            aria-selected={panel === each.id}
            aria-controls={`${id}-panel`}
            tabIndex={panel === each.id ? 0 : -1}
            onClick={() => setPanel(each.id)}
          >
            <Icon name={each.icon} /> {each.title}
          </button>
        ))}
      </div>
      <div className="side-search">
        <Icon name="search" />
        <input
          type="search"
          className="field"
          aria-label={`Search ${panel}`}
          placeholder="Search"
          value={search}
          spellCheck={false}
          onChange={event => setSearch(event.target.value)}
        />
      </div>
      <div
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${panel}`}
        className="side-body scroll"
        tabIndex={-1}
      >
        {panel === 'schema' ? <SchemaBrowser search={search} actions={props.actions} /> : null}
        {panel === 'queries' ? <SavedQueries search={search} actions={props.actions} /> : null}
        {panel === 'history' ? <HistoryList search={search} history={props.history} actions={props.actions} /> : null}
      </div>
    </nav>
  )
}
