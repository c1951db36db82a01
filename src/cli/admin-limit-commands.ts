import { type Command, InvalidArgumentError } from 'commander'
import { parseBytes } from '../model/byte-size.ts'
import type { Adding } from './admin-group.ts'
import { administer, idInPath } from './commands/admin.ts'
import type { ConnectionFlags } from './connection.ts'

// `admin tenants limits` and `admin tenants run-limits`: what one tenant may keep, and what each of its runs may do.

interface LimitFlags extends ConnectionFlags {
  readonly retentionDays?: number
  readonly uploadCapHost?: number | 'none'
  readonly uploadCapTenant?: number | 'none'
  readonly diskBudget?: number | 'none'
}

/** Adds what a tenant has of its own: `limits` of its rows, `run-limits` of its runs. */
export function addLimitCommands(tenants: Command, adding: Adding): void {
  addRunLimits(tenants, adding)
  const { effects, end, withConnection } = adding
  withConnection(tenants.command('limits').argument('<id>'))
    .description('print how long its rows are kept, its upload caps and its disk budget, or change them')
    .option('--retention-days <days>', 'how long its rows are kept', parseDays)
    .option('--upload-cap-host <size>', "of one host's lines on one day; none: as the lake's settings say", parseSize)
    .option('--upload-cap-tenant <size>', "of all its lines on one day; none: as the lake's settings say", parseSize)
    .option('--disk-budget <size>', "of the disk; none: as the lake's settings say", parseSize)
    .action(async (id: string, flags: LimitFlags) => {
      const { retentionDays, uploadCapHost, uploadCapTenant, diskBudget, ...connection } = flags
      const bounds = { uploadCapHostBytes: uploadCapHost, uploadCapTenantBytes: uploadCapTenant }
      const own = Object.entries({ ...bounds, diskBudgetBytes: diskBudget })
      // The API has null for a bound that is the lake's again.
      const given = own.map(([name, value]) => [name, value === 'none' ? null : value])
      const json = { retentionDays, ...Object.fromEntries(given) }
      const isChange = Object.values(json).some(value => value !== undefined)
      const path = `/lake/v1/tenants${idInPath(id)}/limits`
      const call = isChange ? ({ method: 'PATCH', path, json } as const) : ({ method: 'GET', path } as const)
      end(await administer(effects, { ...connection, account: true }, call))
    })
}

interface RunLimitFlags extends ConnectionFlags {
  readonly rows?: number | 'none'
  readonly bytes?: number | 'none'
  readonly seconds?: number | 'none'
}

function addRunLimits(tenants: Command, { effects, end, withConnection }: Adding): void {
  withConnection(tenants.command('run-limits').argument('<id>'))
    .description(
      'print what each of its runs gets, or set all of it: what is left out, or none, is as for every tenant',
    )
    .option('--rows <count>', 'of the result', parseCount)
    .option('--bytes <size>', 'of the result on disk', parseSize)
    .option('--seconds <count>', 'from the creation of the run to its end', parseCount)
    .action(async (id: string, { rows, bytes, seconds, ...connection }: RunLimitFlags) => {
      const given = Object.entries({ rows, bytes, seconds }).filter(([, value]) => value !== undefined)
      const json = Object.fromEntries(given.filter(([, value]) => value !== 'none'))
      const path = `/lake/v1/tenants${idInPath(id)}/run-limits`
      const call = given.length > 0 ? ({ method: 'PUT', path, json } as const) : ({ method: 'GET', path } as const)
      end(await administer(effects, { ...connection, account: true }, call))
    })
}

export function parseDays(text: string): number {
  if (!/^\d{1,4}$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError('a whole number of days is expected.')
  return Number(text)
}

/** `none`: none of its own. */
function parseSize(text: string): number | 'none' {
  if (text === 'none') return text
  try {
    return parseBytes(text)
  } catch {
    throw new InvalidArgumentError('a size like 512M or 2G, or none, is expected.')
  }
}

function parseCount(text: string): number | 'none' {
  if (text === 'none') return text
  if (!/^\d{1,15}$/.test(text) || Number(text) === 0) {
    throw new InvalidArgumentError('a whole number from 1 on, or none, is expected.')
  }
  return Number(text)
}
