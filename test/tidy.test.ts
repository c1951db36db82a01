// The rules of the house that a machine can check: who imports whom, no cycles, names, sizes, the one reader of the
// environment and of the clock, vendor packages in their one place, a line in ARCHITECTURE.md for each dependency.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')

/** Folders (or single files) of src/ each folder may import beside itself; `*`: anything. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  model: [],
  api: ['model', 'limits'],
  limits: [],
  config: ['limits', 'model'],
  storage: ['model', 'limits'],
  db: ['model', 'limits'],
  sql: ['model', 'limits'],
  'row-sql': ['model', 'limits'],
  engine: ['model', 'limits', 'sql/macros', 'sql/guard', 'row-sql'],
  simulator: ['model', 'osquery'],
  osquery: ['model', 'limits'],
  auth: ['model', 'limits', 'db'],
  lake: ['model', 'limits', 'db', 'storage/storage', 'row-sql'],
  ingest: ['model', 'limits', 'lake', 'osquery', 'db', 'fleet'],
  rescue: ['model', 'limits', 'db', 'storage/storage', 'row-sql', 'lake', 'ingest'],
  query: ['model', 'limits', 'sql', 'lake', 'db', 'storage/storage', 'engine/engine'],
  fleet: ['model', 'limits', 'db', 'osquery', 'ingest'],
  library: ['model', 'limits', 'db'],
  tls: ['model', 'limits'],
  http: ['auth', 'osquery', 'ingest', 'lake', 'query', 'fleet', 'db', 'model', 'api', 'limits'],
  client: ['api', 'model'],
  cli: ['client', 'api', 'model', 'limits'],
  mcp: ['client', 'api', 'model', 'limits'],
  bin: ['*'],
}

/** Packages and the files of src/ (by prefix) that may import them. */
const vendorPlaces: Readonly<Record<string, readonly string[]>> = {
  '@duckdb/node-api': ['engine/duckdb/', 'lake/'],
  '@fastify/type-provider-typebox': ['http/'],
  '@peculiar/x509': ['tls/certificate'],
  commander: ['cli/', 'bin/cli'],
  fastify: ['http/'],
  jose: ['auth/'],
  kysely: ['db/', 'lake/', 'ingest/', 'query/', 'auth/', 'fleet/'],
  pino: ['bin/', 'http/'],
  'prom-client': ['http/', 'bin/'],
  'rate-limiter-flexible': ['http/', 'auth/'],
  'reflect-metadata': ['tls/certificate'],
  typebox: ['api/', 'http/', 'config'],
  yaml: ['osquery/config-import/'],
}

/** Long tables of data, not code. */
const dataTables = [
  'db/migrations/',
  'lake/shipped-columns',
  'sql/functions',
  'sql/macros',
  'sql/catalogue',
  'simulator/catalogue',
]

const bannedNames = /(^|\/)(utils?|helpers?|common|services?|managers?|types|index|misc|shared)(\/|\.ts$)/

interface SourceFile {
  /** Path below src/ without the ending: `lake/commit`. */
  readonly name: string
  readonly text: string
  readonly imports: readonly string[]
}

function listFiles(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith(ending))
    .map(entry => join(entry.parentPath, entry.name))
}

const importPattern = /^\s*(?:import|export)\s[^'"]*?from\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\('([^']+)'\)/gm

const sources: readonly SourceFile[] = listFiles(join(root, 'src'), '.ts').map(path => {
  const text = readFileSync(path, 'utf8')
  const imports = [...text.matchAll(importPattern)].map(match => match[1] ?? match[2] ?? match[3] ?? '')
  return { name: relative(join(root, 'src'), path).replace(/\.ts$/, ''), text, imports }
})

function localTarget(file: SourceFile, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  return relative(join(root, 'src'), resolve(root, 'src', dirname(file.name), specifier)).replace(/\.(ts|js)$/, '')
}

function folderOf(name: string): string {
  return name.split('/')[0] ?? name
}

test('imports point the way the house says', () => {
  const wrong: string[] = []
  for (const file of sources) {
    const allowed = mayImport[folderOf(file.name)]
    if (allowed === undefined) {
      wrong.push(`${file.name}: folder is not in the table of imports`)
      continue
    }
    for (const specifier of file.imports) {
      const target = localTarget(file, specifier)
      if (target === undefined || folderOf(target) === folderOf(file.name) || allowed.includes('*')) continue
      const isAllowed = allowed.some(each => each === folderOf(target) || each === target)
      if (!isAllowed) wrong.push(`${file.name} imports ${target}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('no import cycle', () => {
  const targets = new Map(
    sources.map(file => [
      file.name,
      file.imports.map(each => localTarget(file, each)).filter(each => each !== undefined),
    ]),
  )
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) {
      cycles.push([...path.slice(path.indexOf(name)), name].join(' → '))
      return
    }
    if (done.has(name)) return
    for (const target of targets.get(name) ?? []) visit(target, [...path, name])
    done.add(name)
  }
  for (const file of sources) visit(file.name, [])
  assert.deepEqual(cycles, [])
})

test('vendor packages are imported in their one place', () => {
  const wrong: string[] = []
  for (const file of sources) {
    for (const specifier of file.imports) {
      if (specifier.startsWith('.') || specifier.startsWith('node:')) continue
      const name = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/')
      const places = vendorPlaces[name]
      if (places === undefined || !places.some(place => file.name.startsWith(place))) {
        wrong.push(`${file.name} imports ${name}`)
      }
    }
  }
  assert.deepEqual(wrong, [])
})

test('lake/ runs DuckDB in the writer process only', () => {
  const importers = sources.filter(
    file => file.name.startsWith('lake/') && file.imports.includes('@duckdb/node-api') && !file.name.includes('writer'),
  )
  assert.deepEqual(
    importers.map(file => file.name),
    [],
  )
})

test('only config reads the environment, only the clock reads the time', () => {
  const wrong: string[] = []
  for (const file of sources) {
    const code = file.text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, '')
    if (/\bprocess\.env\b/.test(code) && file.name !== 'config') wrong.push(`${file.name} reads process.env`)
    if (/\bDate\.now\(\)|\bnew Date\(\)/.test(code) && file.name !== 'model/clock')
      wrong.push(`${file.name} reads the clock`)
  }
  assert.deepEqual(wrong, [])
})

test('files are named after a noun and stay readable', () => {
  const wrong: string[] = []
  for (const file of sources) {
    if (!/^[a-z0-9-]+(\/[a-z0-9-]+)*$/.test(file.name)) wrong.push(`${file.name} is not kebab-case`)
    if (bannedNames.test(`${file.name}.ts`)) wrong.push(`${file.name} names no idea`)
    const lines = file.text.split('\n')
    const isTable = dataTables.some(table => file.name.startsWith(table))
    if (lines.length > 401 && !isTable) wrong.push(`${file.name} has ${lines.length} lines`)
    lines.forEach((line, index) => {
      if (line.length > 120 && !isTable && !/https?:\/\//.test(line))
        wrong.push(`${file.name}:${index + 1} is too long`)
    })
    if (/\bTODO\b(?!.*#\d+)/.test(file.text)) wrong.push(`${file.name} has a TODO without an issue number`)
    if (/^export default\b/m.test(file.text)) wrong.push(`${file.name} has a default export`)
  }
  assert.deepEqual(wrong, [])
})

test('each dependency has its line in ARCHITECTURE.md', () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ) as Record<string, Record<string, string>>
  const architecture = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
  const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })
  assert.deepEqual(
    names.filter(name => !architecture.includes(`\`${name}\``)),
    [],
  )
})

test('dependencies are pinned exactly', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >
  const ranges = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap(kind =>
    Object.entries(manifest[kind] ?? {}).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)),
  )
  assert.deepEqual(ranges, [])
})
