import { Option } from 'commander'
import { roles } from '../model/role.ts'
import type { Adding } from './admin-group.ts'
import { administer, idInPath } from './commands/admin.ts'
import type { ConnectionFlags } from './connection.ts'

interface AccessFlags extends ConnectionFlags {
  readonly role: string
  readonly expires?: string
}

/** Adds `admin organizations …`: what a partner groups its tenants into. */
export function addOrganizationCommands({ admin, effects, end, withConnection }: Adding): void {
  const path = '/lake/v1/organizations'
  const organizations = admin
    .command('organizations')
    .description('organizations of a partner, and which tenants each has')
  const ofPartner = (flags: ConnectionFlags) => ({ ...flags, account: true })
  withConnection(organizations.command('list')).action(async (flags: ConnectionFlags) =>
    end(await administer(effects, ofPartner(flags), { method: 'GET', path, columns: ['id', 'name', 'createdAt'] })),
  )
  withConnection(organizations.command('create').argument('<name>')).action(
    async (name: string, flags: ConnectionFlags) =>
      end(await administer(effects, ofPartner(flags), { method: 'POST', path, json: { name } })),
  )
  withConnection(organizations.command('create-principal').argument('<id>').argument('<name>'))
    .description('let somebody in; the organization itself does the rest')
    .addOption(new Option('--role <role>').choices(roles).default('superAdmin'))
    .option('--expires <time>', 'UTC timestamp (default: never)')
    .action(async (id: string, name: string, { role, expires, ...flags }: AccessFlags) => {
      const json = { name, role, expiresAt: expires }
      const call = { method: 'POST', path: `${path}${idInPath(id)}/principals`, json } as const
      end(await administer(effects, ofPartner(flags), call))
    })
  const tenantCommands = [
    { name: 'add-tenant', method: 'PUT', about: 'give it a tenant; another organization loses it' },
    { name: 'remove-tenant', method: 'DELETE', about: 'take a tenant from it; the tenant stays' },
  ] as const
  for (const { name, method, about } of tenantCommands) {
    withConnection(organizations.command(name).argument('<id>').argument('<tenant>'))
      .description(about)
      .action(async (id: string, tenantId: string, flags: ConnectionFlags) => {
        const call = { method, path: `${path}${idInPath(id)}/tenants${idInPath(tenantId)}` }
        end(await administer(effects, ofPartner(flags), call))
      })
  }
}
