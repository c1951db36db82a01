import { execFile } from 'node:child_process'
import { type FileHandle, mkdtemp, open, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

// A disk of its own, small and in memory, that can be filled to the last byte.

export interface SmallDisk {
  readonly folder: string
  /** Nothing can be written any more. */
  fill(): Promise<void>
  free(): Promise<void>
  close(): Promise<void>
}

const execute = promisify(execFile)
const pieceBytes = 1024 * 1024

/** undefined where this process may not mount one. */
export async function openSmallDisk(bytes: number): Promise<SmallDisk | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-disk-'))
  try {
    await execute('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder])
  } catch {
    await rm(folder, { recursive: true })
    return undefined
  }
  const filler = join(folder, 'filler')
  return {
    folder,
    async fill() {
      const file = await open(filler, 'w')
      try {
        await writeUntilFull(file, folder)
      } finally {
        await file.close()
      }
    },
    free: () => rm(filler, { force: true }),
    async close() {
      // Files of processes that have just ended may be held for a moment.
      await execute('umount', ['-l', folder])
      await rm(folder, { recursive: true })
    },
  }
}

async function writeUntilFull(file: FileHandle, folder: string): Promise<void> {
  const piece = Buffer.alloc(pieceBytes)
  for (;;) {
    const { bavail, bsize } = await statfs(folder)
    const bytes = Math.min(bavail * bsize, pieceBytes)
    if (bytes === 0) return
    try {
      await file.write(piece, 0, bytes)
    } catch {
      // Somebody else took the last of it.
      return
    }
  }
}
