import { at, type Findings, objectAt, shown } from './findings.ts'
import { type AgentPlatform, platformsFor, unknownPlatforms } from './platforms.ts'
import { checkSql } from './sql.ts'

// One scheduled query, and the members that a pack has in common with it: platform, version, shard. Bounds and defaults
// are osquery's (`config/packs.cpp`): what it would leave out with a line in its log is refused here.

/** A week: agents leave out queries with a longer interval. */
export const intervalSecondsMax = 604_800

/** `query` is set; numbers may be texts, as osquery takes them. */
export interface ScheduledQuery {
  readonly query: string
  readonly interval?: number | string
  readonly platform?: string
  readonly version?: string
  readonly shard?: number | string
  readonly [member: string]: unknown
}

/** Where the query stands. */
export interface QueryPlace {
  readonly path: string
  /** Where its pack and its layer run. */
  readonly platforms: readonly AgentPlatform[]
  readonly ownTables: ReadonlySet<string>
}

const nameCharsMax = 200
const memberNames: ReadonlySet<string> = new Set([
  ...['query', 'interval', 'removed', 'snapshot', 'platform', 'version', 'shard', 'denylist', 'blacklist'],
  ...['startup_priority', 'description', 'value'],
])
const booleans = ['removed', 'snapshot', 'denylist', 'blacklist'] as const

/** Checks every query of a map by name; null takes away what a layer below has. */
export function checkQueries(value: unknown, place: QueryPlace, findings: Findings): void {
  for (const [name, entry] of Object.entries(objectAt(value, place.path, findings) ?? {})) {
    const path = at(place.path, name)
    checkName(name, path, findings)
    if (entry === null) continue
    const query = objectAt(entry, path, findings)
    if (query !== undefined) checkQuery(query, { ...place, path }, findings)
  }
}

export function checkName(name: string, path: string, findings: Findings): void {
  if (name.trim() === '') findings.errors.push({ path, message: 'the name is empty' })
  if (name.length > nameCharsMax) {
    findings.errors.push({ path, message: `the name has ${name.length} characters: at most ${nameCharsMax}` })
  }
}

function checkQuery(query: Record<string, unknown>, place: QueryPlace, findings: Findings): void {
  const { path } = place
  const platforms = checkSelectors(query, place, findings)
  if (query['query'] === undefined) findings.errors.push({ path, message: 'has no query' })
  else checkSql(query['query'], { ...place, path: at(path, 'query'), platforms }, findings)
  checkInterval(query['interval'], at(path, 'interval'), findings)
  for (const name of booleans) {
    const value = query[name]
    if (value === undefined || typeof value === 'boolean') continue
    if (typeof value === 'string' && /^(?:true|false)$/.test(value)) continue
    findings.errors.push({ path: at(path, name), message: `${shown(value)} is neither true nor false` })
  }
  for (const name of Object.keys(query)) {
    if (!memberNames.has(name)) findings.warnings.push({ path: at(path, name), message: unknownMember })
  }
}

export const unknownMember = 'osquery knows no such member: it is kept and served as it is'

function checkInterval(value: unknown, path: string, findings: Findings): void {
  if (value === undefined) {
    const message = 'has no interval: agents take their own default, an hour unless options say otherwise'
    findings.warnings.push({ path, message })
    return
  }
  const seconds = wholeNumber(value)
  if (seconds !== undefined && seconds >= 1 && seconds <= intervalSecondsMax) return
  const bounds = `a whole number of seconds from 1 to ${intervalSecondsMax.toLocaleString('en')}`
  findings.errors.push({ path, message: `${shown(value)} is not ${bounds}: agents leave such a query out` })
}

/** Checks platform, version and shard; returns where what has them runs, within the place's own platforms. */
export function checkSelectors(
  entry: Record<string, unknown>,
  { path, platforms }: Pick<QueryPlace, 'path' | 'platforms'>,
  findings: Findings,
): readonly AgentPlatform[] {
  const { platform, version, shard } = entry
  if (shard !== undefined) {
    const percent = wholeNumber(shard)
    if (percent === undefined || percent < 1 || percent > 100) {
      const message = `${shown(shard)} is not a whole number of percent from 1 to 100`
      findings.errors.push({ path: at(path, 'shard'), message })
    }
  }
  if (version !== undefined && !(typeof version === 'string' && /^\d{1,6}(?:\.\d{1,6}){0,3}$/.test(version))) {
    const message = `${shown(version)} is not a version such as "5.9.1"`
    findings.errors.push({ path: at(path, 'version'), message })
  }
  if (platform === undefined) return platforms
  if (typeof platform !== 'string') {
    findings.errors.push({ path: at(path, 'platform'), message: `${shown(platform)} is no text` })
    return platforms
  }
  for (const word of unknownPlatforms(platform)) {
    const message = `${shown(word)} is no platform: windows, darwin, linux, posix, any`
    findings.warnings.push({ path: at(path, 'platform'), message })
  }
  const selected = platformsFor(platform).filter(each => platforms.includes(each))
  if (selected.length === 0 && !platform.includes('freebsd')) {
    findings.warnings.push({ path: at(path, 'platform'), message: `${shown(platform)} selects no host here` })
  }
  return selected
}

/** osquery takes numbers as text too. */
export function wholeNumber(value: unknown): number | undefined {
  if (typeof value === 'string') return /^\d{1,12}$/.test(value) ? Number(value) : undefined
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined
}
