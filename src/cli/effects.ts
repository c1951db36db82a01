import type { Readable } from 'node:stream'
import type { LakeClient } from '../client/client.ts'
import type { Clock } from '../model/clock.ts'

// Everything of the outside world that a command touches beside files and the network: bin/cli.ts hands over the real
// things, a test its own.

export interface Output {
  /** Resolves when more may be written. */
  write(text: string): Promise<void>
  readonly isTerminal: boolean
  /** Width of the terminal in characters. */
  readonly columns: number
}

export interface CliEffects {
  /** Results: what a pipe should get. */
  readonly stdout: Output
  /** Everything for the person: progress, windows, summaries, failures. */
  readonly stderr: Output
  readonly stdin: Readable
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Relative paths start here. */
  readonly workingDirectory: string
  readonly clock: Clock
  /** Aborts when the person wants to stop. */
  readonly signal: AbortSignal
  readonly openClient: (options: ConnectionOptions) => LakeClient
}

/** Where the lake is and who is calling: a principal, or a source that only stores rows. */
export type ConnectionOptions = {
  readonly url: string
  readonly tenantId: string | undefined
} & ({ readonly clientId: string; readonly clientSecret: string } | { readonly ingestToken: string })

export async function printLine(output: Output, line: string): Promise<void> {
  await output.write(`${line}\n`)
}
