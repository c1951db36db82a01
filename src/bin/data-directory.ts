import { randomBytes } from 'node:crypto'
import { accessSync, chmodSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AppError, systemErrorCode } from '../model/errors.ts'
import { holdLockFile } from './lock-file.ts'

// The data directory: what is where, made on the first start, held by one server at a time.

export interface DataDirectory {
  readonly root: string
  readonly storeFile: string
  readonly segments: string
  readonly lake: string
  readonly results: string
  readonly rejected: string
  readonly temporary: string
  readonly firstRunFile: string
  /** Keys the hashes of client secrets; 32 random bytes that never leave the directory. */
  readonly secretKey: Buffer
  /** Lets another server take the directory. */
  release(): void
}

/**
 * Makes what is missing (mode 0700) and takes the directory for this process. Throws `conflict` while another server
 * holds it, `unavailable` when it cannot be written.
 */
export function openDataDirectory(root: string): DataDirectory {
  const folders = {
    private: join(root, 'private'),
    segments: join(root, 'segments'),
    lake: join(root, 'lake'),
    results: join(root, 'results'),
    rejected: join(root, 'rejected'),
    temporary: join(root, 'tmp'),
  }
  try {
    makeFolder(root)
    accessSync(root, constants.R_OK | constants.W_OK | constants.X_OK)
    chmodSync(root, 0o700)
    for (const folder of Object.values(folders)) makeFolder(folder)
  } catch (error) {
    throw new AppError('unavailable', `the data directory ${root} cannot be written (${systemErrorCode(error)})`, {
      cause: error,
    })
  }
  const lock = holdLockFile(
    join(folders.private, 'lock.sqlite'),
    `another server is running on the data directory ${root}`,
  )
  return {
    root,
    storeFile: join(folders.private, 'store.sqlite'),
    segments: folders.segments,
    lake: folders.lake,
    results: folders.results,
    rejected: folders.rejected,
    temporary: folders.temporary,
    firstRunFile: join(root, 'first-run.json'),
    secretKey: readSecretKey(join(folders.private, 'secret-key')),
    release: lock.release,
  }
}

/** Like a recursive mkdir, which does not end on file systems that answer ENOENT below a folder that exists (/proc). */
function makeFolder(path: string): void {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  mkdirSync(path, { mode: 0o700 })
}

function readSecretKey(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error
    writeFileSync(file, randomBytes(32), { mode: 0o600, flag: 'wx', flush: true })
    return readFileSync(file)
  }
}
