// `npm start -- [flags]`: the lake's server. `npm run dev` restarts it when a source file changes.

import { join } from 'node:path'
import { projectRoot, runNode, runScript } from './project-node.mjs'

const args = process.argv.slice(2)
const nodeArgs = args.includes('--watch') ? ['--watch', '--watch-preserve-output'] : []
const serverArgs = args.filter(arg => arg !== '--watch')

await runScript(() => runNode([...nodeArgs, join(projectRoot, 'src', 'bin', 'server.ts'), ...serverArgs]))
