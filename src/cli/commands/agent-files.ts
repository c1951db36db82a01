import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { AppError, systemErrorCode } from '../../model/errors.ts'
import { type ConnectionFlags, connect } from '../connection.ts'
import { harmlessText } from '../display.ts'
import { type CliEffects, printLine } from '../effects.ts'
import { exitCodes } from '../failure.ts'
import { directoryOf } from './directory.ts'

// `edr-lake agent-files`: what machines need to report to the lake, as folders to be copied to them. From a data
// directory, whether its server runs or not, or from a lake elsewhere through its API.

export interface AgentFilesFlags extends ConnectionFlags {
  readonly out?: string
  readonly tlsName?: string
}

/** As `GET /lake/v1/agent-files` has it. */
export interface AgentFilesFound {
  readonly tlsHostname: string
  readonly items: readonly { readonly name: string; readonly text: string; readonly isSecret: boolean }[]
}

export interface AgentFilesRequest {
  /** undefined: the only tenant there is. */
  readonly tenantId: string | undefined
  /** undefined: the lake's first name. */
  readonly tlsName: string | undefined
}

/** Rejects with `not_found` where the directory is none, or no start of it has served TLS. */
export type ReadAgentFiles = (directory: string, request: AgentFilesRequest) => Promise<AgentFilesFound>

const folderDefault = 'agent-files'

export async function writeAgentFiles(
  effects: CliEffects,
  read: ReadAgentFiles,
  flags: AgentFilesFlags,
): Promise<number> {
  const { out = folderDefault } = flags
  const { tlsHostname, items } = await find(effects, read, flags)
  const folder = resolve(effects.workingDirectory, out)
  for (const { name, text, isSecret } of items) {
    checkName(name)
    await write(join(folder, name), text, isSecret ? 0o600 : 0o644)
  }
  const folders = [...new Set(items.map(({ name }) => dirname(name)))].join(', ')
  await printLine(
    effects.stdout,
    harmlessText(
      `files for agents of ${tlsHostname} written to ${out}: ${folders}; INSTALL.md in each says what to do`,
    ),
  )
  return exitCodes.done
}

async function find(effects: CliEffects, read: ReadAgentFiles, flags: AgentFilesFlags): Promise<AgentFilesFound> {
  const { tlsName, tenant: tenantId } = flags
  const isElsewhere = (flags.url ?? flags.clientId ?? (effects.environment['EDR_LAKE_URL'] || undefined)) !== undefined
  if (!isElsewhere) return read(directoryOf(effects, flags), { tenantId, tlsName })
  const client = await connect(effects, flags)
  const request = { method: 'GET', path: '/lake/v1/agent-files', isRepeatable: true, signal: effects.signal } as const
  return (await client.call({ ...request, query: { tlsName } })) as AgentFilesFound
}

/** Names come from a lake that may be anybody's: nothing is written outside the folder. */
function checkName(name: string): void {
  if (/^[a-z]+\/[A-Za-z][A-Za-z.-]*$/.test(name)) return
  throw new AppError('internal', `the lake answered with a file named ${JSON.stringify(name)}`)
}

async function write(path: string, text: string, mode: number): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text, { mode })
    // Of a file that was there before, too.
    await chmod(path, mode)
  } catch (error) {
    throw new AppError('unavailable', `${path} cannot be written (${systemErrorCode(error)})`, { cause: error })
  }
}
