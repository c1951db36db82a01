import { type ReactNode, useDeferredValue, useEffect, useState } from 'react'
import type { Run } from '../../../src/api/query-runs.ts'
import { Icon } from '../parts/icon.tsx'
import { say } from '../parts/notice.ts'
import { Popover } from '../parts/popover.tsx'
import { count, seconds } from '../parts/words.ts'
import { runLink } from '../run/run-link.ts'
import type { ResultState } from '../run/run-store.ts'
import { useSession } from '../session/session-context.tsx'
import { ExportMenu } from './export-menu.tsx'
import type { ResultTable } from './result-table.ts'

/** Above the rows: how many, how long, which; filter, columns, timeline, export. */
export function ResultToolbar(props: {
  readonly run: Run
  readonly result: ResultState
  readonly table: ResultTable
  readonly hasTimeline: boolean
  readonly showsTimeline: boolean
  readonly onTimeline: () => void
  readonly onReadAll: () => void
  readonly onCopy: (form: 'tsv' | 'json') => void
}): ReactNode {
  const { run, result, table, hasTimeline, showsTimeline } = props
  return (
    <div className="result-toolbar" role="toolbar" aria-label="Result">
      <RowCount result={result} table={table} onReadAll={props.onReadAll} />
      <span className="muted">{elapsedOf(run)}</span>
      <RunAddress run={run} />
      <span className="spacer" />
      <FilterChips table={table} />
      <RowFilter table={table} />
      <ColumnMenu table={table} />
      {hasTimeline ? (
        <button
          type="button"
          className="button quiet icon-only"
          aria-pressed={showsTimeline}
          aria-label="Timeline"
          title="Timeline"
          onClick={props.onTimeline}
        >
          <Icon name="histogram" />
        </button>
      ) : null}
      <ExportMenu runId={run.id} onCopy={props.onCopy} />
    </div>
  )
}

function elapsedOf({ createdAt, finishedAt }: Run): string {
  return finishedAt === undefined ? '' : seconds(Math.max(0, Date.parse(finishedAt) - Date.parse(createdAt)))
}

function RowCount(props: {
  readonly result: ResultState
  readonly table: ResultTable
  readonly onReadAll: () => void
}): ReactNode {
  const { result, table } = props
  const loaded = result.items.length
  const total = result.rowCount ?? loaded
  const shown = table.getFilteredRowModel().rows.length
  const isFiltered = shown !== loaded
  return (
    <span className="row-count" role="status">
      <strong>{count(isFiltered ? shown : total)}</strong>
      {isFiltered ? ` of ${count(loaded)}` : ''} {total === 1 ? 'row' : 'rows'}
      {loaded < total ? (
        <>
          <span className="muted"> · {count(loaded)} loaded</span>
          <button type="button" className="button quiet" disabled={result.isReading} onClick={props.onReadAll}>
            {result.isReading ? <span className="spinner" /> : <Icon name="fall" />} Load all
          </button>
        </>
      ) : null}
    </span>
  )
}

function RunAddress({ run }: { readonly run: Run }): ReactNode {
  const { tenantId } = useSession()
  const link = runLink(run.id, tenantId)
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(new URL(link, location.href).href)
      say('Copied the link to this run')
    } catch {
      say('The browser did not allow copying')
    }
  }
  return (
    <span className="run-address">
      <a href={link} className="mono" title={`Run ${run.id}`}>
        {run.id.slice(0, 8)}
      </a>
      <button
        type="button"
        className="button quiet icon-only"
        aria-label="Copy the link to this run"
        onClick={() => void copy()}
      >
        <Icon name="link" />
      </button>
    </span>
  )
}

/** Active column filters, each with its way out. */
function FilterChips({ table }: { readonly table: ResultTable }): ReactNode {
  return table.state.columnFilters.map(({ id, value }) => (
    <button
      key={id}
      type="button"
      className="chip"
      title={`Stop filtering ${id}`}
      onClick={() => table.getColumn(id)?.setFilterValue(undefined)}
    >
      <span>
        {id} {String(value)}
      </span>
      <Icon name="close" />
    </button>
  ))
}

function RowFilter({ table }: { readonly table: ResultTable }): ReactNode {
  const [text, setText] = useState('')
  const settled = useDeferredValue(text)
  useEffect(() => table.setGlobalFilter(settled === '' ? undefined : settled), [table, settled])
  return (
    <input
      type="search"
      className="field row-filter"
      aria-label="Filter the loaded rows"
      placeholder="Filter loaded rows"
      value={text}
      spellCheck={false}
      onChange={event => setText(event.target.value)}
    />
  )
}

function ColumnMenu({ table }: { readonly table: ResultTable }): ReactNode {
  const columns = table.getAllLeafColumns()
  const hidden = columns.filter(column => !column.getIsVisible()).length
  const button = (
    <>
      <Icon name="columns" />
      {hidden === 0 ? null : <span>{hidden} hidden</span>}
    </>
  )
  return (
    <Popover label="Columns" button={button} buttonClass="button quiet" buttonLabel="Columns" kind="dialog">
      {() => (
        <>
          <div className="column-card-row">
            <button type="button" className="button quiet" onClick={() => table.resetColumnVisibility(true)}>
              Show all
            </button>
            <button type="button" className="button quiet" onClick={() => table.resetColumnOrder(true)}>
              First order
            </button>
          </div>
          {columns.map(column => (
            <label key={column.id} className="menu-item">
              <input
                type="checkbox"
                checked={column.getIsVisible()}
                onChange={event => column.toggleVisibility(event.target.checked)}
              />
              {column.id}
            </label>
          ))}
        </>
      )}
    </Popover>
  )
}
