import { type Command, InvalidArgumentError, Option } from 'commander'
import { roles } from '../model/role.ts'
import type { Adding } from './admin-group.ts'
import { addLimitCommands, parseDays } from './admin-limit-commands.ts'
import { addOrganizationCommands } from './admin-organization-commands.ts'
import { addQueryCommands } from './admin-query-commands.ts'
import { addSecretCommands } from './admin-secret-commands.ts'
import { addTableCommands } from './admin-table-commands.ts'
import { type AdminFlags, administer, idInPath, principalsPath } from './commands/admin.ts'
import { type RecoverAccess, type RecoverFlags, recoverAccess } from './commands/recover.ts'
import type { ConnectionFlags } from './connection.ts'
import type { CliEffects } from './effects.ts'

type End = (exitCode: number) => void

/** Adds `admin …`: everything that those who manage do. `end` is told each command's exit code. */
export function addAdminCommands(
  program: Command,
  effects: CliEffects,
  recover: RecoverAccess,
  withConnection: (command: Command) => Command,
  end: End,
): void {
  const admin = program.command('admin').description('manage tenants, access and saved queries')
  const adding: Adding = {
    ...{ admin, effects, end },
    withConnection: command =>
      withConnection(command).option('--print <members>', 'only these of what comes back, comma separated'),
  }
  addTenants(adding)
  addOrganizationCommands(adding)
  addPrincipals(adding)
  addSecretCommands(adding)
  addQueryCommands(adding)
  addTableCommands(adding)
  withConnection(admin.command('settings'))
    .description('print which limits are in force')
    .action(async (flags: ConnectionFlags) => {
      const columns = ['name', 'value', 'unit', 'why']
      end(await administer(effects, { ...flags, account: true }, { method: 'GET', path: '/lake/v1/settings', columns }))
    })
  withConnection(admin.command('audit'))
    .description("print what was done in the partner's or organization's own name, newest first")
    .action(async (flags: ConnectionFlags) => {
      const columns = ['at', 'action', 'outcome', 'principalId', 'target', 'count']
      const path = '/lake/v1/account/audit'
      end(await administer(effects, { ...flags, account: true }, { method: 'GET', path, columns, isPaged: true }))
    })
  admin
    .command('recover')
    .description('a new secret for access that is lost, on the data directory (the server must be stopped)')
    .option('--data <directory>', 'the data directory (default: ./data)')
    .option('--client-id <id>', 'of this principal')
    .option('--tenant <id>', 'of a Super Admin of this tenant (default: of the oldest one)')
    .option('--new-partner <name>', 'make a partner')
    .option('--new-organization <name>', 'make an organization')
    .action(async (flags: RecoverFlags) => end(await recoverAccess(effects, recover, flags)))
}

interface TenantFlags extends ConnectionFlags {
  readonly name?: string
  readonly retentionDays?: number
}

function addTenants(adding: Adding): void {
  const { admin, effects, end, withConnection } = adding
  const tenants = admin.command('tenants').description('tenants of a partner or organization')
  const columns = ['id', 'name', 'status', 'retentionDays', 'createdAt']
  const path = '/lake/v1/tenants'
  withConnection(tenants.command('list')).action(async (flags: ConnectionFlags) =>
    end(await administer(effects, { ...flags, account: true }, { method: 'GET', path, columns, isPaged: true })),
  )
  withConnection(tenants.command('create').argument('<name>'))
    .option('--retention-days <days>', 'how long its rows are kept', parseDays)
    .action(async (name: string, { retentionDays, ...flags }: TenantFlags) => {
      const json = { name, retentionDays }
      end(await administer(effects, { ...flags, account: true }, { method: 'POST', path, json }))
    })
  const change = async (id: string, flags: ConnectionFlags, json: object) => {
    const call = { method: 'PATCH', path: `${path}${idInPath(id)}`, json } as const
    end(await administer(effects, { ...flags, account: true }, call))
  }
  withConnection(tenants.command('change').argument('<id>'))
    .option('--name <name>')
    .option('--retention-days <days>', 'how long its rows are kept', parseDays)
    .action((id: string, { name, retentionDays, ...flags }: TenantFlags) => change(id, flags, { name, retentionDays }))
  addLimitCommands(tenants, adding)
  withConnection(tenants.command('suspend').argument('<id>'))
    .description('close it to everybody; nothing is deleted')
    .action((id: string, flags: ConnectionFlags) => change(id, flags, { status: 'suspended' }))
  withConnection(tenants.command('resume').argument('<id>')).action((id: string, flags: ConnectionFlags) =>
    change(id, flags, { status: 'active' }),
  )
}

interface PrincipalFlags extends AdminFlags {
  readonly role: string
  readonly expires?: string
  readonly overlap?: number
}

function addPrincipals({ admin, effects, end, withConnection }: Adding): void {
  const principals = admin
    .command('principals')
    .description("a tenant's principals, or with --account the account's own")
  const columns = ['id', 'clientId', 'name', 'role', 'expiresAt', 'disabledAt']
  const command = (name: string) =>
    withConnection(principals.command(name)).option('--account', "the partner's or organization's own")
  command('list').action(async (flags: AdminFlags) =>
    end(await administer(effects, flags, { method: 'GET', path: principalsPath(flags), columns })),
  )
  command('create')
    .argument('<name>')
    .addOption(new Option('--role <role>').choices(roles).default('readOnly'))
    .option('--expires <time>', 'UTC timestamp (default: never)')
    .action(async (name: string, flags: PrincipalFlags) => {
      const json = { name, role: flags.role, expiresAt: flags.expires }
      end(await administer(effects, flags, { method: 'POST', path: principalsPath(flags), json }))
    })
  command('rotate')
    .description('give it a new secret')
    .argument('<id>')
    .option('--overlap <seconds>', 'how long older secrets stay valid (default: 0)', parseSeconds)
    .action(async (id: string, flags: PrincipalFlags) => {
      const path = principalsPath(flags, `${idInPath(id)}/rotate`)
      end(await administer(effects, flags, { method: 'POST', path, json: { overlapSeconds: flags.overlap ?? 0 } }))
    })
  command('expire')
    .argument('<id>')
    .option('--expires <time>', 'UTC timestamp (default: never)')
    .action(async (id: string, flags: PrincipalFlags) => {
      const json = { expiresAt: flags.expires ?? null }
      end(await administer(effects, flags, { method: 'PATCH', path: principalsPath(flags, idInPath(id)), json }))
    })
  command('disable')
    .description('take away its access, for good')
    .argument('<id>')
    .action(async (id: string, flags: AdminFlags) => {
      const path = principalsPath(flags, `${idInPath(id)}/disable`)
      end(await administer(effects, flags, { method: 'POST', path }))
    })
}

function parseSeconds(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('a whole number of seconds is expected.')
  return Number(text)
}
