import { appendFile, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { rejectedFileBytesMax } from '../limits.ts'
import { systemErrorCode } from '../model/errors.ts'
import type { RejectedLine } from './body.ts'

/**
 * Keeps rejected lines where an operator can read them: `<folder>/<tenant>/<date>.ndjson`, one object a line: `at`,
 * `line` (its number in the body), `reason`, `text`. Best effort and not synced: a rejected line is counted in the
 * answer whatever happens here. Past `rejectedFileBytesMax` of a tenant's day nothing more is written.
 */
export async function keepRejectedLines(
  folder: string,
  tenantId: string,
  rejected: readonly RejectedLine[],
  now: number,
): Promise<void> {
  if (rejected.length === 0) return
  const at = new Date(now).toISOString()
  const tenantFolder = join(folder, tenantId)
  const path = join(tenantFolder, `${at.slice(0, 10)}.ndjson`)
  const room = rejectedFileBytesMax - (await sizeOf(path))
  let text = ''
  for (const { line, reason, text: beginning } of rejected) {
    const entry = `${JSON.stringify({ at, line, reason, text: beginning.toString('utf8') })}\n`
    if (text.length + entry.length > room) break
    text += entry
  }
  if (text === '') return
  await mkdir(tenantFolder, { recursive: true, mode: 0o700 })
  await appendFile(path, text, { mode: 0o600 })
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return 0
    throw error
  }
}
