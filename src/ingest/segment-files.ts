import { constants } from 'node:fs'
import { mkdir, open, readFile, statfs } from 'node:fs/promises'
import { systemErrorCode } from '../model/errors.ts'

// What segments need of a file system, small enough that a test can stand in for the disk and lose power. Each promise
// means what its sentence says and no more: bytes and names that were not synced may be gone after a power cut.

export interface SegmentFiles {
  /** Makes the folder when it is missing; its name is safe after `syncFolder` of its parent. */
  makeFolder(path: string): Promise<void>
  /** Makes safe the names of the files and folders in it. */
  syncFolder(path: string): Promise<void>
  /** A new file, rejected when the name is taken: no second process life appends to a segment. */
  create(path: string): Promise<SegmentFile>
  /** The whole file, or undefined when there is none. */
  read(path: string): Promise<Buffer | undefined>
  /** Bytes that this process may still write on the file system of the folder. */
  freeBytes(folder: string): Promise<number>
}

/** A file that only grows. One caller at a time. */
export interface SegmentFile {
  /** Appends all of the bytes or rejects; then any part of them may have been written. */
  write(parts: readonly Buffer[]): Promise<void>
  /** Makes safe every byte written so far, and the length. */
  sync(): Promise<void>
  close(): Promise<void>
}

export const segmentFiles: SegmentFiles = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true, mode: 0o700 })
  },
  async syncFolder(path) {
    const folder = await open(path, constants.O_RDONLY)
    try {
      await folder.sync()
    } catch (error) {
      // Windows cannot sync a folder, and keeps names safe by itself.
      if (process.platform !== 'win32') throw error
    } finally {
      await folder.close()
    }
  },
  async create(path) {
    const file = await open(path, 'wx', 0o600)
    return {
      async write(parts) {
        let rest = parts
        while (rest.length > 0) {
          const { bytesWritten } = await file.writev(rest)
          rest = unwritten(rest, bytesWritten)
        }
      },
      sync: () => file.datasync(),
      close: () => file.close(),
    }
  },
  async read(path) {
    try {
      return await readFile(path)
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return undefined
      throw error
    }
  },
  async freeBytes(folder) {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  },
}

/** What is left of the parts behind their first `written` bytes. */
function unwritten(parts: readonly Buffer[], written: number): readonly Buffer[] {
  let left = written
  for (const [at, part] of parts.entries()) {
    if (left < part.length) return [part.subarray(left), ...parts.slice(at + 1)]
    left -= part.length
  }
  return []
}
