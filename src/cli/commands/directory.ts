import { resolve } from 'node:path'
import { countOf, formatCount, formatTime, harmlessText } from '../display.ts'
import { type CliEffects, printLine } from '../effects.ts'
import { exitCodes } from '../failure.ts'

// Commands on a data directory itself, without the API: check and repair, back up and restore, merge, keep, erase and
// count.
// What they do is handed over by bin/cli.ts; here is what they mean on a command line and what they print.

export interface DirectoryTools {
  /** Refused while a server runs. */
  fsck(directory: string, options: { readonly repair: boolean }): Promise<CheckReport>
  backup(directory: string, to: string): Promise<CopyReport>
  restore(from: string, directory: string): Promise<CopyReport>
  /** Merges until nothing is left to merge. Refused while a server runs. */
  compact(directory: string): Promise<CompactReport>
  /** Refused while a server runs. */
  setRetention(directory: string, retention: RetentionChange): Promise<void>
  /** Refused while a server runs. */
  eraseHost(directory: string, tenantId: string | undefined, hostId: string): Promise<{ rows: number; files: number }>
  stats(directory: string): Promise<readonly TenantSize[]>
}

export interface CheckReport {
  readonly dataFiles: number
  readonly segments: number
  readonly leftover: number
  readonly differences: readonly {
    readonly kind: string
    readonly tenantId: string
    readonly subject: string
    readonly detail: string
    readonly rowsLost?: number
  }[]
}

export interface CopyReport {
  readonly dataFiles: number
  readonly segments: number
  readonly bytes: number
}

export interface CompactReport {
  readonly merges: number
  readonly failedMerges: number
  readonly filesBefore: number
  readonly filesAfter: number
}

export interface RetentionChange {
  /** undefined: the only tenant there is. */
  readonly tenantId: string | undefined
  readonly queryName: string | undefined
  /** undefined: the query name has its tenant's days again. */
  readonly days: number | undefined
}

export interface TenantSize {
  readonly id: string
  readonly name: string
  readonly retentionDays: number
  readonly tables: readonly {
    readonly name: string
    readonly rows: number
    readonly bytes: number
    readonly files: number
    readonly oldest: number | undefined
    readonly newest: number | undefined
  }[]
  readonly tail: { readonly segments: number; readonly bytes: number; readonly quarantined: number }
}

export interface DirectoryFlags {
  readonly data?: string
}

/** The data directory of the flags, the environment, or the place of the default. */
export function directoryOf({ environment, workingDirectory }: CliEffects, { data }: DirectoryFlags): string {
  return resolve(workingDirectory, data ?? (environment['EDR_LAKE_DATA'] || 'data'))
}

/** Exit code 1 where there are differences that were not repaired, or rows that are lost. */
export async function check(
  effects: CliEffects,
  tools: DirectoryTools,
  flags: DirectoryFlags & { readonly repair?: boolean },
): Promise<number> {
  const repair = flags.repair ?? false
  const report = await tools.fsck(directoryOf(effects, flags), { repair })
  for (const { kind, tenantId, subject, detail, rowsLost } of report.differences) {
    const lost = rowsLost === undefined || rowsLost === 0 ? '' : ` (${countOf(rowsLost, 'row')} lost)`
    await printLine(effects.stdout, harmlessText(`${kind} ${tenantId} ${subject}: ${detail}${lost}`))
  }
  const found = report.differences.length
  const result = found === 0 ? 'no difference' : `${countOf(found, 'difference')}${repair ? ', repaired' : ''}`
  await printLine(
    effects.stderr,
    `read ${countOf(report.dataFiles, 'data file')} and ${countOf(report.segments, 'segment')}: ${result}` +
      (report.leftover === 0 ? '' : `; ${countOf(report.leftover, 'file')} that nothing needs any more`),
  )
  if (found > 0 && !repair) await printLine(effects.stderr, 'the same with --repair makes the catalog true again')
  const isWhole = report.differences.every(({ rowsLost }) => (rowsLost ?? 0) === 0)
  return found === 0 || (repair && isWhole) ? exitCodes.done : exitCodes.failed
}

export async function backUp(
  effects: CliEffects,
  tools: DirectoryTools,
  to: string,
  flags: DirectoryFlags,
): Promise<number> {
  const target = resolve(effects.workingDirectory, to)
  await printCopy(effects, `backed up to ${target}`, await tools.backup(directoryOf(effects, flags), target))
  return exitCodes.done
}

export async function restoreBackup(
  effects: CliEffects,
  tools: DirectoryTools,
  from: string,
  flags: DirectoryFlags,
): Promise<number> {
  const directory = directoryOf(effects, flags)
  const report = await tools.restore(resolve(effects.workingDirectory, from), directory)
  await printCopy(effects, `restored into ${directory}`, report)
  return exitCodes.done
}

async function printCopy({ stdout }: CliEffects, what: string, { dataFiles, segments, bytes }: CopyReport) {
  const size = `${countOf(dataFiles, 'data file')} (${formatBytes(bytes)}), ${countOf(segments, 'open segment')}`
  await printLine(stdout, harmlessText(`${what}: ${size}`))
}

export async function compactAll(effects: CliEffects, tools: DirectoryTools, flags: DirectoryFlags): Promise<number> {
  const report = await tools.compact(directoryOf(effects, flags))
  const { merges, failedMerges, filesBefore, filesAfter } = report
  await printLine(
    effects.stdout,
    `${countOf(merges, 'merge')}, ${formatCount(failedMerges)} failed: ` +
      `${countOf(filesBefore, 'data file')} before, ${formatCount(filesAfter)} now`,
  )
  return failedMerges === 0 ? exitCodes.done : exitCodes.failed
}

export interface EraseFlags extends DirectoryFlags {
  readonly tenant?: string
  readonly host: string
}

export async function eraseOneHost(effects: CliEffects, tools: DirectoryTools, flags: EraseFlags): Promise<number> {
  const { rows, files } = await tools.eraseHost(directoryOf(effects, flags), flags.tenant, flags.host)
  await printLine(effects.stdout, `${countOf(rows, 'row')} erased from ${countOf(files, 'data file')}`)
  return exitCodes.done
}

export async function printStats(effects: CliEffects, tools: DirectoryTools, flags: DirectoryFlags): Promise<number> {
  for (const { id, name, retentionDays, tables, tail } of await tools.stats(directoryOf(effects, flags))) {
    const print = (text: string) => printLine(effects.stdout, harmlessText(text))
    await print(`tenant ${id} (${name}), rows kept ${countOf(retentionDays, 'day')}`)
    for (const table of tables) {
      const { rows, bytes, files, oldest, newest } = table
      const perRow = rows === 0 ? '' : `, ${formatCount(bytes / rows)} bytes a row`
      const span =
        oldest === undefined || newest === undefined ? '' : `, ${formatTime(oldest)} to ${formatTime(newest)}`
      await print(
        `  ${table.name}: ${countOf(rows, 'row')}, ${countOf(files, 'file')}, ${formatBytes(bytes)}${perRow}${span}`,
      )
    }
    const quarantined = tail.quarantined === 0 ? '' : `, ${formatCount(tail.quarantined)} of them quarantined`
    await print(
      `  not in data files yet: ${countOf(tail.segments, 'segment')}, ${formatBytes(tail.bytes)}${quarantined}`,
    )
  }
  return exitCodes.done
}

function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const step = Math.min(4, Math.floor(Math.log2(bytes) / 10))
  return `${(bytes / 1024 ** step).toFixed(1)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][step]}`
}
