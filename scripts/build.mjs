// `npm run build`: dist/, the JavaScript that an installed package runs (Node strips no types under node_modules), and
// web/dist, the console. dist/ is filled under another name and renamed, so there is never half of it.

import { cpSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ensureWeb } from './ensure-web.mjs'
import { projectRoot, runNode, runScript } from './project-node.mjs'

await runScript(async () => {
  await ensureWeb(projectRoot)
  const dist = join(projectRoot, 'dist')
  const fresh = mkdtempSync(join(projectRoot, 'dist.'))
  try {
    const compiler = join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc')
    const code = await runNode([compiler, '-p', 'tsconfig.build.json', '--outDir', fresh], { cwd: projectRoot })
    if (code !== 0) return code
    copyOtherFiles(fresh)
    rmSync(dist, { recursive: true, force: true })
    renameSync(fresh, dist)
    return 0
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
})

/** Data files that stand beside the sources, which the compiler does not copy. */
function copyOtherFiles(target) {
  const source = join(projectRoot, 'src')
  cpSync(source, target, { recursive: true, filter: path => relative(source, path) === '' || !path.endsWith('.ts') })
}
