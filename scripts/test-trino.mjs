// `npm run test:trino`: the differential test against a real Trino, which it assembles, starts and stops.

import { join } from 'node:path'
import { projectRoot, runNode, runScript } from './project-node.mjs'

await runScript(() =>
  runNode([join(projectRoot, 'test', 'trino', 'run.ts'), ...process.argv.slice(2)], { cwd: projectRoot }),
)
