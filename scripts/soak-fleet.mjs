// `npm run soak:fleet -- --minutes 15 --hosts 200`: simulated agents over TLS against a lake with every fault that it
// should survive; every line of every agent is looked for afterwards.

import { join } from 'node:path'
import { projectRoot, runNode, runScript } from './project-node.mjs'

await runScript(() => runNode([join(projectRoot, 'test/soak/fleet-soak.ts'), ...process.argv.slice(2)]))
