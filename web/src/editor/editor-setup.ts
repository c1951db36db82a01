import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { SQLDialect } from '@codemirror/lang-sql'
import { bracketMatching, indentUnit, syntaxHighlighting } from '@codemirror/language'
import { linter, lintKeymap } from '@codemirror/lint'
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search'
import { EditorState, type Extension } from '@codemirror/state'
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder,
} from '@codemirror/view'
import { type Knowledge, type Offer, offersAt } from './completion.ts'
import { editorTheme, sqlHighlight, variableHighlight } from './editor-theme.ts'
import { keywords, typeNames } from './trino-words.ts'
import { typedOverSelection } from './typed-over.ts'

const trino = SQLDialect.define({
  keywords: keywords.join(' '),
  types: typeNames.join(' '),
  builtin: '',
  caseInsensitiveIdentifiers: true,
  identifierQuotes: '"',
})

const icons: Readonly<Record<Offer['kind'], string>> = {
  table: 'class',
  view: 'interface',
  queryName: 'constant',
  column: 'property',
  function: 'function',
  keyword: 'keyword',
  type: 'type',
}

/** `knowledge` is asked each time: the schema grows while the editor is open. */
export function editorSetup(knowledge: () => Knowledge): Extension {
  return [
    lineNumbers(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    highlightSpecialChars(),
    history(),
    drawSelection(),
    bracketMatching(),
    closeBrackets(),
    typedOverSelection,
    search({ top: true }),
    highlightSelectionMatches(),
    indentUnit.of('  '),
    EditorState.tabSize.of(2),
    EditorView.lineWrapping,
    trino.extension,
    syntaxHighlighting(sqlHighlight),
    variableHighlight,
    editorTheme,
    placeholder('SELECT … FROM xdr_data WHERE query_name = …   (Ctrl-Space shows what there is)'),
    EditorView.contentAttributes.of({
      'aria-label': 'SQL',
      spellcheck: 'false',
      autocorrect: 'off',
      autocapitalize: 'off',
    }),
    // Diagnostics come from the server through `marksEffect`; this only shows them.
    linter(null, { delay: 100 }),
    autocompletion({ override: [context => complete(context, knowledge())], icons: true, maxRenderedOptions: 60 }),
    keymap.of([
      ...closeBracketsKeymap,
      ...completionKeymap,
      // Mod-Enter runs the query; the default would insert a line.
      ...defaultKeymap.filter(binding => binding.key !== 'Mod-Enter'),
      ...historyKeymap,
      ...searchKeymap,
      ...lintKeymap,
    ]),
  ]
}

function complete(context: CompletionContext, knowledge: Knowledge): CompletionResult | null {
  const found = offersAt(context.state.doc.toString(), context.pos, knowledge, context.explicit)
  if (found === undefined || found.offers.length === 0) return null
  return {
    from: found.from,
    options: found.offers.map(completionOf),
    // At once while one types on: an Enter in between must find the list that is on screen.
    update: (_current, _from, _to, next) => complete(next, knowledge),
  }
}

function completionOf({ label, kind, detail, info, boost, insert, cursor = 0 }: Offer): Completion {
  return {
    label,
    type: icons[kind],
    boost,
    ...(detail === undefined ? {} : { detail }),
    ...(info === undefined || info === '' ? {} : { info }),
    ...(insert === undefined ? {} : { apply: applyWith(insert, cursor) }),
  }
}

function applyWith(insert: string, cursor: number): Completion['apply'] {
  return (view, _completion, from, to) => {
    // A call that is there already keeps its parentheses.
    const isCalled = insert.endsWith('()') && view.state.sliceDoc(to, to + 1) === '('
    const text = isCalled ? insert.slice(0, -2) : insert
    const anchor = from + text.length - (isCalled ? 0 : cursor)
    view.dispatch({ changes: { from, to, insert: text }, selection: { anchor }, userEvent: 'input.complete' })
  }
}
