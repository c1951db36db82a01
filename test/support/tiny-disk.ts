import { execFile } from 'node:child_process'
import { statfsSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A real file system of its own, so small that it can be filled. */
export interface TinyDisk {
  readonly folder: string
  /** Takes all but so many bytes; returns the file that does, to be deleted again. */
  fill(leftBytes: number): string
}

/** undefined where this process may not mount one (it needs to be root on Linux). */
export async function tinyDisk(context: TestContext, bytes: number): Promise<TinyDisk | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-disk-'))
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder])
  } catch {
    await rm(folder, { recursive: true })
    return undefined
  }
  context.after(async () => {
    await run('umount', ['--lazy', folder])
    await rm(folder, { recursive: true })
  })
  let fillers = 0
  return {
    folder,
    fill(leftBytes) {
      const { bavail, bsize } = statfsSync(folder)
      fillers += 1
      const path = join(folder, `filler-${fillers}`)
      writeFileSync(path, Buffer.alloc(Math.max(0, bavail * bsize - leftBytes)))
      return path
    },
  }
}
