// `npm run bench [-- name… --flag=value…]`: every figure in bench/, or those whose file name contains one of the names.
// Words that begin with a dash go to the figures.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot, runNode, runScript } from './project-node.mjs'

const folder = join(projectRoot, 'bench')
const words = process.argv.slice(2)
const names = words.filter(word => !word.startsWith('-'))
const flags = words.filter(word => word.startsWith('-'))

await runScript(async () => {
  const files = readdirSync(folder)
    .filter(file => file.endsWith('.bench.ts'))
    .filter(file => names.length === 0 || names.some(name => file.includes(name)))
    .sort()
  if (files.length === 0) process.stderr.write(`edr-lake: no file of bench/ matches ${names.join(' ')}\n`)
  let worst = files.length === 0 ? 2 : 0
  for (const file of files) worst = Math.max(worst, await runNode([join(folder, file), ...flags]))
  return worst
})
