import { at, type Finding, type Findings, newFindings, objectAt, shown, textsAt } from './agent-config/findings.ts'
import { checkOptions } from './agent-config/options.ts'
import { type AgentPlatform, agentPlatforms, platformsFor } from './agent-config/platforms.ts'
import {
  checkName,
  checkQueries,
  checkSelectors,
  type ScheduledQuery,
  unknownMember,
  wholeNumber,
} from './agent-config/scheduled-query.ts'
import { checkSql } from './agent-config/sql.ts'

// An agent's configuration (osquery `deployment/configuration.md`), checked before it is saved: what an agent would
// refuse, or leave out with a line in its own log, is an error with the place of the value; what it does not know is
// kept and said. Wherever things have names, null instead of a thing takes away what a layer below has of that name.

/** What an agent takes of one answer; longer ones leave it with the configuration it has. */
export const configBytesMax = 1024 * 1024
/** Objects and lists within one another. */
const nestingMax = 32

export interface Pack {
  readonly queries?: Readonly<Record<string, ScheduledQuery | null>>
  readonly discovery?: readonly string[]
  readonly platform?: string
  readonly version?: string
  readonly shard?: number | string
  readonly [member: string]: unknown
}

export interface Decorators {
  /** Run when the configuration is taken. */
  readonly load?: readonly string[]
  /** Run before every scheduled query. */
  readonly always?: readonly string[]
  /** By seconds, multiples of 60. */
  readonly interval?: Readonly<Record<string, readonly string[]>>
}

/** As it is written and served, checked. */
export interface AgentConfig {
  readonly options?: Readonly<Record<string, string | number | boolean | null>>
  readonly schedule?: Readonly<Record<string, ScheduledQuery | null>>
  /** A text is a resource that the agent's config plugin is asked for. */
  readonly packs?: Readonly<Record<string, Pack | string | null>>
  readonly decorators?: Decorators
  readonly [section: string]: unknown
}

export interface CheckedConfig {
  /** undefined where there are errors. */
  readonly config: AgentConfig | undefined
  readonly errors: readonly Finding[]
  readonly warnings: readonly Finding[]
  /** As compact JSON. */
  readonly bytes: number
}

/**
 * Checks a configuration for hosts of `platforms`; `knownTables` are views and constructed tables of the layers that it
 * is laid over, lower case. Never throws.
 */
export function checkAgentConfig(
  value: unknown,
  platforms: readonly AgentPlatform[] = agentPlatforms,
  knownTables: Iterable<string> = [],
): CheckedConfig {
  const findings = newFindings()
  const bytes = sizeOf(value, findings)
  const config = findings.errors.length > 0 ? undefined : objectAt(value, '', findings)
  if (config !== undefined) {
    const ownTables = new Set([...knownTables, ...ownTableNames(config)])
    for (const [name, section] of Object.entries(config)) {
      const check = Object.hasOwn(sections, name) ? sections[name] : undefined
      if (name === 'error' || name === 'node_invalid') {
        const message = 'an agent takes an answer with this member for a failure and keeps the configuration it has'
        findings.errors.push({ path: name, message })
      } else if (check === undefined) findings.warnings.push({ path: at('', name), message: unknownMember })
      else if (section !== null) check(section, findings, { platforms, ownTables })
    }
  }
  const isFine = findings.errors.length === 0
  return { config: isFine ? (config as AgentConfig) : undefined, ...findings, bytes }
}

/** Names of what a configuration makes available as tables, lower case. */
export function ownTableNames(config: Readonly<Record<string, unknown>>): readonly string[] {
  return ['views', 'auto_table_construction'].flatMap(section =>
    Object.keys(Object(config[section])).map(name => name.toLowerCase()),
  )
}

function sizeOf(value: unknown, findings: Findings): number {
  if (depthOf(value) > nestingMax) {
    findings.errors.push({ path: '', message: `nested deeper than ${nestingMax} levels` })
    return 0
  }
  const bytes = Buffer.byteLength(JSON.stringify(value) ?? '')
  if (bytes > configBytesMax) {
    const [has, most] = [bytes.toLocaleString('en'), configBytesMax.toLocaleString('en')]
    const message = `has ${has} bytes: agents take at most ${most}`
    findings.errors.push({ path: '', message })
  }
  return bytes
}

/** Counted level by level, not by recursion: the value may be nested deeper than the stack. */
function depthOf(value: unknown): number {
  let level: unknown[] = [value]
  let depth = 0
  while (level.length > 0 && depth <= nestingMax) {
    level = level.flatMap(each => (typeof each === 'object' && each !== null ? Object.values(each) : []))
    depth += 1
  }
  return depth
}

interface Context {
  readonly platforms: readonly AgentPlatform[]
  readonly ownTables: ReadonlySet<string>
}

type Check = (value: unknown, findings: Findings, context: Context) => void

const sections: Readonly<Record<string, Check>> = {
  options: checkOptions,
  schedule: (value, findings, context) => checkQueries(value, { ...context, path: 'schedule' }, findings),
  packs: checkPacks,
  decorators: checkDecorators,
  file_paths: textLists('file_paths'),
  file_paths_query: (value, findings, context) => {
    for (const [name, queries] of Object.entries(objectAt(value, 'file_paths_query', findings) ?? {})) {
      checkTexts(queries, at('file_paths_query', name), findings, context)
    }
  },
  exclude_paths: textLists('exclude_paths'),
  file_accesses: (value, findings) => void textsAt(value, 'file_accesses', findings),
  yara: checkYara,
  views: (value, findings, context) => {
    for (const [name, sql] of Object.entries(objectAt(value, 'views', findings) ?? {})) {
      if (sql !== null) checkSql(sql, { ...context, path: at('views', name) }, findings)
    }
  },
  events: (value, findings) => {
    for (const [name, list] of Object.entries(objectAt(value, 'events', findings) ?? {})) {
      textsAt(list, at('events', name), findings)
    }
  },
  auto_table_construction: checkConstructedTables,
  prometheus_targets: (value, findings) => {
    const targets = objectAt(value, 'prometheus_targets', findings)
    if (targets !== undefined) textsAt(targets['urls'], 'prometheus_targets.urls', findings)
  },
  feature_vectors: (value, findings) => void objectAt(value, 'feature_vectors', findings),
  kafka_topics: (value, findings) => void objectAt(value, 'kafka_topics', findings),
}

const packMembers = new Set(['queries', 'discovery', 'platform', 'version', 'shard', 'oncall', 'description', 'name'])

function checkPacks(value: unknown, findings: Findings, context: Context): void {
  for (const [name, entry] of Object.entries(objectAt(value, 'packs', findings) ?? {})) {
    const path = at('packs', name)
    checkName(name, path, findings)
    if (name.includes('/')) {
      findings.warnings.push({ path, message: 'with a / in its name, query names of its rows stay whole' })
    }
    if (entry === null) continue
    if (typeof entry === 'string') {
      const message = 'agents that take their configuration over TLS read no file: put the pack itself here'
      findings.warnings.push({ path, message })
      continue
    }
    const pack = objectAt(entry, path, findings)
    if (pack !== undefined) checkPack(pack, path, findings, context)
  }
}

function checkPack(pack: Record<string, unknown>, path: string, findings: Findings, context: Context): void {
  const platforms = checkSelectors(pack, { ...context, path }, findings)
  if (pack['discovery'] !== undefined) {
    checkTexts(pack['discovery'], at(path, 'discovery'), findings, { ...context, platforms })
  }
  if (pack['queries'] === undefined) findings.warnings.push({ path, message: 'has no queries' })
  else checkQueries(pack['queries'], { ...context, platforms, path: at(path, 'queries') }, findings)
  for (const member of Object.keys(pack)) {
    const isKnown = packMembers.has(member) || Object.hasOwn(sections, member)
    if (!isKnown) findings.warnings.push({ path: at(path, member), message: unknownMember })
  }
}

/** A list of queries. */
function checkTexts(value: unknown, path: string, findings: Findings, context: Context): void {
  for (const [sql, place] of textsAt(value, path, findings)) checkSql(sql, { ...context, path: place }, findings)
}

function checkDecorators(value: unknown, findings: Findings, context: Context): void {
  for (const [name, queries] of Object.entries(objectAt(value, 'decorators', findings) ?? {})) {
    const path = at('decorators', name)
    if (name === 'load' || name === 'always') checkTexts(queries, path, findings, context)
    else if (name === 'interval') {
      for (const [seconds, list] of Object.entries(objectAt(queries, path, findings) ?? {})) {
        const every = wholeNumber(seconds)
        if (every === undefined || every === 0 || every % 60 !== 0) {
          const message = `${shown(seconds)} is no multiple of 60 seconds: agents leave such decorators out`
          findings.errors.push({ path: at(path, seconds), message })
        }
        checkTexts(list, at(path, seconds), findings, context)
      }
    } else findings.warnings.push({ path, message: unknownMember })
  }
}

function textLists(section: string): Check {
  return (value, findings) => {
    for (const [name, list] of Object.entries(objectAt(value, section, findings) ?? {})) {
      if (list !== null) textsAt(list, at(section, name), findings)
    }
  }
}

function checkYara(value: unknown, findings: Findings): void {
  for (const [name, part] of Object.entries(objectAt(value, 'yara', findings) ?? {})) {
    const path = at('yara', name)
    if (name === 'signatures' || name === 'file_paths') textLists(path)(part, findings, noContext)
    else if (name === 'signature_urls') textsAt(part, path, findings)
    else findings.warnings.push({ path, message: unknownMember })
  }
}

const noContext: Context = { platforms: agentPlatforms, ownTables: new Set() }

function checkConstructedTables(value: unknown, findings: Findings): void {
  for (const [name, entry] of Object.entries(objectAt(value, 'auto_table_construction', findings) ?? {})) {
    const path = at('auto_table_construction', name)
    if (entry === null) continue
    const table = objectAt(entry, path, findings)
    if (table === undefined) continue
    // Its SQL is for a database file of the host, whose tables nobody knows here.
    for (const member of ['query', 'path']) {
      if (typeof table[member] !== 'string') findings.errors.push({ path, message: `has no ${member}` })
    }
    textsAt(table['columns'], at(path, 'columns'), findings)
    const { platform } = table
    if (platform === undefined || (typeof platform === 'string' && platformsFor(platform).length > 0)) continue
    findings.warnings.push({ path: at(path, 'platform'), message: `${shown(platform)} selects no host` })
  }
}
