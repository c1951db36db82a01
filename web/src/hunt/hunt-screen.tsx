import { type ReactNode, useRef, useState } from 'react'
import type { SqlEditorHandle } from '../editor/sql-editor.tsx'
import { StatusBar } from '../health/status-bar.tsx'
import { SidePanel } from '../library/side-panel.tsx'
import { Splitter } from '../parts/splitter.tsx'
import { ResultsPane } from '../results/results-pane.tsx'
import { TabStrip } from '../tabs/tab-strip.tsx'
import { addTab, chooseTab, stepTab, type TabDraft } from '../tabs/tabs.ts'
import { AskArea } from './ask-area.tsx'
import { focusArea, useHuntKeys } from './hunt-keys.ts'
import { useHuntStores } from './hunt-stores.ts'
import { KeyHelp } from './key-help.tsx'
import { useLinkedRun } from './linked-run.ts'
import { SaveDialog } from './save-dialog.tsx'
import { TopBar } from './top-bar.tsx'
import { useHunt } from './use-hunt.ts'
import './hunt.css'

// Where a hunt happens: ask above, read below, everything there is to ask about at the side.

export function HuntScreen(): ReactNode {
  const stores = useHuntStores()
  const editor = useRef<SqlEditorHandle>(null)
  const grid = useRef<HTMLDivElement>(null)
  const hunt = useHunt(stores, editor)
  const { tabs, tab, phase, commands } = hunt
  const [isSideOpen, setIsSideOpen] = useState(isWide)
  const [dialog, setDialog] = useState<'keys' | 'save'>()
  useLinkedRun(stores)

  const blankTab = (): void => stores.tabs.set(addTab)
  useHuntKeys({
    ...commands,
    save: () => setDialog('save'),
    addTab: blankTab,
    closeTab: () => commands.close(tab.id),
    stepTab: steps => stores.tabs.set(all => stepTab(all, steps)),
    help: () => setDialog('keys'),
    stepArea: steps => focusArea(steps, editor.current),
  })
  // On a phone the library covers the query: what was chosen in it comes into sight.
  const openFromSide = (draft: TabDraft): void => {
    commands.open(draft)
    if (!isWide()) setIsSideOpen(false)
  }

  return (
    <div className={isSideOpen ? 'hunt with-side' : 'hunt'}>
      <TopBar isSideOpen={isSideOpen} onSide={() => setIsSideOpen(!isSideOpen)} onHelp={() => setDialog('keys')} />
      {isSideOpen ? (
        <SidePanel
          history={stores.history}
          actions={{
            open: openFromSide,
            insert: text => editor.current?.insert(text),
            clearHistory: () => stores.history.set(() => []),
          }}
        />
      ) : null}
      <main className="work">
        <TabStrip
          tabs={tabs}
          busy={hunt.busy}
          onChoose={id => stores.tabs.set(all => chooseTab(all, id))}
          onClose={commands.close}
          onAdd={blankTab}
        />
        <div id="query" role="tabpanel" aria-labelledby={`tab-${tab.id}`} className="query">
          <Splitter
            label="Height of the editor"
            top={<AskArea hunt={hunt} editor={editor} onSave={() => setDialog('save')} />}
            bottom={
              <section className="results" aria-label="Result">
                <ResultsPane key={tab.id} phase={phase} actions={hunt.results} gridRef={grid} />
              </section>
            }
          />
        </div>
      </main>
      <StatusBar />
      {dialog === 'keys' ? <KeyHelp onClose={() => setDialog(undefined)} /> : null}
      {dialog === 'save' ? (
        <SaveDialog
          tab={tab}
          variables={hunt.variables}
          onSaved={(savedQueryId, title) => {
            setDialog(undefined)
            commands.change({ savedQueryId, title })
          }}
          onClose={() => setDialog(undefined)}
        />
      ) : null}
    </div>
  )
}

function isWide(): boolean {
  return matchMedia('(min-width: 800px)').matches
}
