import { padToWidth } from '../display.ts'
import { type CliEffects, printLine } from '../effects.ts'
import { exitCodes } from '../failure.ts'

// `edr-lake config`: every setting of the server, as a table for the terminal or as docs/settings.md.

export interface SettingRow {
  readonly flag: string
  readonly environment: string
  readonly default: string
  readonly unit: string
  readonly why: string
}

const keys = ['flag', 'environment', 'default', 'unit', 'why'] as const
const titles: SettingRow = { flag: 'flag', environment: 'environment', default: 'default', unit: 'unit', why: 'why' }

export async function printConfig(
  { stdout }: CliEffects,
  settings: readonly SettingRow[],
  format: 'table' | 'markdown',
): Promise<number> {
  const lines = format === 'markdown' ? markdownLines(settings) : tableLines([titles, ...settings])
  for (const line of lines) await printLine(stdout, line)
  return exitCodes.done
}

function tableLines(rows: readonly SettingRow[]): readonly string[] {
  const widths = keys.map(key => Math.max(...rows.map(row => row[key].length)))
  return rows.map(row =>
    keys
      .map((key, index) => padToWidth(row[key], widths[index] ?? 0, 'right'))
      .join('  ')
      .trimEnd(),
  )
}

function markdownLines(settings: readonly SettingRow[]): readonly string[] {
  return [
    '# Settings',
    '',
    'A flag of `npm start` wins over the environment variable, the variable over the default. Generated from',
    '`src/config.ts` by `edr-lake config --format markdown`.',
    '',
    `| ${keys.join(' | ')} |`,
    `|${'---|'.repeat(keys.length)}`,
    ...settings.map(({ flag, environment, default: value, unit, why }) => {
      const cells = [`\`${flag}\``, `\`${environment}\``, value, unit, why]
      return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
    }),
  ]
}
