// Which test files a command runs.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Folders whose tests start servers, processes or engines, and take seconds each: left out of `npm run check`. */
const slowFolders = ['attack', 'crash', 'e2e', 'engine', 'fuzz', 'lake', 'scripts']

/**
 * Paths of test files below `root`/test, sorted, `/`-separated and relative to `root`; those that contain one of
 * `filters` where any are given.
 */
export function listTestFiles(root, { filters = [], isFastOnly = false } = {}) {
  return listFiles(root, 'test')
    .filter(path => path.endsWith('.test.ts'))
    .filter(path => !isFastOnly || !isSlow(path))
    .filter(path => filters.length === 0 || filters.some(filter => path.includes(filter)))
    .sort()
}

/** Own recursion: `readdirSync`'s came with Node 18.17. */
function listFiles(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return listFiles(root, path)
    return entry.isFile() ? [path] : []
  })
}

function isSlow(path) {
  return path.endsWith('.slow.test.ts') || slowFolders.some(folder => path.startsWith(`test/${folder}/`))
}
