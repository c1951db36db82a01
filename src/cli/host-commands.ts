import { type Command, Option } from 'commander'
import { type AdminFlags, administer, idInPath } from './commands/admin.ts'
import type { ConnectionFlags } from './connection.ts'
import type { CliEffects } from './effects.ts'
import { UsageError } from './failure.ts'

type End = (exitCode: number) => void
type WithConnection = (command: Command) => Command

const hostsPath = '/lake/v1/hosts'
const labelsPath = '/lake/v1/labels'

interface HostFilterFlags extends AdminFlags {
  readonly status?: string
  readonly platform?: string
  readonly label?: string
  readonly search?: string
}

interface LabelFlags extends AdminFlags {
  readonly description?: string
  readonly ingest?: string
}

/** Adds `hosts …` and `labels …`: the machines of a tenant. `end` is told each command's exit code. */
export function addHostCommands(program: Command, effects: CliEffects, withConnection: WithConnection, end: End): void {
  const printing = (command: Command) =>
    withConnection(command).option('--print <members>', 'only these of what comes back, comma separated')
  addHosts(program, effects, printing, end)
  addLabels(program, effects, printing, end)
}

function addHosts(program: Command, effects: CliEffects, withConnection: WithConnection, end: End): void {
  const hosts = program.command('hosts').description('machines that enrolled, or are known from their logs')
  const columns = ['id', 'hostIdentifier', 'status', 'platform', 'osVersion', 'osqueryVersion', 'lastSeenAt', 'labels']
  withConnection(hosts.command('list'))
    .addOption(new Option('--status <status>').choices(['online', 'offline', 'missing']))
    .addOption(new Option('--platform <platform>').choices(['windows', 'macOS', 'linux']))
    .option('--label <name>', 'those that have it')
    .option('--search <text>', 'text of an id, identifier, name, hardware UUID, serial number or address')
    .action(async ({ status, platform, label, search, ...flags }: HostFilterFlags) => {
      const query = { status, platform, label, search }
      end(await administer(effects, flags, { method: 'GET', path: hostsPath, columns, query, isPaged: true }))
    })
  withConnection(hosts.command('show').argument('<id>')).action(async (id: string, flags: ConnectionFlags) =>
    end(await administer(effects, flags, { method: 'GET', path: `${hostsPath}${idInPath(id)}` })),
  )
  withConnection(hosts.command('delete').argument('<id>'))
    .description('forget it; its rows stay, and an agent that is still there enrols again as a new host')
    .action(async (id: string, flags: ConnectionFlags) => {
      const call = { method: 'DELETE', path: `${hostsPath}${idInPath(id)}`, done: 'deleted' } as const
      end(await administer(effects, flags, call))
    })
}

function addLabels(program: Command, effects: CliEffects, withConnection: WithConnection, end: End): void {
  const labels = program.command('labels').description('names that hosts are given')
  const columns = ['name', 'hosts', 'ingest', 'description', 'createdAt']
  withConnection(labels.command('list')).action(async (flags: ConnectionFlags) =>
    end(await administer(effects, flags, { method: 'GET', path: labelsPath, columns })),
  )
  withConnection(labels.command('set').argument('<name>'))
    .description('make a label, or change the one of that name')
    .option('--description <text>')
    .addOption(
      new Option('--ingest <on|off>', 'off: what its hosts log is acknowledged, counted and not stored').choices([
        'on',
        'off',
      ]),
    )
    .action(async (name: string, { description, ingest, ...flags }: LabelFlags) => {
      const json = { description, ingest }
      end(await administer(effects, flags, { method: 'PUT', path: `${labelsPath}${nameInPath(name)}`, json }))
    })
  withConnection(labels.command('delete').argument('<name>')).action(async (name: string, flags: ConnectionFlags) =>
    end(
      await administer(effects, flags, {
        ...{ method: 'DELETE', path: `${labelsPath}${nameInPath(name)}`, done: 'deleted' },
      }),
    ),
  )
  for (const verb of ['add', 'remove'] as const) {
    withConnection(labels.command(verb).argument('<name>').argument('<host...>', 'ids'))
      .description(verb === 'add' ? 'give hosts a label' : 'take a label from hosts')
      .action(async (name: string, hosts: string[], flags: ConnectionFlags) => {
        const call = {
          method: 'POST',
          path: `${labelsPath}${nameInPath(name)}/hosts`,
          json: { [verb]: hosts },
        } as const
        end(await administer(effects, flags, call))
      })
  }
}

function nameInPath(name: string): string {
  if (name === '' || /[/?#%]/.test(name)) throw new UsageError(`${JSON.stringify(name)} is no label`)
  return `/${encodeURIComponent(name)}`
}
