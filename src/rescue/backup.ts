import { mkdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { journalName } from '../lake/journal.ts'
import { AppError, systemErrorCode } from '../model/errors.ts'
import { newId } from '../model/ids.ts'
import {
  copyIfThere,
  filesBelow,
  isFile,
  linkIfThere,
  makeEmpty,
  syncBelow,
  syncPath,
  writeDurably,
} from './copy-files.ts'

// A copy of a data directory that is whole although a server goes on writing to it. Steps:
//   1 every object is linked into the copy, before anything else: what is dropped from now on is in it already
//   2 the store is copied as it stands at one moment (VACUUM INTO, one read transaction): it names data files and
//     segments
//   3 objects it names that came after step 1 are linked; one that is gone was dropped meanwhile: again from 2
//   4 segments it names that are not in data files are copied, as long as they are now: frames behind its moment are
//     extra, a frame that is cut off was not acknowledged before it
//   5 objects that the copied store does not name are unlinked again; everything is synced
// Commit point: `backup.json`, written last. A restore is a folder beside its target, renamed at the end.

export interface BackupReport {
  readonly dataFiles: number
  readonly segments: number
  readonly bytes: number
}

const manifestName = 'backup.json'
/** Copies of the store: each time something that it named was dropped before it could be linked. */
const storeCopiesMax = 10

/** Writes the backup to `to`, which must be empty or missing. Rejects with `conflict` where it is neither. */
export async function backup(dataDirectory: string, to: string, now: number): Promise<BackupReport> {
  const source = pathsOf(dataDirectory)
  if (!(await isFile(source.store))) {
    throw new AppError('not_found', `${dataDirectory} is no data directory: it has no private/store.sqlite`)
  }
  await makeEmpty(to)
  const target = pathsOf(to)
  for (const folder of [target.private, target.segments, target.lake])
    await mkdir(folder, { recursive: true, mode: 0o700 })
  for await (const name of filesBelow(source.lake)) await linkIfThere(join(source.lake, name), join(target.lake, name))
  // Before the store: a host erased meanwhile must not be said to be erased in a copy that still has it.
  await copyIfThere(join(source.segments, journalName), join(target.segments, journalName))
  const named = await copyStore(source, target)
  let bytes = 0
  for (const { file_name: name } of named.segments) {
    await copyIfThere(join(source.segments, name), join(target.segments, name))
  }
  for (const name of privateFiles) await copyIfThere(join(source.private, name), join(target.private, name))
  for (const name of firstRunNames) await copyIfThere(join(dataDirectory, name), join(to, name))
  const keep = new Set(named.objects)
  for await (const name of filesBelow(target.lake)) {
    if (!keep.has(name)) await rm(join(target.lake, name))
    else bytes += (await stat(join(target.lake, name))).size
  }
  await syncBelow(to)
  const report = { dataFiles: named.objects.length, segments: named.segments.length, bytes }
  await writeDurably(join(to, manifestName), `${JSON.stringify({ format: 1, madeAt: now, ...report }, null, 2)}\n`)
  return report
}

/**
 * Makes a data directory of a backup. `dataDirectory` must be empty or missing; it appears whole or not at all. Runs of
 * the time of the backup are not in it: their results were not copied.
 */
export async function restore(from: string, dataDirectory: string): Promise<BackupReport> {
  const manifest = await readManifest(from)
  await makeEmpty(dataDirectory)
  const partial = `${dataDirectory.replace(/\/+$/, '')}.restoring-${newId()}`
  try {
    await mkdir(partial, { mode: 0o700 })
    for await (const name of filesBelow(from)) {
      if (name === manifestName) continue
      const [source, target] = [join(from, name), join(partial, name)]
      // Objects are never changed, so both may have the same bytes; everything else is written to.
      if (name.startsWith('lake/')) await linkIfThere(source, target)
      else await copyIfThere(source, target)
    }
    forgetRuns(pathsOf(partial).store)
    await syncBelow(partial)
    await rmdir(dataDirectory)
    // Commit point.
    await rename(partial, dataDirectory)
    await syncPath(dirname(dataDirectory))
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    throw error
  }
  const { dataFiles, segments, bytes } = manifest
  return { dataFiles, segments, bytes }
}

/** The authority above all: agents trust no other, and a lake restored without it would be cut off from its fleet. */
const privateFiles = ['secret-key', 'tls-authority.pem', 'tls-server.pem']
const firstRunNames = ['first-run.json', 'first-run-partner.json']

function pathsOf(root: string) {
  const folder = join(root, 'private')
  return {
    private: folder,
    store: join(folder, 'store.sqlite'),
    segments: join(root, 'segments'),
    lake: join(root, 'lake'),
  }
}

type Paths = ReturnType<typeof pathsOf>

interface Named {
  readonly objects: readonly string[]
  readonly segments: readonly { readonly file_name: string }[]
}

/** Copies the store until everything that a copy names is in the target; what it names. */
async function copyStore(source: Paths, target: Paths): Promise<Named> {
  for (let copies = 1; ; copies += 1) {
    await rm(target.store, { force: true })
    const original = new DatabaseSync(source.store, { readOnly: true })
    try {
      original.prepare('VACUUM INTO ?').run(target.store)
    } finally {
      original.close()
    }
    const named = namesIn(target.store)
    let missing: string | undefined
    for (const name of named.objects) {
      const path = join(target.lake, name)
      if ((await isFile(path)) || (await linkIfThere(join(source.lake, name), path))) continue
      missing = name
      break
    }
    if (missing === undefined) return named
    if (copies === storeCopiesMax) {
      throw new AppError('conflict', `the data file ${missing} is in the catalog and not there: \`edr-lake fsck\``)
    }
  }
}

function namesIn(store: string): Named {
  const copy = new DatabaseSync(store, { readOnly: true })
  try {
    const live = copy.prepare('SELECT path FROM data_files WHERE dropped_version IS NULL ORDER BY path').all()
    const open = copy.prepare("SELECT file_name FROM segments WHERE state <> 'consumed' ORDER BY number").all()
    return {
      objects: live.map(row => String(row['path'])),
      segments: open.map(row => ({ file_name: String(row['file_name']) })),
    }
  } finally {
    copy.close()
  }
}

/** What a restored store must not believe: runs and leases of another life, files and segments that were not copied. */
function forgetRuns(store: string): void {
  const database = new DatabaseSync(store)
  try {
    database.exec('BEGIN IMMEDIATE')
    for (const table of ['runs', 'idempotency_keys', 'leases']) database.exec(`DELETE FROM ${table}`)
    database.exec('DELETE FROM data_files WHERE dropped_version IS NOT NULL')
    database.exec("DELETE FROM segments WHERE state = 'consumed'")
    database.exec('COMMIT')
  } finally {
    database.close()
  }
}

async function readManifest(from: string): Promise<BackupReport> {
  try {
    const manifest = JSON.parse(await readFile(join(from, manifestName), 'utf8')) as BackupReport & { format: unknown }
    if (manifest.format === 1) return manifest
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT' && !(error instanceof SyntaxError)) throw error
  }
  throw new AppError('invalid_argument', `${from} is no whole backup: it has no readable ${manifestName}`)
}
