#!/usr/bin/env node
// The `edr-lake` command. In a clone (`./edr-lake` is a link to this file) it sets up what is missing and runs the
// sources; installed from a package it runs dist/. Either way with the project's own Node.

import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { projectRoot, runNode, runScript } from './project-node.mjs'

const source = join(projectRoot, 'src', 'bin', 'cli.ts')
const isClone = existsSync(source)
const entry = isClone ? source : join(projectRoot, 'dist', 'bin', 'cli.js')

/** How the person at the terminal types the command: messages quote it. */
function commandName() {
  if (!isClone) return 'edr-lake'
  const path = relative(process.cwd(), join(projectRoot, 'edr-lake'))
  return path.startsWith('..') ? join(projectRoot, 'edr-lake') : `./${path}`
}

await runScript(
  () => runNode([entry, ...process.argv.slice(2)], { env: { ...process.env, EDR_LAKE_COMMAND: commandName() } }),
  { needsSetup: isClone },
)
