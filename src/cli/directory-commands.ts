import { type Command, InvalidArgumentError } from 'commander'
import {
  backUp,
  check,
  compactAll,
  type DirectoryFlags,
  type DirectoryTools,
  type EraseFlags,
  eraseOneHost,
  printStats,
  restoreBackup,
} from './commands/directory.ts'
import { changeRetention, type RetentionFlags } from './commands/retention.ts'
import type { CliEffects } from './effects.ts'

/** Adds the commands on a data directory itself; `end` is told each one's exit code. */
export function addDirectoryCommands(
  program: Command,
  effects: CliEffects,
  tools: DirectoryTools,
  end: (exitCode: number) => void,
): void {
  withDirectory(program.command('fsck'))
    .description('compare every data file and segment with the catalog (the server must be stopped)')
    .option('--repair', 'make the catalog say what is on the disk')
    .action(async (flags: DirectoryFlags & { repair?: boolean }) => end(await check(effects, tools, flags)))
  withDirectory(program.command('backup'))
    .description('copy a data directory, also one that a server is using')
    .argument('<directory>', 'where to: empty, or not there yet')
    .action(async (to: string, flags: DirectoryFlags) => end(await backUp(effects, tools, to, flags)))
  withDirectory(program.command('restore'))
    .description('make a data directory of a backup')
    .argument('<directory>', 'the backup; --data must be empty, or not there yet')
    .action(async (from: string, flags: DirectoryFlags) => end(await restoreBackup(effects, tools, from, flags)))
  withDirectory(program.command('compact'))
    .description('merge small data files until none are left to merge (the server must be stopped)')
    .action(async (flags: DirectoryFlags) => end(await compactAll(effects, tools, flags)))
  const retention = program.command('retention').description('how long rows are kept')
  withTenant(withDirectory(retention.command('set')))
    .description('change how long rows are kept, by their time of receipt; through the server where one runs')
    .option('--url <url>', 'origin of a lake elsewhere')
    .option('--client-id <id>', 'who is calling it')
    .option('--client-secret <secret>', 'better in EDR_LAKE_CLIENT_SECRET: other users can read command lines')
    .option('--query-name <name>', 'only rows of this query name')
    .option('--days <days>', 'drop them after so many days', parseDays)
    .option('--reset', "the query name's rows are kept as long as its tenant's")
    .action(async (flags: RetentionFlags) => end(await changeRetention(effects, tools, flags)))
  withTenant(withDirectory(program.command('erase')))
    .description("erase a host's rows from every data file (the server must be stopped)")
    .requiredOption('--host <id>', "the host's endpoint_id")
    .action(async (flags: EraseFlags) => end(await eraseOneHost(effects, tools, flags)))
  withDirectory(program.command('stats'))
    .description('print how much of each tenant is in a data directory')
    .action(async (flags: DirectoryFlags) => end(await printStats(effects, tools, flags)))
}

function withDirectory(command: Command): Command {
  return command.option('--data <directory>', 'the data directory (default: ./data)')
}

function withTenant(command: Command): Command {
  return command.option('--tenant <id>', 'whose rows (default: the only tenant)')
}

function parseDays(text: string): number {
  if (!/^\d{1,6}$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError('a whole number from 1 is expected.')
  return Number(text)
}
