import { padToWidth } from '../display.ts'
import { type CliEffects, printLine } from '../effects.ts'
import { exitCodes } from '../failure.ts'

// `edr-lake config`: every setting of the server.

export interface SettingRow {
  readonly flag: string
  readonly environment: string
  readonly default: string
  readonly unit: string
  readonly why: string
}

const titles: SettingRow = { flag: 'flag', environment: 'environment', default: 'default', unit: 'unit', why: 'why' }

export async function printConfig({ stdout }: CliEffects, settings: readonly SettingRow[]): Promise<number> {
  const keys = ['flag', 'environment', 'default', 'unit', 'why'] as const
  const rows = [titles, ...settings]
  const widths = keys.map(key => Math.max(...rows.map(row => row[key].length)))
  for (const row of rows) {
    const cells = keys.map((key, index) => padToWidth(row[key], widths[index] ?? 0, 'right'))
    await printLine(stdout, cells.join('  ').trimEnd())
  }
  return exitCodes.done
}
