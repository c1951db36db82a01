// `npm test [-- part-of-a-path… --test-name-pattern=…]`: every test, or those whose path contains one of the words.
// Words that begin with a dash go to Node's test runner.

import { cpus } from 'node:os'
import { projectRoot, runNode, runScript } from './project-node.mjs'
import { listTestFiles } from './test-files.mjs'

/** A test that hangs fails after this long, whatever it waits for. */
const testTimeoutMs = 300_000

/** Many a test waits for a server or a browser: a file for each core keeps the machine at work. */
const filesAtOnce = Math.max(1, cpus().length)

const words = process.argv.slice(2)
const filters = words.filter(word => !word.startsWith('-'))
const runnerArgs = words.filter(word => word.startsWith('-'))

await runScript(() => {
  const files = listTestFiles(projectRoot, { filters })
  if (files.length === 0) {
    process.stderr.write(`edr-lake: no test file matches ${filters.join(' ')}\n`)
    return 2
  }
  const bounds = [`--test-timeout=${testTimeoutMs}`, `--test-concurrency=${filesAtOnce}`]
  return runNode(['--test', ...bounds, ...runnerArgs, ...files], { cwd: projectRoot })
})
