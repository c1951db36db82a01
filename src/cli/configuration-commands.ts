import { type Command, InvalidArgumentError, Option } from 'commander'
import {
  type DiffFlags,
  diffConfiguration,
  type GetFlags,
  getConfiguration,
  type ImportFlags,
  importConfiguration,
  listConfigurations,
  listVersions,
  type PutFlags,
  printEffective,
  putConfiguration,
  type RollbackFlags,
  rollBack,
  type VersionsFlags,
  validateConfiguration,
} from './commands/configurations.ts'
import type { ConnectionFlags } from './connection.ts'
import type { CliEffects } from './effects.ts'

/** Adds `configurations …`: what agents are given. `end` is told each command's exit code. */
export function addConfigurationCommands(
  program: Command,
  effects: CliEffects,
  withConnection: (command: Command) => Command,
  end: (exitCode: number) => void,
): void {
  const group = program
    .command('configurations')
    .description('what agents are given, by label: all, windows, macos, linux, or your own')
  const command = (usage: string, description: string) => withConnection(group.command(usage)).description(description)
  command('list', 'print the current version of each label').action(async (flags: ConnectionFlags) =>
    end(await listConfigurations(effects, flags)),
  )
  command('get <label>', 'print a configuration, as `put` takes it')
    .option('--at <number>', 'an old version (default: the current one)', parseVersion)
    .action(async (label: string, flags: GetFlags) => end(await getConfiguration(effects, label, flags)))
  command('put <label> <file>', 'save a file as the next version; - is standard input')
    .option('--comment <text>', 'why')
    .option('--base-version <number>', 'refuse it where another version is the current one', parseVersion)
    .action(async (label: string, file: string, flags: PutFlags) =>
      end(await putConfiguration(effects, label, file, flags)),
    )
  command('validate <label> <file>', 'say what is wrong or odd about a file, and save nothing').action(
    async (label: string, file: string, flags: ConnectionFlags) =>
      end(await validateConfiguration(effects, label, file, flags)),
  )
  command('versions <label>', 'print the history of a label, newest first')
    .option('--limit <number>', 'at most so many, up to 100', parseLimit, 20)
    .action(async (label: string, flags: VersionsFlags) => end(await listVersions(effects, label, flags)))
  command('diff <label>', 'print what changed between two versions')
    .option('--from <number>', 'default: the one before', parseVersion)
    .option('--to <number>', 'default: the current one', parseVersion)
    .action(async (label: string, flags: DiffFlags) => end(await diffConfiguration(effects, label, flags)))
  withConnection(group.command('rollback'))
    .description('save an old version as the next one; 0 is nothing, as before the first one')
    .argument('<label>')
    .argument('<version>', '', parseVersion)
    .option('--comment <text>', 'why')
    .action(async (label: string, version: number, flags: RollbackFlags) =>
      end(await rollBack(effects, label, version, flags)),
    )
  command('import <label> <file>', 'put a file of osquery (.conf) or of Fleet (YAML) into what a label has')
    .option('--pack <name>', "name of the pack where the file is one (default: the file's)")
    .addOption(new Option('--format <format>', 'default: by what it holds').choices(['conf', 'fleet']))
    .option('--comment <text>', 'why')
    .option('--dry-run', 'print what would be put, and save nothing')
    .action(async (label: string, file: string, flags: ImportFlags) =>
      end(await importConfiguration(effects, label, file, flags)),
    )
  command('effective <host>', 'print what a host is given now, by its id').action(
    async (host: string, flags: ConnectionFlags) => end(await printEffective(effects, host, flags)),
  )
}

function parseVersion(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('the number of a version is expected.')
  return Number(text)
}

function parseLimit(text: string): number {
  if (!/^\d{1,3}$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError('a whole number from 1 is expected.')
  return Number(text)
}
