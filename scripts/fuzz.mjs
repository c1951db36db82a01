// `npm run fuzz -- [--seed n] [--seconds s]`: random statements through every wall; a defect prints its seed.

import { join } from 'node:path'
import { projectRoot, runNode, runScript } from './project-node.mjs'

await runScript(() => runNode([join(projectRoot, 'test', 'fuzz', 'command.ts'), ...process.argv.slice(2)]))
