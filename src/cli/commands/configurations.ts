import { readFile } from 'node:fs/promises'
import { basename, extname, resolve } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import type { ConfigurationReply, WireVersion } from '../../api/configurations.ts'
import type { CallRequest } from '../../client/client.ts'
import { AppError } from '../../model/errors.ts'
import { type ConnectionFlags, connect } from '../connection.ts'
import { countOf, harmlessText } from '../display.ts'
import { type CliEffects, printLine } from '../effects.ts'
import { exitCodes, failureOf, UsageError } from '../failure.ts'
import { unreadable } from '../file-arguments.ts'
import { renderRows } from '../table.ts'

// `edr-lake configurations …`: what agents are given, by label. `get` prints what `put` takes, so that configurations
// can be files under version control. What was found about one goes to standard error, a line each.

interface Finding {
  readonly path: string
  readonly message: string
}

interface Saved extends WireVersion {
  readonly isNew: boolean
  readonly warnings: readonly Finding[]
}

type Call = Omit<CallRequest, 'isRepeatable' | 'signal'>

async function call<Reply>(effects: CliEffects, flags: ConnectionFlags, request: Call): Promise<Reply> {
  const client = await connect(effects, flags)
  const isRepeatable = request.method === 'GET'
  return (await client.call({ ...request, isRepeatable, signal: effects.signal })) as Reply
}

function pathOf(label: string, rest = ''): string {
  return `/lake/v1/configurations/${encodeURIComponent(label)}${rest}`
}

const columns = ['label', 'version', 'createdAt', 'bytes', 'comment'] as const

export async function listConfigurations(effects: CliEffects, flags: ConnectionFlags): Promise<number> {
  const path = '/lake/v1/configurations'
  const { items, shippedVersion } = await call<{ items: readonly WireVersion[]; shippedVersion: string }>(
    ...([effects, flags, { method: 'GET', path }] as const),
  )
  await printVersions(effects, items)
  await printLine(effects.stderr, `below them: the lake's own queries ${shippedVersion}`)
  return exitCodes.done
}

export interface VersionsFlags extends ConnectionFlags {
  readonly limit: number
}

export async function listVersions(effects: CliEffects, label: string, flags: VersionsFlags): Promise<number> {
  const query = { pageSize: Math.min(flags.limit, 100) }
  const path = pathOf(label, '/versions')
  const { items } = await call<{ items: readonly WireVersion[] }>(effects, flags, { method: 'GET', path, query })
  await printVersions(effects, items)
  return exitCodes.done
}

async function printVersions({ stdout }: CliEffects, versions: readonly WireVersion[]): Promise<void> {
  if (!stdout.isTerminal) {
    for (const version of versions) await printLine(stdout, JSON.stringify(version))
    return
  }
  const shown = columns.map(name => ({ name, type: 'string' }))
  const rows = versions.map(version => Object.fromEntries(columns.map(name => [name, version[name] ?? ''])))
  await stdout.write(renderRows(shown, rows, stdout.columns))
}

export interface GetFlags extends ConnectionFlags {
  /** An old version. */
  readonly at?: number
}

export async function getConfiguration(effects: CliEffects, label: string, flags: GetFlags): Promise<number> {
  const query = flags.at === undefined ? {} : { version: flags.at }
  const reply = await call<ConfigurationReply>(effects, flags, { method: 'GET', path: pathOf(label), query })
  const { configuration, shippedQueries, shippedDecorators } = reply
  await printLine(effects.stdout, JSON.stringify({ configuration, shippedQueries, shippedDecorators }, undefined, 2))
  await printLine(effects.stderr, `version ${reply.version} of ${harmlessText(reply.label)}`)
  return exitCodes.done
}

export interface PutFlags extends ConnectionFlags {
  readonly comment?: string
  readonly baseVersion?: number
}

export async function putConfiguration(
  effects: CliEffects,
  label: string,
  file: string,
  flags: PutFlags,
): Promise<number> {
  const { comment, baseVersion } = flags
  const json = { ...(await readLayer(effects, file)), comment, baseVersion }
  return save(effects, flags, { method: 'PUT', path: pathOf(label), json })
}

export interface RollbackFlags extends ConnectionFlags {
  readonly comment?: string
}

export function rollBack(effects: CliEffects, label: string, version: number, flags: RollbackFlags): Promise<number> {
  const json = { version, comment: flags.comment }
  return save(effects, flags, { method: 'POST', path: pathOf(label, '/rollback'), json })
}

export interface ImportFlags extends ConnectionFlags {
  readonly pack?: string
  readonly format?: string
  readonly comment?: string
  readonly dryRun?: boolean
}

/** A file that is a pack becomes the pack of the file's name. */
export async function importConfiguration(
  effects: CliEffects,
  label: string,
  file: string,
  flags: ImportFlags,
): Promise<number> {
  const text = await readInput(effects, file)
  const pack = flags.pack ?? (file === '-' ? 'imported' : basename(file, extname(file)))
  const query = { pack, ...(flags.format === undefined ? {} : { format: flags.format }) }
  if (flags.dryRun !== true) {
    const comment = flags.comment ?? `imported from ${basename(file)}`
    return save(effects, flags, { method: 'POST', path: pathOf(label, '/import'), query: { ...query, comment }, text })
  }
  const converted = await call<{ configuration: object; errors: readonly Finding[]; warnings: readonly Finding[] }>(
    ...([effects, flags, { method: 'POST', path: '/lake/v1/configurations/convert', query, text }] as const),
  )
  const { configuration, errors, warnings } = converted
  await printLine(effects.stdout, JSON.stringify({ configuration }, undefined, 2))
  await printFindings(effects, errors, warnings)
  return errors.length === 0 ? exitCodes.done : exitCodes.failed
}

async function save(effects: CliEffects, flags: ConnectionFlags, request: Call): Promise<number> {
  try {
    const { label, version, isNew, warnings } = await call<Saved>(effects, flags, request)
    await printFindings(effects, [], warnings)
    const what = isNew ? 'saved as' : 'is already'
    await printLine(effects.stdout, harmlessText(`${label} ${what} version ${version}`))
    return exitCodes.done
  } catch (error) {
    return explain(effects, error)
  }
}

/** A configuration with errors has more of them than a sentence can say. */
async function explain(effects: CliEffects, error: unknown): Promise<number> {
  const { errors, warnings } = (error instanceof AppError ? error.details : undefined) ?? {}
  if (!Array.isArray(errors) || errors.length === 0) throw error
  await printFindings(effects, errors as Finding[], (warnings ?? []) as Finding[])
  await printLine(
    effects.stderr,
    failureOf(new UsageError(`${countOf(errors.length, 'error')}: nothing is saved`)).text,
  )
  return exitCodes.failed
}

async function printFindings(
  { stderr }: CliEffects,
  errors: readonly Finding[],
  warnings: readonly Finding[],
): Promise<void> {
  for (const [kind, findings] of [['error', errors] as const, ['warning', warnings] as const]) {
    for (const { path, message } of findings) {
      await printLine(stderr, harmlessText(`${kind}  ${path === '' ? '' : `${path}: `}${message}`))
    }
  }
}

export async function validateConfiguration(
  effects: CliEffects,
  label: string,
  file: string,
  flags: ConnectionFlags,
): Promise<number> {
  const json = await readLayer(effects, file)
  const path = pathOf(label, '/validate')
  const { isValid, errors, warnings, bytes } = await call<{
    readonly isValid: boolean
    readonly errors: readonly Finding[]
    readonly warnings: readonly Finding[]
    readonly bytes: number
  }>(effects, flags, { method: 'POST', path, json })
  await printFindings(effects, errors, warnings)
  const counts = `${countOf(errors.length, 'error')}, ${countOf(warnings.length, 'warning')}`
  await printLine(effects.stdout, `${counts}, ${countOf(bytes, 'byte')}`)
  return isValid ? exitCodes.done : exitCodes.failed
}

export interface DiffFlags extends ConnectionFlags {
  readonly from?: number
  readonly to?: number
}

/** A change a paragraph: its place, then the lines that go and those that come. */
export async function diffConfiguration(effects: CliEffects, label: string, flags: DiffFlags): Promise<number> {
  const query = Object.fromEntries(
    Object.entries({ from: flags.from, to: flags.to }).filter(([, version]) => version !== undefined),
  ) as Record<string, number>
  const { from, to, changes } = await call<{
    readonly from: number
    readonly to: number
    readonly changes: readonly { path: string; change: string; before?: unknown; after?: unknown }[]
  }>(effects, flags, { method: 'GET', path: pathOf(label, '/diff'), query })
  for (const { path, change, before, after } of changes) {
    await printLine(effects.stdout, harmlessText(`${change} ${path}`))
    for (const line of linesOf(before)) await printLine(effects.stdout, `  - ${harmlessText(line)}`)
    for (const line of linesOf(after)) await printLine(effects.stdout, `  + ${harmlessText(line)}`)
  }
  await printLine(effects.stderr, `${countOf(changes.length, 'change')} from version ${from} to ${to}`)
  return exitCodes.done
}

function linesOf(value: unknown): readonly string[] {
  if (value === undefined) return []
  return (typeof value === 'string' ? value : JSON.stringify(value, undefined, 2)).split('\n')
}

export async function printEffective(effects: CliEffects, hostId: string, flags: ConnectionFlags): Promise<number> {
  if (!/^[0-9a-fA-F-]{36}$/.test(hostId)) throw new UsageError(`${JSON.stringify(hostId)} is no host's id`)
  const path = `/lake/v1/hosts/${hostId}/configuration`
  const reply = await call<{
    readonly version: string
    readonly platform?: string
    readonly shard: number
    readonly bytes: number
    readonly configuration: object
  }>(effects, flags, { method: 'GET', path })
  await printLine(effects.stdout, JSON.stringify(reply.configuration, undefined, 2))
  const { version, platform = 'unknown platform', shard, bytes } = reply
  await printLine(effects.stderr, harmlessText(`${version}; ${platform}, shard ${shard}, ${countOf(bytes, 'byte')}`))
  return exitCodes.done
}

/** What `get` prints, or a configuration by itself. */
async function readLayer(effects: CliEffects, file: string): Promise<object> {
  const text = await readInput(effects, file)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const advice = 'files of osquery and of Fleet are for `configurations import`'
    throw new UsageError(`${file} is not valid JSON: ${reason} (${advice})`)
  }
  const { configuration } = Object(value) as { readonly configuration?: unknown }
  return configuration === undefined ? { configuration: value } : (value as object)
}

async function readInput({ stdin, workingDirectory }: CliEffects, file: string): Promise<string> {
  if (file === '-') return readText(stdin)
  return readFile(resolve(workingDirectory, file), 'utf8').catch((error: unknown) => {
    throw unreadable(file, error)
  })
}
