// `npm run test:attack [-- part-of-a-path…]`: the attack and bomb suites whole, where `npm test` tries a part of them.

import { projectRoot, runNode, runScript } from './project-node.mjs'
import { listTestFiles } from './test-files.mjs'

const testTimeoutMs = 1_800_000

await runScript(() => {
  const filters = process.argv.slice(2)
  const files = listTestFiles(projectRoot).filter(
    path => path.startsWith('test/attack/') && (filters.length === 0 || filters.some(word => path.includes(word))),
  )
  // One after another: each measures what its server does under load.
  const args = ['--test', '--test-concurrency=1', `--test-timeout=${testTimeoutMs}`, ...files]
  return runNode(args, { cwd: projectRoot, env: { ...process.env, EDR_LAKE_ATTACK: 'all' } })
})
