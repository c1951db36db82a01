import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readSegment } from '../ingest/segment-reader.ts'
import { systemErrorCode } from '../model/errors.ts'
import { isOfTable } from '../model/segment.ts'

// What lies on the disk as segments, as each file's header and frames tell it.

export interface DiskSegment {
  readonly number: number
  readonly tenantId: string
  readonly fileName: string
  readonly createdAt: number
  /** Of the good beginning. */
  readonly frames: number
  readonly lines: number
  readonly bytes: number
  /** Bytes behind it that were written whole and are no frames any more. */
  readonly damagedBytes: number
  /** Host id → identifier, as its frames have them. */
  readonly hosts: ReadonlyMap<string, string>
  /** Tables that its frames have rows of, beside osquery's results. */
  readonly tables: ReadonlySet<string>
}

const namePattern = /^(\d{1,15})\.ndjson$/

/** `sealed`: what a sealed segment holds, by number; what stands behind that does not count. */
export async function readDiskSegments(
  folder: string,
  sealed: ReadonlyMap<number, { readonly frames: number; readonly bytes: number }>,
): Promise<readonly DiskSegment[]> {
  const segments: DiskSegment[] = []
  for (const tenantId of await namesIn(folder)) {
    for (const name of await namesIn(join(folder, tenantId))) {
      const match = namePattern.exec(name)
      if (match === null) continue
      const number = Number(match[1])
      const bytes = await readFile(join(folder, tenantId, name))
      const hosts = new Map<string, string>()
      const tables = new Set<string>()
      const read = readSegment(bytes, {
        ...{ number, tenantId, sealed: sealed.get(number) },
        onFrame({ h, hi, tb }) {
          if (!isOfTable(h)) hosts.set(h, hi)
          if (tb !== undefined) tables.add(tb)
        },
      })
      const { frames, lines, bytes: good, damagedBytes } = read
      const fileName = `${tenantId}/${name}`
      const createdAt = createdAtOf(bytes)
      const content = { frames, lines, bytes: good, damagedBytes, hosts, tables }
      segments.push({ number, tenantId, fileName, createdAt, ...content })
    }
  }
  return segments.sort((a, b) => a.number - b.number)
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return []
    throw error
  }
}

/** From the header; 0 where that cannot be read. */
function createdAtOf(bytes: Buffer): number {
  try {
    const header = JSON.parse(bytes.toString('utf8', 0, bytes.indexOf('\n'))) as { createdAt?: unknown } | null
    return typeof header?.createdAt === 'number' ? header.createdAt : 0
  } catch {
    return 0
  }
}
