import type { DeclaredTable } from '../model/declared-table.ts'
import { nothingRecorded, type RecordedFile, type RecordedTenant } from './catalog-record.ts'
import { coverOf, isReadable, type ReadableFile } from './cover.ts'
import { type Difference, type Found, note, type Repair, type TenantDisk } from './difference.ts'
import type { DiskFile } from './disk-files.ts'
import { compareTables } from './table-differences.ts'

// The disk against the catalog: every difference, and what to do about it. Pure. Nothing here deletes a file: what is
// left over goes with the janitor's next sweep, by its age.

export interface Comparison {
  readonly differences: readonly Difference[]
  readonly repairs: readonly Repair[]
  /** Objects that hold no row that counts: dropped, or left by a crash. */
  readonly leftover: number
}

/** What the journal has of one tenant. */
export interface JournaledTenant {
  readonly declared: ReadonlyMap<string, DeclaredTable>
  /** Erased hosts; every segment of the tenant up to these numbers was in data files then. */
  readonly erased: ReadonlyMap<string, number>
}

/**
 * `record`: what the catalog has of the tenant; undefined: nothing at all. `lastNumber`: the greatest segment number it
 * ever gave.
 */
export function compareTenant(
  tenantId: string,
  allOfDisk: TenantDisk,
  record: RecordedTenant | undefined,
  lastNumber: number,
  journal: JournaledTenant = { declared: new Map(), erased: new Map() },
): Comparison {
  const found: Found = { differences: [], repairs: [] }
  if (record === undefined) {
    note(found, { kind: 'unknownTenant', tenantId, subject: tenantId, detail: 'has files and is not in the catalog' })
    found.repairs.push({ kind: 'addTenant', tenantId })
  }
  const { disk, known } = compareTables(tenantId, allOfDisk, record ?? nothingRecorded, journal.declared, found)
  const adopted = compareFiles(tenantId, disk, known, found)
  const erasedUpTo = Math.max(0, ...journal.erased.values())
  compareSegments(tenantId, disk, known, number => adopted.has(number) || number <= erasedUpTo, found)
  compareColumns(tenantId, disk, known, found)
  compareNumbers(tenantId, disk, known, lastNumber, found)
  const named = new Set(known.files.filter(({ isLive }) => isLive).map(({ path }) => path))
  const taken = found.repairs.flatMap(repair => (repair.kind === 'adopt' ? repair.files : [])).length
  const leftover = disk.files.filter(({ path }) => !named.has(path)).length - taken
  return { ...found, leftover }
}

/** Returns the segments whose rows are in files, as far as files tell. */
function compareFiles(tenantId: string, disk: TenantDisk, known: RecordedTenant, found: Found): ReadonlySet<number> {
  const byPath = new Map(disk.files.map(file => [file.path, file]))
  const recorded = new Map(known.files.map(file => [file.path, file]))
  const lost: RecordedFile[] = []
  for (const file of known.files.filter(({ isLive }) => isLive)) {
    const there = byPath.get(file.path)
    const damage = there === undefined ? 'is not there' : damageOf(there, file)
    if (damage !== undefined) {
      lost.push(file)
      const kind = there === undefined ? 'missingFile' : 'damagedFile'
      note(found, { kind, tenantId, subject: file.path, detail: damage, rowsLost: file.rows })
    } else if (there !== undefined && isReadable(there)) compareFacts(tenantId, there, file, found)
  }
  undoOrDrop(tenantId, disk, known, lost, found)
  const strangers = disk.files.filter(isReadable).filter(({ path }) => !recorded.has(path))
  return adoptStrangers(tenantId, disk, known, strangers, found)
}

function damageOf(there: DiskFile, { sha256 }: RecordedFile): string | undefined {
  if (!isReadable(there)) return `cannot be read: ${(there.footer as { error: string }).error}`
  return there.sha256 === sha256 ? undefined : 'is not what was written: its hash differs'
}

function compareFacts(tenantId: string, there: ReadableFile, recorded: RecordedFile, found: Found): void {
  const { footer } = there
  const facts: [string, unknown, unknown][] = [
    ['tenant', tenantId, footer.tenantId],
    ['table', recorded.table, footer.table],
    ['level', recorded.level, footer.level],
    ['rows', recorded.rows, footer.rows],
    ['bytes', recorded.bytes, there.bytes],
    ['query names', recorded.queryNames?.join(), footer.queryNames?.join()],
  ]
  const wrong = facts.filter(([, said, is]) => said !== is).map(([name, said, is]) => `${name} ${said}, in truth ${is}`)
  if (wrong.length === 0) return
  note(found, { kind: 'wrongFacts', tenantId, subject: there.path, detail: `the catalog says ${wrong.join('; ')}` })
  found.repairs.push({ kind: 'correct', tenantId, id: recorded.id, file: there })
}

/** Where all that a lost file's commit took over is still there, the commit is undone; else its rows are gone. */
function undoOrDrop(
  tenantId: string,
  disk: TenantDisk,
  known: RecordedTenant,
  lost: readonly RecordedFile[],
  found: Found,
): void {
  const byPath = new Map(disk.files.map(file => [file.path, file]))
  const segments = new Map(disk.segments.map(segment => [segment.number, segment]))
  for (const [version, files] of Map.groupBy(lost, ({ addedVersion }) => addedVersion)) {
    const products = known.files.filter(({ addedVersion }) => addedVersion === version)
    const sources = known.files.filter(({ droppedVersion }) => droppedVersion === version)
    const consumed = known.segments.filter(({ consumedVersion }) => consumedVersion === version)
    const areSourcesWhole =
      sources.every(file => {
        const there = byPath.get(file.path)
        return there !== undefined && damageOf(there, file) === undefined
      }) &&
      consumed.every(({ number, frames }) => {
        const there = segments.get(number)
        return there !== undefined && there.damagedBytes === 0 && there.frames >= (frames ?? 0)
      })
    const canUndo = sources.length + consumed.length > 0 && areSourcesWhole && products.every(({ isLive }) => isLive)
    if (canUndo) {
      found.repairs.push({ kind: 'undo', tenantId, ids: products.map(({ id }) => id), version })
      const paths = new Set(files.map(({ path }) => path))
      found.differences.forEach((difference, at) => {
        if (!paths.has(difference.subject)) return
        const detail = `${difference.detail}; what it was made of is still there`
        found.differences[at] = { ...difference, detail, rowsLost: 0 }
      })
    } else found.repairs.push({ kind: 'drop', tenantId, ids: files.map(({ id }) => id) })
  }
}

/**
 * Files that the catalog does not know are leftovers, unless it knows nothing of where their rows came from either:
 * then it has lost them.
 */
function adoptStrangers(
  tenantId: string,
  disk: TenantDisk,
  known: RecordedTenant,
  strangers: readonly ReadableFile[],
  found: Found,
): ReadonlySet<number> {
  const traced = new Set(known.segments.map(({ number }) => number))
  const recordedPaths = new Set(known.files.map(({ path }) => path))
  for (const { path, footer } of disk.files.filter(isReadable)) {
    if (recordedPaths.has(path)) for (const number of footer.segments) traced.add(number)
  }
  const lost = strangers.filter(({ footer }) => footer.segments.every(number => !traced.has(number)))
  const cover = coverOf(lost, new Set(disk.segments.map(({ number }) => number)))
  const adopted = lost.filter(({ path }) => cover.has(path))
  for (const files of Map.groupBy(adopted, ({ footer }) => footer.batch.join('\n')).values()) {
    for (const { path, footer } of files) {
      const detail = `holds ${footer.rows} rows of ${footer.table} and is not in the catalog`
      note(found, { kind: 'unknownFile', tenantId, subject: path, detail })
    }
    found.repairs.push({ kind: 'adopt', tenantId, files })
  }
  return new Set(adopted.flatMap(({ footer }) => footer.segments))
}

function compareSegments(
  tenantId: string,
  disk: TenantDisk,
  known: RecordedTenant,
  wasConsumed: (number: number) => boolean,
  found: Found,
): void {
  const recorded = new Map(known.segments.map(segment => [segment.number, segment]))
  const there = new Map(disk.segments.map(segment => [segment.number, segment]))
  for (const segment of known.segments) {
    if (segment.state === 'consumed') continue
    const { number, frames = 0 } = segment
    const file = there.get(number)
    const subject = String(number)
    if (file === undefined) {
      if (frames === 0) continue
      const detail = `${frames} frames are in no data file and their segment is not there`
      note(found, { kind: 'missingSegment', tenantId, subject, detail })
      found.repairs.push({ kind: 'forgetSegment', tenantId, number })
    } else if (file.damagedBytes > 0 || file.frames < frames) {
      // The next start keeps what is good and says what is gone.
      const all = Math.max(frames, file.frames)
      const detail = `${file.frames} of ${all} frames are good, ${file.damagedBytes} bytes are not`
      note(found, { kind: 'damagedSegment', tenantId, subject, detail })
    }
  }
  for (const segment of disk.segments) {
    // Without a frame nothing was acknowledged from it.
    if (recorded.has(segment.number) || segment.frames === 0) continue
    const isConsumed = wasConsumed(segment.number)
    const where = isConsumed ? 'in data files' : 'in no data file'
    const detail = `its ${segment.lines} lines are ${where}, and it is not in the catalog`
    note(found, { kind: 'unknownSegment', tenantId, subject: String(segment.number), detail })
    found.repairs.push({ kind: 'addSegment', tenantId, segment, isConsumed })
  }
}

function compareColumns(tenantId: string, disk: TenantDisk, known: RecordedTenant, found: Found): void {
  const ids = new Map(known.columns.map(({ table, name, fieldId }) => [`${table}/${name}`, fieldId]))
  const names = new Map(known.columns.map(({ table, name, fieldId }) => [`${table}/${fieldId}`, name]))
  for (const { path, footer } of disk.files.filter(isReadable)) {
    for (const { name, fieldId } of footer.columns) {
      const [key, idKey] = [`${footer.table}/${name}`, `${footer.table}/${fieldId}`]
      const [id, owner] = [ids.get(key), names.get(idKey)]
      if (id === fieldId) continue
      if (id === undefined && owner === undefined) {
        note(found, { kind: 'unknownColumn', tenantId, subject: key, detail: `${path} has it with the id ${fieldId}` })
        found.repairs.push({ kind: 'addColumn', tenantId, table: footer.table, column: { name, fieldId } })
        ids.set(key, fieldId)
        names.set(idKey, name)
      } else {
        const detail = `${path} has it with the id ${fieldId}, which the catalog gives to ${owner ?? 'none'}`
        note(found, { kind: 'wrongColumn', tenantId, subject: key, detail })
      }
    }
  }
}

/** Versions and numbers that were used must not be used again. */
function compareNumbers(
  tenantId: string,
  disk: TenantDisk,
  known: RecordedTenant,
  lastNumber: number,
  found: Found,
): void {
  const versions = known.files.flatMap(({ addedVersion, droppedVersion }) => [addedVersion, droppedVersion ?? 0])
  const version = Math.max(0, ...versions)
  if (version > known.version) {
    const detail = `the catalog is at version ${known.version}, a file at ${version}`
    note(found, { kind: 'wrongVersion', tenantId, subject: tenantId, detail })
    found.repairs.push({ kind: 'raiseVersion', tenantId, version })
  }
  const inFiles = disk.files.filter(isReadable).flatMap(({ footer }) => footer.segments)
  const number = Math.max(0, ...inFiles, ...disk.segments.map(segment => segment.number))
  if (number > lastNumber) {
    const detail = `the last segment is ${number}, the catalog knows of ${lastNumber}`
    note(found, { kind: 'wrongNumber', tenantId, subject: tenantId, detail })
    found.repairs.push({ kind: 'raiseNumber', tenantId, number })
  }
}
