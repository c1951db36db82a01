import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { systemErrorCode } from '../../model/errors.ts'
import { dayMs } from '../../model/time-range.ts'

const namePattern = /^(\d{4}-\d{2}-\d{2})\.ndjson$/

/**
 * Deletes files of rejected lines (`<folder>/<tenant>/<date>.ndjson`) that are past their tenant's days, and resolves
 * with the bytes of what is left, by tenant. Best effort: a file that goes meanwhile is not there.
 */
export async function sweepRejected(
  folder: string,
  daysOf: (tenantId: string) => number,
  now: number,
): Promise<ReadonlyMap<string, number>> {
  const left = new Map<string, number>()
  for (const tenantId of await namesIn(folder)) {
    const oldest = now - daysOf(tenantId) * dayMs
    let bytes = 0
    for (const name of await namesIn(join(folder, tenantId))) {
      const path = join(folder, tenantId, name)
      const day = namePattern.exec(name)?.[1]
      // A day's file is as old as its last line may be.
      if (day !== undefined && Date.parse(day) + dayMs < oldest) await rm(path, { force: true })
      else bytes += await sizeOf(path)
    }
    if (bytes > 0) left.set(tenantId, bytes)
  }
  return left
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return []
    throw error
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return 0
    throw error
  }
}
