import { type FileHandle, open } from 'node:fs/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { tailKeyNamesMax, tailKeysMsMax } from '../limits.ts'
import { systemErrorCode } from '../model/errors.ts'
import type { QueryName } from '../model/lake-table.ts'
import type { Frame } from '../model/segment.ts'
import { parseLineKeys } from '../osquery/result-log.ts'

// Query names and columns of lines that are in no data file yet, so that the catalog cannot know them: asked for when a
// statement names something unknown. Each durable frame is read once; the place reached in every segment is remembered.

export interface TailKeys {
  readonly queryNames: readonly QueryName[]
  /** Decorations, as agents spell them but in lower case. */
  readonly decorations: readonly string[]
  /** Tables beside osquery's results that frames have rows of. */
  readonly tables: ReadonlySet<string>
  /** Event times of the lines read, ms; undefined: none read. */
  readonly oldest: number | undefined
  readonly newest: number | undefined
  /** Every durable frame was read; otherwise the time was up, and another call goes on. */
  readonly isComplete: boolean
}

export interface TailSegment {
  readonly number: number
  readonly path: string
  /** Durable frames. */
  readonly frames: number
}

export interface TailKeyReader {
  /**
   * The keys of these segments of one tenant, the newest first. What it knows of segments no longer named is forgotten.
   * Takes about `tailKeysMsMax`; others get the event loop at least every few milliseconds. Two callers at once share
   * the work.
   */
  read(tenantId: string, segments: readonly TailSegment[]): Promise<TailKeys>
}

interface SegmentKeys {
  frames: number
  /** Of the file, behind the last frame read. */
  offset: number
  /** Lower-case query name → its spelling and its columns. */
  readonly names: Map<string, { readonly name: string; readonly columns: Set<string> }>
  readonly decorations: Set<string>
  readonly tables: Set<string>
  oldest: number
  newest: number
}

const readBytes = 256 * 1024
const newline = 0x0a

export function openTailKeyReader(now: () => number = () => performance.now()): TailKeyReader {
  const tenants = new Map<string, Map<number, SegmentKeys>>()
  const running = new Map<string, Promise<TailKeys>>()

  async function readAll(tenantId: string, segments: readonly TailSegment[]): Promise<TailKeys> {
    const before = tenants.get(tenantId)
    const known = new Map<number, SegmentKeys>()
    for (const { number } of segments) known.set(number, before?.get(number) ?? emptyKeys())
    tenants.set(tenantId, known)
    const deadline = now() + tailKeysMsMax
    let isComplete = true
    for (const segment of [...segments].sort((a, b) => b.number - a.number)) {
      const isRead = now() < deadline && (await readOn(segment, known.get(segment.number)!, () => now() < deadline))
      isComplete &&= isRead || known.get(segment.number)!.frames >= segment.frames
    }
    return { ...together(known.values()), isComplete }
  }

  return {
    read(tenantId, segments) {
      // The second caller's segments may be newer than those under way: it waits and then reads what is missing.
      const before = running.get(tenantId) ?? Promise.resolve()
      const mine = before.then(
        () => readAll(tenantId, segments),
        () => readAll(tenantId, segments),
      )
      running.set(tenantId, mine)
      const forget = () => {
        if (running.get(tenantId) === mine) running.delete(tenantId)
      }
      mine.then(forget, forget)
      return mine
    },
  }
}

/** Reads frames behind those known. True: all there are. */
async function readOn(segment: TailSegment, keys: SegmentKeys, hasTime: () => boolean): Promise<boolean> {
  if (keys.frames >= segment.frames) return true
  const file = await openIfThere(segment.path)
  if (file === undefined) return true
  try {
    let held = Buffer.alloc(0)
    while (keys.frames < segment.frames) {
      const chunk = Buffer.allocUnsafe(readBytes)
      const { bytesRead } = await file.read(chunk, 0, readBytes, keys.offset + held.length)
      if (bytesRead === 0) return true
      held = Buffer.concat([held, chunk.subarray(0, bytesRead)])
      let at = 0
      for (let end = held.indexOf(newline); end >= 0; end = held.indexOf(newline, at)) {
        if (keys.frames >= segment.frames) break
        await takeFrame(held.subarray(at, end), keys)
        keys.offset += end + 1 - at
        at = end + 1
        // Asked only now, so that every call gets further.
        if (!hasTime()) return keys.frames >= segment.frames
      }
      held = held.subarray(at)
    }
    return true
  } finally {
    await file.close()
  }
}

/** A consumed segment may be gone by now; its names are in the catalog. */
async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

const linesPerTurn = 100

/** A frame begun is read to its end. */
async function takeFrame(line: Buffer, keys: SegmentKeys): Promise<void> {
  const { q, b, tb } = parse(line)
  if (q === undefined) return
  if (tb !== undefined) keys.tables.add(tb)
  // Rows of other tables have no names that a statement could ask for as a relation.
  for (const [at, text] of (tb === undefined ? (b ?? []) : []).entries()) {
    if (at % linesPerTurn === linesPerTurn - 1) await nextTurn()
    takeLine(text, keys)
  }
  keys.frames = q
}

/** What is no frame is passed over like the header: names are worth no error, and damage is said elsewhere. */
function parse(line: Buffer): Partial<Frame> {
  try {
    return JSON.parse(line.toString('utf8')) as Partial<Frame>
  } catch {
    return {}
  }
}

function takeLine(text: string, keys: SegmentKeys): void {
  const line = parseLineKeys(text)
  if (line === undefined) return
  if (line.time !== undefined) {
    keys.oldest = Math.min(keys.oldest, line.time)
    keys.newest = Math.max(keys.newest, line.time)
  }
  for (const decoration of line.decorations) {
    if (keys.decorations.size < tailKeyNamesMax) keys.decorations.add(decoration.toLowerCase())
  }
  const key = line.queryName.toLowerCase()
  let known = keys.names.get(key)
  if (known === undefined) {
    if (keys.names.size >= tailKeyNamesMax) return
    known = { name: line.queryName, columns: new Set() }
    keys.names.set(key, known)
  }
  for (const column of line.columns) {
    if (known.columns.size < tailKeyNamesMax) known.columns.add(column.toLowerCase())
  }
}

function emptyKeys(): SegmentKeys {
  return {
    ...{ frames: 0, offset: 0, names: new Map(), decorations: new Set<string>(), tables: new Set<string>() },
    ...{ oldest: Number.POSITIVE_INFINITY, newest: Number.NEGATIVE_INFINITY },
  }
}

function together(segments: Iterable<SegmentKeys>): Omit<TailKeys, 'isComplete'> {
  const all = emptyKeys()
  for (const keys of segments) {
    for (const [key, { name, columns }] of keys.names) {
      const known = all.names.get(key) ?? { name, columns: new Set<string>() }
      for (const column of columns) known.columns.add(column)
      all.names.set(key, known)
    }
    for (const decoration of keys.decorations) all.decorations.add(decoration)
    for (const table of keys.tables) all.tables.add(table)
    all.oldest = Math.min(all.oldest, keys.oldest)
    all.newest = Math.max(all.newest, keys.newest)
  }
  return {
    queryNames: [...all.names.values()].map(({ name, columns }) => ({ name, columns: [...columns] })),
    decorations: [...all.decorations],
    tables: all.tables,
    oldest: Number.isFinite(all.oldest) ? all.oldest : undefined,
    newest: Number.isFinite(all.newest) ? all.newest : undefined,
  }
}
