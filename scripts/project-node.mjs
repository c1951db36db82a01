// Runs the project's programs with the project's own Node: the one that npm installed beside the other packages, else
// the present one where it is new enough. Plain JavaScript for Node 18.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureSetup, SetupError } from './ensure-setup.mjs'

const majorMin = 24

/** The folder of the checkout or of the installed package. */
export const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)))

/** Absolute path of a Node that can run the project; throws a sentence when there is none. */
export function projectNode(root = projectRoot) {
  const installed = installedNode(root)
  if (installed !== undefined) return installed
  if (Number.parseInt(process.versions.node, 10) >= majorMin) return process.execPath
  throw new SetupError(
    `Node ${majorMin} is needed: npm has none for ${process.platform}-${process.arch} and this is ${process.version}; ` +
      'install it from nodejs.org',
  )
}

function installedNode(root) {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const executable = process.platform === 'win32' ? 'node.exe' : 'node'
  try {
    const manifest = createRequire(join(root, 'package.json')).resolve(`node-${platform}-${process.arch}/package.json`)
    const path = join(dirname(manifest), 'bin', executable)
    return existsSync(path) ? path : undefined
  } catch {
    // Not installed for this platform.
    return undefined
  }
}

/** How soon a script notices that the npm that ran it was killed. */
const orphanPollMs = 500

/** Where the modules of earlier runs are kept compiled: a start takes half of the processor time. */
const compileCache = root => join(root, 'node_modules', '.cache', 'compiled')

/**
 * Runs Node with `args` in the caller's folder and returns its exit code (128 + the number for a signal). SIGINT,
 * SIGTERM and SIGHUP are passed on: the child decides how to stop. (package.json says `exec node …` where that matters:
 * npm signals the shell between, which would die alone.) When npm itself is killed the child gets SIGTERM.
 */
export function runNode(args, { root = projectRoot, cwd = process.cwd(), env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const withCache = { NODE_COMPILE_CACHE: compileCache(root), ...env }
    const child = spawn(projectNode(root), args, { cwd, env: withCache, stdio: 'inherit' })
    const passOn = signal => child.kill(signal)
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, passOn)
    const parent = process.ppid
    const orphanPoll = setInterval(() => {
      if (process.ppid !== parent) child.kill('SIGTERM')
    }, orphanPollMs)
    if (process.env.npm_lifecycle_event === undefined) clearInterval(orphanPoll)
    const settle = () => {
      clearInterval(orphanPoll)
      for (const signal of signals) process.off(signal, passOn)
    }
    child.on('error', error => {
      settle()
      reject(new SetupError(`the project's Node could not be started: ${error.message}`))
    })
    child.on('close', (code, signal) => {
      settle()
      resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal])
    })
  })
}

/** What every script does: set up where needed, do its work, end with its exit code; a failure is one sentence. */
export async function runScript(work, { needsSetup = true } = {}) {
  try {
    if (needsSetup) await ensureSetup(projectRoot)
    process.exitCode = await work()
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    process.stderr.write(`edr-lake: ${error.message}\n`)
    process.exitCode = error.exitCode
  }
}
