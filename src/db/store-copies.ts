import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { AppError } from '../model/errors.ts'

// Copies of a store that are made before its format changes: beside it, `<store>.format-<n>`, or with a number behind
// where there is one of that name already. Each is a whole store; the program that knows that format reads it.

/**
 * Copies the store as it stands; the copy is on the disk when this returns. Returns its path. Throws `unavailable`, and
 * leaves nothing, where there is no room for it.
 */
export function copyStore(database: DatabaseSync, path: string, format: number): string {
  const copy = freeName(`${path}.format-${format}`)
  const partial = `${copy}.partial`
  try {
    // What an earlier start left that was cut off.
    rmSync(partial, { force: true })
    database.prepare('VACUUM INTO ?').run(partial)
    sync(partial)
    renameSync(partial, copy)
    sync(dirname(copy))
    return copy
  } catch (error) {
    rmSync(partial, { force: true })
    const reason = error instanceof Error ? error.message : String(error)
    throw new AppError(
      'unavailable',
      `the store's format ${format} is older than this program's, and no copy of it could be made first (${reason}): ` +
        'the store is as it was; free some disk and start again',
      { cause: error },
    )
  }
}

function freeName(name: string): string {
  const taken = new Set(readdirSync(dirname(name)))
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name}-${number}`
    if (!taken.has(basename(candidate))) return candidate
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Deletes copies of the store that were made before `time` (ms). Returns their names. */
export function collectStoreCopies(path: string, time: number): readonly string[] {
  const folder = dirname(path)
  const isCopy = (name: string) => name.startsWith(`${basename(path)}.format-`)
  const old = readdirSync(folder).filter(name => isCopy(name) && statSync(join(folder, name)).mtimeMs < time)
  for (const name of old) rmSync(join(folder, name), { force: true })
  return old
}
