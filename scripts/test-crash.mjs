// `npm run test:crash [-- part-of-a-path…]`: the crash suite whole, with a kill at every step, where `npm test`
// samples.

import { projectRoot, runNode, runScript } from './project-node.mjs'
import { listTestFiles } from './test-files.mjs'

const testTimeoutMs = 1_800_000

await runScript(() => {
  const filters = process.argv.slice(2)
  const files = listTestFiles(projectRoot).filter(
    path => path.startsWith('test/crash/') && (filters.length === 0 || filters.some(word => path.includes(word))),
  )
  const args = ['--test', '--test-concurrency=1', `--test-timeout=${testTimeoutMs}`, ...files]
  return runNode(args, { cwd: projectRoot, env: { ...process.env, CRASH: 'all' } })
})
