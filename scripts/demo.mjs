// `npm run demo`: a lake in a temporary folder, a small fleet in it, and the guide walked through its API.

import { join } from 'node:path'
import { projectRoot, runNode, runScript } from './project-node.mjs'

await runScript(() => runNode([join(projectRoot, 'src', 'bin', 'demo.ts'), ...process.argv.slice(2)]))
