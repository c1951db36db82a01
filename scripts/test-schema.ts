// A started server against its own reference: schemathesis (from PyPI, in a virtual environment below the user's cache
// folder) calls every operation with generated input, valid and not, as a Super Admin of the first tenant. It fails for
// any answer of 500 and above, any undocumented status, media type or shape. Run by test-schema.mjs.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer } from '../test/support/server.ts'
import { connect } from '../test/support/xdr-client.ts'

const schemathesisVersion = '4.32.5'
const checks = 'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance'
const examplesEach = 40

/** Its output goes to ours. Resolves with the exit code, undefined where there is no such program. */
async function run(command: string, args: readonly string[], cwd?: string): Promise<number | undefined> {
  const child = spawn(command, args, { stdio: 'inherit', cwd })
  try {
    const [code] = (await once(child, 'close')) as [number | null]
    return code ?? 1
  } catch {
    // Not started.
    return undefined
  }
}

/** The path of schemathesis, installed at the first call; undefined where Python cannot. */
async function installed(): Promise<string | undefined> {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  const folder = join(cache, 'edr-lake', `schemathesis-${schemathesisVersion}`)
  const program = join(folder, 'bin', 'schemathesis')
  if (existsSync(program)) return program
  await mkdir(folder, { recursive: true })
  if ((await run('python3', ['-m', 'venv', folder])) !== 0) return undefined
  const pip = ['-m', 'pip', 'install', '--quiet', `schemathesis==${schemathesisVersion}`]
  return (await run(join(folder, 'bin', 'python'), pip)) === 0 ? program : undefined
}

async function main(flags: readonly string[]): Promise<number> {
  const program = await installed()
  if (program === undefined) {
    process.stderr.write(
      'edr-lake: this check needs python3 with venv, and pip with a package index: nothing was run\n',
    )
    return 2
  }
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-schema-'))
  await using server = await startServer()
  const { token, tenantId } = await connect(server.firstRun)
  const headers = [`Authorization: Bearer ${token}`, `X-Tenant-ID: ${tenantId}`, 'Accept-Encoding: identity']
  const code = await run(
    program,
    [
      ...['run', `${server.url}/openapi.json`, '--checks', checks, '--max-examples', String(examplesEach)],
      // Ending the principal that calls would end the check.
      ...['--exclude-path-regex', '^/lake/v1/principals/'],
      ...headers.flatMap(header => ['--header', header]),
      ...flags,
    ],
    folder,
  )
  await rm(folder, { recursive: true, force: true })
  return code ?? 1
}

process.exitCode = await main(process.argv.slice(2))
