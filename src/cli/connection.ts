import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { LakeClient } from '../client/client.ts'
import { AppError, systemErrorCode } from '../model/errors.ts'
import { shellWord } from './display.ts'
import type { CliEffects, ConnectionOptions } from './effects.ts'
import { UsageError } from './failure.ts'

// Which lake a command talks to: flags, else the environment, else what the first start left in DIR/first-run.json.

/** As the flags have them; every one optional. */
export interface ConnectionFlags {
  readonly url?: string
  readonly clientId?: string
  readonly clientSecret?: string
  readonly tenant?: string
  readonly data?: string
  /** Of commands that only store rows: instead of client id and secret. */
  readonly ingestToken?: string
}

export async function connect(effects: CliEffects, flags: ConnectionFlags): Promise<LakeClient> {
  return effects.openClient(await resolveConnection(effects, flags))
}

/** For a command that only stores rows: an ingest token, where one is given, else as every other command. */
export async function resolveSource(
  effects: Pick<CliEffects, 'environment' | 'workingDirectory'>,
  flags: ConnectionFlags,
): Promise<ConnectionOptions> {
  const set = (name: string) => effects.environment[name] || undefined
  // Flags that name a principal come before a token in the environment.
  const isPrincipal = flags.clientId !== undefined || flags.clientSecret !== undefined
  const ingestToken = flags.ingestToken ?? (isPrincipal ? undefined : set('EDR_LAKE_INGEST_TOKEN'))
  if (ingestToken === undefined) return resolveConnection(effects, flags)
  const tenantId = flags.tenant ?? set('EDR_LAKE_TENANT')
  const url = flags.url ?? set('EDR_LAKE_URL')
  if (url !== undefined) checkUrl(url)
  const place = url ?? (await resolveConnection(effects, flags)).url
  return { url: place, ingestToken, tenantId }
}

/**
 * Of a first start's principals its tenant's, or the one that manages tenants. Throws `not_found` with what to do when
 * neither flags nor a first start say where the lake is.
 */
export async function resolveConnection(
  { environment, workingDirectory }: Pick<CliEffects, 'environment' | 'workingDirectory'>,
  flags: ConnectionFlags,
  who: 'tenant' | 'manager' = 'tenant',
): Promise<ConnectionOptions> {
  const set = (name: string) => environment[name] || undefined
  const given = {
    url: flags.url ?? set('EDR_LAKE_URL'),
    clientId: flags.clientId ?? set('EDR_LAKE_CLIENT_ID'),
    clientSecret: flags.clientSecret ?? set('EDR_LAKE_CLIENT_SECRET'),
    tenantId: flags.tenant ?? set('EDR_LAKE_TENANT'),
  }
  const { url, clientId, clientSecret, tenantId } = given
  if (url !== undefined) checkUrl(url)
  // With all of them given a first start's file, perhaps another lake's, has no say, not even about the tenant.
  if (url !== undefined && clientId !== undefined && clientSecret !== undefined) {
    return { url, clientId, clientSecret, tenantId }
  }
  const folder = folderOf({ environment, workingDirectory }, flags)
  const firstRun = await readFirstRun(join(folder, 'first-run.json'))
  // Without the partner's file the tenant's principal does what it may.
  const known = who === 'manager' ? await readPartner(join(folder, 'first-run-partner.json'), firstRun) : firstRun
  return {
    url: url ?? firstRun.url,
    clientId: clientId ?? known.clientId,
    clientSecret: clientSecret ?? known.clientSecret,
    tenantId: tenantId ?? (clientId === undefined ? firstRun.tenantId : undefined),
  }
}

/** What the first start of the data directory left. Throws `not_found` with what to do where there is none. */
export async function firstRunOf(
  effects: Pick<CliEffects, 'environment' | 'workingDirectory'>,
  flags: Pick<ConnectionFlags, 'data'>,
): Promise<FirstRun> {
  return readFirstRun(join(folderOf(effects, flags), 'first-run.json'))
}

function folderOf(
  { environment, workingDirectory }: Pick<CliEffects, 'environment' | 'workingDirectory'>,
  { data }: Pick<ConnectionFlags, 'data'>,
): string {
  return resolve(workingDirectory, data ?? (environment['EDR_LAKE_DATA'] || 'data'))
}

/** The flags again as shell words, for a command that is shown to be typed; a secret is never among them. */
export function connectionWords(flags: ConnectionFlags): readonly string[] {
  const shown: readonly (readonly [string, string | undefined])[] = [
    ['--data', flags.data],
    ['--url', flags.url],
    ['--client-id', flags.clientId],
    ['--tenant', flags.tenant],
  ]
  return shown.flatMap(([flag, value]) => (value === undefined ? [] : [flag, shellWord(value)]))
}

function checkUrl(url: string): void {
  const parsed = URL.parse(url)
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new UsageError(`${JSON.stringify(url)} is no http or https URL`)
  }
}

interface FirstRun {
  readonly url: string
  readonly tenantId: string
  readonly clientId: string
  readonly clientSecret: string
  /** An operator may have taken it out. */
  readonly enrollSecret?: string
}

type Credentials = Pick<FirstRun, 'clientId' | 'clientSecret'>

async function readPartner(path: string, otherwise: Credentials): Promise<Credentials> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  })
  return text === undefined ? otherwise : (parseMembers(text) as unknown as Credentials)
}

async function readFirstRun(path: string): Promise<FirstRun> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'EACCES') throw new AppError('permission_denied', `${path} is not readable by you`)
    throw new AppError(
      'not_found',
      `no lake is known: there is no ${path}; start one with \`npm start\`, or name one with ` +
        '--data, or --url, --client-id and --client-secret',
      { cause: error },
    )
  })
  const members = parseMembers(text)
  const missing = ['url', 'tenantId', 'clientId', 'clientSecret'].filter(name => typeof members[name] !== 'string')
  if (missing.length > 0) throw new AppError('invalid_argument', `${path} is damaged: ${missing.join(', ')} missing`)
  return members as unknown as FirstRun
}

function parseMembers(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>
  } catch {
    return {}
  }
}
