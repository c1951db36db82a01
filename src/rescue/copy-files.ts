import { constants, type Dirent } from 'node:fs'
import { copyFile, link, mkdir, open, readdir, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AppError, systemErrorCode } from '../model/errors.ts'

// Files of a data directory under a second name or copied, with their age, and made safe.

export async function makeEmpty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if ((await readdir(folder)).length > 0) throw new AppError('conflict', `${folder} is not empty`)
}

export async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return false
    throw error
  }
}

/** A second name, or on another file system a copy; false where there is no such file. */
export async function linkIfThere(source: string, target: string): Promise<boolean> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 })
  try {
    await link(source, target)
    return true
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false
    if (!['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP'].includes(systemErrorCode(error) ?? '')) throw error
    return copyIfThere(source, target)
  }
}

export async function copyIfThere(source: string, target: string): Promise<boolean> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 })
  try {
    const { atime, mtime } = await stat(source)
    await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    // `fsck` tells newer files from older ones by their age.
    await utimes(target, atime, mtime)
    return true
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false
    throw error
  }
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    throw error
  }
}

/** Paths of files below the folder, `/`-separated. */
export async function* filesBelow(folder: string, prefix = ''): AsyncGenerator<string> {
  for (const entry of await entriesOf(join(folder, prefix))) {
    const name = `${prefix}${entry.name}`
    if (entry.isDirectory()) yield* filesBelow(folder, `${name}/`)
    else if (entry.isFile()) yield name
  }
}

/** Every file and every folder's names. */
export async function syncBelow(folder: string): Promise<void> {
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await syncBelow(path)
    else await syncPath(path)
  }
  await syncPath(folder)
}

export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export async function writeDurably(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600, flag: 'wx', flush: true })
  await syncPath(dirname(path))
}
