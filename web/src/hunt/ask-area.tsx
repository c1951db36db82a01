import { lazy, type ReactNode, type Ref, Suspense, useMemo } from 'react'
import type { Knowledge } from '../editor/completion.ts'
import type { SqlEditorHandle } from '../editor/sql-editor.tsx'
import { RunBar } from '../run/run-bar.tsx'
import { VariableFields } from '../run/variable-fields.tsx'
import { withVariable } from '../run/variables.ts'
import { useFunctions, useSchema } from '../state/lake-queries.ts'
import type { Hunt } from './use-hunt.ts'

const SqlEditor = lazy(() => import('../editor/sql-editor.tsx').then(module => ({ default: module.SqlEditor })))

/** The statement, its variables, and the line that runs it. */
export function AskArea(props: {
  readonly hunt: Hunt
  readonly editor: Ref<SqlEditorHandle>
  readonly onSave: () => void
}): ReactNode {
  const { tab, check, marks, variables, span, busy, commands } = props.hunt
  const { data: schema } = useSchema()
  const { data: functions } = useFunctions()
  const knowledge = useMemo<Knowledge>(() => ({ schema, functions: functions ?? [] }), [schema, functions])
  return (
    <section className="ask" aria-label="Statement">
      <Suspense fallback={<div className="sql-editor" />}>
        <SqlEditor
          ref={props.editor}
          tabId={tab.id}
          text={tab.template}
          marks={marks}
          knowledge={knowledge}
          onText={template => commands.change({ template })}
        />
      </Suspense>
      <VariableFields
        variables={variables}
        onChange={variable => commands.change({ variables: withVariable(tab.variables, variable) })}
      />
      <RunBar
        isBusy={busy.has(tab.id)}
        check={check}
        window={tab.window}
        span={span}
        onRun={commands.run}
        onCancel={commands.cancel}
        onWindow={window => commands.change({ window })}
        onFormat={commands.format}
        onSave={props.onSave}
        onShowProblem={commands.showProblem}
      />
    </section>
  )
}
