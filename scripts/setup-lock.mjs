// The lock that keeps two set-ups of one clone apart. A file created exclusively, holding its owner; it outlives a
// SIGKILL of the owner harmlessly: whoever comes next sees that the process is gone, or that the file's time has stood
// still, and takes it over. Plain JavaScript for Node 18: it runs before anything is installed.

import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'

/** The owner touches the file this often … */
const beatMs = 1_000
/** … and one that has not been touched for this long belongs to nobody: another machine's process, or a reused pid. */
const staleMs = 60_000
const pollMs = 200

/**
 * Runs `work` while holding the lock at `path`, waiting for the present owner first; `onWait` is called once when there
 * is one. The lock is released whatever `work` does. `work` is handed `addOwner(pid)`: a process that does the work and
 * would outlive this one; while it lives the lock is nobody else's.
 *
 * @template Result
 * @param {string} path
 * @param {(addOwner: (pid: number) => void) => Promise<Result>} work
 * @param {{ onWait?: (pid: number | undefined) => void }} [options]
 * @returns {Promise<Result>}
 */
export async function withSetupLock(path, work, { onWait = () => {} } = {}) {
  const self = { pids: [process.pid], host: hostname(), id: randomUUID() }
  let owner = JSON.stringify(self)
  let hasSaid = false
  while (!tryCreate(path, owner)) {
    const found = readText(path)
    if (found !== undefined && isAbandoned(path, found)) {
      removeAbandoned(path, found)
      continue
    }
    if (!hasSaid) onWait(field(found, 'pids')?.[0])
    hasSaid = true
    await wait(pollMs)
  }
  const beat = setInterval(() => touch(path), beatMs)
  beat.unref()
  try {
    return await work(pid => {
      owner = JSON.stringify({ ...self, pids: [...self.pids, pid] })
      writeFileSync(path, owner)
    })
  } finally {
    clearInterval(beat)
    if (readText(path) === owner) unlinkSync(path)
  }
}

function tryCreate(path, owner) {
  try {
    writeFileSync(path, owner, { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

function isAbandoned(path, found) {
  const ageMs = Date.now() - (modifiedAt(path) ?? Date.now())
  if (ageMs > staleMs) return true
  const pids = field(found, 'pids')
  // An owner killed between creating and writing leaves an empty file; a living one fills it at once.
  if (pids === undefined) return ageMs > beatMs
  return field(found, 'host') === hostname() && !pids.some(isAlive)
}

/**
 * Takes an abandoned lock away: of several callers at once only one rename finds the file. Should it have caught a
 * newer owner's lock in between, that is put back.
 */
function removeAbandoned(path, found) {
  const aside = `${path}.${randomUUID()}`
  try {
    renameSync(path, aside)
    if (readText(aside) !== found) linkSync(aside, path)
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
  }
  try {
    unlinkSync(aside)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function field(text, name) {
  try {
    return JSON.parse(text ?? '')[name]
  } catch {
    return undefined
  }
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}

function touch(path) {
  const now = new Date()
  try {
    utimesSync(path, now, now)
  } catch {
    // Best effort: without the beat the lock only looks abandoned sooner.
  }
}
