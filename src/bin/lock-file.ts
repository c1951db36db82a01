import { DatabaseSync } from 'node:sqlite'
import { AppError } from '../model/errors.ts'

/** A database that nothing refers to is closed by the garbage collector, and its lock with it. */
const held = new Set<DatabaseSync>()

/**
 * Holds `file` (made where it is missing) for this process until `release`. Throws `conflict` with this sentence while
 * another process holds it. The hold is an open transaction on a database, so the kernel frees it however the process
 * ends.
 */
export function holdLockFile(file: string, sentence: string): { release(): void } {
  const lock = new DatabaseSync(file)
  try {
    lock.exec('PRAGMA busy_timeout = 0')
    lock.exec('BEGIN EXCLUSIVE')
    held.add(lock)
    return {
      release() {
        held.delete(lock)
        lock.close()
      },
    }
  } catch (error) {
    lock.close()
    throw new AppError('conflict', sentence, { cause: error })
  }
}
