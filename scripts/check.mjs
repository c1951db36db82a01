// `npm run check`: types, lint and format, the tidy test and the fast tests; all of them, whatever fails first.

import { join } from 'node:path'
import { projectRoot, runNode, runScript } from './project-node.mjs'
import { listTestFiles } from './test-files.mjs'

const inModules = (...parts) => join(projectRoot, 'node_modules', ...parts)

await runScript(async () => {
  const run = args => runNode(args, { cwd: projectRoot })
  const compiler = inModules('typescript', 'bin', 'tsc')
  const types = await run([compiler, '-p', '.'])
  const webTypes = await run([compiler, '-p', 'web'])
  const lint = await run([inModules('@biomejs', 'biome', 'bin', 'biome'), 'check', '--error-on-warnings'])
  const tests = await run(['--test', '--test-reporter=dot', ...listTestFiles(projectRoot, { isFastOnly: true })])
  const failed = Object.entries({ types, webTypes, lint, tests }).filter(([, code]) => code !== 0)
  process.stderr.write(failed.length === 0 ? 'check: all good\n' : `check: failed: ${failed.map(([name]) => name)}\n`)
  return failed.length === 0 ? 0 : 1
})
