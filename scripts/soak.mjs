// `npm run soak -- --minutes 15`: a lake under load, killed and started again, compared at the end with what it
// acknowledged.

import { join } from 'node:path'
import { projectRoot, runNode, runScript } from './project-node.mjs'

await runScript(() => runNode([join(projectRoot, 'test/soak/lake-soak.ts'), ...process.argv.slice(2)]))
