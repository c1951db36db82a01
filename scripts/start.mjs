// `npm start -- [flags]`: the lake's server. `npm run dev` restarts it when a source file changes.

import { join } from 'node:path'
import { ensureWeb } from './ensure-web.mjs'
import { projectRoot, runNode, runScript } from './project-node.mjs'

const args = process.argv.slice(2)
const nodeArgs = args.includes('--watch') ? ['--watch', '--watch-preserve-output'] : []
const serverArgs = args.filter(arg => arg !== '--watch')

await runScript(async () => {
  await ensureWeb(projectRoot)
  return runNode([...nodeArgs, join(projectRoot, 'src', 'bin', 'server.ts'), ...serverArgs])
})
