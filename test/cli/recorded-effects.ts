import { Readable } from 'node:stream'
import type { CliEffects, Output } from '../../src/cli/effects.ts'
import { openClient } from '../../src/client/client.ts'

// The terminal of a test: what a command printed, and what it was given. The network and the files stay real.

export interface RecordedOutput extends Output {
  readonly text: string
}

export interface RecordedEffects extends CliEffects {
  readonly stdout: RecordedOutput
  readonly stderr: RecordedOutput
}

export interface EffectsOptions {
  readonly isTerminal?: boolean
  readonly columns?: number
  readonly stdin?: string | Buffer
  readonly environment?: Readonly<Record<string, string>>
  readonly workingDirectory?: string
  readonly signal?: AbortSignal
  /** What the clock shows; by default long after everything in the tests. */
  readonly now?: number
  /** Milliseconds the clock goes on at each reading. */
  readonly tickMs?: number
}

export function recordedEffects(options: EffectsOptions = {}): RecordedEffects {
  let now = options.now ?? Date.parse('2026-10-01T00:00:00.000Z')
  return {
    stdout: recordedOutput(options),
    stderr: recordedOutput(options),
    stdin: Readable.from(options.stdin === undefined ? [] : [options.stdin]),
    environment: options.environment ?? {},
    workingDirectory: options.workingDirectory ?? '/nowhere',
    clock: () => {
      now += options.tickMs ?? 0
      return now
    },
    signal: options.signal ?? new AbortController().signal,
    openClient: connection => openClient({ ...connection, effects: { random: () => 0, wait: async () => {} } }),
  }
}

function recordedOutput({ isTerminal = false, columns = 100 }: EffectsOptions): RecordedOutput {
  const output = {
    text: '',
    isTerminal,
    columns,
    write: async (text: string) => {
      output.text += text
    },
  }
  return output
}
