// Makes node_modules what package-lock.json says, by `npm ci`, when it is not; a few milliseconds when it is. The stamp
// inside node_modules is written last, so a set-up that was interrupted at any point is simply done again. Plain
// JavaScript for Node 18 without any package: it runs before anything is installed.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withSetupLock } from './setup-lock.mjs'

const stampName = '.edr-lake-setup'
/** npm's own record of what it installed; npm writes it after everything else. */
const npmRecordName = '.package-lock.json'

/** Thrown with a sentence for the terminal; `exitCode` is what the command should end with. */
export class SetupError extends Error {
  constructor(message, exitCode = 1) {
    super(message)
    this.name = 'SetupError'
    this.exitCode = exitCode
  }
}

/**
 * True when node_modules was installed from the present lockfile for this platform: by the stamp, or, where somebody
 * ran `npm ci` or `npm install` by hand, by npm's own record.
 */
export function isSetUp(root) {
  const modules = join(root, 'node_modules')
  const lockText = readText(join(root, 'package-lock.json'))
  if (lockText === undefined) throw new SetupError('package-lock.json is missing: this is not a whole checkout')
  const wanted = stampOf(lockText)
  if (readText(join(modules, stampName)) === wanted) return true
  if (!hasInstalledAll(lockText, readText(join(modules, npmRecordName)))) return false
  writeStamp(modules, wanted)
  return true
}

/** Installs what is missing. Two callers at once: one installs, the other waits and finds it done. */
export async function ensureSetup(root, { say = sayOnStderr, install = runNpmCi } = {}) {
  if (isSetUp(root)) return
  const onWait = pid => say(`waiting for the set-up that process ${pid ?? '(unknown)'} is running`)
  await withSetupLock(join(root, '.setup-lock'), addOwner => installOnce(root, say, install, addOwner), { onWait })
}

async function installOnce(root, say, install, addOwner) {
  if (isSetUp(root)) return
  const modules = join(root, 'node_modules')
  say(
    `${existsSync(modules) ? 'bringing node_modules up to date' : 'setting up'} with \`npm ci\`, once, about a minute`,
  )
  rmSync(join(modules, stampName), { force: true })
  rmSync(join(modules, npmRecordName), { force: true })
  const lockText = readFileSync(join(root, 'package-lock.json'), 'utf8')
  await install(root, addOwner)
  writeStamp(modules, stampOf(lockText))
}

function stampOf(lockText) {
  const hash = createHash('sha256').update(lockText).digest('hex')
  return `${hash} ${process.platform} ${process.arch}\n`
}

function writeStamp(modules, text) {
  mkdirSync(modules, { recursive: true })
  const fresh = join(modules, `${stampName}.${process.pid}`)
  writeFileSync(fresh, text)
  renameSync(fresh, join(modules, stampName))
}

/** Every package of the lockfile that this platform needs is in npm's record with the same content. */
function hasInstalledAll(lockText, recordText) {
  if (recordText === undefined) return false
  try {
    const wanted = JSON.parse(lockText).packages
    const found = JSON.parse(recordText).packages
    const isInstalled = ([path, entry]) => found[path]?.integrity === entry.integrity
    const isNeeded = ([path, entry]) => path !== '' && fitsHere(entry)
    return Object.entries(wanted).filter(isNeeded).every(isInstalled)
  } catch {
    // A torn record says nothing: install again.
    return false
  }
}

/** An optional package that names other systems or processors is left out by npm; one that fits is needed. */
function fitsHere(entry) {
  if (!entry.optional) return true
  if (entry.libc !== undefined) return false
  return (entry.os?.includes(process.platform) ?? true) && (entry.cpu?.includes(process.arch) ?? true)
}

/** `npm ci` with npm's own output on standard error, so that standard output stays the program's. */
function runNpmCi(root, addOwner) {
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']
  const npmScript = process.env.npm_execpath
  const isNpm = npmScript !== undefined && /npm-cli\.c?js$/.test(npmScript)
  const command = isNpm ? process.execPath : 'npm'
  const options = { cwd: root, stdio: ['ignore', 2, 2], shell: !isNpm && process.platform === 'win32' }
  return new Promise((resolve, reject) => {
    const child = spawn(command, isNpm ? [npmScript, ...args] : args, options)
    if (child.pid !== undefined) addOwner(child.pid)
    const stop = signal => child.kill(signal)
    process.on('SIGINT', stop).on('SIGTERM', stop)
    const settle = () => process.off('SIGINT', stop).off('SIGTERM', stop)
    child.on('error', error => {
      settle()
      reject(new SetupError(`set-up could not start npm (${error.message}): install Node 18 or newer with npm`))
    })
    child.on('close', (code, signal) => {
      settle()
      if (code === 0) return resolve()
      const how = signal === null ? `exit code ${code}` : signal
      reject(new SetupError(`set-up was not finished (npm ci: ${how}); the next command tries again`))
    })
  })
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  }
}

function sayOnStderr(line) {
  process.stderr.write(`edr-lake: ${line}\n`)
}
