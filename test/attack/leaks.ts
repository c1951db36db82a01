import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

// What must never come out, and how it is seen that nothing on disk was touched.

/** Stands in every row, file and key that is not the attacker's. */
export const foreignMark = 'zq7Foreign'

/** Words of the machine, of the engine's settings and of our own SQL around the statement. */
const machineWords = [
  'root:x:0:0',
  'PATH=',
  'LC_ALL=',
  'read_parquet(',
  'read_json(',
  'CREATE VIEW',
  'CREATE OR REPLACE VIEW',
  'allowed_paths',
  'temp_directory',
  'max_temp_directory_size',
  '.parquet',
  '.ndjson',
  'node_modules',
  '/src/',
]

/**
 * What of the above stands in an answer to `statement`, which may only repeat what it said itself. `places`: paths of
 * this machine.
 */
export function leaksIn(answer: string, statement: string, places: readonly string[]): string[] {
  const said = [statement, JSON.stringify(statement)]
  const words = [...machineWords, ...places].filter(word => !said.some(text => text.includes(word)))
  return [foreignMark, ...words].filter(word => answer.includes(word))
}

/** Each file below the folders with a digest of its content: equal twice where nothing was written. */
export function digestsBelow(...folders: readonly string[]): Record<string, string> {
  const files = folders.flatMap(folder =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(name => join(folder, name)),
  )
  const digests = files
    .filter(path => statSync(path).isFile())
    .map(path => [path, createHash('sha256').update(readFileSync(path)).digest('hex')] as const)
  return Object.fromEntries(digests)
}
