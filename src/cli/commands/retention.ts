import { AppError } from '../../model/errors.ts'
import type { ConnectionFlags } from '../connection.ts'
import { resolveConnection } from '../connection.ts'
import { countOf, harmlessText } from '../display.ts'
import { type CliEffects, printLine } from '../effects.ts'
import { exitCodes, UsageError } from '../failure.ts'
import { type DirectoryTools, directoryOf, type RetentionChange } from './directory.ts'

// How long rows are kept: changed in a data directory, or, while a server runs on it or where a lake is named by its
// address, through the API.

export interface RetentionFlags extends ConnectionFlags {
  readonly queryName?: string
  readonly days?: number
  readonly reset?: boolean
}

export async function changeRetention(
  effects: CliEffects,
  tools: Pick<DirectoryTools, 'setRetention'>,
  flags: RetentionFlags,
): Promise<number> {
  const { tenant: tenantId, queryName, days, reset = false } = flags
  if ((days === undefined) !== reset) throw new UsageError('give either --days or --reset')
  if (reset && queryName === undefined) throw new UsageError('--reset is for a --query-name')
  const isRemote = flags.url !== undefined || effects.environment['EDR_LAKE_URL'] !== undefined
  const where = isRemote
    ? await changeOnline(effects, flags)
    : await changeOffline(effects, tools, flags, { tenantId, queryName, days })
  const what = queryName === undefined ? 'rows' : `rows of ${queryName}`
  const span = days === undefined ? "as long as their tenant's" : countOf(days, 'day')
  await printLine(effects.stdout, harmlessText(`${what} are kept ${span}${where}`))
  return exitCodes.done
}

/** A server that runs on the directory is asked instead. */
async function changeOffline(
  effects: CliEffects,
  tools: Pick<DirectoryTools, 'setRetention'>,
  flags: RetentionFlags,
  change: RetentionChange,
): Promise<string> {
  try {
    await tools.setRetention(directoryOf(effects, flags), change)
    return ''
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'conflict') throw error
    return changeOnline(effects, flags)
  }
}

async function changeOnline(effects: CliEffects, flags: RetentionFlags): Promise<string> {
  const connection = await resolveConnection(effects, flags, 'manager')
  const { tenantId } = connection
  if (tenantId === undefined) throw new UsageError('say which tenant with --tenant')
  const { queryName, days } = flags
  const json = queryName === undefined ? { retentionDays: days } : { queryRetentionDays: { [queryName]: days ?? null } }
  await effects.openClient(connection).call({
    ...{ method: 'PATCH', path: `/lake/v1/tenants/${encodeURIComponent(tenantId)}/limits`, json },
    ...{ isAccount: true, isRepeatable: true, signal: effects.signal },
  })
  return ' (through the server)'
}
