// `npm run bench:peers -- --data DIR --lines N --end DATE`: the hunt of bench/lake.bench.ts, and beside it chDB from
// PyPI on the same files. Needs Python 3 with venv; chDB is installed once, below the system's temporary folder.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectRoot, runNode, runScript } from './project-node.mjs'

const chdbVersion = '4.4.0'
const environment = join(tmpdir(), `edr-lake-peers-chdb-${chdbVersion}`)
const python = join(environment, 'bin', 'python')

function run(command, args) {
  const { status } = spawnSync(command, args, { stdio: 'inherit' })
  if (status !== 0) throw new Error(`${command} ${args[0]} ended with ${status}`)
}

function installChdb() {
  if (existsSync(join(environment, 'done'))) return
  process.stderr.write(`edr-lake: installing chDB ${chdbVersion} into ${environment}, once\n`)
  rmSync(environment, { recursive: true, force: true })
  run('python3', ['-m', 'venv', environment])
  run(python, ['-m', 'pip', 'install', '--quiet', `chdb==${chdbVersion}`])
  run(python, ['-c', `open(${JSON.stringify(join(environment, 'done'))}, 'w').close()`])
}

await runScript(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'edr-lake-peers-'))
  const wanted = join(folder, 'wanted.json')
  try {
    const args = [join(projectRoot, 'bench/lake.bench.ts'), ...process.argv.slice(2), `--peers=${wanted}`]
    const code = await runNode(args)
    if (code !== 0 || !existsSync(wanted)) return code
    installChdb()
    run(python, [join(projectRoot, 'bench/peers/chdb_queries.py'), wanted])
    return 0
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
