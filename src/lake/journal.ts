import { type FileHandle, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { DeclaredTable } from '../model/declared-table.ts'
import { systemErrorCode } from '../model/errors.ts'

// What the catalog alone would know and files cannot tell: which tables were declared, and which hosts were erased.
// One JSON line each beside the segments, synced before the store changes, never rewritten: when the catalog is lost,
// `fsck` believes it. A line that was cut off by a crash was never followed by its change, and is passed over.

export type JournalEntry =
  | { readonly kind: 'declared'; readonly tenantId: string; readonly table: DeclaredTable }
  | { readonly kind: 'undeclared'; readonly tenantId: string; readonly name: string; readonly at: number }
  /** Rows of the host in segments up to this number are not to be in the lake. */
  | {
      readonly kind: 'erased'
      readonly tenantId: string
      readonly hostId: string
      readonly lastSegment: number
      readonly at: number
    }

/** The journal's name in the folder of segments. */
export const journalName = 'journal.ndjson'

/** Durable when it resolves. */
export async function appendJournal(file: string, entry: JournalEntry): Promise<void> {
  const handle = await open(file, 'a+', 0o600)
  try {
    const start = (await endsWithLine(handle)) ? '' : '\n'
    await handle.appendFile(`${start}${JSON.stringify(entry)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await syncFolder(dirname(file))
}

/** False after a crash in the middle of a line. */
async function endsWithLine(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat()
  if (size === 0) return true
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
  return buffer[0] === 0x0a
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** All entries in order; none where there is no journal. */
export async function readJournal(file: string): Promise<readonly JournalEntry[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    throw error
  }
  return text.split('\n').flatMap(line => parseEntry(line) ?? [])
}

function parseEntry(line: string): JournalEntry | undefined {
  try {
    const entry = JSON.parse(line) as Partial<JournalEntry> | null
    const isKnown = ['declared', 'undeclared', 'erased'].includes(entry?.kind ?? '')
    return isKnown && typeof entry?.tenantId === 'string' ? (entry as JournalEntry) : undefined
  } catch {
    return undefined
  }
}

/** The tables of a tenant as they were declared last; those undeclared since say when. */
export function declaredIn(entries: readonly JournalEntry[], tenantId: string): ReadonlyMap<string, DeclaredTable> {
  const tables = new Map<string, DeclaredTable>()
  for (const entry of entries) {
    if (entry.tenantId !== tenantId) continue
    if (entry.kind === 'declared') tables.set(entry.table.name, entry.table)
    const undeclared = entry.kind === 'undeclared' ? tables.get(entry.name) : undefined
    if (entry.kind === 'undeclared' && undeclared !== undefined) {
      tables.set(entry.name, { ...undeclared, undeclaredAt: entry.at })
    }
  }
  return tables
}

/** Of each erased host of a tenant the greatest segment number that its rows must not come from. */
export function erasedIn(entries: readonly JournalEntry[], tenantId: string): ReadonlyMap<string, number> {
  const hosts = new Map<string, number>()
  for (const entry of entries) {
    if (entry.kind !== 'erased' || entry.tenantId !== tenantId) continue
    hosts.set(entry.hostId, Math.max(entry.lastSegment, hosts.get(entry.hostId) ?? 0))
  }
  return hosts
}
