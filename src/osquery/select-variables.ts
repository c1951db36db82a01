import type { QueryVariable, VariableType } from '../model/query-run.ts'
import { sqliteRefusal } from './sqlite-tokens.ts'

// `$$name$$` in a query for agents. Values become literals of SQLite: within quotes their own quotes are doubled, bare
// a text is a string of its own and a time is seconds since the epoch, which is what osquery's tables hold. Nothing is
// put into comments: a line break in a value would end one.

type Region = 'code' | 'string' | 'quoted' | 'backtick' | 'bracket' | 'lineComment' | 'blockComment'

const variablePattern = /\$\$([^$\r\n]{1,200})\$\$/y

/** The query with its variables put in. Throws `invalid_argument` with the place for one that has no fitting value. */
export function fillVariables(template: string, variables: readonly QueryVariable[]): string {
  let text = ''
  let region: Region = 'code'
  let at = 0
  while (at < template.length) {
    variablePattern.lastIndex = at
    const match = !isComment(region) && template.startsWith('$$', at) ? variablePattern.exec(template) : null
    if (match !== null) {
      const place = { template, start: at, end: variablePattern.lastIndex }
      text += literal(match[1]!, variables, region, place)
      at = place.end
      continue
    }
    const step = advance(template, at, region)
    text += template.slice(at, step.at)
    region = step.region
    at = step.at
  }
  return text
}

/** Names of the variables that the query cannot do without: those outside its comments. */
export function variableNames(template: string): readonly string[] {
  const names = new Set<string>()
  let region: Region = 'code'
  for (let at = 0; at < template.length; ) {
    variablePattern.lastIndex = at
    const match: RegExpExecArray | null = isComment(region) ? null : variablePattern.exec(template)
    if (match !== null) names.add(match[1]!)
    const step: Step = match === null ? advance(template, at, region) : { region, at: variablePattern.lastIndex }
    region = step.region
    at = step.at
  }
  return [...names]
}

const openings: Readonly<Record<string, Region>> = { "'": 'string', '"': 'quoted', '`': 'backtick', '[': 'bracket' }
const closings: Readonly<Partial<Record<Region, string>>> = { string: "'", quoted: '"', backtick: '`', bracket: ']' }

function isComment(region: Region): boolean {
  return region === 'lineComment' || region === 'blockComment'
}

interface Step {
  readonly region: Region
  readonly at: number
}

function advance(text: string, at: number, region: Region): Step {
  const char = text[at]!
  const pair = text.slice(at, at + 2)
  if (region === 'code') {
    if (pair === '--') return { region: 'lineComment', at: at + 2 }
    if (pair === '/*') return { region: 'blockComment', at: at + 2 }
    return { region: openings[char] ?? 'code', at: at + 1 }
  }
  if (region === 'lineComment') return { region: char === '\n' ? 'code' : region, at: at + 1 }
  if (region === 'blockComment') return pair === '*/' ? { region: 'code', at: at + 2 } : { region, at: at + 1 }
  return { region: char === closings[region] ? 'code' : region, at: at + 1 }
}

interface Place {
  readonly template: string
  readonly start: number
  readonly end: number
}

function literal(name: string, variables: readonly QueryVariable[], region: Region, place: Place): string {
  const variable = variables.find(candidate => candidate.name === name)
  if (variable?.value === undefined) throw refuse(place, `variable '${name}' has no value`)
  const value = checkedValue(variable, variable.value, place)
  switch (region) {
    case 'string':
      return value.replaceAll("'", "''")
    case 'quoted':
      return value.replaceAll('"', '""')
    case 'backtick':
      return value.replaceAll('`', '``')
    case 'bracket':
      if (value.includes(']')) throw refuse(place, `variable '${name}' cannot hold ] in a name in brackets`)
      return value
    default:
      return bareLiteral(variable.dataType, value)
  }
}

const wholePattern = /^[+-]?\d{1,19}$/
const numberPattern = /^[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?$/
const timePattern = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/

const rules: Readonly<Record<VariableType, { readonly isValue: (text: string) => boolean; readonly wanted: string }>> =
  {
    text: { isValue: () => true, wanted: 'text' },
    integer: { isValue: text => wholePattern.test(text), wanted: 'a whole number' },
    double: { isValue: text => numberPattern.test(text), wanted: 'a number' },
    boolean: { isValue: text => /^(true|false)$/i.test(text), wanted: 'true or false' },
    dateTime: { isValue: text => instantOf(text) !== undefined, wanted: 'a time such as 2026-05-01T13:04:05Z' },
  }

function checkedValue({ name, dataType }: QueryVariable, value: string, place: Place): string {
  if (value.includes('\u0000')) throw refuse(place, `variable '${name}' holds a NUL character`)
  if (dataType === 'text') return value
  const text = value.trim()
  const { isValue, wanted } = rules[dataType]
  if (isValue(text)) return text
  throw refuse(place, `variable '${name}' is ${dataType}: ${JSON.stringify(value.slice(0, 100))} is not ${wanted}`)
}

function bareLiteral(dataType: VariableType, value: string): string {
  switch (dataType) {
    case 'text':
      return `'${value.replaceAll("'", "''")}'`
    case 'boolean':
      return value.toLowerCase() === 'true' ? '1' : '0'
    case 'dateTime':
      return String(Math.floor(instantOf(value)! / 1000))
    default:
      // A space keeps `1-$$x$$` with a negative value from becoming a comment.
      return value.startsWith('-') || value.startsWith('+') ? ` ${value}` : value
  }
}

/** Milliseconds since the epoch; without a zone it is UTC. */
function instantOf(text: string): number | undefined {
  if (!timePattern.test(text)) return undefined
  const iso = text.replace(' ', 'T')
  const time = Date.parse(/T/.test(iso) && !/(Z|[+-]\d{2}:?\d{2})$/.test(iso) ? `${iso}Z` : iso)
  return Number.isNaN(time) ? undefined : time
}

function refuse({ template, start, end }: Place, reason: string) {
  return sqliteRefusal(template, { start, end }, reason)
}
