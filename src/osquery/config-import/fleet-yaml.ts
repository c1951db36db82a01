import { parseAllDocuments } from 'yaml'
import { fleetYamlBytesMax } from '../../limits.ts'
import { AppError } from '../../model/errors.ts'
import { at, type Finding, shown } from '../agent-config/findings.ts'
import type { ScheduledQuery } from '../agent-config/scheduled-query.ts'
import type { AgentConfig, Pack } from '../agent-config.ts'
import { type ImportedConfig, settableOptions } from './imported.ts'

// Fleet's files: documents of `kind: query`, `pack`, `config` and the like (fleetctl), and its later files for a
// repository: `queries:` and `agent_options:`, or a list of queries by itself. Queries that Fleet runs by themselves
// become the schedule: it logs them as pack/Global/<name>, of which the lake takes the name, so rows before and after
// the move have the same `query_name`.

type Item = Readonly<Record<string, unknown>>

interface Import {
  readonly schedule: Map<string, ScheduledQuery>
  readonly packs: Map<string, Pack>
  sections: AgentConfig
  readonly warnings: Finding[]
}

const documentsMax = 1_000

/** Throws `invalid_argument` with the place for text that is no YAML, or has nothing of Fleet's in it. */
export function importFleetYaml(text: string): ImportedConfig {
  const documents = readDocuments(text)
  const found: Import = { schedule: new Map(), packs: new Map(), sections: {}, warnings: [] }
  /** SQL by name: packs of fleetctl name their queries. */
  const queries = new Map<string, Item>()
  for (const document of documents) {
    for (const query of queriesIn(document, found)) {
      if (typeof query['name'] === 'string') queries.set(query['name'], query)
    }
  }
  for (const query of queries.values()) addQuery(query, found)
  for (const document of documents) {
    addAgentOptions(document, found)
    if (isObject(document) && document['kind'] === 'pack') addPack(specOf(document), queries, found)
  }
  const { schedule, packs, sections, warnings } = found
  const config: AgentConfig = {
    ...sections,
    ...(schedule.size === 0 ? {} : { schedule: Object.fromEntries(schedule) }),
    ...(packs.size === 0 ? {} : { packs: Object.fromEntries(packs) }),
  }
  if (Object.keys(config).length === 0 && warnings.length === 0) {
    throw new AppError('invalid_argument', 'there are no queries, packs or agent options of Fleet in it')
  }
  return { config, warnings }
}

function readDocuments(text: string): readonly unknown[] {
  const bytes = Buffer.byteLength(text)
  if (bytes > fleetYamlBytesMax) {
    throw new AppError('too_large', `the file has ${bytes} bytes: at most ${fleetYamlBytesMax}, import it in parts`)
  }
  const documents = parseAllDocuments(text, { prettyErrors: false })
  if (!Array.isArray(documents)) return []
  if (documents.length > documentsMax) {
    throw new AppError('invalid_argument', `there are ${documents.length} documents in it: at most ${documentsMax}`)
  }
  return documents.map(document => {
    const [error] = document.errors
    if (error !== undefined) throw new AppError('invalid_argument', placed(text, error.pos[0], error.message))
    try {
      return document.toJS({ maxAliasCount: 100 }) as unknown
    } catch (cause) {
      throw new AppError('invalid_argument', 'its aliases make too much of it', { cause })
    }
  })
}

function placed(text: string, offset: number, message: string): string {
  const before = text.slice(0, offset)
  const column = offset - before.lastIndexOf('\n')
  return `line ${before.split('\n').length}:${column}: ${message.charAt(0).toLowerCase()}${message.slice(1)}`
}

const ignoredKinds = new Set(['label', 'team', 'user_roles', 'enroll_secret', 'policy'])

/** The queries of a document, whichever form it has. */
function queriesIn(document: unknown, found: Import): readonly Item[] {
  if (Array.isArray(document)) return itemsOf(document, found)
  if (!isObject(document)) return []
  const { kind } = document
  if (kind === 'query') return itemsOf([specOf(document)], found)
  if (typeof kind === 'string' && ignoredKinds.has(kind)) {
    found.warnings.push({ path: kind, message: `kind ${kind} is not imported` })
  }
  return Array.isArray(document['queries']) ? itemsOf(document['queries'], found) : []
}

function itemsOf(list: readonly unknown[], found: Import): readonly Item[] {
  return list.flatMap((item, index) => {
    if (!isObject(item)) {
      found.warnings.push({ path: at('queries', index), message: `${shown(item)} is no query: left out` })
      return []
    }
    if (typeof item['path'] === 'string' && item['query'] === undefined) {
      const message = `is in another file, ${shown(item['path'])}: import that one too`
      found.warnings.push({ path: at('queries', index), message })
      return []
    }
    return [item]
  })
}

function addQuery(item: Item, { schedule, warnings }: Import): void {
  const name = String(item['name'])
  const path = at('queries', name)
  const interval = item['interval']
  // Queries of `kind: query` are often there for packs only.
  if (interval === undefined || interval === 0) {
    if (interval === 0) warnings.push({ path, message: 'interval 0: Fleet runs it on demand only, left out' })
    return
  }
  if (item['automations_enabled'] === false) {
    warnings.push({ path, message: 'Fleet did not send its rows to a log (automations_enabled: false): they are now' })
  }
  schedule.set(name, scheduledQuery(item, item))
}

/** `when` says how often and where, `what` has the SQL: in a pack they are two things. */
function scheduledQuery(when: Item, what: Item): ScheduledQuery {
  const { interval, platform, version, shard, removed, snapshot, denylist, logging, min_osquery_version } = when
  const members = {
    query: what['query'],
    interval,
    platform,
    version: min_osquery_version || version,
    shard,
    removed: logging === 'differential_ignore_removals' ? false : removed,
    snapshot: logging === 'snapshot' ? true : snapshot,
    denylist,
    description: what['description'] ?? when['description'],
  }
  const set = Object.entries(members).filter(([, value]) => value !== undefined && value !== null && value !== '')
  return Object.fromEntries(set) as ScheduledQuery
}

function addPack(spec: Item, queries: ReadonlyMap<string, Item>, { packs, warnings }: Import): void {
  const name = typeof spec['name'] === 'string' ? spec['name'] : 'pack'
  const path = at('packs', name)
  if (spec['disabled'] === true) {
    warnings.push({ path, message: 'is disabled in Fleet: left out' })
    return
  }
  if (spec['targets'] !== undefined) {
    warnings.push({ path: at(path, 'targets'), message: "left out: put the pack into a label's configuration instead" })
  }
  const scheduled = new Map<string, ScheduledQuery>()
  for (const entry of Array.isArray(spec['queries']) ? spec['queries'].filter(isObject) : []) {
    const reference = String(entry['query'])
    const what = queries.get(reference) ?? queries.get(String(entry['query_name']))
    const entryName = String(entry['name'] ?? reference)
    // Without its query in the file, what stands there may be the SQL itself.
    if (what === undefined && !/\s/.test(reference)) {
      warnings.push({
        path: at(path, entryName),
        message: `there is no query ${shown(reference)} in the file: left out`,
      })
    } else scheduled.set(entryName, scheduledQuery(entry, what ?? entry))
  }
  const platform = typeof spec['platform'] === 'string' && spec['platform'] !== '' ? spec['platform'] : undefined
  const description = typeof spec['description'] === 'string' ? spec['description'] : undefined
  packs.set(name, {
    ...(platform === undefined ? {} : { platform }),
    ...(description === undefined ? {} : { description }),
    queries: Object.fromEntries(scheduled),
  })
}

/** Of a `kind: config`, `options` or `team`, and of `agent_options:` by itself. */
function addAgentOptions(document: unknown, found: Import): void {
  if (!isObject(document)) return
  const spec = document['kind'] === undefined ? document : specOf(document)
  const options = isObject(spec['agent_options']) ? spec['agent_options'] : document['kind'] === 'options' ? spec : {}
  const { config, overrides, command_line_flags: flags } = options as Item
  if (isObject(config)) {
    const { options: named, ...rest } = config as AgentConfig
    const settable = settableOptions(named, found.warnings) as AgentConfig['options']
    found.sections = { ...found.sections, ...(named === undefined ? {} : { options: settable }), ...rest }
  }
  for (const [member, value] of Object.entries({ overrides, command_line_flags: flags })) {
    if (value === undefined || value === null) continue
    const message =
      member === 'overrides'
        ? "left out: put them into the platform's label (windows, macos, linux)"
        : "left out: they belong in the agent's flagfile"
    found.warnings.push({ path: at('agent_options', member), message })
  }
}

function specOf(document: Item): Item {
  return isObject(document['spec']) ? document['spec'] : {}
}

function isObject(value: unknown): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
