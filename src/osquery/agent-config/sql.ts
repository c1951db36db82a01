import { AppError } from '../../model/errors.ts'
import { checkSelect } from '../select-shape.ts'
import { closestName } from './closest-name.ts'
import type { Findings } from './findings.ts'
import type { AgentPlatform } from './platforms.ts'
import { tableNames, tablePlatforms } from './tables.ts'

// SQL of a configuration: one statement that reads, and whether its tables are where it runs. A table nobody knows is a
// warning only: extensions add tables.

const platformTitles: Readonly<Record<AgentPlatform, string>> = { windows: 'Windows', darwin: 'macOS', linux: 'Linux' }

/** The systems in words. */
export function platformWords(platforms: readonly AgentPlatform[]): string {
  return platforms.map(each => platformTitles[each]).join(', ')
}

export interface SqlPlace {
  /** Of the text within the configuration. */
  readonly path: string
  /** Where it runs. */
  readonly platforms: readonly AgentPlatform[]
  /** Views and constructed tables of the configuration, lower case. */
  readonly ownTables: ReadonlySet<string>
}

export function checkSql(value: unknown, place: SqlPlace, findings: Findings): void {
  const { path } = place
  if (typeof value !== 'string') {
    findings.errors.push({ path, message: 'the SQL is no text' })
    return
  }
  try {
    const { relations } = checkSelect(value)
    for (const relation of relations) {
      const warning = tableWarning(relation, place)
      if (warning !== undefined) findings.warnings.push({ path, message: warning })
    }
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'invalid_argument') throw error
    findings.errors.push({ path, message: error.message })
  }
}

function tableWarning(name: string, { platforms, ownTables }: SqlPlace): string | undefined {
  if (ownTables.has(name.toLowerCase())) return undefined
  const has = tablePlatforms(name)
  if (has === undefined) {
    const close = closestName(name, tableNames)
    const perhaps = close === undefined ? '' : ` (${close}?)`
    return `osquery has no table ${name}${perhaps}: it fails where no extension adds it`
  }
  const lacking = platforms.filter(platform => !has.includes(platform))
  if (lacking.length === 0) return undefined
  return `table ${name} is on ${platformWords(has)} only, and this runs on ${platformWords(lacking)} too`
}
