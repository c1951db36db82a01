// Makes web/dist what its sources say, when it is missing or older than they are: compared by content, a few
// milliseconds when nothing is to do. Plain JavaScript for Node 18.

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { SetupError } from './ensure-setup.mjs'
import { runNode } from './project-node.mjs'
import { withSetupLock } from './setup-lock.mjs'

export const stampName = '.sources'

/** What the console is made of, below the project's folder. */
const sources = ['web', 'src/client', 'src/api', 'src/model', 'scripts/build-web.mjs', 'package-lock.json']

export function webStamp(root) {
  const hash = createHash('sha256')
  for (const source of sources) {
    for (const path of listFiles(root, source))
      hash
        .update(`${path}\0`)
        .update(readFileSync(join(root, path)))
        .update('\0')
  }
  return `${hash.digest('hex')}\n`
}

/** Builds what is missing. Two callers at once: one builds, the other waits and finds it done. */
export async function ensureWeb(root, { say = sayOnStderr } = {}) {
  // An installed package has the console built and none of its sources.
  if (!existsSync(join(root, 'web', 'index.html')) || isBuilt(root)) return
  await withSetupLock(join(root, '.setup-lock-web'), async () => {
    if (isBuilt(root)) return
    say('building the console, once, some seconds')
    const code = await runNode([join(root, 'scripts', 'build-web.mjs')], { root, cwd: root })
    if (code !== 0) throw new SetupError('the console could not be built; the lines above say why')
  })
}

function isBuilt(root) {
  const stamp = join(root, 'web', 'dist', stampName)
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === webStamp(root)
}

/** Every file at or below `path`, without what a build leaves. */
function listFiles(root, path) {
  const full = join(root, path)
  if (!existsSync(full)) return []
  if (!statSync(full).isDirectory()) return [path]
  const names = readdirSync(full).filter(name => !/^dist(\.|$)/.test(name))
  return names.sort().flatMap(name => listFiles(root, `${path}/${name}`))
}

function sayOnStderr(line) {
  process.stderr.write(`edr-lake: ${line}\n`)
}
