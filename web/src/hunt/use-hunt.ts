import { type RefObject, useCallback, useMemo } from 'react'
import type { Variable } from '../../../src/api/query-runs.ts'
import { formatSql } from '../editor/format-sql.ts'
import { marksOf, refusalMark, type SqlMark } from '../editor/marks.ts'
import type { SqlEditorHandle } from '../editor/sql-editor.tsx'
import { variableNames } from '../editor/statement-scan.ts'
import { say } from '../parts/notice.ts'
import type { ResultsActions } from '../results/results-pane.tsx'
import type { RunSpec } from '../run/run-request.ts'
import { idle, type RunPhase } from '../run/run-store.ts'
import { type Check, useCheck } from '../run/use-check.ts'
import { missingNames, neededVariables, suppliedVariables } from '../run/variables.ts'
import { type DataSpan, type WindowChoice, wireWindow } from '../run/window.ts'
import { useDataSpan } from '../state/lake-queries.ts'
import { useStore } from '../state/store.ts'
import { activeTab, changeTab, closeTab, openTab, type Tab, type TabDraft, type Tabs } from '../tabs/tabs.ts'
import type { HuntStores } from './hunt-stores.ts'

// The active tab, what the lake says about it, and everything a person can do with it.

export interface Hunt {
  readonly tabs: Tabs
  readonly tab: Tab
  readonly phase: RunPhase
  /** Tabs whose run is under way. */
  readonly busy: ReadonlySet<string>
  /** Those the text needs, with what is given for them. */
  readonly variables: readonly Variable[]
  readonly check: Check
  readonly marks: readonly SqlMark[]
  readonly span: DataSpan
  readonly commands: HuntActions
  readonly results: ResultsActions
}

export interface HuntActions {
  change(draft: TabDraft): void
  open(draft: TabDraft): void
  close(tabId: string): void
  run(): void
  cancel(): void
  format(): void
  showProblem(): void
}

export function useHunt(stores: HuntStores, editor: RefObject<SqlEditorHandle | null>): Hunt {
  const tabs = useStore(stores.tabs, state => state)
  const phases = useStore(stores.runs.phases, state => state)
  const span = useDataSpan() ?? noSpan
  const tab = activeTab(tabs)
  const phase = phases[tab.id] ?? idle
  const variables = useMemo(
    () => neededVariables(variableNames(tab.template), tab.variables),
    [tab.template, tab.variables],
  )
  const { template, window } = tab
  const spec = useMemo(
    () => specOf(template, variables, window, span.oldest),
    [template, variables, window, span.oldest],
  )
  const check = useCheck(spec)
  const marks = useMarks(check, template, phase)
  const commands = useCommands(stores, editor, { tab, spec, variables, marks })
  const results = useResultsActions(stores, editor, { tab, spec, span, commands })
  const busy = new Set(Object.keys(phases).filter(id => isBusy(phases[id] ?? idle)))
  return { tabs, tab, phase, busy, variables, check, marks, span, commands, results }
}

function isBusy({ kind }: RunPhase): boolean {
  return kind === 'running' || kind === 'starting'
}

function specOf(
  template: string,
  variables: readonly Variable[],
  window: WindowChoice,
  oldest: string | undefined,
): RunSpec {
  return { template, variables: suppliedVariables(variables), window: wireWindow(window, { oldest }) }
}

const noSpan: DataSpan = {}
const noMarks: readonly SqlMark[] = []

/** What the check says; a refused run's place as long as the text is the one that was refused. */
function useMarks(check: Check, template: string, phase: RunPhase): readonly SqlMark[] {
  const refused = phase.kind === 'refused' && phase.template === template ? phase.failure : undefined
  return useMemo(() => {
    if (check.reply !== undefined && check.template === template)
      return marksOf(check.reply.errors, check.reply.warnings)
    const mark = refused === undefined ? undefined : refusalMark(refused.message, refused.details)
    return mark === undefined ? noMarks : [mark]
  }, [check, template, refused])
}

interface Subject {
  readonly tab: Tab
  readonly spec: RunSpec
  readonly variables: readonly Variable[]
  readonly marks: readonly SqlMark[]
}

function useCommands(stores: HuntStores, editor: RefObject<SqlEditorHandle | null>, subject: Subject): HuntActions {
  const { tab, spec, variables, marks } = subject
  const change = useCallback((draft: TabDraft) => stores.tabs.set(all => changeTab(all, all.activeId, draft)), [stores])
  const open = useCallback((draft: TabDraft) => stores.tabs.set(all => openTab(all, draft)), [stores])
  return useMemo(
    () => ({
      change,
      open,
      close: tabId => {
        stores.runs.forget(tabId)
        stores.tabs.set(all => closeTab(all, tabId))
      },
      run: () => {
        if (tab.template.trim() === '') return say('There is nothing to run yet')
        const missing = missingNames(variables)
        if (missing.length > 0) say(`Without a value: ${missing.join(', ')}`)
        void stores.start(spec)
      },
      cancel: () => void stores.runs.cancel(tab.id).catch((error: Error) => say(`Not canceled: ${error.message}`)),
      format: () => {
        const formatted = formatSql(tab.template)
        if (formatted === tab.template) say('Nothing to format')
        else change({ template: formatted })
      },
      showProblem: () => {
        const first = marks[0]
        if (first !== undefined) editor.current?.reveal(first.offset, first.length)
      },
    }),
    [stores, editor, change, open, tab.id, tab.template, spec, variables, marks],
  )
}

interface ResultsSubject {
  readonly tab: Tab
  readonly spec: RunSpec
  readonly span: DataSpan
  readonly commands: HuntActions
}

function useResultsActions(
  stores: HuntStores,
  editor: RefObject<SqlEditorHandle | null>,
  { tab, spec, span, commands }: ResultsSubject,
): ResultsActions {
  const { change, open, cancel } = commands
  return useMemo(
    () => ({
      cancel,
      readRows: rows => void stores.runs.readRows(tab.id, rows),
      pivot: ({ title, template, variables, isComplete }) => {
        open({ title, template, variables })
        if (isComplete) void stores.start()
      },
      searchAll: () => {
        change({ window: { kind: 'all' } })
        void stores.start({ ...spec, window: wireWindow({ kind: 'all' }, span) })
      },
      showPlace: ({ details }) => editor.current?.reveal(...placeIn(tab.template, details)),
      open: template => {
        open({ template })
        void stores.start()
      },
    }),
    [stores, editor, open, change, cancel, tab.id, tab.template, spec, span],
  )
}

/** Offset and length of a place that may be given as line and column only. */
function placeIn(template: string, details: Readonly<Record<string, unknown>>): [offset: number, length: number] {
  const { offset, length, line, column } = details
  if (typeof offset === 'number') return [offset, typeof length === 'number' ? length : 1]
  const before = template.split('\n').slice(0, Number(line ?? 1) - 1)
  return [before.reduce((sum, text) => sum + text.length + 1, 0) + Number(column ?? 1) - 1, 1]
}
