import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { addAdminCommands } from './admin-commands.ts'
import { type AgentFilesFlags, type ReadAgentFiles, writeAgentFiles } from './commands/agent-files.ts'
import { printConfig, type SettingRow } from './commands/config.ts'
import type { DirectoryTools } from './commands/directory.ts'
import { importFiles } from './commands/import.ts'
import { type QueryFlags, query } from './commands/query.ts'
import type { RecoverAccess } from './commands/recover.ts'
import type { OpenSimulation } from './commands/simulate.ts'
import { type HoldLock, type WatchFlags, watchFiles } from './commands/watch.ts'
import { addConfigurationCommands } from './configuration-commands.ts'
import type { ConnectionFlags } from './connection.ts'
import { addDirectoryCommands } from './directory-commands.ts'
import { type CliEffects, printLine } from './effects.ts'
import { exitCodes, failureOf } from './failure.ts'
import { addHostCommands } from './host-commands.ts'
import { addLiveCommands } from './live-commands.ts'
import { rowFormats } from './row-format.ts'
import { addSimulateCommand } from './simulate-command.ts'

// The command line: which commands there are, what their flags mean, and how a failure ends.

/** What the commands that are no client of the API need of the program around them. */
export interface ProgramParts {
  readonly version: string
  readonly settings: readonly SettingRow[]
  /** Runs the server with these flags until it is stopped; returns its exit code. */
  readonly serve: (args: readonly string[]) => Promise<number>
  readonly directory: DirectoryTools
  readonly readAgentFiles: ReadAgentFiles
  /** Gives a new secret to whoever may write a data directory. */
  readonly recover: RecoverAccess
  readonly holdLock: HoldLock
  readonly openSimulation: OpenSimulation
}

/** Runs one command line (without program and script) and returns its exit code; prints every failure itself. */
export async function runCli(args: readonly string[], effects: CliEffects, parts: ProgramParts): Promise<number> {
  let exitCode: number = exitCodes.done
  const program = buildProgram(effects, parts, code => {
    exitCode = code
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
    const failure = failureOf(error)
    await printLine(effects.stderr, failure.text)
    return failure.exitCode
  }
}

function buildProgram(effects: CliEffects, parts: ProgramParts, end: (exitCode: number) => void): Command {
  const program = new Command('edr-lake')
    .description('An open EDR data lake: osquery in, Trino SQL out.')
    .version(parts.version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .configureOutput({
      writeOut: text => void effects.stdout.write(text),
      writeErr: text => void effects.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'edr-lake: ')),
    })
  program
    .command('serve')
    .description('run the lake (the same as `npm start`); its flags are those of `edr-lake config`')
    .allowUnknownOption()
    .helpOption(false)
    .argument('[flags...]')
    .action(async (flags: string[]) => end(await parts.serve(flags)))
  withSource(program.command('import'))
    .description('store osquery result logs: plain or packed, patterns, or - for standard input')
    .argument('<file...>')
    .action(async (files: string[], flags: ConnectionFlags) => end(await importFiles(effects, files, flags)))
  withSource(program.command('watch'))
    .description('follow osquery result logs as they grow and rotate, and store every line once')
    .argument('<path...>', 'directories, files with what they are rotated to, or patterns')
    .option('--once', 'catch up and end')
    .option('--state <file>', 'where it is kept how far each file is (default: in ~/.local/state/edr-lake)')
    .action(async (paths: string[], flags: WatchFlags) => end(await watchFiles(effects, paths, flags, parts.holdLock)))
  withConnection(program.command('query'))
    .description('run SQL over the lake and print the rows')
    .argument('<sql>', 'one SELECT, or - to read it from standard input')
    .option('--from <time>', 'start of the window: instant, date, or duration ago such as P7D (default: all data)')
    .option('--to <time>', 'end of the window, inclusive (default: now)')
    .addOption(new Option('--format <format>', 'default: table on a terminal, else ndjson').choices(rowFormats))
    .option('--limit <rows>', 'print at most this many rows', parseLimit)
    .action(async (sql: string, flags: QueryFlags) => end(await query(effects, sql, flags)))
  withConnection(program.command('agent-files'))
    .description('write what machines need to report to the lake: flagfile, CA file, secret and a page, per platform')
    .option('--out <directory>', 'where to (default: ./agent-files)')
    .option(
      '--tls-name <host>',
      "what these machines call the lake, host or host:port (default: the lake's first name)",
    )
    .action(async (flags: AgentFilesFlags) => end(await writeAgentFiles(effects, parts.readAgentFiles, flags)))
  addDirectoryCommands(program, effects, parts.directory, end)
  addSimulateCommand(program, effects, parts.openSimulation, end)
  addHostCommands(program, effects, withConnection, end)
  addLiveCommands(program, effects, withConnection, end)
  addConfigurationCommands(program, effects, withConnection, end)
  addAdminCommands(program, effects, parts.recover, withConnection, end)
  program
    .command('config')
    .description("print the server's settings: flag, environment variable, default, unit, why")
    .addOption(new Option('--format <format>', 'how to print them').choices(['table', 'markdown']).default('table'))
    .action(async ({ format }: { format: 'table' | 'markdown' }) =>
      end(await printConfig(effects, parts.settings, format)),
    )
  program
    .command('version')
    .description('print the version')
    .action(() => printLine(effects.stdout, parts.version))
  return program
}

function withConnection(command: Command): Command {
  return command
    .option('--data <directory>', 'the data directory whose first-run.json says the rest (default: ./data)')
    .option('--url <url>', 'origin of the lake')
    .option('--client-id <id>', 'who is calling')
    .option('--client-secret <secret>', 'better in EDR_LAKE_CLIENT_SECRET: other users can read command lines')
    .option('--tenant <id>', "the tenant (default: the credentials' own)")
}

/** Of commands that only store rows. */
function withSource(command: Command): Command {
  return withConnection(command).option(
    '--ingest-token <token>',
    'a source is calling, by its token; better in EDR_LAKE_INGEST_TOKEN',
  )
}

function parseLimit(text: string): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError('a whole number from 1 is expected.')
  return Number(text)
}
