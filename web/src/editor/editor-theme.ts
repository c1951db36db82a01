import { HighlightStyle } from '@codemirror/language'
import { Decoration, EditorView, MatchDecorator, ViewPlugin, type ViewUpdate } from '@codemirror/view'
import { tags } from '@lezer/highlight'

// The editor in the console's own colours: custom properties reach into the shadow root.

export const sqlHighlight = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--syntax-keyword)', fontWeight: '600' },
  { tag: [tags.operatorKeyword, tags.bool, tags.null], color: 'var(--syntax-keyword)', fontWeight: '600' },
  { tag: tags.string, color: 'var(--syntax-string)' },
  { tag: tags.number, color: 'var(--syntax-number)' },
  { tag: tags.typeName, color: 'var(--syntax-function)' },
  { tag: [tags.lineComment, tags.blockComment], color: 'var(--syntax-comment)', fontStyle: 'italic' },
  { tag: [tags.operator, tags.punctuation, tags.paren], color: 'var(--text-2)' },
])

const variables = new MatchDecorator({
  regexp: /\$\$[^$\n]{1,300}\$\$/g,
  decoration: Decoration.mark({ class: 'cm-variable' }),
})

export const variableHighlight = ViewPlugin.define(
  view => ({
    decorations: variables.createDeco(view),
    update(update: ViewUpdate) {
      this.decorations = variables.updateDeco(update, this.decorations)
    },
  }),
  { decorations: plugin => plugin.decorations },
)

const mono = 'var(--mono)'

export const editorTheme = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'var(--bg-1)', color: 'var(--text-1)', fontSize: '13px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: mono, lineHeight: '20px', overflow: 'auto', scrollbarWidth: 'thin' },
  '.cm-content': { padding: '8px 0', caretColor: 'var(--accent)' },
  '.cm-line': { padding: '0 12px 0 6px' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--text-3)', border: '0', fontSize: '11px' },
  '.cm-lineNumbers .cm-gutterElement': { padding: '0 6px 0 14px', minWidth: '38px' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--bg-3) 45%, transparent)' },
  '.cm-activeLineGutter': { backgroundColor: 'transparent', color: 'var(--text-1)' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)', borderLeftWidth: '2px' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--accent-soft)',
  },
  '.cm-placeholder': { color: 'var(--text-3)' },
  '.cm-variable, .cm-variable span': { color: 'var(--syntax-variable)', fontWeight: '600' },
  '&.cm-focused .cm-matchingBracket': {
    backgroundColor: 'var(--accent-soft)',
    outline: '1px solid var(--accent-line)',
  },
  '.cm-selectionMatch': { backgroundColor: 'color-mix(in srgb, var(--accent-soft) 70%, transparent)' },
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy 1px var(--bad)',
    textUnderlineOffset: '4px',
  },
  '.cm-lintRange-warning': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy 1px var(--warn)',
    textUnderlineOffset: '4px',
  },
  '.cm-tooltip': {
    backgroundColor: 'var(--bg-1)',
    color: 'var(--text-1)',
    border: '1px solid var(--line-strong)',
    borderRadius: '7px',
    boxShadow: '0 8px 28px var(--shadow)',
    overflow: 'hidden',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': {
    fontFamily: mono,
    fontSize: '12px',
    maxHeight: '17em',
    maxWidth: 'min(560px, 95vw)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': {
    padding: '3px 10px 3px 4px',
    lineHeight: '18px',
    color: 'var(--text-1)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'var(--accent-soft)',
    color: 'var(--text-1)',
  },
  '.cm-completionMatchedText': { textDecoration: 'none', color: 'var(--accent)', fontWeight: '700' },
  '.cm-completionDetail': { marginLeft: '12px', fontStyle: 'normal', color: 'var(--text-3)', fontSize: '11px' },
  'li[aria-selected] .cm-completionDetail': { color: 'var(--text-2)' },
  '.cm-completionIcon': { width: '18px', opacity: '1', color: 'var(--text-3)', fontSize: '11px' },
  '.cm-completionIcon-property:after': { content: "'▪'" },
  '.cm-completionIcon-class:after': { content: "'▦'" },
  '.cm-completionIcon-interface:after': { content: "'▤'" },
  '.cm-completionIcon-constant:after': { content: "'≡'" },
  '.cm-completionIcon-keyword:after': { content: "'·'" },
  '.cm-completionIcon-type:after': { content: "'τ'" },
  '.cm-completionInfo': {
    padding: '8px 10px',
    maxWidth: '380px',
    whiteSpace: 'pre-wrap',
    fontSize: '12px',
    color: 'var(--text-2)',
  },
  '.cm-diagnostic': {
    padding: '6px 10px',
    fontFamily: 'var(--font)',
    fontSize: '12px',
    whiteSpace: 'pre-wrap',
    maxWidth: '560px',
  },
  '.cm-diagnostic-error': { borderLeft: '3px solid var(--bad)' },
  '.cm-diagnostic-warning': { borderLeft: '3px solid var(--warn)' },
  '.cm-panels': {
    backgroundColor: 'var(--bg-2)',
    color: 'var(--text-1)',
    fontFamily: 'var(--font)',
    borderColor: 'var(--line)',
  },
  '.cm-panel.cm-search': { padding: '6px 10px', fontSize: '12px' },
  '.cm-panel input, .cm-panel button': { fontSize: '12px' },
  '.cm-textfield': {
    backgroundColor: 'var(--bg-1)',
    color: 'var(--text-1)',
    border: '1px solid var(--line-strong)',
    borderRadius: '4px',
  },
  '.cm-button': {
    backgroundImage: 'none',
    backgroundColor: 'var(--bg-1)',
    color: 'var(--text-1)',
    border: '1px solid var(--line-strong)',
    borderRadius: '4px',
  },
  '.cm-searchMatch': { backgroundColor: 'var(--warn-soft)', outline: '1px solid var(--warn-line)' },
})
