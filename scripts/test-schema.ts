// A started server against its own reference: schemathesis (from PyPI, in a virtual environment below the user's cache
// folder) calls every operation of it with generated input, valid and not, three times: as a Super Admin of the first
// tenant, of its partner, and of an organization. New routes are in the reference and so in the check. It fails for any
// answer of 500 and above, any undocumented status, media type or shape. Run by test-schema.mjs.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer, type TestServer } from '../test/support/server.ts'
import { addOrganization } from '../test/support/tenants.ts'
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

/** Who calls: every operation is called by each, as far as it may. */
interface Caller {
  readonly name: string
  readonly headers: readonly string[]
}

/** The first tenant's Super Admin, its partner's, and an organization's that has that tenant as well. */
async function callersOf(server: TestServer): Promise<readonly Caller[]> {
  const tenant = await connect(server.firstRun)
  const partner = await connect(await readPartner(server))
  const organization = await connect(await addOrganization(server, server.firstRun.tenantId))
  const all = [
    { name: 'tenant', token: tenant.token, own: [] },
    { name: 'partner', token: partner.token, own: [`X-Partner-ID: ${await idOf(server, partner.token)}`] },
    {
      name: 'organization',
      token: organization.token,
      own: [`X-Organization-ID: ${await idOf(server, organization.token)}`],
    },
  ]
  return all.map(({ name, token, own }) => ({
    name,
    headers: [`Authorization: Bearer ${token}`, `X-Tenant-ID: ${tenant.tenantId}`, 'Accept-Encoding: identity', ...own],
  }))
}

async function idOf({ url }: TestServer, token: string): Promise<string> {
  const answer = await fetch(`${url}/whoami/v1`, { headers: { authorization: `Bearer ${token}` } })
  return ((await answer.json()) as { id: string }).id
}

async function readPartner({ url, directory, firstRun }: TestServer) {
  const text = await readFile(join(directory, 'first-run-partner.json'), 'utf8')
  return { ...(JSON.parse(text) as { clientId: string; clientSecret: string }), url, tenantId: firstRun.tenantId }
}

/**
 * Ending the principal that calls, or the tenant it calls about, would end the check; and 503 is what those routes are
 * for that say whether the lake is well, which the check sees to that it is not.
 */
const left = '^/lake/v1/(account/)?principals/|^/lake/v1/tenants/[^/]*$|^/readyz$|^/services/collector/health'

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
  let worst = 0
  for (const { name, headers } of await callersOf(server)) {
    process.stdout.write(`\nas a ${name}\n`)
    const code = await run(
      program,
      [
        ...['run', `${server.url}/openapi.json`, '--checks', checks, '--max-examples', String(examplesEach)],
        ...['--exclude-path-regex', left],
        ...headers.flatMap(header => ['--header', header]),
        ...flags,
      ],
      folder,
    )
    worst = Math.max(worst, code ?? 1)
  }
  await rm(folder, { recursive: true, force: true })
  return worst
}

process.exitCode = await main(process.argv.slice(2))
