import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemErrorCode } from '../model/errors.ts'

/** The file's text; undefined where there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Replaces the file whole, readable by its owner only; it is on the disk when this resolves. */
export async function writePrivately(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`
  await withFile(fresh, 'w', async file => {
    // A file that a start cut off here may have left has its own mode.
    await file.chmod(0o600)
    await file.writeFile(text)
    await file.sync()
  })
  // Commit point.
  await rename(fresh, path)
  await withFile(dirname(path), 'r', folder => folder.sync())
}

async function withFile(
  path: string,
  flags: string,
  work: (file: Awaited<ReturnType<typeof open>>) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags, 0o600)
  try {
    await work(file)
  } finally {
    await file.close()
  }
}
