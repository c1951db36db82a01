import type { LakeClient } from '../../client/client.ts'
import { type ConnectionFlags, resolveConnection } from '../connection.ts'
import { harmlessText } from '../display.ts'
import { type CliEffects, printLine } from '../effects.ts'
import { exitCodes, UsageError } from '../failure.ts'
import { renderRows } from '../table.ts'

// `edr-lake admin …`: what those who manage do through the API. On a terminal a list is a table and an item a line a
// member; anything else gets one JSON object a line.

type Item = Readonly<Record<string, unknown>>

export interface AdminFlags extends ConnectionFlags {
  /** About the caller's own partner or organization instead of a tenant. */
  readonly account?: boolean
  /** Only these members of what comes back, comma separated; for a shell to take up. */
  readonly print?: string
}

/** One call of the API and what is printed of its answer. */
export interface AdminCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly json?: object
  readonly query?: Readonly<Record<string, string | undefined>>
  /** Members that a table shows; undefined: the answer is one item. */
  readonly columns?: readonly string[]
  /** Comes in numbered pages. */
  readonly isPaged?: boolean
  /** What is said when the answer has no body. */
  readonly done?: string
}

export async function openAdmin(effects: CliEffects, flags: ConnectionFlags): Promise<LakeClient> {
  return effects.openClient(await resolveConnection(effects, flags, 'manager'))
}

/** Makes the call and prints what came of it. */
export async function administer(effects: CliEffects, flags: AdminFlags, call: AdminCall): Promise<number> {
  const client = await openAdmin(effects, flags)
  const { method, path, json, columns, done, isPaged } = call
  const asked = Object.fromEntries(Object.entries(call.query ?? {}).filter(([, value]) => value !== undefined))
  const isAccount = flags.account === true
  const request = { method, path, isRepeatable: method !== 'POST', signal: effects.signal, isAccount }
  const items: Item[] = []
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const query = isPaged ? { query: { ...asked, page, pageSize: 100, pageTotal: true } } : {}
    const answer = await client.call({ ...request, ...query, ...(json === undefined ? {} : { json }) })
    if (done !== undefined) await printLine(effects.stdout, done)
    else if (columns === undefined) await printItem(effects, answer as Item, flags.print)
    else {
      const list = answer as { items: readonly Item[]; pages?: { total?: number } }
      items.push(...list.items)
      pages = list.pages?.total ?? 1
    }
  }
  if (columns !== undefined) await printItems(effects, columns, items, flags.print)
  return exitCodes.done
}

async function printItems(
  { stdout }: CliEffects,
  columns: readonly string[],
  items: readonly Item[],
  print: string | undefined,
): Promise<void> {
  if (print !== undefined) {
    for (const item of items) await printLine(stdout, membersOf(item, print))
    return
  }
  if (!stdout.isTerminal) {
    for (const item of items) await printLine(stdout, JSON.stringify(item))
    return
  }
  const shown = columns.map(name => ({ name, type: 'string' }))
  const rows = items.map(item => Object.fromEntries(columns.map(name => [name, item[name] ?? ''])))
  await stdout.write(renderRows(shown, rows, stdout.columns))
}

async function printItem({ stdout }: CliEffects, item: Item, print: string | undefined): Promise<void> {
  if (print !== undefined) return printLine(stdout, membersOf(item, print))
  if (!stdout.isTerminal) return printLine(stdout, JSON.stringify(item))
  const width = Math.max(...Object.keys(item).map(name => name.length))
  for (const [name, value] of Object.entries(item)) {
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
    await printLine(stdout, `${name.padEnd(width)}  ${harmlessText(text)}`)
  }
}

/** Values between spaces. */
function membersOf(item: Item, names: string): string {
  return names
    .split(',')
    .map(name => {
      if (!(name in item)) throw new UsageError(`there is no ${name}: there are ${Object.keys(item).join(', ')}`)
      return harmlessText(String(item[name]))
    })
    .join(' ')
}

/** Routes about principals: a tenant's, or with `--account` those of the caller's own partner or organization. */
export function principalsPath({ account }: AdminFlags, rest = ''): string {
  return `/lake/v1/${account === true ? 'account/' : ''}principals${rest}`
}

export function idInPath(id: string): string {
  if (!/^[\w-]{1,64}$/.test(id)) throw new UsageError(`${JSON.stringify(id)} is no id`)
  return `/${id}`
}
