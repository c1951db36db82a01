import { type BigIntStats, existsSync, globSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { systemErrorCode } from '../../model/errors.ts'
import { unreadable } from '../file-arguments.ts'

// Which files there are to follow right now. A directory stands for the logs in it, a file for itself and for what it
// is rotated to, a pattern for what it matches at the time.

export interface FoundFile {
  /** As the person knows it: what messages say. */
  readonly name: string
  readonly path: string
  /** Device and inode: they stay when the file is renamed. */
  readonly id: string
  readonly bytes: number
  readonly modifiedMs: number
}

export interface Found {
  /** The one written last comes last, so that rotated files are read before what follows them. */
  readonly files: readonly FoundFile[]
  /** What could not be looked at, a sentence each. */
  readonly problems: readonly string[]
}

/** `isKnown`: files by id that are followed already, and stay so whatever they are renamed to in their directory. */
export async function findFiles(
  names: readonly string[],
  folder: string,
  isKnown: (id: string) => boolean,
): Promise<Found> {
  const files = new Map<string, FoundFile>()
  const problems: string[] = []
  const add = async (path: string, isWanted: (id: string) => boolean): Promise<void> => {
    const facts = await stat(path, { bigint: true }).catch(gone)
    if (facts?.isFile() !== true) return
    const id = idOf(facts)
    if (files.has(id) || !isWanted(id)) return
    const shown = relative(folder, path)
    const name = shown.startsWith('..') ? path : shown
    files.set(id, { name, path, id, bytes: Number(facts.size), modifiedMs: Number(facts.mtimeMs) })
  }
  for (const name of names) {
    try {
      for (const { path, isMatch } of await candidates(name, folder)) await add(path, id => isMatch || isKnown(id))
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') problems.push(unreadable(name, error).message)
    }
  }
  const sorted = [...files.values()].sort((a, b) => a.modifiedMs - b.modifiedMs || (a.name < b.name ? 1 : -1))
  return { files: sorted, problems }
}

export function idOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`
}

interface Candidate {
  readonly path: string
  /** Its name is one to follow. */
  readonly isMatch: boolean
}

async function candidates(name: string, folder: string): Promise<readonly Candidate[]> {
  const path = resolve(folder, name)
  if (/[*?[{]/.test(name) && !existsSync(path)) {
    return globSync(name, { cwd: folder }).map(each => ({ path: resolve(folder, each), isMatch: true }))
  }
  const isDirectory = (await stat(path).catch(gone))?.isDirectory() === true
  const [directory, isMatch] = isDirectory
    ? [path, isLogName]
    : [dirname(path), (each: string) => isRotationOf(basename(path), each)]
  const entries = await readdir(directory)
  return entries.map(each => ({ path: join(directory, each), isMatch: isMatch(each) }))
}

/** `x.log`, `x.json`, `x.ndjson`, and what they are rotated and packed to: `x.log.1`, `x.log-20260203.gz`. */
export function isLogName(name: string): boolean {
  return /^[^.].*\.(?:log|json|ndjson)(?:[.-][\w.-]*)?$/i.test(name) && !/(?:~|\.(?:tmp|swp|part))$/i.test(name)
}

/** `x.log` itself, `x.log.1`, `x.log-20260203.gz`, and `x-2026-02-03T08-14-55.628.log.gz` as Fleet has it. */
export function isRotationOf(base: string, name: string): boolean {
  if (name === base) return true
  if (name.startsWith(base)) return /^[.-][\w.:-]*$/.test(name.slice(base.length))
  const [, stem = '', ending = ''] = /^(.+)(\.\w+)$/.exec(base) ?? []
  if (stem === '' || !name.startsWith(stem)) return false
  const [, time = '', rest = ''] = /^([.-][\dT.:-]*\d)(\D.*)$/.exec(name.slice(stem.length)) ?? []
  return time !== '' && rest.startsWith(ending) && /^(?:\.\w+)?$/.test(rest.slice(ending.length))
}

function gone(error: unknown): undefined {
  // Rotated or deleted since it was listed, or not there yet: the next look decides.
  if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return undefined
  throw error
}
