import { type Command, InvalidArgumentError, Option } from 'commander'
import { type LiveFlags, runLive } from './commands/live.ts'
import type { CliEffects } from './effects.ts'

/** Adds `live …`: what asks hosts now. `end` is told each command's exit code. */
export function addLiveCommands(
  program: Command,
  effects: CliEffects,
  withConnection: (command: Command) => Command,
  end: (exitCode: number) => void,
): void {
  const live = program.command('live').description('ask hosts now')
  const os = new Option('--os <system...>', 'hosts with one of these systems').choices(['windows', 'macos', 'linux'])
  const type = new Option('--type <type...>', 'hosts of these types').choices(['computer', 'server'])
  withConnection(live.command('run'))
    .description("run SQL of osquery's on hosts and print their rows as they come")
    .argument('<sql>', 'one SELECT, the id of a query of the library, or - to read SQL from standard input')
    .option('--all', 'ask every host')
    .option('--label <name...>', 'hosts with one of these labels')
    .addOption(os)
    .addOption(type)
    .option('--host <name...>', 'hosts with one of these ids, or texts in their names')
    .option('--name <name>', 'rows are in the lake as live/<name> (default: the id of the run)')
    .option('--var <name=value...>', 'values of $$variables$$')
    .option('--timeout <seconds>', 'how long hosts are waited for', parseSeconds)
    .option('--wait', 'print rows until every host has answered or the time is over')
    .action(async (sql: string, flags: LiveFlags) => end(await runLive(effects, sql, flags)))
}

function parseSeconds(text: string): number {
  if (!/^\d{1,6}$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError('a whole number of seconds from 1 is expected.')
  return Number(text)
}
