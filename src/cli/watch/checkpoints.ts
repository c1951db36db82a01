import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AppError, systemErrorCode } from '../../model/errors.ts'

// How far each followed file has been sent, in one small file. It saves reading files again, and is never the truth: a
// file is known to the lake by its content, so a state that is lost, old or another lake's costs time and doubles
// nothing.

/** What tells a file's content from another's: its first bytes, by their number and SHA-256. */
export interface Beginning {
  readonly headBytes: number
  readonly headHash: string
}

/** Of a plain file that still begins so: the lake has answered for everything before `offset`. */
export interface TailCheckpoint extends Beginning {
  readonly kind: 'tail'
  readonly name: string
  /** A line begins here … */
  readonly offset: number
  /** … with this number, from 1. */
  readonly line: number
}

/** Of a packed file: it was sent to its end. Nobody appends to one. */
export interface PackedCheckpoint {
  readonly kind: 'packed'
  readonly name: string
  readonly bytes: number
  readonly modifiedMs: number
}

export type Checkpoint = TailCheckpoint | PackedCheckpoint

export interface Checkpoints {
  get(id: string): Checkpoint | undefined
  put(id: string, checkpoint: Checkpoint): void
  ids(): readonly string[]
  delete(id: string): void
  /** What was put is on disk when it resolves. */
  save(): Promise<void>
}

const format = 1

/**
 * Reads the state, of which another lake's or a damaged one is none; its folder exists. Throws `unavailable` where the
 * file cannot be written, before anything is sent.
 */
export async function openCheckpoints(path: string, lake: string): Promise<Checkpoints> {
  const files = new Map(await readState(path, lake))
  const checkpoints: Checkpoints = {
    get: id => files.get(id),
    put: (id, checkpoint) => void files.set(id, checkpoint),
    ids: () => [...files.keys()],
    delete: id => void files.delete(id),
    save: () => writeState(path, `${JSON.stringify({ format, lake, files: Object.fromEntries(files) }, null, 1)}\n`),
  }
  try {
    await checkpoints.save()
  } catch (error) {
    throw new AppError('unavailable', `the state file ${path} cannot be written (${systemErrorCode(error)})`, {
      cause: error,
    })
  }
  return checkpoints
}

async function readState(path: string, lake: string): Promise<readonly (readonly [string, Checkpoint])[]> {
  try {
    const state = Object(JSON.parse(await readFile(path, 'utf8'))) as Record<string, unknown>
    if (state['format'] !== format || state['lake'] !== lake) return []
    return Object.entries(Object(state['files'])).filter((entry): entry is [string, Checkpoint] => isOne(entry[1]))
  } catch {
    return []
  }
}

function isOne(value: unknown): value is Checkpoint {
  const members = Object(value) as Record<string, unknown>
  const isCount = (key: string) => Number.isSafeInteger(members[key]) && (members[key] as number) >= 0
  if (typeof members['name'] !== 'string') return false
  if (members['kind'] === 'packed') return isCount('bytes') && typeof members['modifiedMs'] === 'number'
  const hasPlace = ['headBytes', 'offset', 'line'].every(isCount)
  return members['kind'] === 'tail' && hasPlace && typeof members['headHash'] === 'string'
}

/** The rename is what makes it true; before it the old state stands. */
async function writeState(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  await syncFolder(dirname(path))
}

async function syncFolder(path: string): Promise<void> {
  // Windows has no such thing.
  const folder = await open(path, 'r').catch(() => undefined)
  try {
    await folder?.sync().catch(() => {})
  } finally {
    await folder?.close()
  }
}
