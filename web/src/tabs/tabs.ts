import type { Variable } from '../../../src/api/query-runs.ts'
import { parseWindowChoice, type WindowChoice, windowDefault } from '../run/window.ts'
import { randomId } from '../state/random-id.ts'

// The query tabs: what a person is working on. Pure: every change is a function from tabs to tabs; there is always at
// least one tab and the active one exists.

export interface Tab {
  readonly id: string
  /** What the person or the library called it; empty: named after its SQL. */
  readonly title: string
  readonly template: string
  /** Values given, also for variables the template has lost meanwhile: they come back with the text. */
  readonly variables: readonly Variable[]
  readonly window: WindowChoice
  /** The last run started here; its result can be read again until it expires. */
  readonly runId?: string
  /** The tenant's own saved query it was opened from or saved as. */
  readonly savedQueryId?: string
}

export interface Tabs {
  readonly list: readonly Tab[]
  readonly activeId: string
}

export type TabDraft = Partial<Omit<Tab, 'id'>>

const tabsMax = 40

export function freshTab(draft: TabDraft = {}): Tab {
  return { id: randomId(), title: '', template: '', variables: [], window: windowDefault, ...draft }
}

export function firstTabs(): Tabs {
  const tab = freshTab()
  return { list: [tab], activeId: tab.id }
}

export function activeTab({ list, activeId }: Tabs): Tab {
  const tab = list.find(each => each.id === activeId) ?? list[0]
  if (tab === undefined) throw new Error('there is always a tab')
  return tab
}

/** Opens a tab after the active one; an active tab that is still blank is used instead. */
export function openTab(tabs: Tabs, draft: TabDraft): Tabs {
  const active = activeTab(tabs)
  if (active.template.trim() === '' && active.runId === undefined) {
    return changeTab(tabs, active.id, { title: '', variables: [], ...draft })
  }
  const tab = freshTab({ window: active.window, ...draft })
  const at = tabs.list.indexOf(active) + 1
  const list = tabs.list.toSpliced(at, 0, tab)
  if (list.length > tabsMax) list.splice(list[0] === tab ? 1 : 0, 1)
  return { list, activeId: tab.id }
}

/** A blank tab at the end. */
export function addTab(tabs: Tabs): Tabs {
  const tab = freshTab({ window: activeTab(tabs).window })
  return { list: [...tabs.list, tab].slice(-tabsMax), activeId: tab.id }
}

export function changeTab(tabs: Tabs, id: string, change: TabDraft): Tabs {
  return { ...tabs, list: tabs.list.map(tab => (tab.id === id ? { ...tab, ...change } : tab)) }
}

/** Closing the last one leaves a blank one. */
export function closeTab(tabs: Tabs, id: string): Tabs {
  const at = tabs.list.findIndex(tab => tab.id === id)
  const list = tabs.list.filter(tab => tab.id !== id)
  const next = list[Math.min(at, list.length - 1)]
  if (next === undefined) return firstTabs()
  return { list, activeId: tabs.activeId === id ? next.id : tabs.activeId }
}

export function chooseTab(tabs: Tabs, id: string): Tabs {
  return tabs.list.some(tab => tab.id === id) ? { ...tabs, activeId: id } : tabs
}

/** The tab `steps` further, around the end. */
export function stepTab(tabs: Tabs, steps: number): Tabs {
  const at = tabs.list.findIndex(tab => tab.id === tabs.activeId)
  const tab = tabs.list.at((at + steps) % tabs.list.length)
  return tab === undefined ? tabs : { ...tabs, activeId: tab.id }
}

const titleCharsMax = 28

export function tabTitle(tab: Tab): string {
  if (tab.title !== '') return tab.title
  const named = /query_name\s*=\s*'([^'$]+)'/i.exec(tab.template) ?? /\bfrom\s+"?([\w.]+)"?/i.exec(tab.template)
  const text = named?.[1] ?? tab.template.replace(/\s+/g, ' ').trim()
  return text === '' ? 'New query' : text.slice(0, titleCharsMax)
}

/** Tabs from what an earlier page kept, which may be anything. */
export function parseTabs(kept: unknown): Tabs {
  const { list, activeId } = (typeof kept === 'object' && kept !== null ? kept : {}) as Record<string, unknown>
  const tabs = (Array.isArray(list) ? list : []).flatMap(parseTab)
  const first = tabs[0]
  if (first === undefined) return firstTabs()
  const active = tabs.find(tab => tab.id === activeId) ?? first
  return { list: tabs.slice(0, tabsMax), activeId: active.id }
}

function parseTab(kept: unknown): Tab[] {
  if (typeof kept !== 'object' || kept === null) return []
  const { id, title, template, variables, window, runId, savedQueryId } = kept as Record<string, unknown>
  if (typeof id !== 'string' || typeof template !== 'string') return []
  return [
    {
      id,
      template,
      title: typeof title === 'string' ? title : '',
      variables: Array.isArray(variables) ? variables.filter(isVariable) : [],
      window: parseWindowChoice(window),
      ...(typeof runId === 'string' ? { runId } : {}),
      ...(typeof savedQueryId === 'string' ? { savedQueryId } : {}),
    },
  ]
}

function isVariable(kept: unknown): kept is Variable {
  if (typeof kept !== 'object' || kept === null) return false
  const { name, dataType } = kept as Record<string, unknown>
  return typeof name === 'string' && typeof dataType === 'string'
}
