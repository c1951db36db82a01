import { acceptCompletion, startCompletion } from '@codemirror/autocomplete'
import { EditorSelection, EditorState, type Extension } from '@codemirror/state'
import { EditorView, keymap } from '@codemirror/view'
import { type ReactNode, type Ref, useEffect, useImperativeHandle, useRef } from 'react'
import type { Knowledge } from './completion.ts'
import { marksEffect } from './diagnostics.ts'
import { editorSetup } from './editor-setup.ts'
import type { SqlMark } from './marks.ts'

// CodeMirror inside a shadow root: there it styles itself with a constructed style sheet instead of a <style> element,
// which the content security policy would refuse.

export interface SqlEditorHandle {
  focus(): void
  /** Puts the text where the cursor is, over a selection. */
  insert(text: string): void
  /** Selects the place, scrolls to it and takes the focus. */
  reveal(offset: number, length: number): void
}

export interface SqlEditorProps {
  readonly ref: Ref<SqlEditorHandle>
  /** One document a tab: each keeps its own cursor and undo. */
  readonly tabId: string
  readonly text: string
  readonly marks: readonly SqlMark[]
  readonly knowledge: Knowledge
  readonly onText: (text: string) => void
}

export function SqlEditor({ ref, tabId, text, marks, knowledge, onText }: SqlEditorProps): ReactNode {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const states = useRef(new Map<string, EditorState>())
  const latest = useRef({ knowledge, onText })
  latest.current = { knowledge, onText }

  useEffect(() => {
    const element = host.current
    if (element === null) return
    const root = element.shadowRoot ?? element.attachShadow({ mode: 'open' })
    const created = new EditorView({ root, parent: root })
    view.current = created
    // There is nothing else to do first; on a touch screen it would bring up the keyboard.
    if (document.activeElement === document.body && matchMedia('(pointer: fine)').matches) created.focus()
    return () => {
      created.destroy()
      view.current = undefined
      states.current.clear()
    }
  }, [])

  useShownDocument(view, states.current, tabId, text, latest)

  useEffect(() => {
    view.current?.dispatch({ effects: marksEffect(marks, view.current.state.doc.length) })
  }, [marks])

  useImperativeHandle(ref, () => handleOf(view), [])
  return <div ref={host} className="sql-editor" data-testid="editor" />
}

type Latest = { readonly current: Pick<SqlEditorProps, 'knowledge' | 'onText'> }

/** Shows the tab's document; a text that was changed from outside replaces it as one undoable step. */
function useShownDocument(
  view: { readonly current: EditorView | undefined },
  states: Map<string, EditorState>,
  tabId: string,
  text: string,
  latest: Latest,
): void {
  const shown = useRef<string>(undefined)
  useEffect(() => {
    const current = view.current
    if (current === undefined) return
    const isOther = shown.current !== tabId || !states.has(tabId)
    if (isOther) {
      if (shown.current !== undefined && states.has(shown.current)) states.set(shown.current, current.state)
      const state = states.get(tabId) ?? EditorState.create({ doc: text, extensions: extensions(latest) })
      states.set(tabId, state)
      current.setState(state)
      shown.current = tabId
    }
    const before = current.state.doc.toString()
    if (before !== text) current.dispatch({ changes: smallestChange(before, text) })
  }, [view, states, tabId, text, latest])
}

function extensions(latest: Latest): Extension {
  return [
    editorSetup(() => latest.current.knowledge),
    keymap.of([
      { key: 'Tab', run: acceptCompletion },
      { key: 'Alt-Escape', run: startCompletion },
    ]),
    EditorView.updateListener.of(update => {
      if (update.docChanged) latest.current.onText(update.state.doc.toString())
    }),
  ]
}

/** Keeps the cursor where it was as far as the text around it stayed. */
function smallestChange(before: string, after: string): { from: number; to: number; insert: string } {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1
  let [endBefore, endAfter] = [before.length, after.length]
  while (endBefore > start && endAfter > start && before[endBefore - 1] === after[endAfter - 1]) {
    endBefore -= 1
    endAfter -= 1
  }
  return { from: start, to: endBefore, insert: after.slice(start, endAfter) }
}

function handleOf(view: { readonly current: EditorView | undefined }): SqlEditorHandle {
  return {
    focus: () => view.current?.focus(),
    insert(text) {
      const current = view.current
      if (current === undefined) return
      current.dispatch(current.state.replaceSelection(text), { scrollIntoView: true, userEvent: 'input' })
      current.focus()
    },
    reveal(offset, length) {
      const current = view.current
      if (current === undefined) return
      const end = current.state.doc.length
      const [from, to] = [Math.min(offset, end), Math.min(offset + length, end)]
      current.dispatch({ selection: EditorSelection.single(from, to), scrollIntoView: true })
      current.focus()
    },
  }
}
