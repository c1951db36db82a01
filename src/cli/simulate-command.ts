import { type Command, InvalidArgumentError, Option } from 'commander'
import {
  type Misbehaviour,
  misbehaviours,
  type OpenSimulation,
  type SimulateFlags,
  simulate,
} from './commands/simulate.ts'
import type { CliEffects } from './effects.ts'

/** Adds `simulate`; `end` is told its exit code. */
export function addSimulateCommand(
  program: Command,
  effects: CliEffects,
  open: OpenSimulation,
  end: (exitCode: number) => void,
): void {
  program
    .command('simulate')
    .description('run simulated osquery agents against a lake, by osquery’s own rules')
    .option('--hosts <count>', 'how many', wholeNumber(1, 100_000), 20)
    .option(
      '--rate <lines>',
      'lines of each host in a minute beside what its configuration schedules',
      wholeNumber(0),
      10,
    )
    .option('--minutes <minutes>', 'for how long (default: until stopped)', positive)
    .option('--url <url>', 'where the agents report to (default: the lake of --data, without TLS)')
    .option('--enroll-secret <secret>', 'default: EDR_LAKE_ENROLL_SECRET, or that of --data')
    .option('--ca <file>', 'PEM of the CA that the agents trust')
    .addOption(
      new Option('--paths <paths>', 'whose paths the agents use').choices(['osquery', 'fleet']).default('osquery'),
    )
    .option('--environment <id>', "osctrl's paths, of this environment")
    .option('--seed <text>', 'the same seed makes the same hosts', 'fleet')
    .option('--clones <count>', 'so many of the hosts have the identity of another one', wholeNumber(0), 0)
    .option(
      '--misbehave <kinds>',
      `one host in ten does one of these: ${misbehaviours.join(',')}`,
      parseMisbehaviours,
      [],
    )
    .option('--gzip', 'log requests are packed')
    .option('--verify', 'ask the lake at the end whether it has every acknowledged line once')
    .option('--api-url <url>', 'of the API for --verify (default: as --url, or of the lake of --data)')
    .option('--data <directory>', 'the data directory whose first-run.json says the rest (default: ./data)')
    .option('--client-id <id>', 'who asks')
    .option('--client-secret <secret>', 'better in EDR_LAKE_CLIENT_SECRET: other users can read command lines')
    .option('--tenant <id>', "the tenant (default: the credentials' own)")
    .action(async (flags: SimulateFlags) => end(await simulate(effects, open, flags)))
}

function wholeNumber(min: number, max = 1_000_000): (text: string) => number {
  return text => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= min && value <= max))
      throw new InvalidArgumentError(`a whole number from ${min} to ${max} is expected.`)
    return value
  }
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value <= 100_000)) throw new InvalidArgumentError('a number of minutes above 0 is expected.')
  return value
}

function parseMisbehaviours(text: string): readonly Misbehaviour[] {
  return text.split(',').map(word => {
    const found = misbehaviours.find(each => each === word.trim())
    if (found === undefined)
      throw new InvalidArgumentError(`${JSON.stringify(word)} is none of ${misbehaviours.join(', ')}.`)
    return found
  })
}
