import { type KeyboardEvent, type ReactNode, useMemo, useState } from 'react'
import type { ResultItem, ResultPageColumn } from '../../../src/client/results.ts'
import { Icon } from '../parts/icon.tsx'
import { PivotList } from '../pivot/pivot-list.tsx'
import { pivotTitles, pivotTypesOf } from '../pivot/pivot-types.ts'
import type { Pivot } from '../pivot/pivots.ts'
import { cellLine } from '../results/cell-text.ts'
import { readValue, type ValueReading } from './value-reading.ts'
import './inspector.css'

export interface InspectorActions {
  copyValue(value: unknown): void
  copyRow(): void
  keep(column: string, value: unknown): void
  leaveOut(column: string, value: unknown): void
  pivot(pivot: Pivot): void
  chooseColumn(column: string): void
  /** To the row `steps` further. */
  step(steps: number): void
  close(): void
}

export interface InspectorProps {
  readonly item: ResultItem
  readonly rowNumber: number
  readonly columns: readonly ResultPageColumn[]
  readonly column: ResultPageColumn
  readonly actions: InspectorActions
}

const pivotsShown = 5

/** One row whole, one of its values in full. */
export function Inspector({ item, rowNumber, columns, column, actions }: InspectorProps): ReactNode {
  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || event.defaultPrevented) return
    event.preventDefault()
    actions.close()
  }
  return (
    <aside className="inspector" aria-label={`Row ${rowNumber}`} onKeyDown={onKeyDown}>
      <header>
        <h2>Row {rowNumber.toLocaleString('en')}</h2>
        <button
          type="button"
          className="button quiet icon-only"
          aria-label="Row before"
          onClick={() => actions.step(-1)}
        >
          <Icon name="up" />
        </button>
        <button type="button" className="button quiet icon-only" aria-label="Row after" onClick={() => actions.step(1)}>
          <Icon name="fall" />
        </button>
        <button type="button" className="button quiet" onClick={actions.copyRow}>
          <Icon name="copy" /> JSON
        </button>
        <button type="button" className="button quiet icon-only" aria-label="Close the row" onClick={actions.close}>
          <Icon name="close" />
        </button>
      </header>
      <div className="scroll inspector-body">
        <ValueCard column={column} value={item[column.name]} actions={actions} />
        <FieldList item={item} columns={columns} chosen={column.name} onChoose={actions.chooseColumn} />
      </div>
    </aside>
  )
}

function ValueCard(props: {
  readonly column: ResultPageColumn
  readonly value: unknown
  readonly actions: InspectorActions
}): ReactNode {
  const { column, value, actions } = props
  const { name, type } = column
  const source = useMemo(() => ({ column: name, value }), [name, value])
  const [pivotType] = pivotTypesOf(name, value)
  return (
    <section className="value-card" aria-label={name}>
      <h3>
        {name} <span className="badge">{type}</span>
        {pivotType === undefined ? null : <span className="badge accent">{pivotTitles[pivotType]}</span>}
      </h3>
      <Value reading={readValue(name, value)} known={pivotType === undefined ? undefined : pivotTitles[pivotType]} />
      <div className="value-actions">
        <button type="button" className="button" onClick={() => actions.copyValue(value)}>
          <Icon name="copy" /> Copy
        </button>
        <button type="button" className="button" onClick={() => actions.keep(name, value)}>
          <Icon name="filter" /> Keep only
        </button>
        <button type="button" className="button" onClick={() => actions.leaveOut(name, value)}>
          <Icon name="exclude" /> Leave out
        </button>
      </div>
      {value === null || value === undefined ? null : (
        <div className="value-pivots">
          <h4>{pivotType === undefined ? 'Pivot' : `Pivot from this ${pivotTitles[pivotType]}`}</h4>
          <PivotList key={`${name} ${String(value)}`} source={source} onPivot={actions.pivot} shown={pivotsShown} />
        </div>
      )}
    </section>
  )
}

/** `known`: what the card says of the value already. */
function Value({ reading, known }: { readonly reading: ValueReading; readonly known: string | undefined }): ReactNode {
  if (reading.kind === 'null') return <p className="value mono null">null</p>
  if (reading.kind === 'json') return <pre className="value">{reading.text}</pre>
  if (reading.kind === 'command') {
    return (
      <ol className="value mono command">
        {reading.words.map((word, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the words of one text, never moved
          <li key={index}>{word}</li>
        ))}
      </ol>
    )
  }
  return (
    <>
      <p className="value mono">{reading.text || '(empty)'}</p>
      {reading.note === undefined || reading.note === known ? null : <p className="value-note">{reading.note}</p>}
    </>
  )
}

function FieldList(props: {
  readonly item: ResultItem
  readonly columns: readonly ResultPageColumn[]
  readonly chosen: string
  readonly onChoose: (column: string) => void
}): ReactNode {
  const { item, columns, chosen, onChoose } = props
  const [showsNulls, setShowsNulls] = useState(false)
  const isNull = ({ name }: ResultPageColumn): boolean => item[name] === null || item[name] === undefined
  const nulls = columns.filter(isNull).length
  const shown = showsNulls ? columns : columns.filter(column => !isNull(column) || column.name === chosen)
  return (
    <section aria-label="All fields">
      <ul className="fields">
        {shown.map(column => (
          <li key={column.name}>
            <button type="button" aria-pressed={column.name === chosen} onClick={() => onChoose(column.name)}>
              <span className="field-name">{column.name}</span>
              <span className={isNull(column) ? 'field-value null' : 'field-value'}>
                {isNull(column) ? 'null' : cellLine(item[column.name])}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {nulls === 0 ? null : (
        <button type="button" className="button quiet fields-nulls" onClick={() => setShowsNulls(!showsNulls)}>
          {showsNulls ? 'Hide' : 'Show'} {nulls} null {nulls === 1 ? 'column' : 'columns'}
        </button>
      )}
    </section>
  )
}
