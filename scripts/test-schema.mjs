// `npm run test:schema [-- flags of schemathesis]`: a started server against its own reference. Needs Python 3.

import { join } from 'node:path'
import { projectRoot, runNode, runScript } from './project-node.mjs'

await runScript(() => runNode([join(projectRoot, 'scripts/test-schema.ts'), ...process.argv.slice(2)]))
