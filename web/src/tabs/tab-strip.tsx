import { type KeyboardEvent, type ReactNode, useRef } from 'react'
import { Icon } from '../parts/icon.tsx'
import { type Tabs, tabTitle } from './tabs.ts'
import './tabs.css'

/** The open queries. Arrows move between them, Delete closes one. */
export function TabStrip(props: {
  readonly tabs: Tabs
  /** Tabs whose run is under way. */
  readonly busy: ReadonlySet<string>
  readonly onChoose: (id: string) => void
  readonly onClose: (id: string) => void
  readonly onAdd: () => void
}): ReactNode {
  const { tabs, busy, onChoose, onClose, onAdd } = props
  const strip = useRef<HTMLDivElement>(null)

  function onKeyDown(event: KeyboardEvent): void {
    const at = tabs.list.findIndex(tab => tab.id === tabs.activeId)
    const steps: Readonly<Record<string, number>> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      Home: -at,
      End: tabs.list.length - 1 - at,
    }
    const step = steps[event.key]
    if (event.key === 'Delete') onClose(tabs.activeId)
    else if (step !== undefined) {
      const next = tabs.list.at((at + step) % tabs.list.length)
      if (next === undefined) return
      onChoose(next.id)
      strip.current?.querySelector<HTMLElement>(`[data-tab="${next.id}"]`)?.focus()
    } else return
    event.preventDefault()
  }

  return (
    <div className="tab-strip">
      <div ref={strip} role="tablist" aria-label="Queries" className="tab-list scroll" onKeyDown={onKeyDown}>
        {tabs.list.map(tab => {
          const isActive = tab.id === tabs.activeId
          const title = tabTitle(tab)
          return (
            <div key={tab.id} role="presentation" className={isActive ? 'tab active' : 'tab'}>
              <button
                type="button"
                role="tab"
                id={`tab-${tab.id}`}
                data-tab={tab.id}
                aria-selected={isActive}
                aria-controls="query"
                tabIndex={isActive ? 0 : -1}
                title={title}
                onClick={() => onChoose(tab.id)}
                onAuxClick={event => {
                  if (event.button === 1) onClose(tab.id)
                }}
              >
                {busy.has(tab.id) ? <span className="spinner" /> : null}
                {title}
              </button>
              <button
                type="button"
                className="tab-close"
                tabIndex={-1}
                aria-hidden="true"
                onClick={() => onClose(tab.id)}
              >
                <Icon name="close" />
              </button>
            </div>
          )
        })}
      </div>
      <button
        type="button"
        className="button quiet icon-only"
        aria-label="New query"
        title="New query (Alt T)"
        onClick={onAdd}
      >
        <Icon name="plus" />
      </button>
    </div>
  )
}
