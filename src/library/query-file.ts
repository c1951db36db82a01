import { readdirSync, readFileSync } from 'node:fs'
import type { HostPlatform } from '../model/host.ts'
import { parseUuid } from '../model/ids.ts'
import { type QueryVariable, type VariableType, variableTypes } from '../model/query-run.ts'

// One canned query as a file that any SQL editor opens: a head of comment lines, an empty line, the statement. The head
// is `-- field: value` lines, a bare `--`, and the description in paragraphs parted by a bare `--`.
//
//   -- name: Sweep for file hashes
//   -- id: <version-4 UUID, for ever>
//   -- category: <codes of categories>
//   -- attack: <ATT&CK ids>
//   -- os: <systems>, of a query for hosts
//   -- variable: <name> <data type> [<pivot type>] [= <default>]
//   --
//   -- What it finds. What a hit means. What to do next.

export interface QueryFile {
  readonly id: string
  /** The file's name without its ending. */
  readonly code: string
  readonly name: string
  readonly categoryCodes: readonly string[]
  /** Techniques (T…) or mitigations (M…) of MITRE ATT&CK. */
  readonly attackIds: readonly string[]
  /** Of a query for hosts: where it runs; none for one over the lake. */
  readonly platforms: readonly HostPlatform[]
  readonly variables: readonly QueryVariable[]
  /** Paragraphs parted by an empty line; the ATT&CK ids are the last. */
  readonly description: string
  readonly template: string
}

const pivotTypes: ReadonlySet<string> = new Set([
  ...['deviceId', 'deviceName', 'sophosPid', 'ipAddress', 'username', 'sha256', 'filePath', 'registryKey', 'url'],
])

/** Every query file of a folder, by code. Throws a RangeError for one that is malformed. */
export function readQueryFolder(folder: URL): readonly QueryFile[] {
  return readdirSync(folder)
    .filter(name => name.endsWith('.sql'))
    .sort()
    .map(name => parseQueryFile(name.slice(0, -'.sql'.length), readFileSync(new URL(name, folder), 'utf8')))
}

/** Throws a RangeError that names the file for a head that is not as above: the files ship with the program. */
export function parseQueryFile(code: string, text: string): QueryFile {
  const [head = '', ...rest] = text.replaceAll('\r\n', '\n').split('\n\n')
  const template = rest.join('\n\n').trim()
  const lines = head.split('\n').map(line => {
    if (!/^--( |$)/.test(line)) throw new RangeError(`${code}.sql: '${line}' is no line of a head`)
    return line.slice(3)
  })
  const end = lines.indexOf('')
  if (end === -1 || template === '') throw new RangeError(`${code}.sql: head, description and statement are expected`)
  const fields = lines.slice(0, end).map(line => fieldOf(code, line))
  const attackIds = wordsOf(code, fields, 'attack')
  for (const id of attackIds) if (!/^(T\d{4}(\.\d{3})?|M\d{4})$/.test(id)) throw new RangeError(`${code}.sql: ${id}`)
  return {
    id: idOf(code, only(code, fields, 'id')),
    code,
    name: only(code, fields, 'name'),
    categoryCodes: wordsOf(code, fields, 'category'),
    attackIds,
    platforms: fields.some(([field]) => field === 'os')
      ? wordsOf(code, fields, 'os').map(word => platformOf(code, word))
      : [],
    variables: fields.filter(([field]) => field === 'variable').map(([, value]) => variableOf(code, value)),
    description: `${paragraphs(lines.slice(end + 1))}\n\nATT&CK: ${attackIds.join(', ')}`,
    template,
  }
}

type Field = readonly [name: string, value: string]

function fieldOf(code: string, line: string): Field {
  const [, name, value] = /^(name|id|category|attack|os|variable): (\S.*)$/.exec(line) ?? []
  if (name === undefined || value === undefined) throw new RangeError(`${code}.sql: '${line}' is no field`)
  return [name, value]
}

function only(code: string, fields: readonly Field[], name: string): string {
  const values = fields.filter(([field]) => field === name)
  if (values.length !== 1 || values[0] === undefined) throw new RangeError(`${code}.sql: one ${name} is expected`)
  return values[0][1]
}

function wordsOf(code: string, fields: readonly Field[], name: string): readonly string[] {
  return only(code, fields, name).trim().split(/\s+/)
}

function platformOf(code: string, word: string): HostPlatform {
  if (word === 'windows' || word === 'macOS' || word === 'linux') return word
  throw new RangeError(`${code}.sql: there is no system ${word}`)
}

/** Known clients validate version and variant. */
function idOf(code: string, text: string): string {
  const id = parseUuid(text)
  if (id === undefined || !/^.{14}4.{4}[89ab]/.test(id))
    throw new RangeError(`${code}.sql: ${text} is no version-4 UUID`)
  return id
}

function variableOf(code: string, text: string): QueryVariable {
  const [, name, dataType, pivotType, value] = /^(\w+) (\w+)(?: (\w+))?(?: = (.+))?$/.exec(text) ?? []
  if (name === undefined || !isVariableType(dataType)) throw new RangeError(`${code}.sql: '${text}' is no variable`)
  if (pivotType !== undefined && !pivotTypes.has(pivotType))
    throw new RangeError(`${code}.sql: pivot type ${pivotType}`)
  return {
    name,
    dataType,
    ...(value === undefined ? {} : { value }),
    ...(pivotType === undefined ? {} : { pivotType }),
  }
}

function isVariableType(text: string | undefined): text is VariableType {
  return variableTypes.some(type => type === text)
}

/** Lines of one paragraph are one line: clients wrap as they like. */
function paragraphs(lines: readonly string[]): string {
  return lines
    .map(line => (line === '' ? '\n\n' : `${line} `))
    .join('')
    .replace(/ ?\n\n/g, '\n\n')
    .trim()
}
