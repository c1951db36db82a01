import { lazy, type ReactNode, Suspense, useCallback, useMemo, useRef, useState } from 'react'
import type { Knowledge } from '../editor/completion.ts'
import { formatSql } from '../editor/format-sql.ts'
import { marksOf, refusalMark, type SqlMark } from '../editor/marks.ts'
import type { SqlEditorHandle } from '../editor/sql-editor.tsx'
import { variableNames } from '../editor/statement-scan.ts'
import { StatusBar } from '../health/status-bar.tsx'
import { SidePanel } from '../library/side-panel.tsx'
import { say } from '../parts/notice.ts'
import { Splitter } from '../parts/splitter.tsx'
import { ResultsPane } from '../results/results-pane.tsx'
import { RunBar } from '../run/run-bar.tsx'
import type { RunSpec } from '../run/run-request.ts'
import { idle } from '../run/run-store.ts'
import { type Check, useCheck } from '../run/use-check.ts'
import { VariableFields } from '../run/variable-fields.tsx'
import { missingNames, neededVariables, suppliedVariables, withVariable } from '../run/variables.ts'
import { wireWindow } from '../run/window.ts'
import { useFunctions, useSchema, useStats } from '../state/lake-queries.ts'
import { useStore } from '../state/store.ts'
import { TabStrip } from '../tabs/tab-strip.tsx'
import { activeTab, addTab, changeTab, chooseTab, closeTab, openTab, stepTab, type TabDraft } from '../tabs/tabs.ts'
import { focusArea, useHuntKeys } from './hunt-keys.ts'
import { useHuntStores } from './hunt-stores.ts'
import { KeyHelp } from './key-help.tsx'
import { useLinkedRun } from './linked-run.ts'
import { SaveDialog } from './save-dialog.tsx'
import { TopBar } from './top-bar.tsx'
import './hunt.css'

// Where a hunt happens: ask above, read below, everything there is to ask about at the side.

const loadEditor = () => import('../editor/sql-editor.tsx')
const SqlEditor = lazy(() => loadEditor().then(module => ({ default: module.SqlEditor })))

const noMarks: readonly SqlMark[] = []

export function HuntScreen(): ReactNode {
  const stores = useHuntStores()
  const tabs = useStore(stores.tabs, state => state)
  const phases = useStore(stores.runs.phases, state => state)
  const tab = activeTab(tabs)
  const phase = phases[tab.id] ?? idle
  const { data: schema } = useSchema()
  const { data: functions } = useFunctions()
  const { data: stats } = useStats()
  const [isSideOpen, setIsSideOpen] = useState(() => matchMedia('(min-width: 800px)').matches)
  const [dialog, setDialog] = useState<'keys' | 'save'>()
  const editor = useRef<SqlEditorHandle>(null)
  const grid = useRef<HTMLDivElement>(null)
  useLinkedRun(stores)

  const variables = useMemo(
    () => neededVariables(variableNames(tab.template), tab.variables),
    [tab.template, tab.variables],
  )
  const spec = useMemo<RunSpec>(
    () => ({
      template: tab.template,
      variables: suppliedVariables(variables),
      window: wireWindow(tab.window, { oldest: stats?.oldest }),
    }),
    [tab.template, variables, tab.window, stats?.oldest],
  )
  const check = useCheck(spec)
  const marks = useMarks(check, tab.template, phase.kind === 'refused' ? phase : undefined)
  const knowledge = useMemo<Knowledge>(() => ({ schema, functions: functions ?? [] }), [schema, functions])

  const change = useCallback((draft: TabDraft) => stores.tabs.set(all => changeTab(all, all.activeId, draft)), [stores])
  const open = useCallback(
    (draft: TabDraft) => {
      stores.tabs.set(all => openTab(all, draft))
      if (!matchMedia('(min-width: 800px)').matches) setIsSideOpen(false)
    },
    [stores],
  )
  const run = useCallback(
    (given?: RunSpec) => {
      const missing = missingNames(variables)
      if (given === undefined && tab.template.trim() === '') return say('There is nothing to run yet')
      if (given === undefined && missing.length > 0) say(`Without a value: ${missing.join(', ')}`)
      void stores.start(given ?? spec)
    },
    [stores, spec, variables, tab.template],
  )
  const cancel = useCallback(
    () => void stores.runs.cancel(tab.id).catch(error => say(`Not canceled: ${error.message}`)),
    [stores, tab.id],
  )
  const format = useCallback(() => {
    const formatted = formatSql(tab.template)
    if (formatted === tab.template) say('Nothing to format')
    else change({ template: formatted })
  }, [tab.template, change])
  const close = useCallback(
    (id: string) => {
      stores.runs.forget(id)
      stores.tabs.set(all => closeTab(all, id))
    },
    [stores],
  )

  const results = useMemo(
    () => ({
      cancel,
      readRows: (rows: number) => void stores.runs.readRows(tab.id, rows),
      pivot: ({ title, template, variables: given, isComplete }: TabDraft & { isComplete: boolean }) => {
        open({ title: title ?? '', template: template ?? '', variables: given ?? [] })
        if (isComplete) void stores.start()
      },
      searchAll: () => {
        change({ window: { kind: 'all' } })
        void stores.start({ ...spec, window: wireWindow({ kind: 'all' }, { oldest: stats?.oldest }) })
      },
      showPlace: ({ details }: { details: Readonly<Record<string, unknown>> }) =>
        editor.current?.reveal(...placeIn(tab.template, details)),
      open: (template: string) => {
        open({ template })
        void stores.start()
      },
    }),
    [cancel, stores, tab.id, tab.template, open, change, spec, stats?.oldest],
  )

  useHuntKeys({
    run,
    cancel: () => phase.kind === 'running' && cancel(),
    format,
    save: () => setDialog('save'),
    addTab: () => stores.tabs.set(addTab),
    closeTab: () => close(tab.id),
    stepTab: steps => stores.tabs.set(all => stepTab(all, steps)),
    help: () => setDialog('keys'),
    stepArea: steps => focusArea(steps, editor.current),
  })

  const busy = new Set(
    Object.entries(phases).flatMap(([id, { kind }]) => (kind === 'running' || kind === 'starting' ? [id] : [])),
  )
  const isBusy = busy.has(tab.id)
  return (
    <div className={isSideOpen ? 'hunt with-side' : 'hunt'}>
      <TopBar isSideOpen={isSideOpen} onSide={() => setIsSideOpen(!isSideOpen)} onHelp={() => setDialog('keys')} />
      {isSideOpen ? (
        <SidePanel
          history={stores.history}
          actions={{
            open,
            insert: text => editor.current?.insert(text),
            clearHistory: () => stores.history.set(() => []),
          }}
        />
      ) : null}
      <main className="work">
        <TabStrip
          tabs={tabs}
          busy={busy}
          onChoose={id => stores.tabs.set(all => chooseTab(all, id))}
          onClose={close}
          onAdd={() => stores.tabs.set(addTab)}
        />
        <div id="query" role="tabpanel" aria-labelledby={`tab-${tab.id}`} className="query">
          <Splitter
            label="Height of the editor"
            top={
              <section className="ask" aria-label="Statement">
                <Suspense fallback={<div className="sql-editor" />}>
                  <SqlEditor
                    ref={editor}
                    tabId={tab.id}
                    text={tab.template}
                    marks={marks}
                    knowledge={knowledge}
                    onText={template => change({ template })}
                  />
                </Suspense>
                <VariableFields
                  variables={variables}
                  onChange={variable => change({ variables: withVariable(tab.variables, variable) })}
                />
                <RunBar
                  isBusy={isBusy}
                  check={check}
                  window={tab.window}
                  span={{ oldest: stats?.oldest, newest: stats?.newest }}
                  onRun={() => run()}
                  onCancel={cancel}
                  onWindow={window => change({ window })}
                  onFormat={format}
                  onSave={() => setDialog('save')}
                  onShowProblem={() =>
                    marks[0] !== undefined && editor.current?.reveal(marks[0].offset, marks[0].length)
                  }
                />
              </section>
            }
            bottom={
              <section className="results" aria-label="Result">
                <ResultsPane key={tab.id} phase={phase} actions={results} gridRef={grid} />
              </section>
            }
          />
        </div>
      </main>
      <StatusBar />
      {dialog === 'keys' ? <KeyHelp onClose={() => setDialog(undefined)} /> : null}
      {dialog === 'save' ? <SaveDialog tab={tab} variables={variables} onClose={() => setDialog(undefined)} /> : null}
    </div>
  )
}

/** What the check says; a refused run's place as long as the text is the one that was refused. */
function useMarks(
  check: Check,
  template: string,
  refused:
    | {
        readonly template: string
        readonly failure: { readonly message: string; readonly details: Readonly<Record<string, unknown>> }
      }
    | undefined,
): readonly SqlMark[] {
  return useMemo(() => {
    if (check.reply !== undefined && check.template === template)
      return marksOf(check.reply.errors, check.reply.warnings)
    if (refused === undefined || refused.template !== template) return noMarks
    const mark = refusalMark(refused.failure.message, refused.failure.details)
    return mark === undefined ? noMarks : [mark]
  }, [check, template, refused])
}

/** Offset and length of a place that may be given as line and column only. */
function placeIn(template: string, details: Readonly<Record<string, unknown>>): [offset: number, length: number] {
  const { offset, length, line, column } = details
  if (typeof offset === 'number') return [offset, typeof length === 'number' ? length : 1]
  const before = template.split('\n').slice(0, Number(line ?? 1) - 1)
  return [before.reduce((sum, text) => sum + text.length + 1, 0) + Number(column ?? 1) - 1, 1]
}
