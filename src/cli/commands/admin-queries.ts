import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { WireCategory } from '../../api/categories.ts'
import type { WireSavedQuery } from '../../api/saved-queries.ts'
import type { LakeClient } from '../../client/client.ts'
import { AppError } from '../../model/errors.ts'
import type { ConnectionFlags } from '../connection.ts'
import { countOf } from '../display.ts'
import { type CliEffects, printLine } from '../effects.ts'
import { exitCodes } from '../failure.ts'
import { unreadable } from '../file-arguments.ts'
import { openAdmin } from './admin.ts'

// A tenant's own saved queries as a folder for version control: for each query its SQL in `<name>.sql` and the rest in
// `<name>.json`, and all categories in `categories.json`. Ids stay, so a folder can be put again and again, also to
// another tenant's lake.

const categoriesFile = 'categories.json'

/** What a query is beside its SQL. */
type QueryFacts = Pick<WireSavedQuery, 'id' | 'name' | 'code' | 'description' | 'variables' | 'categories'>

export async function exportQueries(effects: CliEffects, folder: string, flags: ConnectionFlags): Promise<number> {
  const client = await openAdmin(effects, flags)
  const target = resolve(effects.workingDirectory, folder)
  await mkdir(target, { recursive: true })
  const queries = await ownQueries(client, effects.signal)
  const categories = await ownCategories(client, effects.signal)
  const names = fileNames(queries)
  for (const query of queries) {
    const { id, name, code, description, variables } = query
    const facts: QueryFacts = { id, name, ...(code && { code }), description, variables, categories: query.categories }
    const path = join(target, names.get(id) ?? id)
    await writeFile(`${path}.sql`, query.template.endsWith('\n') ? query.template : `${query.template}\n`)
    await writeFile(`${path}.json`, jsonText(facts))
  }
  const shown = categories.map(({ id, name, code, description, icon }) => ({ id, name, code, description, icon }))
  if (shown.length > 0) await writeFile(join(target, categoriesFile), jsonText(shown))
  await printLine(effects.stdout, `${summary(queries.length, shown.length)} written to ${folder}`)
  return exitCodes.done
}

export async function importQueries(effects: CliEffects, folder: string, flags: ConnectionFlags): Promise<number> {
  const source = resolve(effects.workingDirectory, folder)
  const files = await readdir(source).catch((error: unknown) => {
    throw unreadable(folder, error)
  })
  // All is read before anything is put: a folder with a mistake in it changes nothing.
  const queries = []
  for (const file of files.filter(name => name.endsWith('.json') && name !== categoriesFile).toSorted()) {
    queries.push(await readQuery(source, file))
  }
  const categories = files.includes(categoriesFile)
    ? ((await readJson(join(source, categoriesFile))) as readonly WireCategory[])
    : []
  const client = await openAdmin(effects, flags)
  for (const { id, ...json } of categories) await put(client, `/lake/v1/query-categories/${id}`, json, effects.signal)
  for (const { id, ...json } of queries) await put(client, `/lake/v1/saved-queries/${id}`, json, effects.signal)
  await printLine(effects.stdout, `${summary(queries.length, categories.length)} put from ${folder}`)
  return exitCodes.done
}

function summary(queries: number, categories: number): string {
  const words = categories === 1 ? '1 category' : `${categories} categories`
  return `${queries === 1 ? '1 saved query' : countOf(queries, 'saved querie')} and ${words}`
}

async function readQuery(folder: string, file: string): Promise<QueryFacts & { template: string }> {
  const facts = (await readJson(join(folder, file))) as QueryFacts
  if (typeof facts.id !== 'string') {
    throw new AppError('invalid_argument', `${file} has no id: a new query takes any, for instance ${randomUUID()}`)
  }
  const sqlFile = file.replace(/json$/, 'sql')
  const template = await readFile(join(folder, sqlFile), 'utf8').catch((error: unknown) => {
    throw unreadable(sqlFile, error)
  })
  return { ...facts, template }
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw unreadable(path, error)
  })
  try {
    return Object(JSON.parse(text))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new AppError('invalid_argument', `${path} is not valid JSON: ${reason}`, { cause: error })
  }
}

async function put(client: LakeClient, path: string, json: object, signal: AbortSignal): Promise<void> {
  await client.call({ method: 'PUT', path, json, isRepeatable: true, signal })
}

async function ownQueries(client: LakeClient, signal: AbortSignal): Promise<readonly WireSavedQuery[]> {
  const own: WireSavedQuery[] = []
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const query = { page, pageSize: 250, pageTotal: true }
    const answer = await client.call({
      method: 'GET',
      path: '/xdr-query/v1/queries',
      query,
      isRepeatable: true,
      signal,
    })
    const { items, pages: of } = answer as { items: WireSavedQuery[]; pages: { total?: number } }
    own.push(...items.filter(({ type }) => type === 'custom'))
    pages = of.total ?? 1
  }
  return own
}

async function ownCategories(client: LakeClient, signal: AbortSignal): Promise<readonly WireCategory[]> {
  const path = '/xdr-query/v1/queries/categories'
  const answer = await client.call({ method: 'GET', path, isRepeatable: true, signal })
  return (answer as { items: WireCategory[] }).items.filter(({ type }) => type === 'custom')
}

/** A name of each query's files, made of its own: two of one name are told apart by their ids. */
function fileNames(queries: readonly WireSavedQuery[]): ReadonlyMap<string, string> {
  const taken = new Set(['categories'])
  const names = new Map<string, string>()
  for (const { id, name } of queries.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const words =
      name
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-+|-+$/g, '')
        .slice(0, 80) || 'query'
    const unique = taken.has(words) ? `${words}-${id.slice(0, 8)}` : words
    taken.add(unique)
    names.set(id, unique)
  }
  return names
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}
