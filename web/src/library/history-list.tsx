import type { ReactNode } from 'react'
import { ago } from '../parts/words.ts'
import { windowTitle } from '../run/window.ts'
import { type Store, useStore } from '../state/store.ts'
import type { PastQuery } from '../tabs/history.ts'
import type { SideActions } from './side-panel.tsx'

/** What was run in this browser, newest first. */
export function HistoryList(props: {
  readonly search: string
  readonly history: Store<readonly PastQuery[]>
  readonly actions: SideActions
}): ReactNode {
  const { search, actions } = props
  const history = useStore(props.history, state => state)
  const wanted = search.trim().toLowerCase()
  const found = history.filter(({ title, template }) => `${title} ${template}`.toLowerCase().includes(wanted))
  if (history.length === 0) return <p className="side-note">What you run is kept here, in this browser only.</p>
  if (found.length === 0) return <p className="side-note">Nothing like “{search}”.</p>
  return (
    <>
      <ul className="history">
        {found.map(({ template, title, variables, window, at }) => (
          <li key={`${at} ${template}`}>
            <button
              type="button"
              className="saved"
              title={template}
              onClick={() => actions.open({ template, title, variables, window })}
            >
              <span className="history-text mono">
                {title === '' ? template.replace(/\s+/g, ' ').slice(0, 160) : title}
              </span>
              <span className="saved-text">
                {ago(Date.now() - at)} · {windowTitle(window)}
              </span>
            </button>
          </li>
        ))}
      </ul>
      <button type="button" className="button quiet history-clear" onClick={actions.clearHistory}>
        Forget all of it
      </button>
    </>
  )
}
