import { EditorView } from '@codemirror/view'

/**
 * Replaces a selection by what is typed over it, in the editor's own way. Left to the browser, Chromium would keep the
 * look of the old text with a style attribute, which the content security policy blocks and the console complains of.
 */
export const typedOverSelection = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { main } = view.state.selection
    if (event.inputType !== 'insertText' || event.data === null || main.empty || view.composing) return false
    const text = event.data
    const insert = () =>
      view.state.update({ ...view.state.replaceSelection(text), userEvent: 'input.type', scrollIntoView: true })
    const isHandled = view.state
      .facet(EditorView.inputHandler)
      .some(handle => handle(view, main.from, main.to, text, insert))
    if (!isHandled) view.dispatch(insert())
    event.preventDefault()
    return true
  },
})
