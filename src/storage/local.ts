import { link, mkdir, open, opendir, rm, stat, unlink } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { AppError, systemErrorCode } from '../model/errors.ts'
import type { Storage, StoredObject } from './storage.ts'

// Objects as files below one folder. A key is a path; nothing outside the folder can be named.

/**
 * Storage below `root`, an absolute path; made if missing. Local files handed to `put` must lie on the same file
 * system. Two puts of one key: exactly one succeeds, the other rejects with `conflict` and its local file stays.
 */
export async function openLocalStorage(root: string): Promise<Storage> {
  await mkdir(root, { recursive: true })
  return {
    put: async (key, localFile) => put(root, pathOf(root, key), localFile, key),
    get: async (key, start, end) => get(pathOf(root, key), start, end, key),
    list: prefix => list(root, prefix),
    delete: async key => rm(pathOf(root, key), { force: true }),
    locate: async key => locate(pathOf(root, key), key),
  }
}

/** Letters that no file system refuses; no segment that is empty or only dots, so no way out of the folder. */
const keyPattern = /^(?!\.+(?:\/|$))[\w.=-]+(?:\/(?!\.+(?:\/|$))[\w.=-]+)*$/
const keyCharsMax = 1024

function pathOf(root: string, key: string): string {
  if (key.length > keyCharsMax || !keyPattern.test(key)) {
    throw new AppError('invalid_argument', `the object key ${JSON.stringify(key.slice(0, 100))} is not allowed`)
  }
  return join(root, ...key.split('/'))
}

/**
 * Commit point: the link. Before it the object does not exist, after it it is whole: its bytes are on disk first. A
 * crash before the local file is unlinked leaves a second name of the same bytes in the temporary folder.
 */
async function put(root: string, path: string, localFile: string, key: string): Promise<void> {
  await syncFile(localFile)
  await makeFolder(root, dirname(path))
  try {
    await link(localFile, path)
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') throw new AppError('conflict', `the object ${key} exists already`)
    throw error
  }
  await syncFile(dirname(path))
  await unlink(localFile)
}

/** Makes a folder and those above it, each one's entry durable in its parent. */
async function makeFolder(root: string, folder: string): Promise<void> {
  if (folder === root || (await isThere(folder))) return
  await makeFolder(root, dirname(folder))
  await mkdir(folder).catch((error: unknown) => {
    if (systemErrorCode(error) !== 'EEXIST') throw error
  })
  await syncFile(dirname(folder))
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function get(path: string, start: number, end: number, key: string): Promise<Uint8Array> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw asNotFound(error, key)
  })
  try {
    const { size } = await handle.stat()
    const length = Math.max(0, Math.min(end, size) - start)
    const bytes = new Uint8Array(length)
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await handle.read(bytes, filled, length - filled, start + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return bytes.subarray(0, filled)
  } finally {
    await handle.close()
  }
}

async function* list(root: string, prefix: string): AsyncIterable<StoredObject> {
  // The deepest folder the prefix names; what follows the last slash is compared with the keys.
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  const start = folder === '' ? root : pathOf(root, folder.slice(0, -1))
  for await (const path of filesBelow(start)) {
    const key = relative(root, path).split(sep).join('/')
    if (!key.startsWith(prefix)) continue
    const found = await stat(path).catch(ignoreMissing)
    if (found !== undefined) yield { key, bytes: found.size, modifiedAt: Math.floor(found.mtimeMs) }
  }
}

async function* filesBelow(folder: string): AsyncIterable<string> {
  const entries = await opendir(folder).catch(ignoreMissing)
  if (entries === undefined) return
  for await (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path)
    else if (entry.isFile()) yield path
  }
}

async function locate(path: string, key: string): Promise<string> {
  if (await isThere(path)) return path
  throw new AppError('not_found', `there is no object ${key}`)
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(ignoreMissing)) !== undefined
}

function ignoreMissing(error: unknown): undefined {
  if (systemErrorCode(error) !== 'ENOENT') throw error
  return undefined
}

function asNotFound(error: unknown, key: string): unknown {
  return systemErrorCode(error) === 'ENOENT' ? new AppError('not_found', `there is no object ${key}`) : error
}
