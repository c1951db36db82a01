import type { Command } from 'commander'
import type { CliEffects } from './effects.ts'

/** What those who add commands to `admin` need. */
export interface Adding {
  readonly admin: Command
  readonly effects: CliEffects
  /** Is told each command's exit code. */
  readonly end: (exitCode: number) => void
  /** Adds the flags that say where the lake is, and which members are printed. */
  readonly withConnection: (command: Command) => Command
}
