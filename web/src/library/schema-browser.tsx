import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useMemo, useState } from 'react'
import type { LakeSchemaReply, SchemaColumn, SchemaQueryName, SchemaTable } from '../../../src/api/lake-schema.ts'
import type { LakeClient } from '../../../src/client/client.ts'
import { Icon } from '../parts/icon.tsx'
import { ago, count } from '../parts/words.ts'
import { cellLine } from '../results/cell-text.ts'
import { wireWindow } from '../run/window.ts'
import { useSession } from '../session/session-context.tsx'
import { useSchema, useStats } from '../state/lake-queries.ts'
import type { SideActions } from './side-panel.tsx'
import { queryNameTemplate, sampleTemplate } from './templates.ts'

/** Query names with their columns, then the tables. */
export function SchemaBrowser({
  search,
  actions,
}: {
  readonly search: string
  readonly actions: SideActions
}): ReactNode {
  const { data: schema, error, isPending } = useSchema()
  const wanted = search.trim().toLowerCase()
  const found = useMemo(() => (schema === undefined ? undefined : filterSchema(schema, wanted)), [schema, wanted])
  if (isPending) return <SideSkeleton />
  if (found === undefined) return <p className="side-note problem">{error?.message}</p>
  return (
    <>
      <section aria-label="Query names">
        <h2>
          Query names <span>{count(found.queryNames.length)}</span>
        </h2>
        {found.queryNames.length === 0 ? (
          <p className="side-note">
            {wanted === '' ? 'No host has reported anything yet.' : `Nothing called “${search}”.`}
          </p>
        ) : null}
        <ul>
          {found.queryNames.map(name => (
            <QueryNameEntry
              key={name.name}
              queryName={name}
              columns={found.columns}
              wanted={wanted}
              actions={actions}
            />
          ))}
        </ul>
      </section>
      <section aria-label="Tables">
        <h2>
          Tables <span>{count(found.tables.length)}</span>
        </h2>
        <ul>
          {found.tables.map(table => (
            <TableEntry key={table.name} table={table} wanted={wanted} actions={actions} />
          ))}
        </ul>
      </section>
    </>
  )
}

interface FoundSchema {
  readonly queryNames: readonly SchemaQueryName[]
  readonly tables: readonly SchemaTable[]
  readonly columns: ReadonlyMap<string, SchemaColumn>
}

/** What is called so, or has a column called so. */
function filterSchema(schema: LakeSchemaReply, wanted: string): FoundSchema {
  const columns = new Map(
    schema.tables
      .filter(table => table.hasQueryNames)
      .flatMap(table => table.columns.map(column => [column.name, column] as const)),
  )
  const fits = (name: string, own: readonly string[]): boolean =>
    wanted === '' || name.toLowerCase().includes(wanted) || own.some(column => column.includes(wanted))
  return {
    columns,
    queryNames: schema.queryNames
      .filter(each => fits(each.name, each.columns))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    tables: schema.tables.filter(table =>
      fits(
        table.name,
        table.columns.map(column => column.name),
      ),
    ),
  }
}

const freshMs = 15 * 60_000
const staleMs = 24 * 3_600_000

function QueryNameEntry(props: {
  readonly queryName: SchemaQueryName
  readonly columns: ReadonlyMap<string, SchemaColumn>
  readonly wanted: string
  readonly actions: SideActions
}): ReactNode {
  const { queryName, columns, wanted, actions } = props
  const [isOpen, setIsOpen] = useState(false)
  const quiet = Date.now() - Date.parse(queryName.lastSeen)
  const freshness = quiet < freshMs ? 'fresh' : quiet < staleMs ? 'recent' : 'stale'
  return (
    <li>
      <div className="entry">
        <button type="button" className="entry-open" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
          <Icon name="chevron" />
          <span className="entry-name">{queryName.name}</span>
          <span className="entry-fact" title={`${count(queryName.rows)} rows; newest ${ago(quiet)}`}>
            {compact(queryName.rows)}
            <span className={`freshness ${freshness}`} />
            <span className="visually-hidden">rows, newest {ago(quiet)}</span>
          </span>
        </button>
        <button
          type="button"
          className="button quiet icon-only"
          aria-label={`Query ${queryName.name}`}
          title="Newest rows"
          onClick={() => actions.open({ template: queryNameTemplate(queryName) })}
        >
          <Icon name="play" />
        </button>
      </div>
      {isOpen ? <QueryNameColumns queryName={queryName} columns={columns} wanted={wanted} actions={actions} /> : null}
    </li>
  )
}

function QueryNameColumns(props: {
  readonly queryName: SchemaQueryName
  readonly columns: ReadonlyMap<string, SchemaColumn>
  readonly wanted: string
  readonly actions: SideActions
}): ReactNode {
  const { queryName, columns, actions } = props
  const sample = useSample(queryName)
  return (
    <ul className="entry-columns">
      {queryName.columns.map(name => (
        <ColumnEntry
          key={name}
          column={columns.get(name) ?? { name, type: 'string' }}
          sample={sample?.get(name)}
          onInsert={() => actions.insert(name)}
        />
      ))}
    </ul>
  )
}

const sampleMs = 10 * 60_000
/** As many as the statement has at most. */
const sampleRows = 5

/** A value a column of the newest rows: read by an ordinary run when somebody looks. */
function useSample(queryName: SchemaQueryName): ReadonlyMap<string, string> | undefined {
  const { client } = useSession()
  const { data: stats } = useStats()
  const { data } = useQuery({
    queryKey: ['sample', queryName.name],
    enabled: stats !== undefined,
    staleTime: sampleMs,
    queryFn: ({ signal }) => readSample(client, queryName, stats?.oldest, signal),
  })
  return data
}

async function readSample(
  client: LakeClient,
  queryName: SchemaQueryName,
  oldest: string | undefined,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const { from } = wireWindow({ kind: 'all' }, { oldest })
  const name = `sample of ${queryName.name}`
  const { id } = await client.startRun({ template: sampleTemplate(queryName), name, from }, signal)
  const values = new Map<string, string>()
  if ((await client.awaitRun(id, { signal })).result !== 'succeeded') return values
  const { value: page } = await client.resultPages(id, { pageSize: sampleRows, signal }).next()
  for (const item of page?.items ?? []) {
    for (const [column, value] of Object.entries(item)) {
      if (value !== null && !values.has(column)) values.set(column, cellLine(value))
    }
  }
  return values
}

function TableEntry(props: {
  readonly table: SchemaTable
  readonly wanted: string
  readonly actions: SideActions
}): ReactNode {
  const { table, wanted, actions } = props
  const [isOpen, setIsOpen] = useState(false)
  const columns = wanted === '' ? table.columns : table.columns.filter(({ name }) => name.includes(wanted))
  return (
    <li>
      <div className="entry">
        <button
          type="button"
          className="entry-open"
          aria-expanded={isOpen}
          onClick={() => setIsOpen(!isOpen)}
          title={table.description}
        >
          <Icon name="chevron" />
          <span className="entry-name">{table.name}</span>
          <span className="entry-fact">{count(table.columns.length)} columns</span>
        </button>
      </div>
      {isOpen ? (
        <ul className="entry-columns">
          {(columns.length === 0 ? table.columns : columns).map(column => (
            <ColumnEntry key={column.name} column={column} onInsert={() => actions.insert(column.name)} />
          ))}
        </ul>
      ) : null}
    </li>
  )
}

function ColumnEntry(props: {
  readonly column: SchemaColumn
  readonly sample?: string | undefined
  readonly onInsert: () => void
}): ReactNode {
  const { name, type, description } = props.column
  return (
    <li>
      <button
        type="button"
        className="column-entry"
        title={description ?? `Put ${name} into the editor`}
        onClick={props.onInsert}
      >
        <span className="column-entry-name">{name}</span>
        <span className="column-entry-type">{type}</span>
        {props.sample === undefined ? null : <span className="column-entry-sample">{props.sample}</span>}
      </button>
    </li>
  )
}

function compact(value: number): string {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(value)
}

export function SideSkeleton(): ReactNode {
  return (
    <div className="skeleton" role="status" aria-label="Loading">
      {[72, 54, 84, 60, 66, 48, 78].map(width => (
        <span key={width} style={{ width: `${width}%` }} />
      ))}
    </div>
  )
}
